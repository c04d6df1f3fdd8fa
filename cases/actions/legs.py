"""Legs and their clocks: stop one, open the next, draw who checks."""

import datetime as dt
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Case as Choice
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from cases import deadlines
from cases.actions import recounting
from cases.deadlines import Limit, Marks
from cases.loops import commanding_id, territory_id, top
from cases.models import Case, Leg, Request
from cases.routing import limit_without_a_row
from cases.rule_numbers import DRAWS
from cases.situations import Situation, Walk
from cases.units import desk_is_staffed
from cases.workflow import Lateness, Loop, State, Step
from governance.models import Organization, Post, User
from governance.roles import Duty, Role
from grid.models import GridDuty

#: Steps that the sweep does not warn about: waiting and evaluating end by themselves.
QUIET = (Step.WAITING, Step.EVALUATING)
NOTHING = Decimal(0)
#: What ``set_marks`` writes.
MARKS = (
    "limit_amount",
    "limit_unit",
    "counted_at",
    "counted_from",
    "counted_amount",
    "added_amount",
    "due_at",
    "warn_at",
    "escalate_at",
    "is_provisional",
    "sweep_at",
    "held_until",
    "lateness",
)
#: What is written when a leg stops; where a check was made stands on it by then.
STOPPED = (
    "stopped_at",
    "outcome",
    "is_late",
    "sweep_at",
    "rest_amount",
    "checked_metres",
    "position_source",
    "is_far",
)


def limit_of(walk: Situation, step: Step | str) -> Limit:
    """The limit of a step by the responsibility list; before registering without a match, the one for that."""
    row = walk.case.responsibility
    if step == Step.ADJUDICATING:
        step = Step.DISPATCHING
    return row.limit(step) if row else limit_without_a_row(Loop(walk.case.loop))


def stop_leg(walk: Walk, outcome: Leg.Outcome = Leg.Outcome.DONE) -> Leg:
    """Stop the open leg; a paused one keeps what is left of its limit."""
    leg = walk.leg
    assert leg is not None
    leg.stopped_at = walk.now
    leg.outcome = outcome
    leg.is_late = walk.now > leg.due_at
    leg.sweep_at = None
    if outcome == Leg.Outcome.PAUSED:
        leg.rest_amount = deadlines.remainder(leg.due_at, leg.limit, walk.now, walk.calendar).amount
    if leg.is_late and leg.step == Step.HANDLING:
        walk.case.was_late = True
    leg.save(update_fields=STOPPED)
    walk.leg = None
    if leg.step == Step.HANDLING and outcome != Leg.Outcome.PAUSED:
        lapse_requests(walk, Request.Kind.EXTENSION, Request.Kind.SUSPENSION)
    return leg


def was_late_before(case: Case) -> bool:
    """Whether a leg of handling that has ended, or a merged case, was late: more time for the open leg undoes neither."""
    ended = case.legs.filter(step=Step.HANDLING, stopped_at__isnull=False)
    ended_late = ended.filter(Q(is_late=True) | Q(lateness=Lateness.RED))
    return ended_late.exists() or case.merged_cases.filter(was_late=True).exists()


def lapse_requests(walk: Walk, *kinds: str) -> None:
    """End requests that nobody decided: more time for one leg is not to be granted on another."""
    lapsing = [walk.open_requests.pop(kind).pk for kind in kinds if kind in walk.open_requests]
    if lapsing:
        Request.objects.filter(pk__in=lapsing).update(decided_at=walk.now, is_granted=False)


def end_with_case(walk: Walk) -> None:
    """What was asked or ordered on a case ends with it: requests lapse, an order is struck off."""
    lapse_requests(walk, *Request.Kind)
    if order := walk.order:
        order.accepted_at, order.note = walk.now, f"案件已{walk.move.label}，督办随案件销号"
        order.save(update_fields=["accepted_at", "note"])
        walk.facts["order_ended"] = order.pk
        walk.order = None


def open_leg(
    walk: Walk,
    step: Step,
    *,
    limit: Limit | None = None,
    marks: Marks | None = None,
    centre: Organization | None = None,
    unit_id: int | None = None,
    person_id: int | None = None,
    desk_allowed: bool = False,
    tried: list[int] | None = None,
    back_to: State | None = None,
    extended: Decimal = NOTHING,
) -> Leg:
    """Open the next leg with its full limit, or with ``marks`` of a clock that runs on (``extended`` so far)."""
    case = walk.case
    marks = marks or deadlines.start(walk.now, limit or limit_of(walk, step), walk.calendar)
    leg = Leg(
        case=case,
        step=step,
        loop=case.loop,
        centre_id=centre.pk if centre else case.centre_id,
        unit_id=unit_id,
        person_id=person_id,
        responsibility=case.responsibility,
        desk_allowed=desk_allowed,
        tried=tried or [],
        opened_at=walk.now,
        back_to=back_to or "",
        extended_amount=extended,
    )
    set_marks(leg, marks, walk.now, quiet=step in QUIET)
    case.due_at = leg.due_at
    case.lateness = leg.lateness
    if person_id and person_id not in case.people:
        case.people.append(person_id)
    walk.leg = leg
    walk.rows.append(leg)
    walk.facts["due_at"] = leg.due_at
    if marks.is_provisional:
        walk.facts["provisional"] = True
    return leg


def marks_of(walk: Situation, leg: Leg) -> Marks:
    """The marks of a leg by the calendar of now."""
    return recounting.marks_of(walk.case, leg, walk.calendar, walk.now)


def set_marks(leg: Leg, marks: Marks, now: dt.datetime, *, quiet: bool = False) -> None:
    """Write a clock onto a leg and say when the sweep looks at it next."""
    leg.counted_at = now
    leg.limit_amount, leg.limit_unit = marks.limit.amount, marks.limit.unit
    if basis := marks.basis:
        leg.counted_from, leg.counted_amount, leg.added_amount = basis.since, basis.amount, basis.added
    leg.due_at, leg.warn_at, leg.escalate_at = marks.due_at, marks.warn_at, marks.escalate_at
    leg.is_provisional = marks.is_provisional
    leg.sweep_at = marks.due_at if quiet else min(marks.warn_at, marks.due_at)
    leg.lateness, leg.held_until = Lateness.NONE, None


def paused(case: Case) -> Leg:
    """The leg that is paused (for a check or a suspension)."""
    return case.legs.filter(outcome=Leg.Outcome.PAUSED).order_by("-pk")[0]


def renew(leg: Leg, marks: Marks, now: dt.datetime) -> None:
    """Write marks that were counted again onto a leg that runs: its colour stays as far as they allow."""
    sweep_at, escalate_at, held_until = leg.sweep_at, leg.escalate_at, leg.held_until
    lateness = recounting.lateness_after(leg, marks, now)
    set_marks(leg, marks, now, quiet=leg.step in QUIET)
    leg.lateness = lateness
    if lateness == Lateness.YELLOW:
        leg.sweep_at = marks.due_at
    elif lateness == Lateness.RED:
        leg.sweep_at, leg.held_until = marks.escalate_at, held_until
        if sweep_at is not None and sweep_at != escalate_at:
            # Held after an outage, or waiting for the answer to an order: no sooner than that.
            leg.sweep_at = max(marks.escalate_at, sweep_at)


def continue_paused(walk: Walk) -> Leg:
    """Open again the leg that was paused (for a check or a suspension) with what was left of it."""
    old = paused(walk.case)
    assert old.rest_amount is not None
    rest = Limit(amount=old.rest_amount, unit=old.limit.unit)
    return open_leg(
        walk,
        Step(old.step),
        marks=deadlines.resume(walk.now, rest, old.limit, walk.calendar),
        unit_id=old.unit_id,
        person_id=old.person_id,
        extended=old.extended_amount,
    )


def draw(walk: Walk, tried: list[int]) -> int | None:
    """Draw who checks: the grid's people, then the community's clerks, then the street's supervisors.

    Never a reporter, a handler of any round or somebody drawn before; None means the desk.
    """
    case, today = walk.case, timezone.localdate(walk.now)
    on_grid = GridDuty.objects.current(today).filter(grid=case.grid_id).exclude(duty=GridDuty.Duty.HELPER)
    posts = Post.objects.on_duty(today)
    # A duty on the grid without a post that verifies draws nobody: the post has ended, or was another one.
    tiers: list[QuerySet] = [on_grid.filter(user__in=posts.with_duty(Duty.VERIFY).values("user"))]
    if case.community_id:
        tiers.append(posts.filter(organization=case.community_id, role=Role.CLERK))
    if case.street_id:
        tiers.append(posts.filter(organization=case.street_id, role=Role.SUPERVISOR))
    else:
        tiers.append(posts.filter(organization=case.district_id, role=Role.INSPECTOR))
    candidates = (
        User.objects.filter(reduce(or_, (Q(pk__in=tier.values("user")) for tier in tiers)))
        .exclude(pk__in=[*case.never_check, *tried])
        .annotate(
            tier=Choice(
                *(
                    When(Exists(tier.filter(user=OuterRef("pk"))), then=Value(n))
                    for n, tier in enumerate(tiers)
                ),
                default=Value(len(tiers)),
                output_field=IntegerField(),
            )
        )
    )
    return candidates.order_by("tier", "?").values_list("pk", flat=True).first()


def _communitys_desk(walk: Walk) -> int | None:
    """The community whose desk checks what neighbours settled, where somebody else is at it; None for other results."""
    case = walk.case
    if case.source != Case.Source.NEIGHBOURS or case.unit_id is not None:  # a unit has settled it since
        return None
    desk_id = territory_id(case, Loop.COMMUNITY)
    return desk_id if desk_is_staffed(desk_id, walk.today, without=case.never_check) else None


def open_check(walk: Walk, step: Step, tried: list[int] | None = None) -> Leg:
    """Open a checking or verifying leg with a drawn person, or with the street's desk when nobody is left.

    Where nobody at the street's desk may check it either, it is that of the highest loop. What neighbours settled is
    checked by the community's desk.
    """
    case, tried = walk.case, tried or []
    if step == Step.VERIFYING and (desk_id := _communitys_desk(walk)):
        return open_leg(walk, step, unit_id=desk_id, desk_allowed=True)
    person_id = draw(walk, tried) if len(tried) < DRAWS else None
    desk_id = territory_id(case, Loop.STREET)
    if desk_id and person_id is None and not desk_is_staffed(desk_id, walk.today, without=case.never_check):
        desk_id = None
    row = case.responsibility
    remote = bool(row and row.remote_verification)
    walk.facts["drawn"] = person_id
    return open_leg(
        walk,
        step,
        unit_id=desk_id or commanding_id(case, top()),
        person_id=person_id,
        desk_allowed=person_id is None or remote,
        tried=[*tried, person_id] if person_id else tried,
    )
