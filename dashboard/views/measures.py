"""Behind every number: the catalogue of measures, the passport of one, and the list that a number counts."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.catalogue import Measure, counters, every_measure, grouped, stocks
from appraisal.listing import listed
from appraisal.stocks import rows_of
from cases.models import Case
from cases.rows import with_row
from dashboard.figures import Figures
from dashboard.filters import Chosen
from dashboard.frame import frame

PAGE = 50


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
def passport(request: HttpRequest, key: str) -> HttpResponse:
    """What a number says, how it is counted, and what it leaves out."""
    measure = _measure(key)
    context = frame(request, "measures", measure.label)
    figures = Figures(context["chosen"], [key, *measure.beside], now=context["now"])
    return render(
        request,
        "dashboard/measures/passport.html",
        context
        | {
            "measure": measure,
            "figure": figures.of(measure),
            "change": figures.change(measure),
            "beside": [(every_measure()[one], figures.of(every_measure()[one])) for one in measure.beside],
        },
    )


@login_required
@require_safe
def counted(request: HttpRequest) -> HttpResponse:
    """The list that a number counts: as many lines as the number says."""
    measure = _measure(request.GET.get("measure", ""))
    context = frame(request, "measures", measure.label)
    found, part = context["chosen"], request.GET.get("part", "numerator")
    formula = measure.denominator if part == "denominator" else measure.numerator
    if formula is None or part not in ("numerator", "denominator"):
        raise Http404("这个数没有这样的清单。")
    page = _page(request.GET.get("page"))
    number, lines = _lines(request, measure, formula.counters, found, page)
    pages = max(1, -(-number // PAGE))
    words = measure.denominator_words if part == "denominator" else measure.numerator_words
    return render(
        request,
        "dashboard/measures/counted.html",
        context
        | {
            "measure": measure,
            "part": part,
            "words": words,
            "number": number,
            "lines": lines,
            "page": page,
            "pages": pages,
        },
    )


def _measure(key: str) -> Measure:
    if key not in every_measure():
        raise Http404("没有这个指标。")
    return every_measure()[key]


def _page(text: str | None) -> int:
    return max(int(text[:6]), 1) if text and text.isdecimal() else 1


def _lines(
    request: HttpRequest, measure: Measure, keys: frozenset[str], found: Chosen, page: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many things are counted, and a page of them with their cases."""
    first = (page - 1) * PAGE
    if measure.is_now:
        number, rows = 0, []
        for key in sorted(keys):
            stock = stocks()[key]
            records = rows_of(stock, found.slice, timezone.now()).order_by("-pk")
            number += records.count()
            ids = records.values_list(stock.grain.record, flat=True)[max(0, first - len(rows)) : first + PAGE]
            rows += [(pk, stock.label, None) for pk in ids]
        rows = rows[:PAGE]
    else:
        number, found_rows = listed(keys, found.period, found.slice, first=first, most=PAGE)
        rows = [(row.record, counters()[row.counter].label, row.at) for row in found_rows]
    cases = {
        case.pk: case
        for case in with_row(
            Case.objects.visible_to(request.user).filter(pk__in=[pk for pk, *_ in rows]), characters=60
        )
    }
    return number, [{"case": cases[pk], "counter": label, "at": at} for pk, label, at in rows if pk in cases]
