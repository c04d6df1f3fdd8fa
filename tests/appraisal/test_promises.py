"""Card = list = recount: any measure, for whoever asks, by any filter, period and grouping, at any moment."""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from appraisal import counting, tallying
from appraisal.adjusting import adjusted, excluded, is_adjustable, left_out_by_decisions, less
from appraisal.catalogue import Measure, counters, measures
from appraisal.counting import By, counts
from appraisal.figures import figure
from appraisal.formulas import parse
from appraisal.grains import subjects
from appraisal.listing import listed
from appraisal.periods import NAMED, Period
from appraisal.recounting import recount
from appraisal.slices import Slice
from cases.filters import BASE, OTHERS
from cases.models import Case, Category
from cases.workflow import Loop
from governance.models import Organization
from tests.appraisal.worlds import World
from tests.scale import tries

SEED = os.environ.get("GRIDLOOP_SEED", "9")
DAY = dt.timedelta(days=1)
DIMENSIONS = ("district", "street", "community", "grid", "unit")
#: Who was head of a unit on a day is no event of a whistle.
UNTOLD = {"calls_signed_by_head"}


@dataclass(frozen=True)
class Draw:
    """One question that a page may ask."""

    measure: Measure
    of: Slice
    periods: tuple[Period, ...]
    by: By
    places: tuple[int, ...]


class Asking:
    """Draws questions about the cases that there are."""

    def __init__(self, random: Random, now: dt.datetime) -> None:
        self.random, self.today = random, now.date()
        self.places: dict[str, list[int]] = {
            name: sorted({pk for pk in Case.objects.values_list(name, flat=True) if pk})
            for name in ("district", "street", "community", "grid", "category")
        }
        units = Organization.objects.filter(pk__in=Case.objects.values("unit"))
        self.places["unit"] = sorted({*units.values_list("pk", flat=True), *self.places["district"]})
        told = [key for key, one in counters().items() if one.grain.is_told]
        lives = Period(self.today - 400 * DAY, self.today)
        of_all = counts(told, [lives], Slice("district", self.places["district"][0]))
        self.counted = [key for key, number in of_all.get((0, None), {}).items() if number]
        self.cases = list(
            Case.objects.order_by("pk").values(*DIMENSIONS, "category", "loop", "source", "category__kind")
        )

    def draw(self) -> Draw:
        """Of two questions one is about the place and the filters of a case that there is, so that something is counted."""
        random = self.random
        dimension = random.choice(DIMENSIONS)
        case = random.choice(self.cases) if random.random() < 0.5 else {}
        of = Slice(
            dimension, case.get(dimension) or random.choice(self.places[dimension]), **self.filters(case)
        )
        by = random.choice(list(By))
        around = self.places["district"] if by in (By.STREET, By.COMMUNITY) else []
        places = [*self.places[by.value], *around] if by in counting.AMONG else []
        chosen = random.sample(places, random.randint(1, len(places))) if places else []
        periods = tuple(self.period() for _ in range(random.choice([1, 1, 2, 3])))
        return Draw(self.measure(), of, periods, by, tuple(chosen))

    def measure(self) -> Measure:
        """One of the catalogue, or a rate of any counters, so that each of them is asked; mostly of what there is."""
        told = [
            one for one in measures().values() if all(counters()[key].grain.is_told for key in one.counters)
        ]
        known = self.random.choice(told)
        if self.random.random() < 0.5:
            return known
        subject = self.random.choice(subjects())
        keys = [key for key, one in counters().items() if one.grain.subject == subject and one.grain.is_told]
        there = [key for key in self.counted if key in keys] or keys
        some = [parse(" + ".join(self.random.sample(names, min(3, len(names))))) for names in (there, keys)]
        return replace(known, numerator=some[0], denominator=some[1], alternatives=())

    def filters(self, case: dict[str, Any]) -> dict[str, Any]:
        every = {
            "loop": [BASE, *(loop.value for loop in Loop)],
            "source": [OTHERS, *Case.Source.values],
            "kind": Category.Kind.values[:3],
            "category": self.places["category"],
            "unit": self.places["unit"],
        }
        names = self.random.sample(sorted(every), self.random.choice([0, 0, 1, 1, 2, 3]))
        of_case = case | {"kind": case.get("category__kind")}
        return {name: of_case.get(name) or self.random.choice(every[name]) for name in names}

    def period(self) -> Period:
        """A named one, a single day, or any two days around the lives: across months and years."""
        random = self.random
        day = self.today - random.randrange(60) * DAY
        match random.randrange(4):
            case 0:
                return Period.named(random.choice(list(NAMED)), self.today)
            case 1:
                return Period(day, day)
            case 2:
                return Period(day, day + random.randrange(60) * DAY)
        return random.choice([Period.before, Period.a_month_earlier])(Period(day.replace(day=1), day))


def without_nothing(found: dict) -> dict:
    """Groups and counters that count nothing are left out, or not."""
    some = {group: {key: n for key, n in sums.items() if n} for group, sums in found.items()}
    return {group: sums for group, sums in some.items() if sums}


def disagreements(draw: Draw) -> Iterator[str]:
    """Card, rows, list and recount of one question; nothing where they agree."""
    keys = draw.measure.counters
    told = recount(keys, draw.periods, draw.of, draw.by, draw.places)
    assert told.untold <= UNTOLD
    if told.untold:
        return  # events do not say it; the passport names it
    card = without_nothing(counts(keys, draw.periods, draw.of, draw.by, draw.places))
    if card != without_nothing(told.counts):
        yield f"{draw}: card {card}, events {told.counts}"
    parts = [draw.measure.numerator, *([draw.measure.denominator] if draw.measure.denominator else [])]
    for number, period in enumerate(draw.periods):
        for part in parts:
            kinds = {counters()[key].grain.subject for key in part.counters}
            if draw.by != By.ALL or set((part.terms or {}).values()) != {1} or len(kinds) != 1:
                continue
            group = dict.fromkeys(keys, 0) | card.get((number, None), {})
            length, _, rows = listed(part.counters, period, draw.of, most=10_000)
            if not length == sum(row.amount for row in rows) == part.value(group):
                yield f"{draw}: {part.text} is {part.value(group)}, {length} in the list"
        for group in {group for n, group in card if n == number}:
            one = figure(draw.measure, card[number, group])
            if one != figure(draw.measure, told.counts[number, group]):
                yield f"{draw}: {one}"
    yield from adjusted_disagreements(draw, card)


def adjusted_disagreements(draw: Draw, card: dict) -> Iterator[str]:
    """The same without the cases that are excluded: card less what they count, the list without them, events without them."""
    question = (draw.measure.counters, draw.periods, draw.of, draw.by, draw.places)
    found, left_out = excluded(*question), left_out_by_decisions()
    rest = {
        group: less(card.get(group), found[group].counts if group in found else {})
        for group in {*card, *found}
    }
    told = without_nothing(recount(*question, without=left_out).counts)
    if without_nothing(rest) != told:
        yield f"{draw}: adjusted {rest}, events without {sorted(left_out)} {told}"
    for number, group in {*card, *found}:
        one = adjusted(draw.measure, card.get((number, group)), found.get((number, group)))
        parts = [
            draw.measure.numerator.counters,
            *([draw.measure.denominator.counters] if draw.measure.denominator else []),
        ]
        counted = set()
        if draw.by == By.ALL and is_adjustable(draw.measure):
            for part in parts:
                rows = listed(part, draw.periods[number], draw.of, most=10_000).rows
                counted |= {row.record for row in rows} & left_out
            if counted != (one.cases if one else set()):
                yield f"{draw}: excluded {one and one.cases}, in the list {counted}"
        if one and one.figure != figure(draw.measure, told.get((number, group))):
            yield f"{draw}: adjusted {one.figure}, events {told.get((number, group))}"


@pytest.mark.trust
@pytest.mark.django_db
def test_card_list_and_recount_say_the_same(promise):
    tried, counted, without, wrong = 0, 0, 0, []
    for number in range(tries(1, full=6, trust=30)):
        random = Random(f"{SEED} {number}")
        world = World(random)
        for _ in range(3):
            world.live(50)
            world.exclude(40)
            if random.random() < 0.7:  # else the worker is dead, and readers count what waits
                tallying.tally(now=world.now, most=random.choice([10, 1000]))
            asking = Asking(random, world.now)
            for _ in range(100):
                draw = asking.draw()
                wrong += disagreements(draw)
                tried += 1
                question = (draw.measure.counters, draw.periods, draw.of, draw.by, draw.places)
                counted += bool(counts(*question))
                without += bool(excluded(*question))
        assert wrong == []
    assert counted > tried // 8, "too many questions were about nothing"
    assert without > tried // 40, f"too few questions were about excluded cases: {world.made}"
    promise("card = list = recount", tried=tried, held=tried)
