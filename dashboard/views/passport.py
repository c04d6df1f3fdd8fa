"""The passport of a number: what it says, how it is counted, and whether a recount agrees."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from appraisal.adjusting import is_adjustable
from appraisal.catalogue import Measure
from appraisal.counting import counted_until, counts
from appraisal.denominators import sections_of
from appraisal.figures import figure
from appraisal.freshness import LastRecord, last_records
from appraisal.periods import DAY, Period
from cases.clocks import when
from dashboard.counted import measure_of, part_of
from dashboard.figures import MORE, Figures
from dashboard.filters import Chosen
from dashboard.frame import frame
from dashboard.points import point
from dashboard.recounts import ask_for, recount_context
from dashboard.trends import days_in_words
from governance.responses import refused as as_refused
from records.refusals import Refused

MONTHS = 12


@login_required
@require_safe
def passport(request: HttpRequest, key: str) -> HttpResponse:
    """What a number says, how it is counted, and what it leaves out."""
    return _page(request, key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recount(request: HttpRequest, key: str) -> HttpResponse:
    """How far a recount in the background has come; a POST asks for one."""
    measure = measure_of(key)
    context = frame(request, "measures", measure.label)
    found: Chosen = context["chosen"]
    if request.method == "POST":
        try:
            is_new, words = ask_for(measure, found, by=request.user, now=context["now"])
        except Refused as no:
            messages.error(request, no.sentence)
            return as_refused(_page(request, key), no)
        (messages.success if is_new else messages.info)(request, words)
    elif request.headers.get("HX-Request"):
        return render(request, "dashboard/measures/_recount.html", context | recount_context(measure, found))
    return redirect(f"{found.address('measure', key)}#recount")


def _page(request: HttpRequest, key: str) -> HttpResponse:
    measure = measure_of(key)
    context = frame(request, "measures", measure.label)
    found: Chosen = context["chosen"]
    months = [] if measure.is_now else months_until(min(found.period.end, timezone.localdate()))
    figures = Figures(found, [key, *measure.beside], now=context["now"], more=months)
    known = figures.measures
    counted_at, waiting = counted_until()
    return render(
        request,
        "dashboard/measures/passport.html",
        context
        | {
            "figure": figures.of(measure),
            "change": figures.change(measure),
            "adjusted": figures.adjusted(measure),
            "has_exclusions": is_adjustable(measure),
            "denominator": part_of(
                measure, "denominator", found.alternatives.get(key, "") if measure.alternatives else ""
            ),
            "beside": [(known[one], figures.of(known[one])) for one in measure.beside],
            "labels": [_month(one) for one in months],
            "points": [
                point(figures.of(measure, period=MORE + n), found.counted(key, **days_in_words(one)))
                for n, one in enumerate(months)
            ],
            "sources": None if measure.is_now else _sources(measure, found, context["now"]),
            "sections": [] if measure.is_now else _sections(measure, found),
            "counted_at": counted_at,
            "waiting": waiting,
            **recount_context(measure, found, at_once=bool(request.GET.get("recount"))),
        },
    )


def months_until(last: dt.date) -> list[Period]:
    """Twelve months, oldest first; the last one ends on a day."""
    found = [Period(last.replace(day=1), last)]
    while len(found) < MONTHS:
        end = found[0].begin - DAY
        found.insert(0, Period(end.replace(day=1), end))
    return found


def _month(days: Period) -> str:
    """2026-11, or 2026-11 至 18 日 where the month is not over."""
    is_whole = (days.end + DAY).day == 1
    return f"{days.begin:%Y-%m}" + ("" if is_whole else f" 至 {days.end.day} 日")


def _sources(measure: Measure, found: Chosen, now: dt.datetime) -> dict[str, Any]:
    """What delivered the records behind a number, the freshest first, each with its last record in words."""
    every, today = last_records(measure.counters, found.slice, now), timezone.localdate(now)
    return {
        "known": [(one.label, _ago(one, today)) for one in every if one.is_known],
        "never": [one.label for one in every if not one.is_known],
    }


def _ago(one: LastRecord, today: dt.date) -> str:
    day = one.day or today
    if day == today and one.at:
        return when(one.at)
    return f"{(today - day).days} 天前（{day:{'%m-%d' if day.year == today.year else '%Y-%m-%d'}}）"


def _sections(measure: Measure, found: Chosen) -> list[dict[str, Any]]:
    """The parts of the period in which different definitions held, each with its own number; nothing where one did."""
    chosen = found.choices.get(measure.key, []) if measure.alternatives else []
    parts = sections_of(measure.key, found.period, chosen)
    if len(parts) < 2 and not any(one.choice for one in parts):
        return []
    keys = {key for one in parts for key in one.measure.counters}
    sums = counts(keys, [one.period for one in parts], found.slice)
    return [
        {"section": one, "figure": figure(one.measure, sums.get((number, None)), one.alternative)}
        for number, one in enumerate(parts)
    ]
