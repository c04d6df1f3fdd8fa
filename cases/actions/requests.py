"""Asked, then granted or denied by another: extension, suspension, voiding; and supervision, urging."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cases import deadlines
from cases.actions import effects, legs
from cases.actions.walk import Walk, effect
from cases.deadlines import Limit
from cases.models import Assignment, Request, Supervision
from cases.permissions import leads_from
from cases.refusals import Forbidden, Refused, Unfit
from cases.workflow import Lateness, State, Step
from governance.models import Post
from governance.roles import Duty

Kind = Request.Kind
EXTENSIONS = 2
LONGEST_SUSPENSION = dt.timedelta(days=366)


def _ask(walk: Walk, kind: Request.Kind, decider: Duty, **asked: Any) -> None:
    """Write a request; one of a kind may wait."""
    case = walk.case
    assert walk.by is not None
    if case.requests.filter(kind=kind, decided_at=None).exists():
        raise Refused(f"已有一份{kind.label}申请待批。")
    Request.objects.create(
        case=case, kind=kind, asked_by=walk.by, asked_at=walk.now, decider=decider, **asked
    )
    place = walk.leg.centre_id if walk.leg else case.centre_id
    if decider == Duty.LEAD:
        walk.tell_also += [
            {"organization": p, "duty": Duty.LEAD} for p in (case.street_id, case.district_id) if p
        ]
    else:
        walk.tell_also.append({"organization": place, "duty": decider})


def _waiting(walk: Walk, kind: Request.Kind) -> Request:
    found = walk.case.requests.filter(kind=kind, decided_at=None).first()
    if found is None:
        raise Refused(f"没有待批的{kind.label}申请。")
    return found


def _decide(walk: Walk, request: Request, *, granted: bool) -> None:
    """Decide a request: by the duty it waits for, and never by the one who asked."""
    if request.decider not in walk.held:
        raise Forbidden(f"这份{request.get_kind_display()}申请由{Duty(request.decider).label}决定。")
    if walk.by and request.asked_by_id == walk.by.pk:
        raise Forbidden("不能批准自己的申请。")
    request.decided_by, request.decided_at, request.is_granted = walk.by, walk.now, granted
    request.save(update_fields=["decided_by", "decided_at", "is_granted"])
    walk.facts["request"] = request.pk
    walk.tell_also.append({"user": request.asked_by_id})


@effect("deny_extension", "deny_suspension", "deny_void")
def deny(walk: Walk) -> None:
    request = _waiting(walk, Kind(walk.move.name.removeprefix("deny_")))
    if request.kind == Kind.SUSPENSION and request.endorsed_by_id is None and Duty.CHIEF in walk.held:
        request.decider = Duty.CHIEF
    _decide(walk, request, granted=False)


@effect("ask_extension")
def ask_extension(walk: Walk) -> None:
    """Asked before the deadline, at most twice; the first is the dispatcher's to grant, the second the chief's."""
    case, leg = walk.case, walk.leg
    assert leg is not None
    if walk.now >= leg.due_at:
        raise Refused("已超过处置期限，不能再申请延期。")
    if case.extensions >= EXTENSIONS:
        raise Refused(f"最多延期 {EXTENSIONS} 次。")
    amount, first = effects.amount_in_unit(walk), leg.limit_at_first
    if amount.amount <= 0 or amount.amount > first.amount:
        raise Unfit(f"延长时间须大于 0，且不超过原时限（{first}）。", field="amount")
    _ask(walk, Kind.EXTENSION, Duty.CHIEF if case.extensions else Duty.DISPATCH, amount=amount.amount)


@effect("grant_extension")
def grant_extension(walk: Walk) -> None:
    """More time from the due date on; asked in time and granted late, it takes back the red mark.

    Whether the case was late is then decided by the new deadline; request and event keep what was before.
    """
    case, leg, request = walk.case, walk.leg, _waiting(walk, Kind.EXTENSION)
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


@effect("ask_suspension")
def ask_suspension(walk: Walk) -> None:
    """Once a case, at most a year; the duty chief agrees first, then a leader grants."""
    until, today = walk.given["until"], timezone.localdate(walk.now)
    if walk.case.was_suspended:
        raise Refused("每件案件只能挂账一次。")
    if not today < until <= today + LONGEST_SUSPENSION:
        raise Unfit("挂账日期须在今天之后、一年之内。", field="until")
    _ask(walk, Kind.SUSPENSION, Duty.LEAD, until=until)
    walk.tell_also.append({"organization": walk.case.centre_id, "duty": Duty.CHIEF})


@effect("endorse_suspension")
def endorse_suspension(walk: Walk) -> None:
    request = _waiting(walk, Kind.SUSPENSION)
    if walk.by and request.asked_by_id == walk.by.pk:
        raise Forbidden("不能同意自己的申请。")
    if request.endorsed_by_id is not None:  # whoever agreed may not grant: nobody takes that place
        raise Refused("值班长已同意，待领导批准。")
    request.endorsed_by = walk.by
    request.save(update_fields=["endorsed_by"])


@effect("grant_suspension")
def grant_suspension(walk: Walk) -> None:
    request = _waiting(walk, Kind.SUSPENSION)
    if request.endorsed_by_id is None:
        raise Refused("须先由值班长同意，再由领导批准。")
    assert request.until is not None
    if walk.by and request.endorsed_by_id == walk.by.pk:
        raise Forbidden("同意与批准须由两人分别办理。")
    if request.until <= timezone.localdate(walk.now):
        raise Refused("申请的挂账日期已过，不能批准；可不批准，由申请人另行申请。")
    _decide(walk, request, granted=True)
    before = State(walk.case.state)
    legs.stop_leg(walk, Assignment.Outcome.STANDING)
    walk.case.was_suspended = True
    days = (request.until - timezone.localdate(walk.now)).days
    limit = Limit(amount=Decimal(days), unit=deadlines.Unit.CALENDAR_DAY)
    legs.open_leg(walk, Step.WAITING, limit=limit, unit_id=walk.case.unit_id, back_to=before)


@effect("resume")
def resume(walk: Walk) -> State:
    leg = legs.stop_leg(walk)
    legs.continue_standing(walk)
    return State(leg.back_to)


@effect("ask_void")
def ask_void(walk: Walk) -> None:
    """A or D asks the duty chief; whoever is duty chief asks a leader."""
    _ask(walk, Kind.VOID, Duty.LEAD if Duty.CHIEF in walk.held else Duty.CHIEF)


@effect("grant_void")
def grant_void(walk: Walk) -> None:
    _decide(walk, _waiting(walk, Kind.VOID), granted=True)
    legs.stop_leg(walk, Assignment.Outcome.ENDED)


# Supervision and urging -------------------------------------------------------------------------------------------


@effect("order_supervision")
def order_supervision(walk: Walk) -> None:
    """A leader orders; at the top of the tree the system orders a named leader, never nobody.

    The system comes back when the deadline of the answer has passed: it reminds while the order stands, and orders
    anew when the order was struck off although the case is still late.
    """
    case, leg = walk.case, walk.leg
    assert leg is not None
    order = case.supervisions.filter(accepted_at=None).first()
    if order is not None and walk.by is not None:
        raise Refused("已有一份督办未销号。")
    if order is None:
        order = Supervision.objects.create(
            case=case,
            ordered_by=walk.by,
            ordered_at=walk.now,
            leader=effects.named_leader(walk) if walk.by is None else None,
            unit_id=case.unit_id or leg.centre_id,
            deadline=walk.given["deadline"],
        )
    elif order.leader and not Post.objects.on_duty(timezone.localdate(walk.now)).filter(user=order.leader):
        order.leader = effects.named_leader(walk)  # the one who was named has left
        order.save(update_fields=["leader"])
    walk.facts |= {"order": order.pk, "leader": order.leader_id, "deadline": order.deadline}
    if walk.by is None:
        answers = order.leader_id or order.ordered_by_id
        if answers:
            walk.tell_also.append({"user": answers})
            if answers not in case.people:
                case.people.append(answers)
        leg.sweep_at = walk.given["deadline"]
        leg.save(update_fields=["sweep_at"])


def _standing(walk: Walk) -> Supervision:
    found = walk.case.supervisions.filter(accepted_at=None).first()
    if found is None:
        raise Refused("没有未销号的督办。")
    return found


@effect("reply_supervision")
def reply_supervision(walk: Walk) -> None:
    order = _standing(walk)
    order.replied_by, order.replied_at = walk.by, walk.now
    order.save(update_fields=["replied_by", "replied_at"])
    if order.ordered_by_id:
        walk.tell_also.append({"user": order.ordered_by_id})


@effect("accept_supervision")
def accept_supervision(walk: Walk) -> None:
    order = _standing(walk)
    if order.replied_at is None:
        raise Refused("责任单位还没有答复，不能销号。")
    if walk.by and order.replied_by_id == walk.by.pk:
        raise Forbidden("不能给自己的答复销号。")
    if (
        walk.by
        and order.ordered_by
        and leads_from(walk.case, walk.by) > leads_from(walk.case, order.ordered_by)
    ):
        raise Forbidden("上级的督办由上级销号。")
    order.accepted_at = walk.now
    order.save(update_fields=["accepted_at"])


@effect("urge")
def urge(walk: Walk) -> None:
    today = timezone.localdate(walk.now)
    if walk.case.urged_on == today:
        raise Refused("今天已催办过，每天一次。")
    walk.case.urged_on = today
