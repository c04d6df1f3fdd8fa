"""What of whistles waits for a person: to decide, to answer for a unit, to finish, to score."""

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from governance.models import User
from governance.modules import ToDo
from governance.roles import Duty
from governance.statements import ask
from partybuilding.addresses import page_of
from partybuilding.models import Call, CallClock, Score, Task, Whistle
from partybuilding.models.whistles import number_of
from partybuilding.workflow import MOVES, OPEN_CALL, RUNNING, CallState, ClockStep, Side, State

#: What a called unit does next, and the clock that says until when.
NEXT_STEP = {
    CallState.CALLED: ClockStep.SIGN,
    CallState.SIGNED: ClockStep.CONTACT,
    CallState.CONTACTED: ClockStep.ARRIVE,
    CallState.ARRIVED: ClockStep.SETTLE,
}


def next_step(call: Call) -> ClockStep:
    """What an open call waits for its unit to do."""
    step = NEXT_STEP[CallState(call.state)]
    return ClockStep.SETTLE if step == ClockStep.ARRIVE and call.stays_away else step


def calls_of(user: User) -> list[Call]:
    """Open calls of the units that this person answers for, the next deadline first; ``due_at`` of the next step."""
    units = user.authority.places(Duty.ANSWER)
    found = open_calls(units).select_related("unit", "whistle__category", "whistle__side")
    return list(found.order_by(F("due_at").asc(nulls_last=True), "pk")) if units else []


def open_calls(units: list[int]) -> QuerySet[Call]:
    """Open calls of some units with ``next_step`` and ``due_at``, the deadline of that step."""
    steps = [When(state=state, then=Value(step.value)) for state, step in NEXT_STEP.items()]
    wanted = Case(
        When(stays_away=True, state=CallState.CONTACTED, then=Value(ClockStep.SETTLE.value)), *steps
    )
    clock = CallClock.objects.filter(call=OuterRef("pk"), step=OuterRef("next_step")).values("red_at")[:1]
    found = Call.objects.open().filter(unit__in=units).annotate(next_step=wanted)
    return found.annotate(due_at=Subquery(clock))


# To-do, in one statement --------------------------------------------------------------------------------------------


class What(StrEnum):
    """What kind of row waits."""

    CALL = "call"
    ORDER = "order"
    TASK = "task"
    ASKED = "asked"
    DONE = "done"
    SCORE_UNITS = "score_units"
    SCORE_WHISTLE = "score_whistle"


VERBS = {
    What.ORDER: "答复督办",
    What.TASK: "完成任务",
    What.ASKED: "决定是否吹哨",
    What.DONE: "确认处置完毕",
    What.SCORE_UNITS: "评价部门",
    What.SCORE_WHISTLE: "评价哨令",
}


def _rows(found: QuerySet, what: What, to: str, due: Any, *, step: Any = None, title: str = "") -> QuerySet:
    """The same columns of every kind of row; ``to`` is the way to the whistle, ``title`` of what is not it itself."""
    begun = Coalesce(f"{to}asked_at", f"{to}blown_at")
    about = F(title) if title else Concat(f"{to}category__name", Value(" "), f"{to}address")
    due_at = F(due) if isinstance(due, str) else due
    named = {
        "r_what": Value(what.value),
        "r_step": Cast(step if step is not None else Value(""), CharField()),
        "r_uuid": F(f"{to}uuid"),
        "r_pk": F(f"{to}pk"),
        "r_begun": begun,
        "r_about": Cast(about, CharField()),
        "r_due": due_at,
    }
    return found.order_by().annotate(**named).values_list(*named)


def _of_units(user: User, units: list[int], heads: list[int]) -> Iterator[QuerySet]:
    """What called units have to do: their next step, tasks, answers to orders."""
    calls = open_calls(units)
    yield _rows(calls, What.CALL, "whistle__", "due_at", step=F("next_step"))
    may_answer = Call.objects.filter(state__in=MOVES["answer_order"].sources, unit__in=heads)
    ordered = may_answer.filter(ordered_at__isnull=False, order_answered_at=None, whistle__state__in=RUNNING)
    yield _rows(ordered, What.ORDER, "whistle__", "ordered_at")
    tasks = Task.objects.waiting_for(user, timezone.localdate()).filter(whistle__state__in=RUNNING)
    yield _rows(tasks, What.TASK, "whistle__", "deadline", title="title")


def _of_side(user: User, places: list[int]) -> Iterator[QuerySet]:
    """What the side that blows decides: whistles that are asked for, and those whose units have all done their part."""
    still = Call.objects.filter(whistle=OuterRef("pk"), state__in=OPEN_CALL)
    whistles = Whistle.objects.filter(side__in=places)
    asked = whistles.filter(state=State.ASKED).exclude(asked_by=user)
    yield _rows(asked, What.ASKED, "", Coalesce("due_at", "asked_at"))
    yield _rows(whistles.filter(~Exists(still), state__in=RUNNING), What.DONE, "", "blown_at")


def _to_score(units: list[int], places: list[int]) -> Iterator[QuerySet]:
    """Closed whistles on which a side has not scored everybody (as ``scores.scorable`` says whom)."""
    later = Call.objects.filter(whistle=OuterRef("whistle"), unit=OuterRef("unit"), pk__gt=OuterRef("pk"))
    stayed = Q(released_at=None) | Q(released_at=F("whistle__closed_at")) | Q(signed_at__isnull=False)
    calls = Call.objects.filter(stayed, ~Exists(later.filter(refusal="")), whistle=OuterRef("pk"), refusal="")
    given = Score.objects.filter(call=OuterRef("pk"))
    closed = Whistle.objects.filter(state=State.CLOSED)
    by_street = calls.filter(~Exists(given.filter(side=Side.STREET)))
    yield _rows(closed.filter(Exists(by_street), side__in=places), What.SCORE_UNITS, "", "lapses_at")
    by_unit = calls.filter(~Exists(given.filter(side=Side.UNIT)), unit__in=units)
    yield _rows(closed.filter(Exists(by_unit)).exclude(side__in=places), What.SCORE_WHISTLE, "", "lapses_at")


def to_do(user: User, now: dt.datetime, most: int) -> list[ToDo]:
    """Everything of whistles that waits for a person, most urgent first; one statement, none without a duty."""
    if not user.authority.has(Duty.ANSWER) and not user.authority.has(Duty.BLOW):
        return []
    return [_said(row, now) for row in ask(_waiting, user, most)]


def _waiting(user: User, most: int) -> QuerySet:
    """The rows of ``to_do``."""
    units, heads = user.authority.places(Duty.ANSWER), user.authority.places(Duty.HEAD)
    places = user.authority.places(Duty.BLOW)
    parts = [*_of_units(user, units, heads)] if units else []
    parts += [*_of_side(user, places)] if places else []
    parts += _to_score(units, places)
    return parts[0].union(*parts[1:], all=True).order_by("r_due")[:most]


def _said(row: tuple, now: dt.datetime) -> ToDo:
    what, step, uuid, pk, begun, about, due_at = row
    verb = ClockStep(step).label if what == What.CALL else VERBS[What(what)]
    if what == What.DONE or (what == What.ASKED and due_at == begun):
        due_at = None  # no clock runs: the oldest stand first, before what has a deadline
    late = what == What.ORDER or (due_at is not None and due_at < now)
    return ToDo(verb, f"{number_of(pk, begun)} {about}".strip(), page_of(uuid), due_at, late)
