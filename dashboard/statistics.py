"""The board's figures, each with its denominator: read from case rows and their indexes alone."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, QuerySet

from cases.counting import counted_in
from cases.filters import BY_OTHERS, since
from cases.loops import base
from cases.models import Case
from cases.workflow import Lateness

#: Rates look back this far, and are compared with what they were a week earlier.
WINDOW = dt.timedelta(days=30)
EARLIER = dt.timedelta(days=7)

#: Figure, place, counts by name. Every part names what its index asks for: open, due, reported or closed.
FIGURES = """
    SELECT 'open', place, json_build_object(
        'all', count(*), 'overdue', count(*) FILTER (WHERE lateness = %(red)s))
    FROM seen WHERE is_open GROUP BY place
  UNION ALL
    SELECT 'due', NULL, json_build_object(
        'today', count(*), 'overdue', count(*) FILTER (WHERE lateness = %(red)s))
    FROM seen WHERE is_open AND due_at > %(today)s AND due_at <= %(tomorrow)s
  UNION ALL
    SELECT 'reported', NULL, json_build_object(
        'today', count(*) FILTER (WHERE reported_at >= %(today)s),
        'by_now_yesterday', count(*) FILTER (WHERE reported_at < %(a_day_ago)s))
    FROM seen WHERE reported_at >= %(yesterday)s
  UNION ALL
    SELECT 'closed', place, json_build_object(
        'recent', json_build_object(
            'n', count(*) FILTER (WHERE recent AND by_others),
            'in_time', count(*) FILTER (WHERE recent AND by_others AND NOT was_late),
            'base', count(*) FILTER (WHERE recent AND by_others AND loop = ANY (%(base)s)),
            'self_handled', count(*) FILTER (WHERE recent AND NOT by_others)),
        'earlier', json_build_object(
            'n', count(*) FILTER (WHERE earlier AND by_others),
            'in_time', count(*) FILTER (WHERE earlier AND by_others AND NOT was_late),
            'base', count(*) FILTER (WHERE earlier AND by_others AND loop = ANY (%(base)s)),
            'self_handled', count(*) FILTER (WHERE earlier AND NOT by_others)),
        'today', count(*) FILTER (WHERE closed_at >= %(today)s))
    FROM (
        SELECT *, closed_at >= %(begin)s AS recent, closed_at < %(end_earlier)s AS earlier
        FROM seen WHERE closed_at >= %(begin_earlier)s
    ) AS closed GROUP BY place
"""


def rate(part: int, whole: int) -> float | None:
    """A share in per cent; without a denominator there is none, never 0 %."""
    return 100 * part / whole if whole else None


@dataclass
class Closed:
    """What was closed in a window: all, in time, and at the base; what was self-handled is counted apart."""

    n: int = 0
    in_time: int = 0
    base: int = 0
    self_handled: int = 0

    @property
    def in_time_rate(self) -> float | None:
        return rate(self.in_time, self.n)

    @property
    def base_rate(self) -> float | None:
        return rate(self.base, self.n)

    def add(self, other: "Closed") -> None:
        for one in fields(Closed):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass
class PlaceRow:
    """A street or community in the table: how much is there, how late, how well it closes."""

    place: int | None
    open: int = 0
    overdue: int = 0
    closed: Closed = field(default_factory=Closed)


@dataclass
class Overview:
    """The five numbers with what they are compared with, and the same by place."""

    now: dt.datetime
    rows: dict[int | None, PlaceRow]
    closed: Closed = field(default_factory=Closed)
    closed_earlier: Closed = field(default_factory=Closed)
    closed_today: int = 0
    reported_today: int = 0
    reported_by_now_yesterday: int = 0
    due_today: int = 0
    overdue_since_today: int = 0

    @property
    def open(self) -> int:
        return sum(row.open for row in self.rows.values())

    @property
    def overdue(self) -> int:
        return sum(row.overdue for row in self.rows.values())

    @property
    def overdue_rate(self) -> float | None:
        return rate(self.overdue, self.open)

    def row(self, place: int | None) -> PlaceRow:
        return self.rows.setdefault(place, PlaceRow(place))


def overview(cases: QuerySet[Case], *, by: str, now: dt.datetime) -> Overview:
    """Figures of a scope, grouped by ``street`` or ``community``, in one statement."""
    found = Overview(now, {})
    for figure, place, counts in counted_in(_columns(cases, by), FIGURES, _parameters(now)):
        match figure:
            case "open":
                row = found.row(place)
                row.open, row.overdue = counts["all"], counts["overdue"]
            case "due":
                found.due_today, found.overdue_since_today = counts["today"], counts["overdue"]
            case "reported":
                found.reported_today = counts["today"]
                found.reported_by_now_yesterday = counts["by_now_yesterday"]
            case "closed":
                recent, earlier = Closed(**counts["recent"]), Closed(**counts["earlier"])
                found.row(place).closed = recent
                found.closed.add(recent)
                found.closed_earlier.add(earlier)
                found.closed_today += counts["today"]
    return found


def _columns(cases: QuerySet[Case], by: str) -> QuerySet:
    """What ``FIGURES`` reads of a case."""
    by_others = ExpressionWrapper(BY_OTHERS, output_field=BooleanField())
    return (
        cases.order_by()
        .annotate(place=F(by), by_others=by_others)
        .values_list(
            *("place", "by_others", "is_open", "lateness", "due_at"),
            *("reported_at", "closed_at", "was_late", "loop"),
        )
    )


def _parameters(now: dt.datetime) -> dict[str, Any]:
    today, day = since("today", now), dt.timedelta(days=1)
    return {
        "red": Lateness.RED,
        "base": list(base()),
        "today": today,
        "tomorrow": today + day,
        "yesterday": today - day,
        "a_day_ago": now - day,
        "begin": today - WINDOW,
        "begin_earlier": today - WINDOW - EARLIER,
        "end_earlier": now - EARLIER,
    }


def sorted_by_trouble(rows: Iterable[PlaceRow]) -> list[PlaceRow]:
    """Who has most overdue stands first, then who has most to do."""
    return sorted(rows, key=lambda row: (-row.overdue, -row.open, row.place or 0))
