"""The passport of a number: what it says, how it is counted, and whether a recount agrees."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appraisal.catalogue import Measure, counters
from appraisal.counting import counts, lag
from appraisal.denominators import choices_of, sections_of
from appraisal.figures import figure
from appraisal.models import Tallied
from appraisal.recounting import AT_ONCE, recount_at_once
from dashboard.counted import measure_of, part_of
from dashboard.figures import Figures
from dashboard.filters import Chosen
from dashboard.frame import frame


@login_required
@require_safe
def passport(request: HttpRequest, key: str) -> HttpResponse:
    """What a number says, how it is counted, and what it leaves out."""
    measure = measure_of(key)
    context = frame(request, "measures", measure.label)
    found: Chosen = context["chosen"]
    figures = Figures(found, [key, *measure.beside], now=context["now"])
    known = figures.measures
    return render(
        request,
        "dashboard/measures/passport.html",
        context
        | {
            "measure": measure,
            "figure": figures.of(measure),
            "change": figures.change(measure),
            "denominator": part_of(measure, "denominator", figures.alternatives.get(key, "")),
            "beside": [(known[one], figures.of(known[one])) for one in measure.beside],
            "sections": [] if measure.is_now else _sections(measure, found),
            "counted_at": Tallied.objects.values_list("at", flat=True).first(),
            "waiting": lag(),
            "can_recount": not measure.is_now and bool(measure.counters),
            "recount": _recount(measure, found)
            if request.GET.get("recount") and not measure.is_now
            else None,
        },
    )


def _recount(measure: Measure, found: Chosen) -> dict[str, Any]:
    """What the events alone say of every counter of a measure, beside what the board says."""
    events = recount_at_once(measure.counters, found.period, found.slice)
    if events is None:
        return {"most": AT_ONCE}
    board = counts(measure.counters, [found.period], found.slice).get((0, None), {})
    lines = [
        {
            "label": counters()[key].label,
            "board": board.get(key, 0),
            "events": None if key in events.untold else events.counts.get((0, None), {}).get(key, 0),
        }
        for key in sorted(measure.counters)
    ]
    agrees = all(one["events"] in (None, one["board"]) for one in lines)
    return {"lines": lines, "agrees": agrees, "records": events.records, "events": events.events}


def _sections(measure: Measure, found: Chosen) -> list[dict[str, Any]]:
    """The parts of the period in which different definitions held, each with its own number; nothing where one did."""
    chosen = choices_of(found.place.path).get(measure.key, []) if measure.alternatives else []
    parts = sections_of(measure.key, found.period, chosen)
    if len(parts) < 2 and not any(one.choice for one in parts):
        return []
    keys = {key for one in parts for key in one.measure.counters}
    sums = counts(keys, [one.period for one in parts], found.slice)
    return [
        {"section": one, "figure": figure(one.measure, sums.get((number, None)), one.alternative)}
        for number, one in enumerate(parts)
    ]
