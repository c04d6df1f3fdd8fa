"""What each move does to a case, beyond what every move does (``recording.record``)."""

import datetime as dt

from django.utils import timezone

from cases.actions import legs, recounting
from cases.actions.checks import note_position
from cases.actions.door import EFFECTS
from cases.loops import commanding_id, territory, top
from cases.models import Case, Leg
from cases.permissions import somebody_grades
from cases.routing import explain
from cases.rule_numbers import REFUSALS_BEFORE_DISPUTE
from cases.situations import Walk
from cases.turning import where_to
from cases.units import desk_is_staffed
from cases.workflow import Grade, Lateness, Loop, State, Step
from governance.models import Organization, Post, User
from governance.roles import Duty, Role
from records.refusals import Unfit

Outcome = Leg.Outcome


@EFFECTS.of("comment")
def nothing_more(walk: Walk) -> None:
    """A comment tells the owner and never moves a clock."""


def _day(walk: Walk) -> dt.date:
    return timezone.localdate(walk.now)


# Report, check, register ------------------------------------------------------------------------------------------


@EFFECTS.of("send_to_check")
def send_to_check(walk: Walk) -> None:
    legs.stop_leg(walk, Outcome.PAUSED)
    legs.open_check(walk, Step.CHECKING)


@EFFECTS.of("found", "not_found")
def answer_check(walk: Walk) -> None:
    note_position(walk)
    legs.stop_leg(walk)
    legs.continue_paused(walk)


@EFFECTS.of("register")
def register(walk: Walk) -> None:
    """Freeze the row of the list that applies; it may correct category and loop."""
    case, row = walk.case, walk.given["responsibility"]
    centre = territory(case, Loop(row.loop))
    if centre is None:
        raise Unfit("案件位置没有这一级的指挥中心。", field="responsibility")
    legs.stop_leg(walk)
    case.category_id, case.responsibility = row.category_id, row
    case.routing_reason = explain(row, row.category)
    if Loop(row.loop).level > Loop(case.loop).level and not desk_is_staffed(centre.pk, _day(walk)):
        walk.facts["nobody_at"] = centre.pk  # it stays with the centre that took it over from there
    else:
        case.loop, case.centre = row.loop, centre
    walk.facts |= {"responsibility": row.pk, "version": row.version}
    legs.open_leg(walk, Step.DISPATCHING)


@EFFECTS.of("decline", "withdraw")
def end(walk: Walk) -> None:
    legs.stop_leg(walk, Outcome.ENDED)


@EFFECTS.of("return")
def send_back(walk: Walk) -> None:
    legs.stop_leg(walk, Outcome.REFUSED)
    legs.open_leg(walk, Step.REGISTERING)


# Dispatch and handle ----------------------------------------------------------------------------------------------


def _refused_leg(case: Case, unit: Organization) -> Leg | None:
    """The leg that this unit sent back, in this loop and since the case was last reopened; None if there is none."""
    for leg in case.legs.order_by("-pk") if case.refusals else ():
        if leg.loop != case.loop or leg.step == Step.EVALUATING:
            return None
        if leg.unit_id == unit.pk and leg.outcome == Outcome.REFUSED:
            return leg
    return None


def _count_unit(case: Case, unit_id: int) -> None:
    """A unit that has had the case goes on seeing it."""
    if unit_id not in case.units:
        case.units.append(unit_id)


def _hand_to(walk: Walk, unit: Organization) -> None:
    """Give the case to a unit: its own old clock, which never stood, if it sent the case back; else the full limit."""
    case = walk.case
    earlier = _refused_leg(case, unit)
    case.unit = unit
    case.rounds += 1
    _count_unit(case, unit.pk)
    legs.stop_leg(walk)
    if earlier is None:
        legs.open_leg(walk, Step.HANDLING, unit_id=unit.pk)
    else:
        marks, extended = legs.marks_of(walk, earlier), earlier.extended_amount
        legs.open_leg(walk, Step.HANDLING, unit_id=unit.pk, marks=marks, extended=extended)


@EFFECTS.of("dispatch")
def dispatch(walk: Walk) -> None:
    _hand_to(walk, walk.given["unit"])


@EFFECTS.of("adjudicate")
def adjudicate(walk: Walk) -> None:
    """The decision is kept as a precedent: category, unit and grounds are in this event and its words."""
    walk.facts |= {"precedent": True, "category": walk.case.category_id}
    _hand_to(walk, walk.given["unit"])


def _count_as_handler(walk: Walk) -> None:
    assert walk.user is not None
    case = walk.case
    for people in (case.handlers, case.people):
        if walk.user.pk not in people:
            people.append(walk.user.pk)


@EFFECTS.of("accept")
def accept(walk: Walk) -> None:
    """The clock has been running since dispatch; accepting only says who."""
    assert walk.leg and walk.user
    walk.leg.person = walk.user
    walk.leg.save(update_fields=["person"])
    _count_as_handler(walk)


@EFFECTS.of("refuse")
def refuse(walk: Walk) -> State:
    case = walk.case
    case.refusals += 1
    walk.facts |= {"refusal": walk.given["refusal"], "right_unit": walk.given["right_unit"].pk}
    legs.stop_leg(walk, Outcome.REFUSED)
    case.unit = None
    disputed = case.refusals >= REFUSALS_BEFORE_DISPUTE
    legs.open_leg(walk, Step.ADJUDICATING if disputed else Step.DISPATCHING)
    return State.DISPUTED if disputed else State.REGISTERED


@EFFECTS.of("feedback")
def feedback(walk: Walk) -> None:
    _count_as_handler(walk)
    legs.stop_leg(walk)
    legs.open_check(walk, Step.VERIFYING)


# Verify, close, evaluate ------------------------------------------------------------------------------------------


@EFFECTS.of("pass")
def passed(walk: Walk) -> None:
    note_position(walk)
    legs.stop_leg(walk)
    legs.open_leg(walk, Step.CLOSING)


@EFFECTS.of("fail")
def failed(walk: Walk) -> None:
    """Back to the same hands with the limit of rework; having been late stays a fact of the case."""
    case = walk.case
    note_position(walk)
    last = case.legs.filter(step=Step.HANDLING).order_by("-pk").first()
    legs.stop_leg(walk, Outcome.FAILED)
    case.rounds += 1
    if last is None:  # settled on the spot: the community's own people take it on
        unit_id = case.community_id or commanding_id(case, top())
        case.unit_id = unit_id
        _count_unit(case, unit_id)
    person = last.person_id if last else None
    if case.source == Case.Source.SELF and last is None:  # back to the person who said it was done
        person = case.handlers[-1]
    limit = legs.limit_of(walk, "rework")
    legs.open_leg(walk, Step.HANDLING, limit=limit, unit_id=case.unit_id, person_id=person)


@EFFECTS.of("close")
def close(walk: Walk) -> State:
    """The reporter evaluates next; what a program alone reported ends here."""
    legs.stop_leg(walk)
    walk.case.closed_at = walk.now
    if not somebody_grades(walk.case):
        walk.case.grade = walk.facts["grade"] = Grade.NOBODY
        return State.EVALUATED
    legs.open_leg(walk, Step.EVALUATING)
    return State.CLOSED


@EFFECTS.of("refuse_closing")
def refuse_closing(walk: Walk) -> None:
    legs.stop_leg(walk, Outcome.FAILED)
    legs.open_check(walk, Step.VERIFYING)


@EFFECTS.of("evaluate")
def evaluate(walk: Walk) -> None:
    grade = walk.given.get("grade") or (Grade.LAPSED if somebody_grades(walk.case) else Grade.NOBODY)
    walk.case.grade = grade
    walk.facts["grade"] = grade
    legs.stop_leg(walk, Outcome.DONE if walk.given.get("grade") else Outcome.LAPSED)


@EFFECTS.of("reopen")
def reopen(walk: Walk) -> None:
    case = walk.case
    legs.stop_leg(walk, Outcome.ENDED)
    case.closed_at, case.unit, case.refusals = None, None, 0
    legs.open_leg(walk, Step.DISPATCHING)


# Up and down the loops --------------------------------------------------------------------------------------------


def _turn(walk: Walk, outcome: Leg.Outcome) -> State:
    """Another centre commands, by its own row of the list where that has one."""
    case, turn = walk.case, where_to(walk, walk.move.name, label=walk.move.label)
    legs.stop_leg(walk, outcome)
    case.loop, case.centre, case.unit = turn.loop, turn.centre, None
    case.responsibility, case.routing_reason = turn.row, turn.reason
    legs.open_leg(walk, turn.step, limit=turn.limit)
    return State.REPORTED if turn.step == Step.REGISTERING else State.REGISTERED


@EFFECTS.of("escalate")
def escalate(walk: Walk) -> State:
    """One loop up with the new loop's clock; having been late stays a fact of the case."""
    case = walk.case
    if walk.actor.is_system:
        case.escalated_by_time = True
        walk.facts["by_time"] = True
    walk.tell_also.append({"organization": case.centre_id, "duty": Duty.CHIEF})
    return _turn(walk, Outcome.ESCALATED)


@EFFECTS.of("delegate")
def delegate(walk: Walk) -> State:
    walk.case.was_delegated = True
    return _turn(walk, Outcome.DELEGATED)


# Time -------------------------------------------------------------------------------------------------------------


@EFFECTS.of("warn", "overdue")
def mark(walk: Walk) -> None:
    leg = walk.leg
    assert leg is not None
    leg.lateness = walk.given["lateness"]
    leg.sweep_at = walk.given["sweep_at"]
    leg.held_until = walk.given.get("held_until")
    leg.save(update_fields=["lateness", "sweep_at", "held_until"])
    if leg.held_until:
        walk.facts |= {"due_at": leg.due_at, "held_until": leg.held_until}
    walk.case.lateness = leg.lateness
    if walk.move.name == "overdue" and leg.step == Step.HANDLING:
        walk.case.was_late = True


@EFFECTS.of("recount")
def recount(walk: Walk) -> None:
    """The marks by the calendar of today; a case that is not late by them is no longer called late."""
    case, leg = walk.case, walk.leg
    assert leg is not None
    marks = legs.marks_of(walk, leg)
    walk.facts |= {"due_before": leg.due_at, "due_at": marks.due_at, "change": leg.outdated_by_id}
    if marks.is_provisional:
        walk.facts["provisional"] = True
    walk.tell_owner = marks.due_at < leg.due_at  # more time is no news that ten thousand inboxes need
    was_red = leg.lateness == Lateness.RED
    legs.renew(leg, marks, walk.now)
    if not recounting.settle(leg, **{name: getattr(leg, name) for name in legs.MARKS}):
        leg.save(update_fields=legs.MARKS)  # and the later change's mark stays
    case.due_at, case.lateness = leg.due_at, leg.lateness
    walk.facts["lateness"] = leg.lateness
    if was_red and leg.lateness != Lateness.RED:
        case.was_late = legs.was_late_before(case)


@EFFECTS.of("draw_anew")
def draw_anew(walk: Walk) -> None:
    """Late, or no longer there: who left is not one of those that were tried."""
    old = legs.stop_leg(walk, Outcome.REDRAWN)
    has_left = walk.now < old.escalate_at
    if has_left:
        walk.facts["left"] = True
    tried = [person for person in old.tried if not (has_left and person == old.person_id)]
    legs.open_check(walk, Step(old.step), tried=tried)


@EFFECTS.of("raise_closing")
def raise_closing(walk: Walk) -> None:
    """The parent's duty chief closes; the commanding centre stays what it was."""
    centre = territory(walk.case, Loop(walk.case.loop).above)
    legs.stop_leg(walk, Outcome.ESCALATED)
    legs.open_leg(walk, Step.CLOSING, centre=centre)


def named_leader(walk: Walk) -> User | None:
    """Who answers at the top: leader (acting included), deputy, the parent's; where none is, the duty chief."""
    highest = territory(walk.case, top())
    assert highest is not None
    posts = Post.objects.on_duty(_day(walk))
    places: list[Organization] = [highest]
    while places[-1].parent is not None:
        places.append(places[-1].parent)
    asked = [(place, role) for place in places for role in (Role.LEADER, Role.DEPUTY_LEADER)]
    for place, role in [*asked, (highest, Role.DUTY_CHIEF)]:
        found = posts.filter(organization=place, role=role).select_related("user")
        if post := found.order_by("is_acting", "pk").first():
            return post.user
    return None
