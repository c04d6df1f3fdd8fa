"""The list behind a number: every row that a part of a measure counts, with the record that it is part of."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import Http404

from appraisal.adjusting import Adjusted
from appraisal.catalogue import Measure, counters, every_measure, stocks
from appraisal.formulas import Formula
from appraisal.listing import Outside, listed
from appraisal.stocks import rows_of
from cases.models import Case, Category
from dashboard.cells import Cell
from dashboard.figures import Figures
from dashboard.filters import Chosen
from dashboard.shading import parts
from governance import modules
from governance.models import Organization, User

#: Records are looked up so many at a time.
AT_A_TIME = 1000


@dataclass(frozen=True)
class Part:
    """The numerator of a measure, or the denominator that is in use there: what it counts, in words."""

    formula: Formula
    words: str

    @property
    def is_number_of_rows(self) -> bool:
        """Whether the number is that of the rows: factors, differences and amounts are computed from them."""
        factors = self.formula.terms
        of_rows = all(not counters()[key].amount for key in self.formula.counters if key in counters())
        return factors is not None and set(factors.values()) == {1} and of_rows


def part_of(measure: Measure, name: str, alternative: str) -> Part | None:
    """A part of a measure by its name in an address; None for what has no such part."""
    if name == "numerator":
        return Part(measure.numerator, measure.numerator_words)
    if name != "denominator" or measure.denominator is None:
        return None
    for other in measure.alternatives:
        if other.name == alternative:
            return Part(other.denominator, other.words)
    return Part(measure.denominator, measure.denominator_words)


def measure_of(key: str) -> Measure:
    """The measure that an address names; raises ``Http404`` for none."""
    if key not in every_measure():
        raise Http404("没有这个指标。")
    return every_measure()[key]


class Row(NamedTuple):
    """A counted row: of which record, by which counter, when (to the hour; nothing of what stands now), how much it counts."""

    record: int
    counter: str
    at: dt.datetime | None
    amount: int


class Line(NamedTuple):
    """The same with the record as the viewer may see it: None out of sight."""

    record: modules.Shown | None
    counter: str
    at: dt.datetime | None
    amount: int


@dataclass(frozen=True)
class CountedList:
    """The rows that a part of a measure counts where and when the page is about, or as things stand now."""

    measure: Measure
    part: Part
    cell: Cell
    chosen: Chosen
    now: dt.datetime

    @classmethod
    def asked(cls, data: Mapping[str, str], chosen: Chosen, now: dt.datetime) -> "CountedList":
        """The list that an address asks for; raises ``Http404`` where there is none."""
        measure = measure_of(data.get("measure", ""))
        alternative = chosen.alternatives.get(measure.key, "") if measure.alternatives else ""
        part = part_of(measure, data.get("part", "numerator"), alternative)
        if part is None or not part.formula.counters:
            raise Http404("这个数没有这样的清单。")
        return cls(measure, part, Cell.named(data), chosen, now)

    @property
    def subject(self) -> str:
        """The kind of record that its rows are part of."""
        some = min(self.part.formula.counters)
        counter = stocks()[some] if self.measure.is_now else counters()[some]
        return counter.grain.subject

    @cached_property
    def narrowed(self) -> list[str]:
        """What the list is narrowed to beside place and period, in words: loop, kind, source, category, unit, cell."""
        chosen, found = self.chosen, list(self.chosen.narrowed_words)
        if category := chosen.slice.category:
            found += Category.objects.filter(pk=category).values_list("name", flat=True)
        if unit := chosen.slice.unit:
            found += Organization.objects.filter(pk=unit).values_list("name", flat=True)
        return [*found, self.cell.words] if self.cell.words else found

    @property
    def when(self) -> str:
        """The period in words."""
        return "此刻" if self.measure.is_now else self.chosen.period_words

    @property
    def adjusted(self) -> Adjusted | None:
        """The rate of the place and period without excluded cases, whatever cell of a picture the list is of."""
        return Figures(self.chosen, [self.measure.key], now=self.now).adjusted(self.measure)

    @cached_property
    def _outside(self) -> Outside | None:
        """What the rows lie in none of, where the list is narrowed to that."""
        level = self.cell.outside
        return (level, [one.pk for one in parts(self.chosen, level)]) if level else None

    def rows(self, first: int, most: int) -> tuple[int, list[Row]]:
        """How many rows there are, and some of them, the latest first; of open cases those that are due first."""
        if self.measure.is_now:
            return self._rows_now(first, most)
        keys, chosen = self.part.formula.counters, self.chosen
        narrowed: dict[str, Any] = {"hour": self.cell.hour, "outside": self._outside}
        _, number, some = listed(keys, chosen.period, chosen.slice, **narrowed, first=first, most=most)
        return number, [Row(one.record, counters()[one.counter].label, one.at, one.amount) for one in some]

    def _rows_now(self, first: int, most: int) -> tuple[int, list[Row]]:
        """The same of how things stand now, one stock after the other."""
        number, rows = 0, []
        for key in sorted(self.part.formula.counters):
            stock = stocks()[key]
            records = self.cell.narrow(rows_of(stock, self.chosen.slice, self.now), self.now)
            if self._outside is not None:
                name, places = self._outside
                records = records.filter(~Q(**{f"{stock.grain.dimensions[name]}__in": places}))
            records = records.by_due_date() if records.model is Case else records.order_by("-pk")
            skipped, length = max(0, first - number), records.count()
            number += length
            if len(rows) < most and skipped < length:
                ids = records.values_list(stock.grain.record, flat=True)[skipped : skipped + most - len(rows)]
                rows += [Row(pk, stock.label, None, 1) for pk in ids]
        return number, rows

    def lines(self, rows: list[Row], user: User) -> list[Line]:
        """Rows with what this person may see of their records."""
        ids = list({row.record for row in rows})
        shown: dict[int, Any] = {}
        for first in range(0, len(ids), AT_A_TIME):
            shown |= modules.shown(self.subject, user, ids[first : first + AT_A_TIME])
        return [Line(shown.get(row.record), row.counter, row.at, row.amount) for row in rows]
