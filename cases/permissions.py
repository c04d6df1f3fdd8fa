"""Who holds which duty on a given case (the table says which duty a move asks for)."""

import datetime as dt

from cases.loops import commanding_ids, lowest
from cases.models import Case, Leg
from cases.workflow import Loop, State, Step
from governance.models import Actor, By, Post, User, actor_of
from governance.profile import profile
from governance.roles import DUTIES, WITHOUT_POST, ActorKind, Duty, Role
from grid.models import Grid, TerritoryRing
from neighbourhoods.models import led_by

_DESK = (Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH)


def leads_from(case: Case, user: User) -> int:
    """How far below the top a person leads at the place of the case; beyond all levels for who does not."""
    places = commanding_ids(case, lowest())
    held = [level for level, place in enumerate(places) if place and user.authority.holds(Duty.LEAD, place)]
    return held[0] if held else len(places)


def _checks(leg: Leg, user: User) -> bool:
    """Whether a check is the drawn person's or the desk's of the leg's centre; who never may, the rule says."""
    if leg.person_id == user.pk:  # drawn, and still at a post for which people are drawn
        return user.authority.has(Duty.VERIFY) or user.authority.has(Duty.INTAKE)
    return leg.desk_allowed and user.authority.holds(Duty.INTAKE, leg.unit_id or leg.centre_id)


def duties_on(case: Case, leg: Leg | None, by: By) -> frozenset[Duty]:
    """Duties that somebody who sees this case holds on it now."""
    actor = actor_of(by)
    user = actor.user
    if user is None:
        return WITHOUT_POST[actor.kind]
    held = {Duty.ANYONE}
    centre_id = leg.centre_id if leg else case.centre_id
    held |= {duty for duty in _DESK if user.authority.holds(duty, centre_id)}
    if case.unit_id and user.authority.holds(Duty.HANDLE, case.unit_id):
        held.add(Duty.HANDLE)
    if leg and leg.step in (Step.CHECKING, Step.VERIFYING) and _checks(leg, user):
        held.add(Duty.VERIFY)
    if any(
        place and user.authority.holds(Duty.LEAD, place) for place in commanding_ids(case, Loop(case.loop))
    ):
        held.add(Duty.LEAD)
    if user.pk in case.reporters:
        held.add(Duty.REPORT)
    if case.state == State.CLOSED and not case.is_from_resident:
        held.discard(Duty.INTAKE)  # residents are called back; staff score their own reports
    return frozenset(held)


def somebody_grades(case: Case) -> bool:
    """Whether a case has a reporter who can evaluate it: staff or a resident, not a program alone."""
    return bool(case.reporters) or case.is_from_resident


def may_grade(case: Case, by: By) -> bool:
    """Residents answer themselves or are asked by an acceptor who calls them back; staff score their own report."""
    actor = actor_of(by)
    if actor.user is None or not case.is_from_resident:
        return True
    return actor.user.authority.has(Duty.INTAKE)


def joined_later(case: Case, user: User) -> bool:
    """Whether somebody is a reporter by having met what was reported already 一并上报; one statement, none for who is not."""
    return (
        case.version > 1
        and user.pk in case.reporters
        and case.events.filter(move="also_report", by=user).exists()
    )


#: Seeing a case or leading is no reason to know who called.
_NEEDS_NO_CALLER = frozenset({Duty.ANYONE, Duty.LEAD})


def may_call_back(case: Case, leg: Leg | None, user: User) -> bool:
    """Whether a person works on the case now, or took the call, and may see who called (with a reason, and logged)."""
    held = duties_on(case, leg, user) - _NEEDS_NO_CALLER
    if held == {Duty.REPORT}:  # the other reporters of the case did not speak with the caller
        return user.authority.has(Duty.INTAKE) and not joined_later(case, user)
    return bool(held)


def may_keep_calendar(user: User) -> bool:
    """The system admin, and the duty chief of a centre at the top: holidays hold for all below."""
    return user.is_superuser or any(
        post.role == Role.SYSTEM_ADMIN
        or (post.role == Role.DUTY_CHIEF and post.organization.level == profile().top)
        for post in user.authority.posts
    )


def may_report(by: By) -> bool:
    """Everybody but the administrators may report; what was settled on the spot: ``source_on_the_spot``."""
    actor = actor_of(by)
    if actor.user is None:
        return actor.kind != ActorKind.SYSTEM
    return actor.user.authority.has(Duty.REPORT)


def is_grid_worker(user: User) -> bool:
    """Whether somebody holds all duties of a grid worker, who alone settles what they found themselves."""
    return all(user.authority.has(duty) for duty in (Duty.REPORT, Duty.HANDLE, Duty.VERIFY))


def source_on_the_spot(user: User, *, on: dt.date) -> Case.Source | None:
    """As what somebody reports a matter that was settled on the spot; None for who may not.

    A grid worker as self-handled 自处理, who leads a neighbourhood as settled by the neighbours 楼栋自办.
    """
    if is_grid_worker(user):
        return Case.Source.SELF
    return Case.Source.NEIGHBOURS if led_by(user, on) else None


def reach_of(actor: Actor) -> list[str]:
    """Paths of the territories that somebody's posts report in, or a program's key does."""
    if actor.program:
        return [actor.program.organization.path]
    posts = actor.user.authority.posts if actor.user else ()
    return [_territory_of(post) for post in posts if Duty.REPORT in DUTIES[Role(post.role)]]


def _territory_of(post: Post) -> str:
    """The path of the territory that a post is about."""
    path = post.organization.path
    return path[: -len(post.organization.code) - 1] if post.organization.function else path


def reports_at(by: By, longitude: float, latitude: float, *, on: dt.date) -> bool:
    """Whether somebody reports at a point (degrees, WGS-84): a resident anywhere, a program in its territory.

    A post reports in its territory, a unit's in the territory that the unit hangs on, one of a courtyard or building in
    its community.
    """
    actor = actor_of(by)
    if actor.kind == ActorKind.CONTACT:
        return True
    reach = reach_of(actor)
    grids = Grid.objects.active(on).containing(longitude, latitude)
    communities = grids.values_list("community__path", flat=True)
    if communities:
        return any(c.startswith(path) or path.startswith(c) for c in communities for path in reach)
    around = TerritoryRing.objects.containing(longitude, latitude)
    territories = around.values_list("organization__path", flat=True)
    return any(territory.startswith(path) for territory in territories for path in reach)
