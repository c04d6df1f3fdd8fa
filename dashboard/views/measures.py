"""Behind every number: the catalogue of measures, and the list that a number counts."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.catalogue import Measure, counters, every_measure, grouped, stocks
from appraisal.formulas import Formula
from appraisal.listing import listed
from appraisal.stocks import rows_of
from dashboard.cells import Cell
from dashboard.figures import Figures
from dashboard.filters import Chosen
from dashboard.frame import frame
from governance import modules

PAGE = 50
#: Pages beyond are asked for by nobody who reads.
LAST_PAGE = 100_000


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


@login_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All measures by topic, with their value for the chosen place and period."""
    context = frame(request, "measures", "指标")
    figures = Figures(context["chosen"], every_measure(), now=context["now"])
    groups = [
        (group.label, [(one, figures.of(one), figures.change(one)) for one in group.measures])
        for group in grouped()
    ]
    return render(request, "dashboard/measures/catalogue.html", context | {"groups": groups})


@login_required
@require_safe
def counted(request: HttpRequest) -> HttpResponse:
    """The list that a number counts: as many lines as the number says, or all that it is computed from."""
    measure = measure_of(request.GET.get("measure", ""))
    context = frame(request, "measures", measure.label)
    found: Chosen = context["chosen"]
    alternative = found.alternatives.get(measure.key, "") if measure.alternatives else ""
    part = part_of(measure, request.GET.get("part", "numerator"), alternative)
    if part is None or not part.formula.counters:
        raise Http404("这个数没有这样的清单。")
    page = _page(request.GET.get("page"))
    cell = Cell.named(request.GET)
    number, lines = _lines(request, measure, part.formula.counters, found, (page - 1) * PAGE, cell)
    return render(
        request,
        "dashboard/measures/counted.html",
        context
        | {
            "measure": measure,
            "part": part,
            "cell": cell,
            "number": number,
            "lines": lines,
            "page": page,
            "pages": max(1, -(-number // PAGE)),
        },
    )


def measure_of(key: str) -> Measure:
    """The measure that an address names."""
    if key not in every_measure():
        raise Http404("没有这个指标。")
    return every_measure()[key]


def _page(text: str | None) -> int:
    return min(max(int(text[:6]), 1), LAST_PAGE) if text and text.isdecimal() else 1


def _lines(
    request: HttpRequest, measure: Measure, keys: frozenset[str], found: Chosen, first: int, cell: Cell
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows are counted, and a page of them with the records that they are part of."""
    if measure.is_now:
        number, subject, rows = _rows_now(keys, found, first, cell)
    else:
        subject = counters()[min(keys)].grain.subject
        _, number, some = listed(keys, found.period, found.slice, hour=cell.hour, first=first, most=PAGE)
        rows = [(row.record, counters()[row.counter].label, row.at) for row in some]
    shown = modules.shown(subject, request.user, list({pk for pk, *_ in rows}))
    return number, [{"record": shown.get(pk), "counter": label, "at": at} for pk, label, at in rows]


def _rows_now(
    keys: frozenset[str], found: Chosen, first: int, cell: Cell
) -> tuple[int, str, list[tuple[int, str, None]]]:
    """The same of how things stand now, one stock after the other."""
    now, number, rows = timezone.now(), 0, []
    for key in sorted(keys):
        stock = stocks()[key]
        records = cell.narrow(rows_of(stock, found.slice, now), now).order_by("-pk")
        skipped, length = max(0, first - number), records.count()
        number += length
        if len(rows) < PAGE and skipped < length:
            ids = records.values_list(stock.grain.record, flat=True)[skipped : skipped + PAGE - len(rows)]
            rows += [(pk, stock.label, None) for pk in ids]
    return number, stocks()[min(keys)].grain.subject, rows
