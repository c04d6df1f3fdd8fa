"""The catalogue of measures."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appraisal.catalogue import every_measure, grouped
from dashboard.figures import Figures
from dashboard.frame import frame


@login_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All measures by topic, with their value for the chosen place and period."""
    context = frame(request, "measures", "指标")
    figures = Figures(context["chosen"], every_measure(), now=context["now"])
    groups = [(group.label, [(one, figures.of(one)) for one in group.measures]) for group in grouped()]
    return render(request, "dashboard/measures/catalogue.html", context | {"groups": groups})
