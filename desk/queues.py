"""The desk's queues, by duty: which cases wait for a person, and how many."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import BooleanField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models import Case as Choice

from cases.models import Case, Leg
from cases.models.case import CaseQuerySet
from cases.waiting import ASKED, ORDERED, STEPS, marked_for, waiting_for
from cases.workflow import OPEN, SETTLED, Lateness, State, Step
from governance.models import User
from governance.roles import Duty
from governance.statements import ask

PAGE = 20
#: Lists are counted up to here; those without an end, unless a period bounds them, less far: nobody needs it, and it
#: would grow with the years.
COUNTED, COUNTED_ENDLESS = 10_000, 1_000
DEFAULT = "mine"


#: A leader's order is open.
UNDER_ORDER = Q(waits_for__contains=[ORDERED])


def steps_for(user: User) -> Q:
    """Open cases whose next step is this person's, and orders that this person answers or strikes off."""
    return waiting_for(user, *STEPS)


def requests_for(user: User) -> Q:
    """Cases with a request that waits for this person's word."""
    return waiting_for(user, *ASKED)


def _rework() -> Q:
    failed = Leg.objects.filter(case=OuterRef("pk"), step=Step.VERIFYING, outcome=Leg.Outcome.FAILED)
    return Q(state=State.HANDLING) & Q(Exists(failed))


# Queues ------------------------------------------------------------------------------------------------------------


class Which(StrEnum):
    """Which of the open cases of some states a queue holds."""

    ANY = "any"
    STEP = "step"  # the next step is mine
    ELSEWHERE = "elsewhere"  # it is somebody else's
    ASKED = "asked"  # a request waits for my word
    MINE = "mine"  # one of the two
    FIRST = "first"  # mine to handle, not sent back by a verifier
    REWORK = "rework"  # sent back
    ORDERED = "ordered"  # a leader's order is open


@dataclass(frozen=True)
class Queue:
    """A line of the first pane."""

    name: str
    label: str
    states: tuple[State, ...] = OPEN
    which: Which = Which.ANY


@dataclass(frozen=True)
class Group:
    title: str
    queues: tuple[Queue, ...]


OPEN_CASES = Queue("open", "全部在办")
ORDERED = Queue("ordered", "督办未销号", which=Which.ORDERED)
CLOSED = Queue("closed", "已办结", SETTLED)
CALL_BACK = Queue("call-back", "待回访", (State.CLOSED,))
ALL = Queue("all", "全部案件", tuple(State))
#: Lists that are not counted in the first pane: they grow without end.
ENDLESS = (CLOSED, CALL_BACK, ALL)


def _mine(state: State, which: Which = Which.STEP) -> Queue:
    return Queue(f"mine-{state.value}", state.label, (state,), which)


def own_queues(user: User) -> tuple[Queue, ...]:
    """What this person's duties have to do, in the order of the loop."""
    has = user.authority.has
    queues = [Queue(DEFAULT, "全部待我办", which=Which.MINE)]
    if has(Duty.INTAKE) or has(Duty.CHIEF):
        queues.append(_mine(State.REPORTED))
    if has(Duty.VERIFY) or has(Duty.INTAKE):
        queues.append(Queue("mine-checks", "待我核实核查", (State.CHECKING, State.HANDLED), Which.STEP))
    if has(Duty.DISPATCH):
        queues.append(_mine(State.REGISTERED))
    if has(Duty.CHIEF):
        queues.append(_mine(State.DISPUTED))
    if has(Duty.HANDLE):
        queues.append(_mine(State.DISPATCHED))
        queues.append(_mine(State.HANDLING, Which.FIRST))
        queues.append(Queue("mine-rework", "待返工", (State.HANDLING,), Which.REWORK))
    if has(Duty.CHIEF):
        queues.append(_mine(State.VERIFIED))
    if any(has(duty) for duty in (Duty.DISPATCH, Duty.CHIEF, Duty.LEAD)):
        queues.append(Queue("asked", "申请待批", which=Which.ASKED))
    if has(Duty.INTAKE):
        queues.append(CALL_BACK)
    return tuple(queues) if len(queues) > 1 else ()


def _is_handler_only(user: User) -> bool:
    desk = (Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH, Duty.LEAD)
    return user.authority.has(Duty.HANDLE) and not any(user.authority.has(duty) for duty in desk)


def groups_for(user: User) -> list[Group]:
    """The first pane of the desk for this person."""
    elsewhere = [Queue(f"else-{s.value}", s.label, (s,), Which.ELSEWHERE) for s in OPEN]
    if _is_handler_only(user):
        fed_back = (State.HANDLED, State.VERIFIED)
        elsewhere = [queue for queue in elsewhere if queue.states[0] not in fed_back]
        elsewhere.append(Queue("fed-back", "已反馈", fed_back, Which.ELSEWHERE))
    own = own_queues(user)
    return [
        *([Group("我要办的", own)] if own else []),
        Group("在别处办的", tuple(elsewhere)),
        Group("查看", (ORDERED, OPEN_CASES, CLOSED, ALL)),
    ]


def _answer(condition: Q) -> Choice:
    """A condition as true or false, never unknown."""
    return Choice(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _narrowed(found: CaseQuerySet, which: Which, user: User) -> CaseQuerySet:
    """Those of a queue among open cases."""
    match which:
        case Which.STEP:
            return found.filter(steps_for(user))
        case Which.ELSEWHERE:
            return found.alias(own=_answer(steps_for(user))).filter(own=False)
        case Which.ASKED:
            return found.filter(requests_for(user))
        case Which.MINE:
            return found.filter(steps_for(user) | requests_for(user))
        case Which.FIRST:
            return found.filter(steps_for(user)).exclude(_rework())
        case Which.REWORK:
            return found.filter(steps_for(user), _rework())
        case Which.ORDERED:
            return found.filter(UNDER_ORDER)
    return found


#: What the first pane counts, by state and lateness.
_COUNTED = ("all", "mine", "asked_of_me", "asked_only", "sent_back", "under_order")


def _counting(user: User) -> QuerySet:
    """By state and lateness: all, my step, asked of me, asked and not my step, sent back to me, ordered.

    Three counts in one statement, each on the index of its own: all in sight, the few that wait for this person, and
    the few under an order. Asking every case in sight for whom it waits costs twice as much.
    """
    seen = Case.objects.visible_to(user).open().order_by()
    asked = requests_for(user)
    waiting = seen.filter(marked_for(user, *STEPS, *ASKED)).alias(own=_answer(steps_for(user)))
    is_handler = user.authority.has(Duty.HANDLE)
    return _counts(seen, all=Count("*")).union(
        _counts(
            waiting,
            mine=Count("pk", filter=Q(own=True)),
            asked_of_me=Count("pk", filter=asked),
            asked_only=Count("pk", filter=asked & Q(own=False)),
            sent_back=Count("pk", filter=_rework() & Q(own=True)) if is_handler else Value(0),
        ),
        _counts(seen.filter(UNDER_ORDER), under_order=Count("*")),
        all=True,
    )


def _counts(rows: CaseQuerySet, **counted: Count | Value) -> QuerySet:
    """Rows of ``_counting``; what is not counted here is nothing."""
    columns = {name: counted.get(name, Value(0)) for name in _COUNTED}
    return rows.values("state", "lateness").annotate(**columns).values_list("state", "lateness", *_COUNTED)


#: Open cases in sight by state and lateness: how many of each kind a queue may hold.
Counts = dict[tuple[str, str], dict[Which, int]]


def counted(user: User) -> Counts:
    """All that the first pane counts, in one statement on the case row."""
    sums: dict[tuple[str, str], list[int]] = {}
    for state, lateness, *numbers in ask(_counting, user):
        known = sums.get((state, lateness), (0,) * len(_COUNTED))
        sums[state, lateness] = [sum(pair) for pair in zip(known, numbers, strict=True)]
    counts = {}
    for key, (every, own, asked, asked_only, rework, ordered) in sums.items():
        counts[key] = {
            Which.ANY: every,
            Which.STEP: own,
            Which.ELSEWHERE: every - own,
            Which.ASKED: asked,
            Which.MINE: own + asked_only,
            Which.FIRST: own - rework,
            Which.REWORK: rework,
            Which.ORDERED: ordered,
        }
    return counts


def totals(queue: Queue, counts: Counts) -> tuple[int, int]:
    """How many a queue holds, and how many of them are late."""
    every = late = 0
    for (state, lateness), row in counts.items():
        if state in queue.states:
            every += row[queue.which]
            late += row[queue.which] if lateness == Lateness.RED else 0
    return every, late


@dataclass(frozen=True)
class Day:
    """What waits for a person now, where no case is open: all of it, how much is late or soon will be, and in which queues."""

    held: int
    late: int
    soon: int
    queues: list[tuple[Queue, int]]


def day_of(groups: list[Group], counts: Counts) -> Day | None:
    """The day of somebody who has queues of the own; asks nothing."""
    own = next((group.queues for group in groups if group.queues[0].name == DEFAULT), ())
    if not own:
        return None
    mine = {key: row[Which.MINE] for key, row in counts.items()}
    held = [(queue, totals(queue, counts)[0]) for queue in own[1:] if queue not in ENDLESS]
    return Day(
        held=sum(mine.values()),
        late=sum(number for (_, lateness), number in mine.items() if lateness == Lateness.RED),
        soon=sum(number for (_, lateness), number in mine.items() if lateness == Lateness.YELLOW),
        queues=[(queue, number) for queue, number in held if number],
    )


def find_queue(groups: list[Group], name: str) -> Queue:
    """The queue of a name; one that this person does not have is answered by everything."""
    known = {queue.name: queue for group in groups for queue in group.queues}
    return known.get(name) or (known.get(DEFAULT, OPEN_CASES) if not name else ALL)


def cases_in(queue: Queue, user: User) -> CaseQuerySet:
    """Cases of a queue in this person's sight, by due date; finished ones newest first."""
    found = Case.objects.visible_to(user)
    if queue == ALL:
        return found.order_by("-pk")
    if queue == CLOSED:
        return found.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
    if queue == CALL_BACK:
        mine = Q(state=State.CLOSED, is_from_resident=True, centre__in=user.authority.places(Duty.INTAKE))
        return found.filter(mine).by_due_date()
    found = found.open()
    if queue.states != OPEN:
        found = found.filter(state__in=queue.states)
    return _narrowed(found, queue.which, user).by_due_date()
