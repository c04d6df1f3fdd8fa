"""A measure on the map: figures of streets, communities or grids, and the steps by which areas are shaded."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from appraisal.catalogue import Measure
from appraisal.counting import By, Counts, counts
from appraisal.figures import SMALL, Figure, figure
from appraisal.periods import Period
from appraisal.stocks import counts_now
from dashboard.filters import Chosen
from dashboard.places import GRID, Place
from governance.models import Level
from grid.models import Grid

LEVELS = {"street": "街道", "community": "社区", GRID: "网格"}
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
    list_url: str


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
        pks, by = [one.pk for one in self.parts], BY[level]
        of = chosen.slice if level != GRID else _community_of(chosen)
        found: dict[tuple[int, Any], Counts]
        if measure.is_now:
            found = {(shown, pk): one for pk, one in counts_now(measure.counters, of, now, by, pks).items()}
        else:
            found = counts(measure.counters, periods, of, by, pks)
        self._figures = {pk: figure(measure, found.get((shown, pk))) for pk in pks}
        self.whole = figure(measure, together(measure, (found.get((shown, pk), {}) for pk in pks)))
        every = [figure(measure, one) for one in found.values()]
        self._limits = _limits(measure, every)

    def areas(self) -> list[Area]:
        """Places with their figures: the worst, or the most, first; small bases behind, and those without data last."""
        chosen, key = self.chosen, self.measure.key
        days = {"period": None, "begin": self.period.begin.isoformat(), "until": self.period.end.isoformat()}
        when = {} if self.measure.is_now or self.period == chosen.period else days
        found = []
        for place in self.parts:
            one, where = self._figures[place.pk], chosen.at(place) | when
            url = chosen.counted(key, **where) if one.numerator else ""
            found.append(Area(place, one, self._shade(one), chosen.address("board", **where), url))
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


def _community_of(chosen: Chosen) -> Any:
    """A grid is shown among those of its community."""
    if chosen.place.dimension == GRID:
        return replace(chosen.slice, dimension="community", place=chosen.place.parent)
    return chosen.slice


def together(measure: Measure, some: Iterable[Counts]) -> Counts:
    """Counts of several groups as one."""
    groups = list(some)
    return {name: sum(one.get(name, 0) for one in groups) for name in measure.counters}


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
