"""Asked, then granted or denied by another: extension, suspension, voiding; and supervision, urging."""

import datetime as dt
from decimal import Decimal
from typing import Any

from cases import deadlines
from cases.actions import effects, legs
from cases.actions.door import EFFECTS
from cases.deadlines import Limit
from cases.loops import commanding_ids
from cases.models import Leg, Request, Supervision
from cases.rules import ANSWERS
from cases.situations import Walk
from cases.waits import decision_of, order_of
from cases.workflow import Lateness, Loop, State, Step
from governance.models import Post
from governance.roles import Duty

Kind = Request.Kind


def _ask(walk: Walk, kind: Request.Kind, decider: Duty, **asked: Any) -> None:
    """Write a request and tell those who decide it."""
    assert walk.user is not None
    request = walk.open_requests[kind] = Request.objects.create(
        case=walk.case, kind=kind, asked_by=walk.user, asked_at=walk.now, decider=decider, **asked
    )
    _tell_who_decides(walk, request)


def _tell_who_decides(walk: Walk, request: Request) -> None:
    assert walk.leg is not None
    kind = Kind(request.kind).label
    for wait in decision_of(walk.case, walk.leg, request):
        agrees_first = request.decider != wait.duty
        walk.tell_also.append(wait.address | {"asks": f"请您{'同意' if agrees_first else '批准'}{kind}"})


def _decide(walk: Walk, request: Request, *, granted: bool) -> None:
    request.decided_by, request.decided_at, request.is_granted = walk.user, walk.now, granted
    request.save(update_fields=["decided_by", "decided_at", "is_granted"])
    del walk.open_requests[Kind(request.kind)]
    walk.facts["request"] = request.pk
    walk.tell_also.append({"user": request.asked_by_id})


@EFFECTS.of("deny_extension", "deny_suspension", "deny_void")
def deny(walk: Walk) -> None:
    _decide(walk, walk.open_requests[ANSWERS[walk.move.name]], granted=False)


@EFFECTS.of("ask_extension")
def ask_extension(walk: Walk) -> None:
    """The first is the dispatcher's to grant, the next the chief's."""
    case = walk.case
    _ask(walk, Kind.EXTENSION, Duty.CHIEF if case.extensions else Duty.DISPATCH, amount=walk.given["amount"])


@EFFECTS.of("grant_extension")
def grant_extension(walk: Walk) -> None:
    """More time from the due date on; asked in time and granted late, it takes back the red mark.

    Whether the case was late is then decided by the new deadline; request and event keep what was before.
    """
    case, leg, request = walk.case, walk.leg, walk.open_requests[Kind.EXTENSION]
    assert leg is not None and request.amount is not None
    _decide(walk, request, granted=True)
    request.due_before = leg.due_at
    if leg.lateness == Lateness.RED:
        marks = case.events.filter(move="overdue").order_by("-sequence")
        request.red_at = marks.values_list("at", flat=True).first()
        case.was_late = legs.was_late_before(case)
    amount = Limit(amount=request.amount, unit=leg.limit.unit)
    legs.set_marks(leg, deadlines.extend(legs.marks_of(walk, leg), amount, walk.calendar), walk.now)
    leg.extended_amount += amount.amount
    leg.save(update_fields=[*legs.MARKS, "extended_amount"])
    request.due_after = leg.due_at
    request.save(update_fields=["due_before", "due_after", "red_at"])
    case.extensions += 1
    case.due_at, case.lateness = leg.due_at, leg.lateness
    walk.facts |= {"due_before": request.due_before, "due_at": leg.due_at, "asked_at": request.asked_at}
    if request.red_at:
        walk.facts["red_at"] = request.red_at


@EFFECTS.of("ask_suspension")
def ask_suspension(walk: Walk) -> None:
    """The duty chief agrees first, then a leader grants."""
    _ask(walk, Kind.SUSPENSION, Duty.LEAD, until=walk.given["until"])
    places = filter(None, commanding_ids(walk.case, Loop(walk.case.loop)))
    walk.tell_also += [{"organization": place, "duty": Duty.LEAD} for place in places]  # news to them


@EFFECTS.of("endorse_suspension")
def endorse_suspension(walk: Walk) -> None:
    request = walk.open_requests[Kind.SUSPENSION]
    request.endorsed_by = walk.user
    request.save(update_fields=["endorsed_by"])
    _tell_who_decides(walk, request)


@EFFECTS.of("grant_suspension")
def grant_suspension(walk: Walk) -> None:
    request = walk.open_requests[Kind.SUSPENSION]
    assert request.until is not None
    _decide(walk, request, granted=True)
    before = State(walk.case.state)
    legs.stop_leg(walk, Leg.Outcome.PAUSED)
    walk.case.was_suspended = True
    days = (request.until - walk.today).days
    limit = Limit(amount=Decimal(days), unit=deadlines.Unit.CALENDAR_DAY)
    legs.open_leg(walk, Step.WAITING, limit=limit, unit_id=walk.case.unit_id, back_to=before)


@EFFECTS.of("resume")
def resume(walk: Walk) -> State:
    leg = legs.stop_leg(walk)
    legs.continue_paused(walk)
    return State(leg.back_to)


@EFFECTS.of("ask_void")
def ask_void(walk: Walk) -> None:
    """A or D asks the duty chief; whoever is duty chief asks a leader."""
    _ask(walk, Kind.VOID, Duty.LEAD if Duty.CHIEF in walk.held else Duty.CHIEF)


@EFFECTS.of("grant_void")
def grant_void(walk: Walk) -> None:
    _decide(walk, walk.open_requests[Kind.VOID], granted=True)
    legs.stop_leg(walk, Leg.Outcome.ENDED)


# Supervision and urging -------------------------------------------------------------------------------------------


@EFFECTS.of("order_supervision")
def order_supervision(walk: Walk) -> None:
    """A leader orders; at the top of the tree the system orders a named leader, never nobody.

    The system comes back when the deadline of the answer has passed: it reminds while the order is open, and orders
    anew when the order was struck off although the case is still late.
    """
    case, leg = walk.case, walk.leg
    assert leg is not None
    deadline = (
        walk.given["deadline"] if walk.user else walk.now + dt.timedelta(days=walk.numbers.supervision_days)
    )
    order = walk.order
    if order is None:
        order = walk.order = Supervision.objects.create(
            case=case,
            ordered_by=walk.user,
            ordered_at=walk.now,
            leader=effects.named_leader(walk) if walk.actor.is_system else None,
            unit_id=case.unit_id or leg.centre_id,
            deadline=deadline,
            told_on=walk.today,
        )
    else:
        _order_again(walk, order, deadline)
    walk.facts |= {"order": order.pk, "leader": order.leader_id, "deadline": deadline, "times": order.times}
    asks = "请您答复督办" if order.replied_at is None else "请您销号"
    walk.tell_also += [wait.address | {"asks": asks} for wait in order_of(case, leg, order, walk.giver_level)]
    if walk.actor.is_system:
        if order.leader_id and order.leader_id not in case.people:
            case.people.append(order.leader_id)
        if order.ordered_by_id:  # a leader's own order, while time ran out at the top
            walk.tell_also.append({"user": order.ordered_by_id})
        leg.sweep_at = deadline
        leg.save(update_fields=["sweep_at"])


def _order_again(walk: Walk, order: Supervision, deadline: dt.datetime) -> None:
    """The same order once more: counted, with a new date, told once a day at most."""
    if order.leader and not Post.objects.on_duty(walk.today).filter(user=order.leader):
        order.leader = effects.named_leader(walk)  # the one who was named has left
    walk.is_told = order.told_on != walk.today
    order.times, order.deadline, order.told_on = order.times + 1, deadline, walk.today
    order.save(update_fields=["leader", "times", "deadline", "told_on"])


@EFFECTS.of("reply_supervision")
def reply_supervision(walk: Walk) -> None:
    order = walk.order
    assert order is not None
    order.replied_by, order.replied_at = walk.user, walk.now
    order.save(update_fields=["replied_by", "replied_at"])
    if order.ordered_by_id:
        walk.tell_also.append({"user": order.ordered_by_id, "asks": "请您销号"})


@EFFECTS.of("accept_supervision")
def accept_supervision(walk: Walk) -> None:
    order = walk.order
    assert order is not None
    order.accepted_at = walk.now
    order.save(update_fields=["accepted_at"])
    walk.order = None


@EFFECTS.of("urge")
def urge(walk: Walk) -> None:
    walk.case.urged_on = walk.today
