"""When people act: in office hours, at a share of the time their step has."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from cases.deadlines import SHANGHAI, Calendar, Limit, Unit
from cases.models import WorkDay

DAY = dt.timedelta(days=1)
OFFICE_DAY = 7 * 3600

Span = tuple[dt.datetime, dt.datetime]


def whole_calendar() -> Calendar:
    """Every published holiday and make-up day, usual office hours."""
    days = dict(WorkDay.objects.values_list("day", "is_working"))
    return Calendar(exceptions=days, published=frozenset(day.year for day in days))


class Hours:
    """Moves along office time, forward and backward."""

    def __init__(self, random: Random, calendar: Calendar) -> None:
        self.random = random
        self.calendar = calendar

    def _spans(self, day: dt.date) -> list[Span]:
        def at(time: dt.time) -> dt.datetime:
            return dt.datetime.combine(day, time, tzinfo=SHANGHAI)

        return [(at(start), at(end)) for start, end in self.calendar.windows(day)]

    def _after(self, moment: dt.datetime) -> Iterator[Span]:
        day = moment.astimezone(SHANGHAI).date()
        while True:
            yield from ((max(start, moment), end) for start, end in self._spans(day) if end > moment)
            day += DAY

    def _before(self, moment: dt.datetime) -> Iterator[Span]:
        day = moment.astimezone(SHANGHAI).date()
        while True:
            spans = [(start, min(end, moment)) for start, end in self._spans(day) if start < moment]
            yield from reversed(spans)
            day -= DAY

    def after(self, moment: dt.datetime, seconds: float) -> dt.datetime:
        """The moment when so many seconds of office time have passed."""
        for start, end in self._after(moment):
            length = (end - start).total_seconds()
            if seconds < length:
                return start + dt.timedelta(seconds=int(seconds))
            seconds -= length
        raise AssertionError("office time never ends")

    def before(self, moment: dt.datetime, seconds: float) -> dt.datetime:
        """The moment from which so many seconds of office time have passed until now."""
        for start, end in self._before(moment):
            length = (end - start).total_seconds()
            if seconds < length:
                return end - dt.timedelta(seconds=int(seconds))
            seconds -= length
        raise AssertionError("office time never ends")

    def worked(self, start: dt.datetime, end: dt.datetime) -> float:
        """Seconds of office time between two moments."""
        total = 0.0
        for a, b in self._after(start):
            if a >= end:
                return total
            total += (min(b, end) - a).total_seconds()
        raise AssertionError("office time never ends")

    def within(self, start: dt.datetime, due: dt.datetime, share: float, *, urgent: bool) -> dt.datetime:
        """When a share of the time between start and due has passed; a share above one is late."""
        if urgent:
            return start + (due - start) * share
        return self.after(start, self.worked(start, due) * share)

    def ago(self, moment: dt.datetime, limit: Limit, share: float) -> dt.datetime:
        """When a step must have begun, for a share of its limit to have passed by now."""
        if limit.unit == Unit.URGENT_HOUR:
            return moment - dt.timedelta(seconds=limit.seconds * share)
        if limit.unit == Unit.WORKING_HOUR:
            return self.before(moment, limit.seconds * share)
        if limit.unit == Unit.WORKING_DAY:
            return self.before(moment, limit.days * OFFICE_DAY * share)
        return self.before(moment - limit.days * DAY * share, self.random.uniform(60, 3600))
