"""Every night some of the board is recounted from events: the district of yesterday and last month, and places in turn.

The site asks, the worker counts (``appraisal.recounts``), the status page names what disagrees.
"""

import datetime as dt

from appraisal.models import Looked, Recount
from appraisal.nightly import unseen
from appraisal.periods import DAY, Period
from appraisal.recounts import ask
from appraisal.slices import Slice
from cases.models import Case, Category
from cases.workflow import Loop
from governance.models import Level, Organization
from grid.models import Grid

#: Places a night beside the districts, months back, and days that a missed night may be caught up with.
PLACES, MONTHS, CAUGHT_UP = 30, 12, 31
#: So long recounts of the night are kept that found nothing.
KEPT = dt.timedelta(days=40)


def ask_recounts(*, now: dt.datetime) -> int:
    """Ask again for what disagrees, and once a night for what is next in turn; returns how many were asked."""
    asked = sum(_again(row, now) for row in Recount.objects.disagreeing())
    with unseen(Looked.What.RECOUNTS, now=now, first=1) as days:
        if days is None:
            return asked
        old = Recount.objects.filter(asked_by=None, finished_at__lt=now - KEPT)
        old.exclude(pk__in=Recount.objects.disagreeing()).delete()
        for of, period, words in questions(days):
            asked += ask(None, period, of, words=words, by=None, now=now)[1]
    return asked


def _again(row: Recount, now: dt.datetime) -> bool:
    """The same question once more: whether a rebuild has mended it."""
    same = {
        name: getattr(row, name)
        for name in ("measure", "version", "dimension", "place", "narrowed", "begin", "end")
    }
    rest = {"words": row.words, "asked_at": now, "asked_by": None}
    return Recount.objects.get_or_create(**same, finished_at=None, defaults=rest)[1]


def questions(days: Period) -> list[tuple[Slice, Period, str]]:
    """What is recounted in the night after some days: place and filters, period, and words for both."""
    recent = Period(max(days.begin, days.end - (CAUGHT_UP - 1) * DAY), days.end)
    last_month = Period.named("last_month", days.end + DAY)
    found = [
        (Slice("district", place.pk), period, place.name)
        for place in Organization.objects.territories(Level.DISTRICT).active(days.end).order_by("pk")
        for period in (recent, last_month)
    ]
    return found + _in_turn(days.end)


def _in_turn(day: dt.date) -> list[tuple[Slice, Period, str]]:
    """The next places, each for a month of the last year, whole or from its middle, and by one of the filters."""
    places = _places(day)
    first = day.toordinal() * PLACES
    found = []
    for number in range(first, first + min(PLACES, len(places))):
        turn, place = divmod(number, len(places))
        of, words = places[place]
        narrowed = _narrowed(of.dimension)
        more, more_words = narrowed[number % len(narrowed)]
        # Of whole months those of months are read, else those of days (``Period.stretches``).
        period = _months_back(day, turn % MONTHS + 1, in_the_middle=number % 2 == 1)
        found.append((Slice(of.dimension, of.place, **more), period, " · ".join([words, *more_words])))
    return found


def _places(day: dt.date) -> list[tuple[Slice, str]]:
    """Streets, communities, units and grids, in an order that stays."""
    organizations = Organization.objects.active(day).order_by("pk")
    territories = {Level(loop.level): loop.column for loop in Loop}
    found = [
        (Slice(territories[one.level], one.pk), one.name)
        for one in organizations.territories()
        if territories.get(one.level) in ("street", "community")
    ]
    found += [(Slice("unit", one.pk), one.name) for one in organizations.units()]
    return found + [(Slice("grid", one.pk), one.name) for one in Grid.objects.order_by("pk")]


def _narrowed(dimension: str) -> list[tuple[dict[str, str | int], list[str]]]:
    """Filters that the tallies of a place know: none, or one of them."""
    found: list[tuple[dict[str, str | int], list[str]]] = [({}, [])]
    if dimension == "grid":
        return found
    for name, choices in (
        ("source", Case.Source.choices),
        ("loop", Loop.choices),
        ("kind", Category.Kind.choices),
    ):
        found += [({name: value}, [str(label)]) for value, label in choices]
    if dimension == "street":
        found += [({"category": one.pk}, [one.name]) for one in Category.objects.order_by("pk")]
    return found


def _months_back(day: dt.date, months: int, *, in_the_middle: bool) -> Period:
    last = day.replace(day=1)
    for _ in range(months - 1):
        last = (last - DAY).replace(day=1)
    period = Period((last - DAY).replace(day=1), last - DAY)
    if in_the_middle:
        return Period((period.begin - DAY).replace(day=16), period.begin.replace(day=15))
    return period
