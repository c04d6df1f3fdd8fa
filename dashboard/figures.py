"""All figures of a page: those of the period in one statement for a place and its parts, those of now in one more."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from appraisal.adjusting import Adjusted, Excluded, adjusted, excluded, is_adjustable
from appraisal.catalogue import Measure, every_measure
from appraisal.counting import By, Counts, Group, counts
from appraisal.figures import Figure, difference
from appraisal.periods import Period
from appraisal.stocks import counts_now
from dashboard.filters import Chosen
from dashboard.places import GRID, Place

NOW, BEFORE, MORE = 0, 1, 2


@dataclass(frozen=True)
class Change:
    """How a figure differs from the earlier one, in words; ``look`` says whether that is good."""

    words: str
    way: str = ""
    look: str = "flat"


class Figures:
    """Figures of a place, of its parts and of units there, for some measures."""

    def __init__(
        self,
        chosen: Chosen,
        keys: Iterable[str],
        *,
        now: dt.datetime,
        parts: Iterable[Place] = (),
        by: By = By.ALL,
        more: Iterable[Period] = (),
    ) -> None:
        """``more`` periods are asked in the same statement; the first of them is number ``MORE``."""
        self.chosen = chosen
        self.by = by
        self._periods = [chosen.period, chosen.earlier, *more]
        self.measures = every_measure()
        wanted = [self.measures[key] for key in sorted(set(keys))]
        self._of_period = [one for one in wanted if not one.is_now]
        self._of_now = [one for one in wanted if one.is_now]
        own, below = chosen.place.pk, [one.pk for one in parts]
        # A territory and its parts are told apart in one statement; a community is not one of its grids.
        self._whole = own if by in (By.STREET, By.COMMUNITY) else None
        places = [own, *below] if self._whole else below
        self._counts = self._ask({name for one in self._of_period for name in one.counters}, by, places)
        self._now = self._ask_now({name for one in self._of_now for name in one.counters}, by, below, now)

    def _ask(self, keys: set[str], by: By, places: list[int]) -> dict[tuple[int, Group], Counts]:
        if not keys:
            return {}
        of, periods = self.chosen.slice, self._periods
        found = counts(keys, periods, of, by, places)
        return found | counts(keys, periods, of) if by == By.GRID else found

    def _ask_now(
        self, keys: set[str], by: By, places: list[int], now: dt.datetime
    ) -> dict[int | None, Counts]:
        if not keys:
            return {}
        found = counts_now(keys, self.chosen.slice, now, by, places)
        if by in (By.STREET, By.COMMUNITY, By.GRID):
            found[self._whole] = counts_now(keys, self.chosen.slice, now).get(None, {})
        return found

    def of(self, measure: Measure, part: int | None = None, *, period: int = NOW) -> Figure:
        """The figure of the place itself, or of a part."""
        group = self._whole if part is None else part
        found = self._now.get(group) if measure.is_now else self._counts.get((period, group))
        # Also the days before by the denominator of today: compared is what was counted in the same way.
        return self.chosen.figure(measure, found)

    def adjusted(self, measure: Measure) -> Adjusted | None:
        """The rate of the place itself without the cases that were excluded; None where it counts none of them."""
        if measure.is_now or not is_adjustable(measure):
            return None
        raw, left_out = self._counts.get((NOW, self._whole)), self._excluded
        return adjusted(measure, raw, left_out, self.chosen.alternative(measure)) if left_out else None

    @cached_property
    def _excluded(self) -> Excluded | None:
        """What excluded cases count of the place itself; asked for the first rate that shows it."""
        keys = {name for one in self._of_period if is_adjustable(one) for name in one.counters}
        return excluded(keys, self._periods[:1], self.chosen.slice).get((0, None))

    def change(self, measure: Measure, part: int | None = None) -> Change | None:
        """What became of it since the period that it is compared with; of now, and of a small base, there is none."""
        if measure.is_now:
            return None
        words, now = self.chosen.compared_words, self.of(measure, part)
        if now.is_small:  # said once, beside the number
            return None
        before = self.of(measure, part, period=BEFORE)
        points = difference(now, before)
        if points is None:
            return Change("样本少，不比较" if before.is_small else f"{words}无数据")
        if not round(points, 1):
            return Change(f"与{words}持平")
        way = "up" if points > 0 else "down"
        shown = f"{abs(points):.1f} 点" if measure.is_ratio else f"{abs(points):,.0f}"
        look = "flat" if measure.direction == "none" else "good" if way == measure.direction else "bad"
        return Change(f"比{words}{'升' if points > 0 else '降'} {shown}", way, look)

    def parts(self) -> set[int]:
        """Parts that anything was counted of."""
        found = {group for _, group in self._counts} | set(self._now)
        return {group for group in found if isinstance(group, int) and group != self._whole}


def card(figures: Figures, key: str) -> dict[str, Any]:
    """A number as a card shows it: with its denominator, its change, and the addresses behind each."""
    measure, chosen = figures.measures[key], figures.chosen
    found = figures.of(measure)
    change = figures.change(measure)
    return {
        "measure": measure,
        "figure": found,
        "change": change,
        "url": chosen.counted(key) if found.numerator else "",
        "denominator_url": chosen.counted(key, "denominator") if found.denominator else "",
        "passport_url": chosen.address("measure", key),
        "adjusted": figures.adjusted(measure),
        "excluded_url": chosen.address("exclusions", measure=key),
    }


def cell(figures: Figures, key: str, part: Place) -> dict[str, Any]:
    """The same in a table."""
    measure, chosen = figures.measures[key], figures.chosen
    found = figures.of(measure, part.pk)
    where = {"unit": part.pk} if figures.by == By.UNIT else chosen.at(part)
    return {
        "measure": measure,
        "figure": found,
        "change": figures.change(measure, part.pk) if measure.is_ratio else None,
        "url": chosen.counted(key, **where) if found.numerator else "",
        "denominator_url": chosen.counted(key, "denominator", **where) if found.denominator else "",
    }


def by_of(place: Place) -> By:
    """How the parts of a place are told apart."""
    return {"street": By.STREET, "community": By.COMMUNITY, GRID: By.GRID}.get(place.below, By.ALL)
