"""A case by its events alone: every move is read a second time, and no row that it wrote is asked.

Where the case lies, what it is about and by which way it came stand on its row and are given. Of a recount of the calendar
from before its event named the colour that the leg kept, yellow cannot be told from none.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cases.models import Leg
from cases.workflow import MOVES, STATES, Clock, Grade, Lateness, Loop, State, Step

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
#: Moves that give the case to a unit.
GIVEN = ("dispatch", "adjudicate")


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
    is_extended: bool = False


@dataclass
class Order:
    """A supervision order as the events tell it."""

    unit: int | None
    ordered: dt.datetime
    deadline: dt.datetime
    by_system: bool
    times: int = 1
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
        stopped = self.stop(event, outcome)
        step = STATES[State(event.after)].step
        if step is not None:
            self.begin(event, step)
        return stopped

    def stop(self, event: Happened, outcome: Leg.Outcome) -> Stretch | None:
        leg, self.open = self.open, None
        if leg is not None:
            leg.stopped, leg.outcome, leg.is_late = event.at, outcome, event.at > leg.due
            if leg.is_late and leg.step == Step.HANDLING:
                self.was_late = True
        return leg

    def begin(self, event: Happened, step: Step) -> None:
        centre = event.centre
        if (
            event.move == "raise_closing"
        ):  # the parent's duty chief closes; the commanding centre stays what it was
            above = Loop(event.loop).above
            assert above is not None
            centre = self.where[above.column]
        due = _moment(event.data["due_at"])
        self.open = Stretch(step, event.loop, centre, event.unit, event.at, due)
        before = self._goes_on_from(event)
        self.open.is_extended = before is not None and before.is_extended
        self.legs.append(self.open)

    def _goes_on_from(self, event: Happened) -> Stretch | None:
        """The leg whose clock a new one goes on with: the paused one, or that of a unit that had sent the case back."""
        if MOVES[event.move].clock == Clock.CONTINUES:
            return self.paused()
        if event.move not in GIVEN or not self.refusals:
            return None
        for leg in reversed(self.legs):
            if leg.loop != event.loop or leg.step == Step.EVALUATING:
                return None
            if leg.step == Step.HANDLING and leg.unit == event.unit and leg.outcome == Outcome.REFUSED:
                return leg
        return None

    def paused(self) -> Stretch:
        """The leg that was paused last, for a check or a suspension."""
        return next(leg for leg in reversed(self.legs) if leg.outcome == Outcome.PAUSED)

    def was_late_before(self) -> bool:
        """Whether a leg of handling that has ended, or a merged case, was late."""
        return self.merged_late or any(
            leg.is_late or leg.lateness == Lateness.RED
            for leg in self.legs
            if leg.step == Step.HANDLING and leg.stopped is not None
        )


# What single moves do beside the clock ------------------------------------------------------------------------------

Act = Callable[[Life, Happened, Stretch | None], None]
_ACTS: dict[str, Act] = {}


def _of(*names: str) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        _ACTS.update(dict.fromkeys(names, act))
        return act

    return register


@_of(*GIVEN, "fail")
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
    assert life.open is not None
    life.extensions += 1
    life.open.is_extended = True
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
        clock = life.paused() if event.before == State.CHECKING else leg
        clock.due = _moment(kept)
    if "drawn" in data:
        life.stop(event, Outcome.REDRAWN)
        life.begin(event, Step(leg.step))


@_of("order_supervision")
def _ordered(life: Life, event: Happened, stopped: Stretch | None) -> None:
    number, deadline = event.data["order"], _moment(event.data["deadline"])
    if number in life.orders:
        life.orders[number].deadline = deadline
        life.orders[number].times += 1
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
