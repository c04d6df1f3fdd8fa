"""How a case goes: people act at their hours, time does the rest, and only real moves are made."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cases.actions.sweeping import sweep_leg
from cases.models import Case, Leg, Responsibility
from cases.workflow import CHECKS, MOVES, Lateness, Loop, State, Step
from demo.hands import Hands
from demo.hours import Hours
from demo.outsiders import Outsider
from demo.year import USUAL_ODDS, Odds
from governance.models import By

Share = tuple[float, float]
SOON: Share = (0.05, 0.35)
USUAL: Share = (0.1, 0.8)
LATE: Share = (1.02, 1.15)
VERY_LATE: Share = (1.4, 2.2)
MINUTE = dt.timedelta(minutes=1)


class Missed(Exception):
    """The case did not reach the state it should at the end; somebody tries again."""


@dataclass
class Act:
    """What somebody will do, and when."""

    move: str
    at: dt.datetime
    by: By | None = None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class Traits:
    """What is out of the ordinary about a case."""

    ending: str = "settled"  # or decline, withdraw, void
    checked: bool = False
    refusals: int = 0
    neglected: frozenset[Step] = frozenset()
    abandoned: bool = False  # nobody does anything
    late: bool = False
    extension: bool = False
    suspension: bool = False
    rework: bool = False
    closing_refused: bool = False
    reopened: bool = False
    handed_up: bool = False
    handed_down: bool = False
    commented: bool = False
    supervised: bool = False
    is_evaluated: bool = True
    pleases: bool = False  # who evaluates gives the best grade
    pace: float = 1.0  # of the usual time for a step
    not_before: dt.datetime | None = None  # whoever settles it has other things to do until then

    @property
    def is_plain(self) -> bool:
        """Whether nothing happens but the way from report to end."""
        return self == Traits(is_evaluated=self.is_evaluated, pleases=self.pleases, pace=self.pace)


def draw_traits(random: Random, ending: str | None = None, odds: Odds = USUAL_ODDS) -> Traits:
    """Most cases are ordinary; some are anything but."""

    def chance(share: float) -> bool:
        return 100 * random.random() < share

    endings = ("settled", "decline", "withdraw", "void")
    neglected = random.choice([Step.REGISTERING, Step.DISPATCHING, Step.HANDLING, Step.HANDLING])
    return Traits(
        ending=ending or random.choices(endings, odds.endings)[0],
        checked=chance(odds.checked),
        refusals=random.choices((0, 1, 2), odds.refusals)[0],
        neglected=frozenset({neglected} if chance(odds.neglected) else ()),
        late=chance(odds.late),
        extension=chance(odds.extension),
        suspension=chance(odds.suspension),
        rework=chance(odds.rework),
        closing_refused=chance(odds.closing_refused),
        reopened=chance(odds.reopened),
        handed_up=chance(odds.handed_up),
        handed_down=chance(odds.handed_down),
        commented=chance(odds.commented),
        supervised=chance(odds.supervised),
        is_evaluated=chance(odds.is_evaluated),
        pleases=chance(odds.pleases),
        pace=odds.pace,
    )


class Plan:
    """What is done next; the table of moves decides what may be done, a plan what is."""

    def next(self, case: Case, leg: Leg, clock: dt.datetime) -> Act | None:
        raise NotImplementedError


class Script(Plan):
    """Moves at given times, one after another; then nothing more."""

    def __init__(self, acts: list[Act]) -> None:
        self.acts = list(acts)

    def next(self, case: Case, leg: Leg, clock: dt.datetime) -> Act | None:
        if not self.acts:
            return None
        act = self.acts.pop(0)
        if case.state not in MOVES[act.move].sources:
            raise Missed(f"{act.move} in {case.state}")
        return act


class Destiny(Plan):
    """Whatever the state asks for, changed by the traits of the case."""

    def __init__(
        self, traits: Traits, hours: Hours, random: Random, outsider: Outsider | None = None
    ) -> None:
        self.traits, self.hours, self.random, self.outsider = traits, hours, random, outsider
        self.done: set[str] = set()

    def once(self, name: str, wanted: bool = True) -> bool:
        """True the first time something wanted is asked for."""
        if not wanted or name in self.done:
            return False
        self.done.add(name)
        return True

    def next(self, case: Case, leg: Leg, clock: dt.datetime) -> Act | None:
        if self.traits.abandoned:
            return None
        aside = self.aside(case, leg)
        name, share = aside or getattr(self, f"in_{case.state}")(case, leg)
        if name is None:
            return None
        part = self.random.uniform(*share) * self.traits.pace
        at = self.hours.within(leg.opened_at, leg.due_at, part, urgent=is_urgent(leg))
        if name == "feedback" and self.traits.not_before:
            at = max(at, self.traits.not_before)
        if at <= clock:
            pause = self.random.uniform(120, 1800)
            at = clock + dt.timedelta(seconds=pause / 4) if is_urgent(leg) else self.hours.after(clock, pause)
        return Act(name, at, by=self.by(name), given=self.given(name, case))

    def by(self, name: str) -> By | None:
        """Who reported from outside, where that makes the move; else whoever holds the duty."""
        return self.outsider.by if self.outsider and self.outsider.makes(name) else None

    def given(self, name: str, case: Case) -> dict[str, Any]:
        if name == "comment" and self.outsider:
            return {"words": self.outsider.says_later}
        if name != "evaluate":
            return {}
        grades = ("satisfied", "mostly", "unsatisfied") if case.is_from_resident else ("5", "4", "3", "2")
        weights = (70, 22, 8) if case.is_from_resident else (55, 30, 10, 5)
        if self.traits.pleases:
            return {"grade": grades[0]}
        return {"grade": self.random.choices(grades, weights)[0]}

    # Beside the way -------------------------------------------------------------------------------------------

    def aside(self, case: Case, leg: Leg) -> tuple[str | None, Share] | None:
        """Moves that leave the state as it is: supervision, a comment, a request that waits."""
        if not case.is_open:
            return None
        if self.traits.supervised or case.lateness == Lateness.RED:
            order = case.supervisions.filter(accepted_at=None).first()
            if order is not None:
                return ("accept_supervision" if order.replied_at else "reply_supervision"), USUAL
        asked = {"extend", "suspend", "void"} & self.done
        waiting = case.requests.filter(decided_at=None).first() if asked else None
        if waiting is not None:
            decision = self.decision(waiting)
            # An extension that was asked below is of no use after the case was escalated.
            return decision if case.state in MOVES[decision[0]].sources else None
        if case.state in (State.DISPATCHED, State.HANDLING):
            if self.once("comment", self.traits.commented):
                return "comment", SOON
            if self.once("supervise", self.traits.supervised):
                return "order_supervision", USUAL
        return None

    def decision(self, waiting) -> tuple[str, Share]:
        if waiting.kind == "suspension" and waiting.endorsed_by_id is None:
            return "endorse_suspension", USUAL
        is_granted = waiting.kind == "void" or self.random.random() < 0.8
        return f"{'grant' if is_granted else 'deny'}_{waiting.kind}", USUAL

    def ripe(self, step: Step) -> Share | None:
        """A share beyond the grace, once, where the step is neglected."""
        return VERY_LATE if self.once(f"neglect {step}", step in self.traits.neglected) else None

    # On the way -----------------------------------------------------------------------------------------------

    def in_reported(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        if share := self.ripe(Step.REGISTERING):
            return "register", share
        if self.traits.ending == "withdraw":
            return "withdraw", SOON
        if self.once("check", self.traits.checked or case.source == Case.Source.PHONE):
            return "send_to_check", SOON
        return ("decline" if self.traits.ending == "decline" else "register"), USUAL

    def in_checking(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        return ("not_found" if self.traits.ending == "decline" else "found"), (0.2, 0.95)

    def in_registered(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        if share := self.ripe(Step.DISPATCHING):
            return "dispatch", share
        if self.once("void", self.traits.ending == "void"):
            return "ask_void", USUAL
        if self.once("up", self.traits.handed_up and Loop(case.loop).above is not None):
            return "escalate", USUAL
        may_go_down = not (case.was_delegated or case.escalated_by_time) and case.loop != Loop.COMMUNITY
        if self.once("down", self.traits.handed_down and may_go_down):
            return "delegate", USUAL
        return "dispatch", USUAL

    def in_dispatched(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        if share := self.ripe(Step.HANDLING):
            return "accept", share
        if case.refusals < self.traits.refusals:
            return "refuse", SOON
        return "accept", SOON

    def in_handling(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        if self.once("extend", self.traits.extension):
            return "ask_extension", (0.4, 0.7)
        if self.once("suspend", self.traits.suspension):
            return "ask_suspension", SOON
        if self.once("late", self.traits.late):
            return "feedback", LATE
        return "feedback", (0.35, 0.93)

    def in_disputed(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        return "adjudicate", USUAL

    def in_suspended(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        return None, USUAL

    def in_handled(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        is_failed = self.once("fail", self.traits.rework)
        return ("fail" if is_failed else "pass"), (0.15, 0.97)

    def in_verified(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        is_refused = self.once("not closed", self.traits.closing_refused)
        return ("refuse_closing" if is_refused else "close"), USUAL

    def in_closed(self, case: Case, leg: Leg) -> tuple[str | None, Share]:
        if self.once("reopen", self.traits.reopened):
            return "reopen", SOON
        return ("evaluate" if self.traits.is_evaluated else None), (0.05, 0.9)


def is_urgent(leg: Leg) -> bool:
    """Whether the clock of a leg runs through the night."""
    return leg.limit_unit == "urgent_hour"


#: One check in so many is made from afar, and one in so many by a pin; by the number of the case, so that no dice are cast.
SELDOM_NEAR, SELDOM_BY_DEVICE = 41, 13
WHY_NOT_THERE = ("院门锁着，隔着围栏查看", "对岸看得清楚", "道路封闭施工，在路口查看")
DEGREE = 111_320  # metres


def where_they_stand(case: Case) -> dict[str, Any]:
    """Where somebody stands who checks a case: nearly always beside it, with the phone's own fix."""
    is_far = case.pk % SELDOM_NEAR == 0
    metres = 180 + case.pk % 230 if is_far else case.pk * 7 % 45
    given: dict[str, Any] = {
        "position": [round(case.longitude, 6), round(case.latitude + metres / DEGREE, 6)],
        "position_source": "pin" if case.pk % SELDOM_BY_DEVICE == 0 else "device",
    }
    return given | ({"far_reason": WHY_NOT_THERE[case.pk % len(WHY_NOT_THERE)]} if is_far else {})


class Walker:
    """Walks cases along plans; between two acts time does what the sweep would have done."""

    def __init__(self, hands: Hands, random: Random, until: dt.datetime) -> None:
        self.hands, self.random, self.until = hands, random, until

    def walk(self, case_uuid: uuid.UUID, plan: Plan, clock: dt.datetime) -> Case:
        """Walk a case until its plan or its time ends; returns it as it then is."""
        act, seen = None, None
        while True:
            case, leg = self.hands.look(case_uuid)
            if leg is None:
                return case
            if act is None or seen != leg.pk:
                act, seen = plan.next(case, leg, clock), leg.pk
            at = max(act.at, clock + MINUTE) if act else self.until
            if leg.sweep_at and leg.sweep_at <= min(at, self.until):
                clock = max(leg.sweep_at, clock) + dt.timedelta(seconds=self.random.randint(2, 50))
                sweep_leg(leg, now=clock)
            elif act is None or at > self.until:
                return case
            else:
                given = where_they_stand(case) | act.given if act.move in CHECKS else act.given
                self.hands.move(case, leg, act.move, now=at, by=act.by, **given)
                act, clock = None, at


#: Moves to a state that is open, each with the step whose clock runs before it.
WAYS: dict[State, tuple[tuple[str, Step], ...]] = {}
_R, _D, _H = ("register", Step.REGISTERING), ("dispatch", Step.DISPATCHING), ("feedback", Step.HANDLING)
_REFUSE = ("refuse", Step.HANDLING)
WAYS[State.REPORTED] = ()
WAYS[State.CHECKING] = (("send_to_check", Step.REGISTERING),)
WAYS[State.REGISTERED] = (_R,)
WAYS[State.DISPATCHED] = WAYS[State.HANDLING] = WAYS[State.SUSPENDED] = (_R, _D)
WAYS[State.DISPUTED] = (_R, _D, _REFUSE, _D, _REFUSE)
WAYS[State.HANDLED] = (_R, _D, _H)
WAYS[State.VERIFIED] = (*WAYS[State.HANDLED], ("pass", Step.VERIFYING))
WAYS[State.CLOSED] = (*WAYS[State.VERIFIED], ("close", Step.CLOSING))
#: The limit that runs while a case is in a state.
RUNNING = {
    State.REPORTED: "registering",
    State.CHECKING: "checking",
    State.REGISTERED: "dispatching",
    State.DISPATCHED: "handling",
    State.HANDLING: "handling",
    State.DISPUTED: "dispatching",
    State.HANDLED: "verifying",
    State.VERIFIED: "closing",
    State.CLOSED: "evaluating",
}


def acts_to(
    state: State, row: Responsibility, share: float, *, until: dt.datetime, hours: Hours, random: Random
) -> tuple[dt.datetime, list[Act]]:
    """When to report, and what to do, so that a case is in a state with a share of its time used by ``until``."""
    if state == State.SUSPENDED:
        # Waiting, counted from the day it was granted; before that it was dispatched and accepted.
        granted = hours.before(until - dt.timedelta(days=random.randint(1, 20)), 60)
        moment = hours.before(granted, random.uniform(0.1, 0.3) * 3600)
        tail = [Act("accept", moment + 2 * MINUTE), Act("ask_suspension", moment + 5 * MINUTE)]
        tail += [Act("endorse_suspension", granted - MINUTE)]
        days = (until - granted).days + random.randint(15, 90)
        tail[1].given = {"until": granted.date() + dt.timedelta(days=days)}
        tail.append(Act("grant_suspension", granted))
    else:
        moment, tail = hours.ago(until, row.limit(RUNNING[state]), share), []
        if state == State.HANDLING:
            accepted = hours.within(moment, until, random.uniform(0.1, 0.5), urgent=False)
            tail = [Act("accept", min(accepted, until))]
    acts = tail
    for name, step in reversed(WAYS[state]):
        acts = [Act(name, moment), *acts]
        begun = hours.ago(moment, row.limit(step), random.uniform(0.1, 0.3 if name == "refuse" else 0.6))
        if name == "feedback":
            accepted = hours.within(begun, moment, random.uniform(0.1, 0.5), urgent=False)
            acts = [Act("accept", min(accepted, moment - MINUTE)), *acts]
        moment = begun
    return moment, acts
