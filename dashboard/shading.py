"""A measure on the map: figures of streets, communities or grids, and the steps by which areas are shaded."""

import datetime as dt
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from appraisal.catalogue import Measure
from appraisal.counting import By, Counts, counts
from appraisal.figures import SMALL, Figure
from appraisal.periods import Period
from appraisal.stocks import counts_now
from dashboard.filters import Chosen
from dashboard.places import GRID, Place
from governance.models import Level
from grid.models import Grid

#: Below a place of a dimension, the levels that its map can shade; the first is the usual one.
BELOW = {
    "district": ("street", "community"),
    "street": ("community", GRID),
    "community": (GRID,),
    GRID: (GRID,),
}
BY = {"street": By.STREET, "community": By.COMMUNITY, GRID: By.GRID}
#: Areas are shaded in so many steps of as many areas each.
STEPS = 5
#: The share of all cases that the areas hold which the map opens at.
CROWD = 0.8


@dataclass(frozen=True)
class Shade:
    """A kind of areas: its name for the style sheet, what it says, and how many there are."""

    name: str
    words: str
    number: int


@dataclass(frozen=True)
class Area:
    """A place on the map with its figure, its shade and where it leads."""

    place: Place
    figure: Figure
    shade: str
    url: str
    #: Of what it counts, and of its denominator.
    lists: tuple[str, str]


def parts(chosen: Chosen, level: str) -> list[Place]:
    """The places that a map shades: all below the chosen place of a level, as far as they are in sight."""
    place, known = chosen.place, chosen.places.by_pk
    if level != GRID:
        return [one for one in known.values() if one.dimension == level and one.path.startswith(place.path)]
    community = known[place.parent] if place.dimension == GRID else place
    within = [
        one for one in known.values() if one.dimension == "community" and one.path.startswith(community.path)
    ]
    by_pk = {one.pk: one for one in within}
    rows = Grid.objects.active(chosen.period.end).filter(community__in=by_pk).order_by("code")
    return [
        Place(pk, name, GRID, Level.COMMUNITY, parent, f"{by_pk[parent].path}{code}/")
        for pk, name, code, parent in rows.values_list("pk", "name", "code", "community")
    ]


def months(period: Period, today: dt.date) -> list[Period]:
    """The months of a period up to today, as far as they lie in it: steps of the time slider."""
    found, begin = [], period.begin.replace(day=1)
    while begin <= min(period.end, today):
        after = (begin + dt.timedelta(days=32)).replace(day=1)
        found.append(Period(max(begin, period.begin), min(after - dt.timedelta(days=1), period.end)))
        begin = after
    return found


class Shading:
    """Figures of all parts for one of several periods, whose steps are the same, so that colours can be compared."""

    def __init__(
        self,
        chosen: Chosen,
        measure: Measure,
        level: str,
        periods: list[Period],
        shown: int,
        now: dt.datetime,
    ) -> None:
        self.chosen, self.measure, self.period = chosen, measure, periods[shown]
        self.parts = parts(chosen, level)
        self.level, self.whole_place = level, chosen.place if level != GRID else _community_of(chosen)
        found = self._counts(periods, shown, now)
        of_whole = {number: found.pop((number, None), {}) for number in range(len(periods))}
        self._figures = {
            one.pk: chosen.figure(measure, found.get((shown, one.pk)), self.period) for one in self.parts
        }
        self.whole = chosen.figure(measure, of_whole[shown], self.period)
        every = [chosen.figure(measure, one, periods[number]) for (number, _), one in found.items()]
        self._limits = _limits(measure, every)

    def _counts(
        self, periods: list[Period], shown: int, now: dt.datetime
    ) -> dict[tuple[int, int | None], Counts]:
        """Counts of the parts by number of the period, and, as those of None, of the whole place."""
        keys, by, pks = self.measure.counters, BY[self.level], [one.pk for one in self.parts]
        of, own = self.chosen.slice, self.whole_place.pk
        if self.level == GRID:
            of = replace(of, dimension=self.whole_place.dimension, place=own)
        found: dict[tuple[int, Any], Counts]
        if self.measure.is_now:
            by_part = counts_now(keys, of, now, by, pks) | counts_now(keys, of, now)
            return {(shown, pk): one for pk, one in by_part.items()}
        if by == By.GRID:  # no grid is the territory around it
            return counts(keys, periods, of, by, pks) | counts(keys, periods, of)
        found = counts(keys, periods, of, by, [own, *pks])
        return {(number, None if pk == own else pk): one for (number, pk), one in found.items()}

    @property
    def _when(self) -> dict[str, Any]:
        """Words of an address for the period that is shown."""
        if self.measure.is_now or self.period == self.chosen.period:
            return {}
        return {
            "period": None,
            "begin": self.period.begin.isoformat(),
            "until": self.period.end.isoformat(),
        }

    def lists(self, place: Place, **more: Any) -> tuple[str, str]:
        """Addresses of what a place's figure counts, and of its denominator."""
        return self.chosen.lists(self.measure.key, **self.chosen.at(place) | self._when | more)

    @property
    def outside(self) -> int:
        """How much of the whole place lies in none of its parts; of rates that is not said."""
        if self.measure.is_ratio or self.whole.value is None:
            return 0
        return round(self.whole.value - sum(one.value or 0 for one in self._figures.values()))

    def areas(self) -> list[Area]:
        """Places with their figures: the worst, or the most, first; small bases behind, and those without data last."""
        chosen = self.chosen
        found = [
            Area(
                place,
                self._figures[place.pk],
                self._shade(self._figures[place.pk]),
                chosen.address("board", **chosen.at(place) | self._when),
                self.lists(place),
            )
            for place in self.parts
        ]
        return sorted(found, key=self._order)

    def _order(self, area: Area) -> tuple[bool, bool, float]:
        value = area.figure.value or 0
        return (
            area.figure.value is None,
            area.figure.is_small,
            value if self.measure.direction == "up" else -value,
        )

    def _shade(self, one: Figure) -> str:
        if one.value is None:
            return "none"
        if one.is_small:
            return "small"
        if self.measure.thresholds:
            return one.tone or "near"
        return f"step-{sum(one.value >= limit for limit in self._limits) + 1}"

    def legend(self) -> list[Shade]:
        """What each shade says, in words and numbers, and how many places have it."""
        shades = [self._shade(one) for one in self._figures.values()]
        said = self._targets() if self.measure.thresholds else self._steps()
        unshaded = [("small", f"样本少（不足 {SMALL} 件），只看件数"), ("none", "无数据")]
        every = [*said, *(one for one in unshaded if one[0] in shades)]
        return [Shade(name, words, shades.count(name)) for name, words in every]

    def _targets(self) -> list[tuple[str, str]]:
        assert self.measure.thresholds
        (good, bad), unit = self.measure.thresholds, self.measure.unit
        low, high = sorted((good, bad))
        reached, missed = (f"{good:g}{unit} 及以上", f"低于 {bad:g}{unit}")
        if self.measure.direction == "down":
            reached, missed = f"{good:g}{unit} 及以下", f"高于 {bad:g}{unit}"
        return [
            ("good", f"达标，{reached}"),
            ("near", f"接近，{low:g}–{high:g}{unit}"),
            ("bad", f"未达标，{missed}"),
        ]

    def _steps(self) -> list[tuple[str, str]]:
        limits = [self._said(one) for one in self._limits]
        if not limits:
            return [("step-1", "有数")]
        between = [f"{one} 至不足 {other}" for one, other in pairwise(limits)]
        words = [f"不足 {limits[0]}", *between, f"{limits[-1]}及以上"]
        return [(f"step-{number}", one) for number, one in enumerate(words, 1)]

    def _said(self, limit: float) -> str:
        number = f"{limit:,.1f}" if self.measure.is_ratio else f"{limit:,.0f}"
        return f"{number}%" if self.measure.unit == "%" else f"{number} {self.measure.unit}"

    def crowd(self) -> list[int]:
        """Areas that hold most of what is counted, the fullest first: the map opens where the cases are."""
        weights = {
            pk: (one.denominator if self.measure.is_ratio else one.numerator) or 0
            for pk, one in self._figures.items()
        }
        sorted_pks, passed, found = sorted(weights, key=lambda pk: -weights[pk]), 0.0, []
        for pk in sorted_pks:
            if weights[pk] <= 0 or passed >= CROWD * sum(max(one, 0) for one in weights.values()):
                break
            passed += weights[pk]
            found.append(pk)
        return found


def _community_of(chosen: Chosen) -> Place:
    """A grid is shown among those of its community."""
    place = chosen.place
    return chosen.places.by_pk[place.parent or 0] if place.dimension == GRID else place


def _limits(measure: Measure, every: list[Figure]) -> list[float]:
    """Where one step ends and the next begins, so that about as many areas are in each; of a rate, one digit."""
    if measure.thresholds:
        return []
    counted = [one for one in every if one.value is not None and not one.is_small]
    # Most places may have none of it: those are in the first step, however many they are.
    values = sorted(one.value for one in counted if one.value or measure.is_ratio)
    digits = 1 if measure.is_ratio else 0
    found = (
        {round(values[len(values) * number // STEPS], digits) for number in range(1, STEPS)}
        if values
        else set()
    )
    return sorted(one for one in found if values[0] < one)
