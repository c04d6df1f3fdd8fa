"""The moments of a call's clocks: when it is yellow, red, and goes up its ladder; pure, no query."""

import datetime as dt
from dataclasses import dataclass

from cases.deadlines import Calendar, Limit, marks_around, start
from cases.workflow import Lateness
from partybuilding.workflow import Rung


@dataclass(frozen=True)
class Moments:
    """When each rung of a clock is due; the deadline is ``red``. Counted once, then kept with the clock."""

    yellow: dt.datetime
    red: dt.datetime
    head: dt.datetime
    leader: dt.datetime
    order: dt.datetime

    def at(self, rung: Rung) -> dt.datetime:
        return getattr(self, rung.value)


def moments(limit: Limit, now: dt.datetime, calendar: Calendar) -> Moments:
    """A clock that starts now: red after the limit, then a step up after each further grace (a fifth of the limit)."""
    marks = start(now, limit, calendar)
    return _up(marks.warn_at, marks.due_at, limit, calendar)


def moments_until(due_at: dt.datetime, limit: Limit, now: dt.datetime, calendar: Calendar) -> Moments:
    """A clock that somebody else began: its due date stays, yellow is never before now."""
    return _up(max(marks_around(due_at, limit, calendar).warn_at, now), due_at, limit, calendar)


def _up(yellow: dt.datetime, red: dt.datetime, limit: Limit, calendar: Calendar) -> Moments:
    steps = [red]
    for _ in range(3):
        steps.append(marks_around(steps[-1], limit, calendar).escalate_at)
    return Moments(min(yellow, red), *steps)


def lateness_at(yellow_at: dt.datetime | None, red_at: dt.datetime | None, now: dt.datetime) -> Lateness:
    """How late a running clock is at this moment, also where the sweep has not marked it yet."""
    if red_at is not None and now > red_at:
        return Lateness.RED
    return Lateness.YELLOW if yellow_at is not None and now >= yellow_at else Lateness.NONE
