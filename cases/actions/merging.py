"""Several reports of one matter: a case that takes over another (reporters, caller, lateness, older clock) or a reporter."""

from cases import deadlines
from cases.actions import legs
from cases.actions.door import DOOR, EFFECTS
from cases.actions.notices import asked_owner
from cases.deadlines import Limit
from cases.models import Case, Contact, Leg
from cases.models.case import page_of
from cases.rule_numbers import MOST_PEOPLE
from cases.situations import Walk
from cases.workflow import MOVES, OPEN, Lateness, State, Step
from governance.actions import tell
from governance.roles import Duty
from records.chain import own_key
from records.refusals import Unfit
from records.situations import columns

Outcome = Leg.Outcome


@EFFECTS.of("merge")
def merge(walk: Walk) -> None:
    """End the case in another one; what that one takes over is an event of its own chain, in the same transaction."""
    case, leg, target = walk.case, walk.leg, walk.others.get(walk.given["target"].uuid)
    if target is None:
        raise Unfit("不能并入自己。", field="target")
    if target.state not in OPEN or target.district_id != case.district_id:
        raise Unfit("只能并入本区的在办案件。", field="target")
    if len({*target.people, *case.people}) > MOST_PEOPLE:
        raise Unfit("目标案件的参与人已达上限，请并入另一件。", field="target")
    assert leg is not None
    legs.stop_leg(walk, Outcome.ENDED)
    case.was_late = case.was_late or leg.is_late or leg.lateness == Lateness.RED
    case.merged_into = target
    walk.facts["target"] = target.pk
    _hand_over(walk, target, leg)


def _hand_over(walk: Walk, target: Case, leg: Leg) -> None:
    """The second move of a merge, on the other case; its row was locked together with the first one's."""
    move, own_leg = MOVES["take_over"], Leg.objects.open().filter(case=target).first()
    given = {"merged": walk.case, "leg": leg}
    taking = Walk(target, walk.by, walk.now, move, given, columns(target), leg=own_leg)
    wanted = DOOR.digests(walk.actor, move.name, {"merged": walk.case.pk})
    key = own_key(f"{move.name}:{walk.case.uuid}")  # a case is merged once
    DOOR.carry_out(taking, key=key, wanted=wanted)


@EFFECTS.of("take_over")
def take_over(walk: Walk) -> None:
    """Whoever reported stays informed, whoever called is called back, and nothing becomes younger or less late."""
    case, merged, leg = walk.case, walk.given["merged"], walk.given["leg"]
    case.reporters = sorted({*case.reporters, *merged.reporters})
    case.people = sorted({*case.people, *merged.people})
    walk.facts |= {"merged": merged.pk, "number": merged.number}
    if merged.is_from_resident:
        _take_caller(walk, merged)
    if merged.was_late:
        case.was_late = walk.facts["was_late"] = True
    if leg.step == Step.REGISTERING:
        _keep_older_clock(walk, leg)
    replace_reporter_who_was_drawn(walk)
    if {"clock_kept", "drawn"} & set(walk.facts):
        owner = asked_owner(walk)
        assert owner is not None  # an open case waits for somebody
        walk.tell_also.append(owner)


@EFFECTS.of("also_report")
def also_report(walk: Walk) -> None:
    """One more reporter, who hears of the case as the others do."""
    case, user = walk.case, walk.user
    assert user is not None
    case.reporters, case.people = sorted({*case.reporters, user.pk}), sorted({*case.people, user.pk})


def _take_caller(walk: Walk, merged: Case) -> None:
    """The contact goes along, and the desk that will call back is asked to say what became of the call."""
    case = walk.case
    case.is_from_resident = walk.facts["caller"] = True
    if Contact.objects.filter(case=merged).update(case=case):
        subject = (
            f"{merged.number} 已并入 {case.number}，今后按 {case.number} 查询 · {case.address or '现场'}"
        )
        audience = [{"organization": case.centre_id, "duty": Duty.INTAKE, "asks": "请告知来电人"}]
        tell(subject, url=page_of(case.uuid), audience=audience, now=walk.now, verb="请告知来电人")


def _keep_older_clock(walk: Walk, older: Leg) -> None:
    """A case that still has to be registered is to be registered by the earlier of the two due dates."""
    if walk.case.state == State.REPORTED:
        _count_from(walk, older)
    elif walk.case.state == State.CHECKING:
        _shorten_rest(walk, older)


def _count_from(walk: Walk, older: Leg) -> None:
    case, own, marks = walk.case, walk.leg, legs.marks_of(walk, older)
    assert own is not None
    if marks.due_at >= own.due_at:
        return
    before = own.lateness
    legs.set_marks(own, marks, walk.now)
    if before != Lateness.NONE:  # a mark that was seen is not written twice
        own.lateness = before
        own.sweep_at = marks.escalate_at if before == Lateness.RED else marks.due_at
    own.save(update_fields=legs.MARKS)
    case.due_at, case.lateness = own.due_at, own.lateness
    walk.facts |= {"due_at": own.due_at, "clock_kept": own.due_at}


def _shorten_rest(walk: Walk, older: Leg) -> None:
    """While a check is out the clock is paused; it goes on with what was left of the older one."""
    own, marks = legs.paused(walk.case), legs.marks_of(walk, older)
    rest = Limit(amount=own.rest_amount or legs.NOTHING, unit=own.limit.unit)
    if marks.due_at >= deadlines.resume(walk.now, rest, own.limit, walk.calendar).due_at:
        return
    before = own.lateness
    legs.set_marks(own, marks, walk.now)
    own.lateness, own.sweep_at = before, None
    own.rest_amount = deadlines.remainder(own.due_at, own.limit, walk.now, walk.calendar).amount
    own.save(update_fields=[*legs.MARKS, "rest_amount"])
    walk.facts["clock_kept"] = own.due_at


def replace_reporter_who_was_drawn(walk: Walk) -> None:
    """Nobody checks what they reported themselves."""
    leg = walk.leg
    assert leg is not None
    if leg.step not in (Step.CHECKING, Step.VERIFYING) or leg.person_id not in walk.case.reporters:
        return
    legs.stop_leg(walk, Outcome.REDRAWN)
    legs.open_check(walk, Step(leg.step), tried=[person for person in leg.tried if person != leg.person_id])
