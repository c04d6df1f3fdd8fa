"""What of whistles waits for a person: to decide, to answer for a unit, to finish, to score."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When

from governance.models import User
from governance.modules import ToDo
from governance.roles import Duty
from partybuilding.actions.notices import page_of
from partybuilding.models import Call, CallClock, Score, Task, Whistle
from partybuilding.workflow import OPEN_CALL, RUNNING, CallState, ClockStep, Side, State

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
    if not units:
        return []
    steps = [When(state=state, then=Value(step.value)) for state, step in NEXT_STEP.items()]
    wanted = Case(
        When(stays_away=True, state=CallState.CONTACTED, then=Value(ClockStep.SETTLE.value)), *steps
    )
    clock = CallClock.objects.filter(call=OuterRef("pk"), step=OuterRef("next_step")).values("red_at")[:1]
    found = Call.objects.open().filter(unit__in=units).annotate(next_step=wanted)
    found = found.annotate(due_at=Subquery(clock)).select_related(
        "unit", "whistle__category", "whistle__side"
    )
    return list(found.order_by(F("due_at").asc(nulls_last=True), "pk"))


def _title(whistle: Whistle) -> str:
    return f"{whistle.number} {whistle.category.name} {whistle.address}".strip()


def _of_calls(user: User, now: dt.datetime) -> Iterator[ToDo]:
    heads = set(user.authority.places(Duty.HEAD))
    for call in calls_of(user):
        address, title = page_of(call.whistle), _title(call.whistle)
        if call.ordered_at and not call.order_answered_at and call.unit_id in heads:
            yield ToDo("答复督办", title, address, call.ordered_at, True)
        due_at = call.due_at
        yield ToDo(next_step(call).label, title, address, due_at, bool(due_at and due_at < now))


def _of_tasks(user: User, now: dt.datetime, most: int) -> Iterator[ToDo]:
    if units := user.authority.places(Duty.ANSWER):
        tasks = Task.objects.filter(unit__in=units, done_at=None, whistle__state__in=RUNNING)
        for task in tasks.select_related("whistle__category").order_by("deadline")[:most]:
            late = task.deadline < now
            title = f"{task.whistle.number} {task.title}"
            yield ToDo("完成任务", title, page_of(task.whistle), task.deadline, late)


def _of_side(user: User, most: int) -> Iterator[ToDo]:
    """What the side that blows decides: whistles that are asked for, and those whose units have all done their part."""
    if places := user.authority.places(Duty.BLOW):
        open_calls = Call.objects.filter(whistle=OuterRef("pk"), state__in=OPEN_CALL)
        asked = Q(state=State.ASKED) & ~Q(asked_by=user)
        done = Q(state__in=RUNNING) & ~Exists(open_calls)
        found = Whistle.objects.filter(asked | done, side__in=places).select_related("category")
        for whistle in found.order_by("pk")[:most]:
            verb = "决定是否吹哨" if whistle.state == State.ASKED else "确认处置完毕"
            yield ToDo(verb, _title(whistle), page_of(whistle))


def _of_scores(user: User, most: int) -> Iterator[ToDo]:
    """Closed whistles on which this person's side has not scored everybody (as ``scores.scorable`` says whom)."""
    units, places = user.authority.places(Duty.ANSWER), user.authority.places(Duty.BLOW)
    if not units and not places:
        return
    later = Call.objects.filter(whistle=OuterRef("whistle"), unit=OuterRef("unit"), pk__gt=OuterRef("pk"))
    stayed = Q(released_at=None) | Q(released_at=F("whistle__closed_at")) | Q(signed_at__isnull=False)
    calls = Call.objects.filter(stayed, ~Exists(later.filter(refusal="")), whistle=OuterRef("pk"), refusal="")
    by_unit = calls.filter(unit__in=units).exclude(
        Exists(Score.objects.filter(call=OuterRef("pk"), side=Side.UNIT))
    )
    by_street = calls.exclude(Exists(Score.objects.filter(call=OuterRef("pk"), side=Side.STREET)))
    found = Whistle.objects.filter(state=State.CLOSED).alias(
        owes_unit=Exists(by_unit), owes_street=Exists(by_street)
    )
    found = found.filter(Q(owes_unit=True) | Q(owes_street=True, side__in=places)).select_related("category")
    for whistle in found.order_by("lapses_at")[:most]:
        verb = "评价部门" if whistle.side_id in places else "评价哨令"
        yield ToDo(verb, _title(whistle), page_of(whistle), whistle.lapses_at)


def to_do(user: User, now: dt.datetime, most: int) -> list[ToDo]:
    """Everything of whistles that waits for a person, most urgent first; at most four statements, none without a duty."""
    rows = [
        *_of_calls(user, now),
        *_of_tasks(user, now, most),
        *_of_side(user, most),
        *_of_scores(user, most),
    ]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(rows, key=lambda row: row.due_at or far)[:most]
