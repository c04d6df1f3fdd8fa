"""Denominators that a district chose: cities define some measures differently, so the choice is dated and shown."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from appraisal.catalogue import Measure, every_measure, sections
from appraisal.formulas import Formula
from appraisal.models import DenominatorChoice
from appraisal.periods import DAY, Period


def choosable() -> dict[tuple[str, str], str]:
    """Measure and name of a denominator that can be chosen, the usual one without a name → its words."""
    found = {}
    for measure in every_measure().values():
        if measure.alternatives:
            found[measure.key, ""] = f"{measure.label}：{measure.denominator_words}（通常）"
            for one in measure.alternatives:
                found[measure.key, one.name] = f"{measure.label}：{one.label}"
    return found


def choices_of(path: str) -> dict[str, list[DenominatorChoice]]:
    """What was chosen for a place (its path through the tree), by measure, oldest first; in one statement."""
    codes = [code for code in path.split("/") if code]
    rows = DenominatorChoice.objects.filter(district__code__in=codes).select_related("district", "set_by")
    found: dict[str, list[DenominatorChoice]] = {}
    for row in rows.order_by("valid_from", "pk"):
        found.setdefault(row.measure, []).append(row)
    return found


def chosen_on(choices: Mapping[str, list[DenominatorChoice]], on: dt.date) -> dict[str, str]:
    """The denominator of each measure on a day, by name, where its district chose one."""
    return {
        measure: last.alternative
        for measure, rows in choices.items()
        if (last := _last(rows, on)) is not None
    }


def _last(rows: list[DenominatorChoice], on: dt.date) -> DenominatorChoice | None:
    return next((row for row in reversed(rows) if row.valid_from <= on), None)


@dataclass(frozen=True)
class Section:
    """A part of a period in which one definition held: a version, and the denominator that the district had chosen."""

    period: Period
    measure: Measure
    choice: DenominatorChoice | None = None

    @property
    def alternative(self) -> str:
        name = self.choice.alternative if self.choice else ""
        return name if name in self.measure.denominators else ""  # a later version may not have it

    @property
    def denominator(self) -> Formula | None:
        return self.measure.denominators.get(self.alternative)

    @property
    def denominator_words(self) -> str:
        """What the denominator is, in words."""
        other = {one.name: one.words for one in self.measure.alternatives}
        return other.get(self.alternative, self.measure.denominator_words)

    @property
    def by_row(self) -> bool:
        other = {one.name: one.by_row for one in self.measure.alternatives}
        return other.get(self.alternative, self.measure.by_row)


def sections_of(key: str, period: Period, rows: list[DenominatorChoice]) -> list[Section]:
    """A period cut where the definition of a measure, or its chosen denominator, changed; oldest first."""
    found = []
    for part, measure in sections(key, period):
        begins = [part.begin, *(row.valid_from for row in rows if part.begin < row.valid_from <= part.end)]
        ends = [begin - DAY for begin in begins[1:]] + [part.end]
        for begin, end in zip(begins, ends, strict=True):
            found.append(Section(Period(begin, end), measure, _last(rows, begin)))
    return found
