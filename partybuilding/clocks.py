"""The moments of a call's clocks: when it is yellow, red, and goes up its ladder; pure, no query."""

import datetime as dt
from dataclasses import dataclass

from cases.deadlines import Calendar, Limit, Unit, marks_around, start
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
    return Moments(marks.warn_at, marks.due_at, *_steps(marks.due_at, limit, calendar))


def moments_until(due_at: dt.datetime, limit: Limit, now: dt.datetime, calendar: Calendar) -> Moments:
    """A clock that somebody else began: its due date stays, even one that is over.

    Whoever comes late is not pressed before the call: yellow is not before now, and the steps up begin now at the
    earliest.
    """
    yellow = max(marks_around(due_at, limit, calendar).warn_at, now)
    return Moments(min(yellow, due_at), due_at, *_steps(max(due_at, now), limit, calendar))


def _steps(since: dt.datetime, limit: Limit, calendar: Calendar) -> list[dt.datetime]:
    """The three steps up after a moment, a grace apart."""
    steps = [since]
    for _ in range(3):
        steps.append(_grace_after(steps[-1], limit, calendar))
    return steps[1:]


def _grace_after(moment: dt.datetime, limit: Limit, calendar: Calendar) -> dt.datetime:
    """A case in urgent hours has no grace; a ladder needs one, or all of it would be gone up at once."""
    if limit.unit == Unit.URGENT_HOUR:
        return moment + dt.timedelta(seconds=-(-limit.seconds // 5))
    return marks_around(moment, limit, calendar).escalate_at


def lateness_at(yellow_at: dt.datetime | None, red_at: dt.datetime | None, now: dt.datetime) -> Lateness:
    """How late a running clock is at this moment, also where the sweep has not marked it yet."""
    if red_at is not None and now > red_at:
        return Lateness.RED
    return Lateness.YELLOW if yellow_at is not None and now >= yellow_at else Lateness.NONE
