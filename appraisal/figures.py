"""Figures: a measure for some counts, with its denominator, and what may be said of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from appraisal.catalogue import Measure

#: A rate of fewer is shown by its counts: no colour, no rank, no change.
SMALL = 10


@dataclass(frozen=True)
class Figure:
    """``value`` is in the measure's unit, a rate in per cent; nothing where there is no denominator."""

    measure: Measure
    numerator: float | None
    denominator: float | None

    @property
    def value(self) -> float | None:
        if self.measure.lacks:
            return None
        if not self.measure.is_ratio:
            return self.numerator
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator * (100 if self.measure.unit == "%" else 1)

    @property
    def is_small(self) -> bool:
        return self.measure.is_ratio and bool(self.denominator) and (self.denominator or 0) < SMALL

    @property
    def shown(self) -> str:
        """The number as it is printed, without its unit; ``无数据`` where there is none."""
        if self.value is None:
            return "无数据"
        return f"{self.value:.1f}" if self.measure.is_ratio else f"{self.value:,.0f}"

    @property
    def words(self) -> str:
        """The number in a sentence: with its unit, of a small base its counts."""
        if self.is_small:
            return f"{self.numerator or 0:,.0f} / {self.denominator or 0:,.0f}"
        gap = "" if self.measure.unit == "%" else " "
        return self.shown if self.value is None else f"{self.shown}{gap}{self.measure.unit}"

    @property
    def tone(self) -> str:
        """good, bad or nothing, by the thresholds; a small base has no tone."""
        if self.value is None or self.is_small or self.measure.thresholds is None:
            return ""
        good, bad = self.measure.thresholds
        if self.measure.direction == "up":
            return "good" if self.value >= good else "bad" if self.value < bad else ""
        return "good" if self.value <= good else "bad" if self.value > bad else ""


def figure(measure: Measure, counts: Mapping[str, int] | None, alternative: str = "") -> Figure:
    """The figure of a measure for the counts of a group; no counts at all are counts of nothing.

    ``alternative`` names the denominator that the district has chosen (``denominators.chosen_on``).
    """
    known = dict.fromkeys(measure.counters, 0) | dict(counts or {})
    denominator = measure.denominators.get(alternative, measure.denominator)
    return Figure(measure, measure.numerator.value(known), denominator.value(known) if denominator else None)


def difference(now: Figure, before: Figure) -> float | None:
    """Points or pieces more than before; nothing where one of the two is missing or small."""
    if now.value is None or before.value is None or now.is_small or before.is_small:
        return None
    return now.value - before.value
