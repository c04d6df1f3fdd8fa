"""How a whistle goes: when the side that blew and each called unit act; its ladders and its case go on."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cases.actions.sweeping import sweep_leg
from cases.deadlines import Limit, Unit
from cases.models import Case, Leg
from demo.life import MINUTE, Act, Destiny, Traits
from demo.whistle_courses import Course, Part
from demo.whistle_hands import WhistleHands
from demo.world import World
from partybuilding.actions.ladder import go_up
from partybuilding.models import Call, CallClock, DecisionClock, Whistle
from partybuilding.scores import to_score
from partybuilding.waiting import next_step
from partybuilding.workflow import CLOCKED, CallState, ClockStep, State

#: Shares of each clock within which units usually do what it asks for.
USUAL = {
    ClockStep.SIGN: (0.1, 0.8),
    ClockStep.CONTACT: (0.2, 0.8),
    ClockStep.ARRIVE: (0.2, 0.85),
    ClockStep.SETTLE: (0.35, 0.85),
}
ORDER = list(ClockStep)
HOUR = 3600

Event = tuple[dt.datetime, Callable[[dt.datetime], object]]


class Beside(Destiny):
    """The way of a case whose whistle is blown: it waits in hand while the departments work."""

    def __init__(self, whistling: "Whistling") -> None:
        super().__init__(whistling.course.traits, whistling.world.hours, whistling.world.random)
        self.whistling = whistling

    def next(self, case: Case, leg: Leg, clock: dt.datetime) -> Act | None:
        return None if case.state == self.whistling.course.rests else super().next(case, leg, clock)

    def in_reported(self, case: Case, leg: Leg) -> tuple[str | None, tuple[float, float]]:
        """One that will be declined is first looked at by those who were called."""
        if self.traits.ending == "decline" and not self.whistling.has_arrived:
            return None, (0, 0)
        return super().in_reported(case, leg)

    def in_handling(self, case: Case, leg: Leg) -> tuple[str | None, tuple[float, float]]:
        return (None, (0, 0)) if self.whistling.holds_case else super().in_handling(case, leg)


class Whistling(WhistleHands):
    """One whistle on one case from the report to now, by the real moves of both."""

    def __init__(self, world: World, course: Course, case: Case, blown_at: dt.datetime) -> None:
        super().__init__(world, course, case)
        self.hours, self.until = world.hours, world.now
        self.case, self.leg = world.hands.look(case.uuid)
        self.plan = Beside(self)
        self.act: Act | None = None
        self.seen: int | None = None
        self.rung: list[Event] = []
        self.of_whistle: list[Event] = [(blown_at, self.begin)]
        self.times: dict[Any, dt.datetime] = {}

    def run(self, clock: dt.datetime) -> Whistle:
        """Let everything happen in its order until now; returns the whistle as it then is."""
        while True:
            coming = [(max(at, clock), do) for at, do in (*self.of_sweep(), *self.rung)]
            of_people = (*self.of_case(clock), *self.of_whistle)
            coming += [(max(at, clock + MINUTE), do) for at, do in of_people]
            at, do = min(coming, key=lambda event: event[0], default=(self.until, None))
            if do is None or at > self.until:
                break
            do(at)
            clock = at
            self.look_at_whistle()
        assert self.whistle is not None
        for task in self.whistle.tasks.exclude(case=None).select_related("case"):
            plan = Destiny(Traits(), self.hours, self.random)
            self.world.walker.walk(task.case.uuid, plan, task.done_at)
        return self.whistle

    # Everything that could come next --------------------------------------------------------------------------

    def look_at_whistle(self) -> None:
        """Read it where it has moved, and what could come next."""
        found = Whistle.objects.filter(case=self.case).first()
        if found is None or (self.whistle and self.whistle.version == found.version):
            return
        self.whistle, self.calls = found, list(found.calls.select_related("unit"))
        self.rung = list(self.of_ladder(found))
        self.of_whistle = [*self.of_side(found), *self.of_units()]

    def a_little_later(self, moment: dt.datetime) -> dt.datetime:
        """When a sweep that runs every minute finds what is due."""
        return moment + dt.timedelta(seconds=self.random.randint(2, 50))

    def of_ladder(self, whistle: Whistle) -> Iterator[Event]:
        if whistle.state in CLOCKED:
            calls = CallClock.objects.running().filter(call__whistle=whistle).select_related("call__whistle")
            decision = DecisionClock.objects.running().filter(whistle=whistle).select_related("whistle")
            running = decision if whistle.state == State.ASKED else calls
            due = running.exclude(next_at=None).order_by("next_at", "pk").first()
            if due is not None:
                yield self.a_little_later(due.next_at), lambda at: go_up(due, now=at)

    def of_sweep(self) -> Iterator[Event]:
        if self.leg and self.leg.sweep_at:
            yield self.a_little_later(self.leg.sweep_at), partial(self.sweep_case, self.leg)

    def sweep_case(self, leg: Leg, at: dt.datetime) -> None:
        sweep_leg(leg, now=at)
        self.case, self.leg = self.world.hands.look(self.case.uuid)

    @property
    def has_arrived(self) -> bool:
        return any(call.arrived_at for call in self.calls)

    @property
    def holds_case(self) -> bool:
        """Whether the unit of the case leaves it to the departments that are called."""
        if self.whistle is None or self.whistle.is_running:
            return True
        return self.whistle.state == State.ASKED and not self.course.solved_meanwhile

    def of_case(self, clock: dt.datetime) -> Iterator[Event]:
        """The next act on the case; drawn once for a leg, unless there was none."""
        if self.leg is None:
            return
        if self.act is None or self.seen != self.leg.pk:
            self.act, self.seen = self.plan.next(self.case, self.leg, clock), self.leg.pk
        if self.act is not None:
            yield self.act.at, partial(self.move_case, self.leg, self.act)

    def move_case(self, leg: Leg, act: Act, at: dt.datetime) -> None:
        self.world.hands.move(self.case, leg, act.move, now=at, by=act.by, **act.given)
        self.act = None
        self.case, self.leg = self.world.hands.look(self.case.uuid)

    def of_side(self, whistle: Whistle) -> Iterator[Event]:
        """What the side that blew does, or is asked to do."""
        course = self.course
        if whistle.state == State.ASKED and course.answer:
            yield self.after("answer", whistle.asked_at, 0.3, 3), self.answer
        elif whistle.is_running and course.withdrawn:
            yield self.after("withdraw", whistle.blown_at, 5, 9), partial(self.say, "withdraw")
        elif whistle.is_running:
            yield from self.on_the_spot()
        elif whistle.state == State.CLOSED:
            yield whistle.lapses_at, self.lapse
            waiting = to_score(whistle)
            for side in course.scoring:
                for call in waiting[side]:
                    at = self.after(("score", side, call.pk), whistle.closed_at, 1, 30)
                    yield at, partial(self.score, side, call)
        if whistle.is_running or whistle.state == State.SETTLED:
            for call in self.calls:
                if call.state == CallState.FINISHED and not call.released_at:
                    at = self.after(("dismiss", call.pk), call.finished_at, 0.3, 1.5)
                    yield at, partial(self.do, "dismiss", self.blower, call)

    def on_the_spot(self) -> Iterator[Event]:
        """Log, tasks, and the end of the joint work."""
        here = [call for call in self.calls if call.arrived_at]
        if here:
            first = min(call.arrived_at for call in here)
            for number in range(self.course.notes):
                if ("note", number) not in self.done:
                    at = self.after(("note", number), first, 0.3 + number, 0.8 + number)
                    yield at, partial(self.note, number)
        given = {task.title: task for task in self.whistle.tasks.all()} if self.course.errands else {}
        for errand in self.course.errands:
            call = next((c for c in here if c.unit == self.unit(errand.party) and c.is_open), None)
            task = given.get(errand.title)
            if task is None and call is not None:
                yield self.after(errand, call.arrived_at, 0.2, 0.6), partial(self.give_task, errand, call)
            elif task is not None and task.done_at is None:
                yield self.after(task.pk, task.given_at, 1, 3), partial(self.end_task, errand, task)
        waits = any(call.is_open for call in self.calls) or len(given) < len(self.course.errands)
        if self.course.settles and not waits and all(task.done_at for task in given.values()):
            last = max(call.finished_at or call.ended_at or call.released_at for call in self.calls)
            yield self.after(("settle", last), last, 2, 5), partial(self.say, "settle")

    def of_units(self) -> Iterator[Event]:
        for call in self.calls:
            part = self.part(call)
            yield from self.of_call(call, part)
            if not call.arrived_at or not (call.released_at or part.leaves_early):
                continue
            for there in call.arrivals.filter(left_at=None).select_related("person"):
                if part.leaves_early and call.is_open:
                    at = self.after(("leave", there.pk), there.came_at, 1, 2)
                elif call.released_at:
                    at = self.after(("leave", there.pk, 2), call.released_at, 0.1, 0.5)
                else:
                    continue
                yield at, partial(self.do, "leave", there.person, call)

    def of_call(self, call: Call, part: Part) -> Iterator[Event]:
        if not call.is_open:
            return
        if call.ordered_at and not call.order_answered_at and part.answers_order:
            at, by = self.after(("order", call.pk), call.ordered_at, 0.5, 2), self.head(call.unit_id)
            yield at, partial(self.do, "answer_order", by, call, words=self.words("answer_order"))
        step = next_step(call)
        if part.right and step in (ClockStep.SIGN, ClockStep.CONTACT):
            yield self.at_share(ClockStep.SIGN, call, 0.5), partial(self.refuse, call, part)
        elif part.last and ORDER.index(step) <= ORDER.index(ClockStep(part.last)):
            at = self.at_share(step, call, part.shares.get(step))
            yield at, partial(self.take_step, step, call, part)

    # When ------------------------------------------------------------------------------------------------------

    def after(self, key: Any, moment: dt.datetime, least: float, most: float) -> dt.datetime:
        """So many hours of office time later, in urgent matters of any time; drawn once for a key."""
        if key not in self.times:
            seconds = self.random.uniform(least, most) * HOUR
            if self.course.kind == "emergency":
                self.times[key] = moment + dt.timedelta(seconds=seconds)
            else:
                self.times[key] = self.hours.after(moment, seconds)
        return self.times[key]

    def at_share(self, step: ClockStep, call: Call, share: float | None) -> dt.datetime:
        """When a share of the clock of a step has passed; drawn once."""
        key = (step, call.pk)
        if key not in self.times:
            clock = call.clocks.get(step=step)
            is_urgent = Limit.parse(clock.limit).unit == Unit.URGENT_HOUR
            share = self.random.uniform(*USUAL[step]) if share is None else share
            self.times[key] = self.hours.within(clock.opened_at, clock.red_at, share, urgent=is_urgent)
        return self.times[key]
