"""Who holds which duty on a given case (the table says which duty a move asks for)."""

from dataclasses import dataclass

from cases.models import Assignment, Case
from cases.workflow import MOVES, Loop, Move, State, Step, moves_from
from governance.models import User
from governance.roles import Duty

_DESK = (Duty.ACCEPT, Duty.CHIEF, Duty.DISPATCH)


def _commanding(case: Case) -> list[int | None]:
    """Territories whose leaders may act: the commanding one and those above it."""
    above = [case.district_id, case.street_id, case.community_id]
    return above[: {Loop.DISTRICT: 1, Loop.STREET: 2, Loop.COMMUNITY: 3}[Loop(case.loop)]]


def _may_verify(case: Case, leg: Assignment, user: User) -> bool:
    """The drawn person, or the desk of the leg's centre; never somebody who reported or handled the case."""
    if user.pk in case.reporters or user.pk in case.handlers:
        return leg.step == Step.CHECKING and leg.person_id == user.pk and user.pk not in case.reporters
    if leg.person_id == user.pk:
        return True
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
    return frozenset(held)


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


def may_report(user: User, move_name: str = "report") -> bool:
    """Staff may report; reporting as handled on the spot is the grid worker's."""
    if move_name == "report_handled":
        return all(user.powers.has(duty) for duty in (Duty.REPORT, Duty.HANDLE, Duty.VERIFY))
    return user.powers.has(Duty.REPORT) and move_name in MOVES
