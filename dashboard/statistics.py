"""The board's figures, each with its denominator: read from case rows and their indexes alone, and how each is shown."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, QuerySet
from django.utils import timezone

from cases.counting import counted_in
from cases.filters import BASE, BY_OTHERS, OTHERS, since
from cases.loops import base
from cases.models import Case
from cases.workflow import Lateness

#: Rates look back this far, and are compared with what they were a week earlier.
WINDOW = dt.timedelta(days=30)
EARLIER = dt.timedelta(days=7)

#: The list that the rates are made of.
CLOSED = {"queue": "closed", "closed": "30", "source": OTHERS}
#: The address of a list under some filters; empty on a wall.
Addresses = Callable[..., str]

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


# As they are shown -------------------------------------------------------------------------------------------------


def per_cent(value: float | None) -> str | None:
    """With one decimal; nothing where there is no denominator."""
    return None if value is None else f"{value:.1f}"


def _difference(now: int, before: int, words: str) -> dict[str, str]:
    """How a count changed, in words; more reports are neither good nor bad."""
    if now == before:
        return {"change": f"与{words}持平"}
    way, more = ("up", "多") if now > before else ("down", "少")
    return {"change": f"比{words}{more} {abs(now - before):,}", "change_way": way}


def _points(now: float | None, before: float | None) -> dict[str, str]:
    """How a rate changed within a week, in percentage points; up is good."""
    if now is None or before is None:
        return {}
    points = round(now - before, 1)
    if not points:
        return {"change": "与一周前持平"}
    way, word, look = ("up", "升", "good") if points > 0 else ("down", "降", "bad")
    return {"change": f"比一周前{word} {abs(points):.1f} 点", "change_way": way, "change_look": look}


def _of(part: int, closed: Closed) -> str:
    """Numerator and denominator of a rate in words; self-handled cases stand beside it."""
    apart = f"，另有自处理 {closed.self_handled:,} 件" if closed.self_handled else ""
    return f"{part:,} / {closed.n:,} 件{apart}"


def cards(figures: Overview, chosen: dict[str, str], address: Addresses) -> list[dict[str, Any]]:
    """The numbers as they are shown: each with its denominator, what it is compared with, and the list that it counts."""
    closed, earlier = figures.closed, figures.closed_earlier
    late_today = figures.overdue_since_today
    loop = chosen.get("loop", BASE)
    return [
        {
            "label": "在办",
            "number": f"{figures.open:,}",
            "unit": "件",
            "denominator": f"其中超期 {figures.overdue:,} 件",
            "change": f"今日办结 {figures.closed_today:,} 件",
            "url": address(queue="open"),
        },
        {
            "label": "今日新增",
            "number": f"{figures.reported_today:,}",
            "unit": "件",
            "denominator": f"截至 {timezone.localtime(figures.now):%H:%M}",
            **_difference(figures.reported_today, figures.reported_by_now_yesterday, "昨日此时"),
            "url": address(queue="all", reported="today"),
        },
        {
            "label": "近 30 日按期办结率",
            "number": per_cent(closed.in_time_rate),
            "unit": "%",
            "denominator": _of(closed.in_time, closed),
            **_points(closed.in_time_rate, earlier.in_time_rate),
            "url": address(**CLOSED, was_late="no"),
        },
        {
            "label": "超期未结",
            "number": f"{figures.overdue:,}",
            "unit": "件",
            "denominator": "没有在办案件"
            if figures.overdue_rate is None
            else f"占在办 {figures.overdue_rate:.1f}%",
            "change": f"今日新超期 {late_today:,} 件" if late_today else "今日没有新超期",
            "change_look": "bad" if late_today else "good",
            "lateness": "red" if figures.overdue else "",
            "url": address(queue="open", lateness="red"),
        },
        {
            "label": "近 30 日基层办结率",
            "number": per_cent(closed.base_rate),
            "unit": "%",
            "denominator": _of(closed.base, closed),
            **_points(closed.base_rate, earlier.base_rate),
            # Of a loop above the streets nothing is settled at the base: there is no list to open.
            "url": "" if loop not in (BASE, *base()) else address(**CLOSED, loop=loop),
        },
    ]
