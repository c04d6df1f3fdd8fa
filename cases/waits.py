"""Whom a case waits for: one pure function (no query), asked after each move; every list and notice reads what it says.

Several may wait at once: acceptor and chief, a drawn person or the desk, who decides a request, who answers an order.
"""

from collections.abc import Iterable

from cases.loops import commanding_ids
from cases.models import Case, Leg, Request, Supervision
from cases.waiting import Matter, Wait
from cases.workflow import OPEN, Loop, State
from governance.roles import Duty


def waits_for(
    case: Case,
    leg: Leg | None,
    requests: Iterable[Request],
    order: Supervision | None,
    giver_level: int | None,
) -> list[Wait]:
    """Whom an open case waits for, who brings it forward first.

    ``requests`` are those that nobody has decided; ``giver_level`` says how far below the top whoever gave the order leads
    here (``permissions.leads_from``), None for the system.
    """
    if leg is None or case.state not in OPEN:
        return []
    waits = step_of(case, leg)
    for request in requests:
        waits += decision_of(case, leg, request)
    return [*waits, *(order_of(case, leg, order, giver_level) if order else ())]


def step_of(case: Case, leg: Leg) -> list[Wait]:
    """Who makes the next step; nobody while a case is suspended."""
    centre = leg.centre_id
    match State(case.state):
        case State.REPORTED:
            return [Wait(Matter.STEP, Duty.CHIEF, centre), Wait(Matter.STEP, Duty.INTAKE, centre)]
        case State.CHECKING | State.HANDLED:
            drawn = [Wait(Matter.STEP, Duty.VERIFY, person=leg.person_id)] if leg.person_id else []
            at_desk = Wait(Matter.STEP, Duty.INTAKE, leg.unit_id or centre, never=case.never_check)
            return drawn + ([at_desk] if leg.desk_allowed else [])
        case State.REGISTERED:
            return [Wait(Matter.STEP, Duty.DISPATCH, centre)]
        case State.DISPATCHED | State.HANDLING:
            never = case.never_handle
            return [Wait(Matter.HANDLING, Duty.HANDLE, case.unit_id, person=leg.person_id, never=never)]
        case State.DISPUTED | State.VERIFIED:
            return [Wait(Matter.STEP, Duty.CHIEF, centre)]
    return []


def _commanding(case: Case) -> list[int]:
    """Territories whose leaders may decide, the nearest first."""
    return [place for place in reversed(commanding_ids(case, Loop(case.loop))) if place]


def decision_of(case: Case, leg: Leg, request: Request) -> list[Wait]:
    """Who decides a request: never the one who asked, nor of a suspension the chief who agreed."""
    matter = Matter[request.kind.upper()]
    never = tuple(sorted({request.asked_by_id, request.endorsed_by_id or request.asked_by_id}))
    unendorsed = matter == Matter.SUSPENSION and request.endorsed_by_id is None
    duty = Duty.CHIEF if unendorsed else Duty(request.decider)
    places = _commanding(case) if duty == Duty.LEAD else [leg.centre_id]
    return [Wait(matter, duty, place, never=never) for place in places]


def order_of(case: Case, leg: Leg, order: Supervision, giver_level: int | None) -> list[Wait]:
    """Who answers an order, then who strikes it off: whoever gave it while they lead here, else a leader of the place."""
    if order.replied_at is None:
        if order.leader_id:
            return [Wait(Matter.ORDER, Duty.LEAD, person=order.leader_id)]
        if case.unit_id:
            return [Wait(Matter.ORDER, Duty.HANDLE, case.unit_id)]
        return [Wait(Matter.ORDER, Duty.CHIEF, leg.centre_id)]
    commanding = commanding_ids(case, Loop(case.loop))
    if giver_level is not None:
        if giver_level < len(commanding) and order.ordered_by_id != order.replied_by_id:
            return [Wait(Matter.ORDER, Duty.LEAD, person=order.ordered_by_id)]
        commanding = commanding[: giver_level + 1]  # an order from above is struck off above
    never = (order.replied_by_id,) if order.replied_by_id else ()
    return [Wait(Matter.ORDER, Duty.LEAD, place, never=never) for place in commanding if place]
