"""Who holds which duty on a given case (the table says which duty a move asks for)."""

import datetime as dt

from cases.loops import commanding_ids, lowest
from cases.models import Assignment, Case
from cases.workflow import MOVES, Loop, State, Step
from governance.models import Post, User
from governance.profile import profile
from governance.roles import DUTIES, Duty, Role
from grid.models import Grid, TerritoryRing

_DESK = (Duty.ACCEPT, Duty.CHIEF, Duty.DISPATCH)


def leads_from(case: Case, user: User) -> int:
    """How far below the top a person leads at the place of the case; beyond all levels for who does not."""
    places = commanding_ids(case, lowest())
    held = [level for level, place in enumerate(places) if place and user.powers.holds(Duty.LEAD, place)]
    return held[0] if held else len(places)


def _may_verify(case: Case, leg: Assignment, user: User) -> bool:
    """The drawn person, or the desk of the leg's centre; never somebody who reported or handled the case."""
    if user.pk in case.reporters or user.pk in case.handlers:
        return leg.step == Step.CHECKING and leg.person_id == user.pk and user.pk not in case.reporters
    if leg.person_id == user.pk:  # drawn, and still at a post for which people are drawn
        return user.powers.has(Duty.VERIFY) or user.powers.has(Duty.ACCEPT)
    return leg.desk_allowed and user.powers.holds(Duty.ACCEPT, leg.unit_id or leg.centre_id)


def duties_on(case: Case, leg: Assignment | None, user: User | None) -> frozenset[Duty]:
    """Duties that a person holds on this case now; ``None`` is the system."""
    if user is None:
        return frozenset({Duty.SYSTEM})
    held = {Duty.ANYONE}
    centre_id = leg.centre_id if leg else case.centre_id
    held |= {duty for duty in _DESK if user.powers.holds(duty, centre_id)}
    if case.unit_id and user.powers.holds(Duty.HANDLE, case.unit_id):
        held.add(Duty.HANDLE)
    if leg and leg.step in (Step.CHECKING, Step.VERIFYING) and _may_verify(case, leg, user):
        held.add(Duty.VERIFY)
    if any(place and user.powers.holds(Duty.LEAD, place) for place in commanding_ids(case, Loop(case.loop))):
        held.add(Duty.LEAD)
    if user.pk in case.reporters:
        held.add(Duty.REPORT)
    if case.state == State.CLOSED and not case.is_from_resident:
        held.discard(Duty.ACCEPT)  # residents are called back; staff score their own reports
    return frozenset(held)


def may_grade(case: Case, user: User) -> bool:
    """Residents are asked by an acceptor who calls them back; without one, staff score their own report."""
    return not case.is_from_resident or user.powers.has(Duty.ACCEPT)


#: Seeing a case or leading is no reason to know who called; whoever took the call is its reporter here.
_NEEDS_NO_CALLER = frozenset({Duty.ANYONE, Duty.LEAD})


def may_call_back(case: Case, leg: Assignment | None, user: User) -> bool:
    """Whether a person works on the case now and may see who called (with a reason, and logged)."""
    return bool(duties_on(case, leg, user) - _NEEDS_NO_CALLER)


def may_keep_calendar(user: User) -> bool:
    """The system admin, and the duty chief of a centre at the top: holidays hold for all below."""
    return user.is_superuser or any(
        post.role == Role.SYSTEM_ADMIN
        or (post.role == Role.DUTY_CHIEF and post.organization.level == profile().top)
        for post in user.powers.posts
    )


def may_report(user: User, move_name: str = "report") -> bool:
    """Staff may report; reporting as handled on the spot is the grid worker's."""
    if move_name == "report_handled":
        return all(user.powers.has(duty) for duty in (Duty.REPORT, Duty.HANDLE, Duty.VERIFY))
    return user.powers.has(Duty.REPORT) and move_name in MOVES


def _territory_of(post: Post) -> str:
    """The path of the territory that a post is about."""
    path = post.organization.path
    return path[: -len(post.organization.code) - 1] if post.organization.function else path


def reports_at(user: User, longitude: float, latitude: float, *, on: dt.date) -> bool:
    """Whether a person holds a post that reports at a point (degrees, WGS-84).

    A post reports in its territory, a unit's in the territory that the unit hangs on, one of a courtyard or building in
    its community.
    """
    reach = [_territory_of(p) for p in user.powers.posts if Duty.REPORT in DUTIES[Role(p.role)]]
    grids = Grid.objects.active(on).containing(longitude, latitude)
    communities = grids.values_list("community__path", flat=True)
    if communities:
        return any(c.startswith(path) or path.startswith(c) for c in communities for path in reach)
    around = TerritoryRing.objects.containing(longitude, latitude)
    territories = around.values_list("organization__path", flat=True)
    return any(territory.startswith(path) for territory in territories for path in reach)
