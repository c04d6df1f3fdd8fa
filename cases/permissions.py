"""Who holds which duty on a given case (the table says which duty a move asks for)."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from cases.models import Assignment, Case, Request, Supervision
from cases.workflow import MOVES, Loop, Move, State, Step, moves_from
from governance.models import Level, Post, User
from governance.roles import DUTIES, Duty, Role
from grid.models import Grid, TerritoryRing

_DESK = (Duty.ACCEPT, Duty.CHIEF, Duty.DISPATCH)


def _commanding(case: Case) -> list[int | None]:
    """Territories whose leaders may act: the commanding one and those above it."""
    above = [case.district_id, case.street_id, case.community_id]
    return above[: {Loop.DISTRICT: 1, Loop.STREET: 2, Loop.COMMUNITY: 3}[Loop(case.loop)]]


def leads_from(case: Case, user: User) -> int:
    """How far below the district a person leads at the place of the case; beyond all levels for who does not."""
    places = [case.district_id, case.street_id, case.community_id]
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
    if any(place and user.powers.holds(Duty.LEAD, place) for place in _commanding(case)):
        held.add(Duty.LEAD)
    if user.pk in case.reporters:
        held.add(Duty.REPORT)
    if case.state == State.CLOSED and not case.is_from_resident:
        held.discard(Duty.ACCEPT)  # residents are called back; staff score their own reports
    return frozenset(held)


def may_grade(case: Case, user: User) -> bool:
    """Residents are asked by an acceptor who calls them back; without one, staff score their own report."""
    return not case.is_from_resident or user.powers.has(Duty.ACCEPT)


@dataclass(frozen=True)
class Offer:
    """A move of the table in the present state, and whether this person may make it."""

    move: Move
    is_allowed: bool
    why_not: str = ""


#: Moves that make sense only while something waits for them; the page hides them otherwise.
WAITS_FOR = {
    "grant_extension": "extension",
    "deny_extension": "extension",
    "endorse_suspension": "suspension",
    "grant_suspension": "suspension",
    "deny_suspension": "suspension",
    "grant_void": "void",
    "deny_void": "void",
    "reply_supervision": "supervision",
    "accept_supervision": "supervision",
}


def offers(case: Case, leg: Assignment | None, user: User, waiting: frozenset[str]) -> list[Offer]:
    """Every move of the table in this state that people make, with the reason where it is not this person's.

    ``waiting`` names the kinds of requests that wait, and ``supervision`` while an order stands.
    """
    held = duties_on(case, leg, user)
    found = []
    for move in moves_from(State(case.state)):
        if set(move.duties) == {Duty.SYSTEM} or WAITS_FOR.get(move.name, "") not in {"", *waiting}:
            continue
        if held & set(move.duties):
            found.append(Offer(move, True))
        else:
            whose = "、".join(duty.label for duty in move.duties if duty != Duty.SYSTEM)
            found.append(Offer(move, False, f"由{whose}办理"))
    return found


def offers_now(
    found: list[Offer],
    case: Case,
    leg: Assignment | None,
    user: User,
    *,
    requests: list[Request],
    order: Supervision | None,
    now: dt.datetime,
) -> list[Offer]:
    """Offers less those that the door would refuse at this moment; each of these says why.

    The door decides; this only keeps the page from offering what cannot succeed.
    """
    waiting = {one.kind: one for one in requests if one.decided_at is None}
    held = duties_on(case, leg, user)
    told = []
    for offer in found:
        why = (
            _in_the_way(offer.move.name, case, leg, user, held, waiting, order, now)
            if offer.is_allowed
            else ""
        )
        told.append(Offer(offer.move, False, why) if why else offer)
    return told


def _in_the_way(
    name: str,
    case: Case,
    leg: Assignment | None,
    user: User,
    held: frozenset[Duty],
    waiting: dict[str, Request],
    order: Supervision | None,
    now: dt.datetime,
) -> str:
    verb, _, kind = name.partition("_")
    if verb == "ask" and kind in waiting:
        return "已有一份申请待批"
    if verb in ("grant", "deny", "endorse") and kind in waiting:
        return _not_yours(verb, waiting[kind], user, held)
    loop = Loop(case.loop)
    own_report = [(case.may_not_be_handled_by(user), "上报人不能处置自己上报的案件")]
    obstacles = {
        "ask_extension": [
            (case.extensions >= 2, "最多延期 2 次"),
            (leg is not None and now >= leg.due_at, "已超过处置期限"),
        ],
        "ask_suspension": [(case.was_suspended, "每件案件只能挂账一次")],
        "order_supervision": [(order is not None, "已有一份督办未销号")],
        "accept_supervision": [(order is not None and order.replied_at is None, "责任单位还没有答复")],
        "escalate": [(loop.above is None, "已在区级，可由区领导督办")],
        "delegate": [
            (loop.below is None, "已在最基层"),
            (case.was_delegated or case.climbed_by_time, "下沉只能一次，超时上报来的不再下沉"),
        ],
        "urge": [(case.urged_on == timezone.localdate(now), "今天已催办过")],
        "evaluate": [(not may_grade(case, user), "由受理员回访来电人后评价")],
        "accept": own_report,
        "feedback": own_report,
    }
    return next((sentence for is_so, sentence in obstacles.get(name, []) if is_so), "")


def _not_yours(verb: str, request: Request, user: User, held: frozenset[Duty]) -> str:
    """Why a request is not this person's to decide now."""
    if request.asked_by_id == user.pk:
        return "不能批准自己的申请"
    is_suspension = request.kind == Request.Kind.SUSPENSION
    if verb == "endorse":
        return "值班长已同意，待领导批准" if request.endorsed_by_id else ""
    if is_suspension and verb == "grant" and request.endorsed_by_id is None:
        return "须先由值班长同意"
    if is_suspension and verb == "deny" and request.endorsed_by_id is None and Duty.CHIEF in held:
        return ""
    return "" if request.decider in held else f"由{Duty(request.decider).label}决定"


#: Seeing a case or leading is no reason to know who called; whoever took the call is its reporter here.
_NEEDS_NO_CALLER = frozenset({Duty.ANYONE, Duty.LEAD})


def may_call_back(case: Case, leg: Assignment | None, user: User) -> bool:
    """Whether a person works on the case now and may see who called (with a reason, and logged)."""
    return bool(duties_on(case, leg, user) - _NEEDS_NO_CALLER)


def may_keep_calendar(user: User) -> bool:
    """The system admin, and the duty chief of a district's centre: holidays hold for all below."""
    return user.is_superuser or any(
        post.role == Role.SYSTEM_ADMIN
        or (post.role == Role.DUTY_CHIEF and post.organization.level == Level.DISTRICT)
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
