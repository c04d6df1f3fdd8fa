"""A whistle by its events alone: the rows of whistle, calls and clocks that its moves must have left.

Where it was blown, by whose side and which unit each call is of stand on the rows and are given. Due dates of clocks are told
by events since they name them (``due``); who was head of a unit on a day no event of a whistle tells.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from django.db.models import Q

from appraisal.folding import Row, Rows
from appraisal.lives import Where
from appraisal.recounting import Source
from cases.workflow import Lateness, Loop
from partybuilding.models import Call, CallClock, Whistle, WhistleEvent
from partybuilding.workflow import LIVE, OPEN_CALL, STOPS, CallState, ClockStep, Rung, State

Outcome = CallClock.Outcome
STAMPS = {
    "sign": ("signed",),
    "contact": ("signed",),
    "arrive": ("signed", "arrived"),
    "finish": ("finished",),
}


@dataclass
class Clock:
    """One clock of a call; ``due`` is nothing where the event that started it does not name it."""

    step: str
    due: dt.datetime | None
    lateness: str = Lateness.NONE
    stopped: dt.datetime | None = None
    outcome: str = ""

    def mark(self, now: dt.datetime) -> None:
        self.lateness = Lateness.RED if self.due and self.due <= now else Lateness.YELLOW

    def stop(self, outcome: str, now: dt.datetime) -> None:
        if self.stopped is None:
            if self.due and self.due < now:
                self.lateness = Lateness.RED
            self.stopped, self.outcome = now, outcome

    @property
    def was_late(self) -> bool | None:
        """Nothing while it runs and nobody has marked it."""
        if self.lateness == Lateness.RED or self.due is None or self.stopped is None:
            return self.lateness == Lateness.RED or None
        return self.stopped > self.due


@dataclass
class Called:
    """One call of a unit."""

    unit: int
    is_lead: bool
    clocks: list[Clock]
    moments: dict[str, dt.datetime | None]
    state: str = CallState.CALLED
    refusal: str = ""
    stays_away: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_CALL

    def stop(self, steps: Iterable[str], outcome: str, now: dt.datetime) -> None:
        for clock in self.clocks:
            if clock.step in steps:
                clock.stop(outcome, now)


@dataclass
class Story:
    """A whistle as far as its events have been read."""

    where: Where
    state: str = ""
    moments: dict[str, dt.datetime | None] = field(
        default_factory=lambda: dict.fromkeys(("asked", "blown", "settled", "closed"))
    )
    calls: list[Called] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    decision: Clock | None = None

    def take(self, at: dt.datetime, move: str, after: str, call: int | None, data: Mapping[str, Any]) -> None:
        """Go on by one event."""
        if call is None:
            self.state = after
        else:
            self._answered(self._call(call), at, move, after, data)
        self._called(at, move, data)
        match move:
            case "ask":
                self.moments["asked"] = at
                if until := data.get("decide_by"):
                    self.decision = Clock("decide", dt.datetime.fromisoformat(until))
            case "blow" | "blow_asked":
                self.moments["blown"] = at
            case "hurry" if self.decision:
                self.decision.mark(at)
            case "settle":
                self.moments["settled"] = at
            case "failed":
                self.moments["settled"] = None
            case "close":
                self.moments["closed"] = at
            case "score_whistle":
                self.needs.append(data["marks"][0])
        if move in ("withdraw", "end", "close"):
            self._end_calls(at)

    def _call(self, number: int) -> Called:
        """The call with an id: of its unit, as many calls were before it as ids are smaller."""
        unit = self.where["calls"][number]
        earlier = sum(other == unit and pk < number for pk, other in self.where["calls"].items())
        return [one for one in self.calls if one.unit == unit][earlier]

    def _called(self, at: dt.datetime, move: str, data: Mapping[str, Any]) -> None:
        """Units that a move calls, and who leads."""
        if move in ("blow", "blow_asked"):
            self._start(data["lead"], at, data, is_lead=True)
            for unit in data["helpers"]:
                self._start(unit, at, data)
        elif move == "call":
            self._start(data["unit"], at, data)
        elif move == "failed" and "called" in data:
            self._start(data["called"], at, data, is_lead=True)

    def _start(self, unit: int, at: dt.datetime, data: Mapping[str, Any], *, is_lead: bool = False) -> None:
        due = data.get("due", {}).get(str(unit), {})
        clocks = [Clock(step, dt.datetime.fromisoformat(due[step]) if due else None) for step in ClockStep]
        names = ("signed", "arrived", "finished", "refused", "released", "ordered")
        self.calls.append(Called(unit, is_lead, clocks, {"called": at, **dict.fromkeys(names)}))

    def _answered(
        self, call: Called, at: dt.datetime, move: str, after: str, data: Mapping[str, Any]
    ) -> None:
        call.state = after
        if "whistle" in data:
            self.state = data["whistle"]
        for name in STAMPS.get(move, ()):
            call.moments[name] = call.moments[name] or at
        if move in ("sign", "contact", "arrive", "finish"):
            call.stop(STOPS[move], Outcome.DONE, at)
        match move:
            case "contact" if data.get("stays_away"):
                call.stays_away = True
                call.stop([ClockStep.ARRIVE], Outcome.DONE, at)
            case "refuse":
                self._refused(call, at, data)
            case "release" | "dismiss":
                call.moments["released"] = at
                call.stop(ClockStep if move == "release" else (), Outcome.RELEASED, at)
            case "press":
                next(clock for clock in call.clocks if clock.step == data["clock"]).mark(at)
                if data["rung"] == Rung.ORDER:
                    call.moments["ordered"] = at

    def _refused(self, call: Called, at: dt.datetime, data: Mapping[str, Any]) -> None:
        """The unit that is named is called in its place, or leads where it is there already."""
        call.moments["refused"], call.refusal = at, data["refusal"]
        if "called" in data:
            self._start(data["called"], at, data, is_lead=call.is_lead)
        elif call.is_lead:
            there = next(one for one in self.calls if one.unit == data["right_unit"] and one.is_open)
            call.is_lead, there.is_lead = False, True
        call.stop(ClockStep, Outcome.REFUSED, at)

    def _end_calls(self, at: dt.datetime) -> None:
        for call in self.calls:
            if call.is_open:
                call.stop(ClockStep, Outcome.RELEASED, at)
                call.state = CallState.RELEASED
            if call.moments["released"] is None and call.state != CallState.REFUSED:
                call.moments["released"] = at

    @property
    def lateness(self) -> str:
        """The worst mark of what runs."""
        asked = [self.decision] if self.decision and self.state == State.ASKED else []
        running = asked or [clock for call in self.calls for clock in call.clocks if clock.stopped is None]
        marks = {clock.lateness for clock in running}
        return next((mark for mark in (Lateness.RED, Lateness.YELLOW) if mark in marks), Lateness.NONE)

    # What it comes to -----------------------------------------------------------------------------------------------

    def rows(self) -> Rows:
        loop = {"loop": _loop(self.where)}
        whistle = {
            "unit": self.where["side"],
            "state": self.state,
            "lateness": self.lateness,
            "is_open": self.state in LIVE,
            "judged_need": fmean(self.needs) if self.needs else None,
        }
        return {
            "whistle": [whistle | self.moments | loop],
            "call": [_call(call) | loop for call in self.calls],
            "call_clock": [row | loop for call in self.calls for row in _clocks(call)],
        }


def _loop(where: Where) -> str:
    """The loop that the blowing side commands."""
    for loop in (Loop.COMMUNITY, Loop.STREET):
        if where["side"] == where[loop.column]:
            return loop
    return Loop.DISTRICT


def _call(call: Called) -> Row:
    of_call = {"state": call.state, "is_lead": call.is_lead, "is_open": call.is_open, "refusal": call.refusal}
    return of_call | call.moments | {"unit": call.unit}


def _clocks(call: Called) -> Iterator[Row]:
    for clock in call.clocks:
        row = {
            "unit": call.unit,
            "step": clock.step,
            "outcome": clock.outcome,
            "lateness": clock.lateness,
            "is_running": clock.stopped is None,
            "is_remote": call.stays_away and clock.step == ClockStep.ARRIVE,
            "stopped": clock.stopped,
        }
        if clock.due is not None:  # else no event tells when it was due, and whether it was late
            row |= {"due": clock.due, "was_late": clock.was_late}
        yield row


def rows_of_whistle(where: Where, events: Iterable[tuple]) -> Rows:
    """The rows of each grain of one whistle, of its events in their order."""
    story = Story(where)
    for at, move, after, call, data in events:
        story.take(at, move, after, call, json.loads(data))
    return story.rows()


def _known(whistles: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = Whistle.objects.filter(pk__in=whistles).values_list("pk", "side")
    found: dict[int, dict[str, Any]] = {pk: {"side": side, "calls": {}} for pk, side in rows}
    for whistle, call, unit in Call.objects.filter(whistle__in=whistles).values_list("whistle", "pk", "unit"):
        found[whistle]["calls"][call] = unit
    return found


WHISTLES = Source(
    subject="whistle",
    events=WhistleEvent,
    record="whistle_id",
    columns=("at", "move", "after", "call_id", "data"),
    fold=rows_of_whistle,
    of_unit=lambda unit: Q(whistle__side=unit) | Q(whistle__calls__unit=unit),
    ahead=frozenset({("call_clock", "due")}),
    known=_known,
    untold={("call", "signed_by_head"): "谁在当天是单位负责人，哨单记录里没有"},
)
