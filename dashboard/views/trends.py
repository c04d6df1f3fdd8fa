"""Trends: reported, closed and a rate over time, six steps, open cases by age, hours, categories that grow, peers."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from appraisal.catalogue import Group, Measure, grouped, measures
from cases.models import Category
from dashboard.cells import AGES, LATENESS, ageing
from dashboard.filters import Chosen, PageWords
from dashboard.frame import of_a_place, of_place
from dashboard.peers import peers
from dashboard.places import UNIT
from dashboard.points import count
from dashboard.trends import REACHED, STEPS, Trends, growth, heat, step_of

ALWAYS = ("reported", "closed")
USUAL, USUAL_OF_UNITS = "closed_in_time_rate", "handling_in_time_rate"


class TrendWords(PageWords):
    """Which measure, and how the period is cut."""

    measure = forms.CharField(required=False)
    step = forms.CharField(required=False)


@of_a_place
def trends(request: HttpRequest, found: Chosen) -> HttpResponse:
    """What became of a place over the period."""
    today = timezone.localdate()
    measure = _measure(request.GET.get("measure", ""), found)
    step = step_of(found.period, request.GET.get("step", ""))
    shown = [measures()[key] for key in ALWAYS if key != measure.key] + [measure]
    over_time = Trends(found, [*shown, *(measures()[key] for key in REACHED.values())], step, today)
    category = found.words.get("category")
    kept = TrendWords(request.GET).given
    context = of_place(found) | {
        "tab_name": "trends",
        "heading": "趋势",
        "kept": kept,
        "measure": measure,
        "groups": choices(measures()),
        "step": step,
        "steps": STEPS,
        "labels": over_time.labels(),
        "lines": [(one, over_time.lines(one)) for one in shown],
        "funnel": over_time.funnel(),
        "days": heat(found),
        "growth": None if category else growth(found),
        "peers": peers(found, measure, today),
        "category": category and Category.objects.filter(pk=category).first(),
    }
    context["bands"] = _ageing(found, context["now"])
    return render(request, "dashboard/trends.html", context)


def _measure(key: str, found: Chosen) -> Measure:
    """The measure that an address names; of an unknown one, or one without data, the usual one."""
    usual = USUAL_OF_UNITS if found.place.dimension == UNIT else USUAL
    named = measures().get(key)
    return measures()[usual] if named is None or named.lacks else named


def choices(known: dict[str, Measure]) -> list[Group]:
    """Measures to choose from, by topic; those without data are left out."""
    found = [
        Group(one.label, [m for m in one.measures if m.key in known and not m.lacks]) for one in grouped()
    ]
    return [one for one in found if one.measures]


def _ageing(found: Chosen, now: Any) -> list[dict[str, Any]]:
    numbers = ageing(found.slice, now)
    if not numbers:
        return []
    return [
        {
            "name": age.label,
            "points": [
                count(
                    numbers.get((age.key, late.value), 0),
                    found.counted("open_now", age=age.key, lateness=late.value),
                )
                for late in LATENESS
            ],
        }
        for age in AGES
    ]
