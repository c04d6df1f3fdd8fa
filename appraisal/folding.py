"""What the rows of a case must be by its events alone: the moves are read a second time, and no row of them is asked.

Where a case lies, what it is about and by which way it came stand on its row and are given. Of a calendar's recount from
before its event named the colour that the leg kept (``LATENESS``), yellow cannot be told from none.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cases.models import Case, Leg
from cases.workflow import MOVES, OPEN, STATES, UNREGISTERED, Clock, Grade, Lateness, Loop, State, Step

Row = dict[str, Any]
Rows = dict[str, list[Row]]
#: Where a record lies, and what else stands on its row: the dimensions that it has only once, by name.
Where = Mapping[str, Any]

Outcome = Leg.Outcome
#: How a move ends the leg that was open; every other one ends it well.
OUTCOMES = {
    "send_to_check": Outcome.PAUSED,
    "grant_suspension": Outcome.PAUSED,
    "decline": Outcome.ENDED,
    "withdraw": Outcome.ENDED,
    "merge": Outcome.ENDED,
    "grant_void": Outcome.ENDED,
    "reopen": Outcome.ENDED,
    "return": Outcome.REFUSED,
    "refuse": Outcome.REFUSED,
    "fail": Outcome.FAILED,
    "refuse_closing": Outcome.FAILED,
    "escalate": Outcome.ESCALATED,
    "raise_closing": Outcome.ESCALATED,
    "delegate": Outcome.DELEGATED,
    "draw_anew": Outcome.REDRAWN,
}
#: Clocks of moves that end the open leg and, where the case goes on, open the next.
TURNING = {Clock.OPENS, Clock.PAUSES, Clock.CONTINUES, Clock.ENDS}
#: Moves that hand the case to a unit once more.
ROUNDS = {"dispatch", "adjudicate", "fail"}
FROM_RESIDENTS = {Case.Source.PHONE, Case.Source.RESIDENT}
NOT_ANSWERED_FOR = {*UNREGISTERED, State.REGISTERED}


class Happened(NamedTuple):
    """One event of a case, as it is stored; ``data`` are its facts, read."""

    at: dt.datetime
    move: str
    before: str
    after: str
    loop: str
    centre: int
    unit: int | None
    by_system: bool
    data: Mapping[str, Any]


@dataclass
class Stretch:
    """A leg as the events tell it."""

    step: str
    loop: str
    centre: int
    unit: int | None
    opened: dt.datetime
    due: dt.datetime
    lateness: str = Lateness.NONE
    stopped: dt.datetime | None = None
    outcome: str = ""
    is_late: bool = False

    @property
    def answerable(self) -> int | None:
        return self.unit if self.step in (Step.HANDLING, Step.WAITING) else self.centre


@dataclass
class Order:
    """A supervision order as the events tell it."""

    unit: int | None
    ordered: dt.datetime
    deadline: dt.datetime
    by_system: bool
    replied: dt.datetime | None = None
    accepted: dt.datetime | None = None


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@dataclass
class Life:
    """A case as far as its events have been read."""

    where: Where
    events: list[Happened] = field(default_factory=list)
    legs: list[Stretch] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)
    open: Stretch | None = None
    order: Order | None = None
    closed: dt.datetime | None = None
    was_late: bool = False
    merged_late: bool = False
    has_caller: bool = False
    refusals: int = 0
    rounds: int = 0
    extensions: int = 0
    was_suspended: bool = False
    was_delegated: bool = False
    escalated_by_time: bool = False
    grade: str = ""

    def take(self, event: Happened) -> None:
        """Go on by one event."""
        self.events.append(event)
        stopped = None
        if MOVES[event.move].clock in TURNING:
            stopped = self._turn(event)
        if act := _ACTS.get(event.move):
            act(self, event, stopped)
        if ended := event.data.get("order_ended"):
            self.orders[ended].accepted = event.at
            self.order = None

    def _turn(self, event: Happened) -> Stretch | None:
        """End the open leg, and open the one that the state asks for."""
        outcome = OUTCOMES.get(event.move, Outcome.DONE)
        if event.move == "evaluate" and event.by_system:
            outcome = Outcome.LAPSED
        stopped = self._stop(event, outcome)
        step = STATES[State(event.after)].step
        if step is not None:
            self._begin(event, step)
        return stopped

    def _stop(self, event: Happened, outcome: Leg.Outcome) -> Stretch | None:
        leg, self.open = self.open, None
        if leg is not None:
            leg.stopped, leg.outcome, leg.is_late = event.at, outcome, event.at > leg.due
            if leg.is_late and leg.step == Step.HANDLING:
                self.was_late = True
        return leg

    def _begin(self, event: Happened, step: Step) -> None:
        centre = event.centre
        if (
            event.move == "raise_closing"
        ):  # the parent's duty chief closes; the commanding centre stays what it was
            above = Loop(event.loop).above
            assert above is not None
            centre = self.where[above.column]
        due = _moment(event.data["due_at"])
        self.open = Stretch(step, event.loop, centre, event.unit, event.at, due)
        self.legs.append(self.open)

    def was_late_before(self) -> bool:
        """Whether a leg of handling that has ended, or a merged case, was late."""
        return self.merged_late or any(
            leg.is_late or leg.lateness == Lateness.RED
            for leg in self.legs
            if leg.step == Step.HANDLING and leg.stopped is not None
        )

    # What it comes to -----------------------------------------------------------------------------------------------

    def rows(self) -> Rows:
        """The rows of each grain by the names of their columns, moments, ``unit`` and ``loop``."""
        last = self.events[-1]
        of_case = {"source": self.where["source"], "kind": self.where["kind"]}
        return {
            "case": [self._case(last) | of_case],
            "leg": [self._leg(leg) | of_case for leg in self.legs],
            "event": [self._event(event) | of_case for event in self.events],
            "order": [self._order(order) | of_case | {"loop": last.loop} for order in self.orders.values()],
        }

    def _case(self, last: Happened) -> Row:
        reported = self.events[0].at
        return {
            "unit": last.unit if self.rounds else None,
            "loop": last.loop,
            "state": last.after,
            "lateness": self.open.lateness if self.open else Lateness.NONE,
            "was_late": self.was_late,
            "is_open": last.after in OPEN,
            "is_from_resident": self.has_caller or self.where["source"] in FROM_RESIDENTS,
            "refusals": self.refusals,
            "rounds": self.rounds,
            "extensions": self.extensions,
            "was_suspended": self.was_suspended,
            "was_delegated": self.was_delegated,
            "escalated_by_time": self.escalated_by_time,
            "grade": self.grade,
            "hours_to_close": _hours(reported, self.closed),
            "reported": reported,
            "closed": self.closed,
            "due": self.open.due if self.open else None,
        }

    def _leg(self, leg: Stretch) -> Row:
        return {
            "unit": leg.answerable,
            "loop": leg.loop,
            "step": leg.step,
            "outcome": leg.outcome,
            "is_late": leg.is_late,
            "is_open": leg.stopped is None,
            "lateness": leg.lateness,
            "hours": _hours(leg.opened, leg.stopped),
            "opened": leg.opened,
            "stopped": leg.stopped,
            "due": leg.due,
        }

    def _event(self, event: Happened) -> Row:
        return {
            "unit": None if event.after in NOT_ANSWERED_FOR else event.unit,
            "loop": event.loop,
            "move": event.move,
            "before": event.before,
            "after": event.after,
            "by_system": event.by_system,
            "at": event.at,
        }

    def _order(self, order: Order) -> Row:
        return {
            "unit": order.unit,
            "is_replied": order.replied is not None,
            "replied_in_time": order.replied and order.replied <= order.deadline,
            "is_accepted": order.accepted is not None,
            "by_system": order.by_system,
            "ordered": order.ordered,
            "deadline": order.deadline,
            "replied": order.replied,
            "accepted": order.accepted,
        }


def _hours(begin: dt.datetime, end: dt.datetime | None) -> float | None:
    return (end - begin).total_seconds() / 3600 if end else None


# What single moves do beside the clock ------------------------------------------------------------------------------

Act = Callable[[Life, Happened, Stretch | None], None]
_ACTS: dict[str, Act] = {}


def _of(*names: str) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        _ACTS.update(dict.fromkeys(names, act))
        return act

    return register


@_of(*ROUNDS)
def _handed_to_a_unit(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.rounds += 1


@_of("refuse")
def _refused(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.refusals += 1


@_of("close")
def _closed(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.closed = event.at
    life.grade = event.data.get("grade", life.grade)


@_of("evaluate")
def _evaluated(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.grade = event.data.get("grade", Grade.LAPSED)


@_of("reopen")
def _reopened(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.closed, life.refusals = None, 0


@_of("grant_suspension")
def _suspended(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.was_suspended = True


@_of("delegate")
def _delegated(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.was_delegated = True


@_of("escalate")
def _escalated(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.escalated_by_time = life.escalated_by_time or bool(event.data.get("by_time"))


@_of("warn", "overdue")
def _marked(life: Life, event: Happened, stopped: Stretch | None) -> None:
    assert life.open is not None
    is_red = event.move == "overdue"
    life.open.lateness = Lateness.RED if is_red else Lateness.YELLOW
    if is_red and life.open.step == Step.HANDLING:
        life.was_late = True


@_of("grant_extension")
def _extended(life: Life, event: Happened, stopped: Stretch | None) -> None:
    life.extensions += 1
    _new_marks(life, event, Lateness.NONE)


@_of("recount")
def _recounted(life: Life, event: Happened, stopped: Stretch | None) -> None:
    _new_marks(life, event, event.data.get("lateness", Lateness.NONE))


def _new_marks(life: Life, event: Happened, lateness: str) -> None:
    """Another due date; a case that is not late by it is no longer called late."""
    leg = life.open
    assert leg is not None
    was_red, leg.due, leg.lateness = leg.lateness == Lateness.RED, _moment(event.data["due_at"]), lateness
    if was_red and lateness != Lateness.RED:
        life.was_late = life.was_late_before()


@_of("merge")
def _merged(life: Life, event: Happened, stopped: Stretch | None) -> None:
    assert stopped is not None
    life.was_late = life.was_late or stopped.is_late or stopped.lateness == Lateness.RED


@_of("take_over")
def _took_over(life: Life, event: Happened, stopped: Stretch | None) -> None:
    """The other case's lateness, caller and older clock; a drawn checker who reported it is replaced."""
    data, leg = event.data, life.open
    assert leg is not None
    if data.get("was_late"):
        life.was_late = life.merged_late = True
    life.has_caller = life.has_caller or bool(data.get("caller"))
    if kept := data.get("clock_kept"):
        paused = [one for one in life.legs if one.outcome == Outcome.PAUSED]
        clock = paused[-1] if event.before == State.CHECKING else leg
        clock.due = _moment(kept)
    if "drawn" in data:
        step = Step(leg.step)
        life._stop(event, Outcome.REDRAWN)
        life._begin(event, step)


@_of("order_supervision")
def _ordered(life: Life, event: Happened, stopped: Stretch | None) -> None:
    number, deadline = event.data["order"], _moment(event.data["deadline"])
    if number in life.orders:
        life.orders[number].deadline = deadline
    else:
        unit = event.unit or (life.open.centre if life.open else None)
        life.orders[number] = Order(unit, event.at, deadline, event.by_system)
    life.order = life.orders[number]


@_of("reply_supervision")
def _replied(life: Life, event: Happened, stopped: Stretch | None) -> None:
    assert life.order is not None
    life.order.replied = event.at


@_of("accept_supervision")
def _accepted(life: Life, event: Happened, stopped: Stretch | None) -> None:
    assert life.order is not None
    life.order.accepted, life.order = event.at, None


def rows_of_case(where: Where, events: Iterable[Happened]) -> Rows:
    """The rows of each grain of one case, of its events in their order."""
    life = Life(where)
    for event in events:
        life.take(event)
    return life.rows()
