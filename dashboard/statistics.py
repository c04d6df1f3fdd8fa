"""The board's figures, each with its denominator: read from case rows and their indexes alone."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cases.filters import BY_OTHERS
from cases.models import Case
from cases.workflow import Lateness, Loop

#: Rates look back this far, and are compared with what they were a week earlier.
WINDOW = dt.timedelta(days=30)
EARLIER = dt.timedelta(days=7)

#: What is counted of the closed ones, by the names of ``Closed``.
COUNTED = {
    "n": BY_OTHERS,
    "in_time": BY_OTHERS & Q(was_late=False),
    "base": BY_OTHERS & Q(loop__in=[Loop.COMMUNITY, Loop.STREET]),
    "self_handled": ~BY_OTHERS,
}


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


def midnight(now: dt.datetime) -> dt.datetime:
    """The beginning of the local day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def overview(cases: QuerySet[Case], *, by: str, now: dt.datetime) -> Overview:
    """Figures of a scope, grouped by ``street`` or ``community``, in four statements."""
    found = Overview(now, {})
    today = midnight(now)
    _count_open(found, cases.open(), by)
    _count_closed(found, cases, by, today)
    reported = cases.filter(reported_at__gte=today - dt.timedelta(days=1)).aggregate(
        today=Count("pk", filter=Q(reported_at__gte=today)),
        before=Count("pk", filter=Q(reported_at__lt=now - dt.timedelta(days=1))),
    )
    found.reported_today, found.reported_by_now_yesterday = reported["today"], reported["before"]
    late = Q(lateness=Lateness.RED)
    due = due_today(cases, now).aggregate(all=Count("pk"), late=Count("pk", filter=late))
    found.overdue_since_today, found.due_today = due["late"], due["all"]
    return found


def due_today(cases: QuerySet[Case], now: dt.datetime) -> QuerySet[Case]:
    """Open cases whose time runs out, or ran out, on this day."""
    today = midnight(now)
    return cases.open().filter(due_at__gte=today, due_at__lt=today + dt.timedelta(days=1))


def _count_open(found: Overview, cases: QuerySet[Case], by: str) -> None:
    rows = cases.order_by().values_list(by)
    for place, n, late in rows.annotate(n=Count("pk"), late=Count("pk", filter=Q(lateness=Lateness.RED))):
        row = found.row(place)
        row.open, row.overdue = n, late


def _count_closed(found: Overview, cases: QuerySet[Case], by: str, today: dt.datetime) -> None:
    begin = found.now - WINDOW
    recent, earlier = Q(closed_at__gte=begin), Q(closed_at__lt=found.now - EARLIER)
    counts = {
        f"{name}_{window}": Count("pk", filter=which & within)
        for name, which in COUNTED.items()
        for window, within in (("recent", recent), ("earlier", earlier))
    }
    rows = cases.filter(closed_at__gte=begin - EARLIER).order_by().values(by)
    for counted in rows.annotate(today=Count("pk", filter=Q(closed_at__gte=today)), **counts):
        row = found.row(counted[by])
        row.closed = _closed(counted, "recent")
        found.closed.add(row.closed)
        found.closed_earlier.add(_closed(counted, "earlier"))
        found.closed_today += counted["today"]


def _closed(counted: dict[str, int], window: str) -> Closed:
    return Closed(**{name: counted[f"{name}_{window}"] for name in COUNTED})


def sorted_by_trouble(rows: Iterable[PlaceRow]) -> list[PlaceRow]:
    """Who has most overdue stands first, then who has most to do."""
    return sorted(rows, key=lambda row: (-row.overdue, -row.open, row.place or 0))
