"""Warnings of places: what is far above the usual, how often such a warning came true, and what people thought of it."""

import datetime as dt
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from appraisal.listing import listed
from appraisal.models import Looked, PlaceWarning
from appraisal.models.looks import PlaceWarningQuerySet
from appraisal.numbers import number
from appraisal.periods import DAY, Period
from appraisal.slices import Slice
from appraisal.warnings import MOST_CHARACTERS, STRENGTH, dismiss, in_words, past_in_words, why_not_dismiss
from dashboard.looks import cases_of, look_at, may_order
from dashboard.paging import paged
from dashboard.places import DIMENSIONS, Place
from governance.models import Level, User
from records.keyed import KeyedForm, shown_again
from records.refusals import Refused

SHOWS = {"current": "当前提示", "past": "以往提示", "dismissed": "不再提示的"}
#: Cases of a warning on its page; a card names so many warnings.
LISTED, NAMED = 50, 3


def warnings_of(place: Place, now: dt.datetime, most: int = NAMED) -> list[PlaceWarning]:
    """The strongest warnings of today of a territory and its parts, with their words; one statement, none for units and grids."""
    if place.dimension not in DIMENSIONS.values():
        return []
    today = timezone.localdate(now)
    found = PlaceWarning.objects.below(place.path).current(_since(today)).with_past()
    return _with_words(list(found.select_related("place", "category").order_by(STRENGTH, "pk")[:most]), today)


def _since(today: dt.date) -> dt.date:
    """Warnings of weeks that ended after this day are current."""
    return today - (number("warning_shown") + 1) * DAY


def _with_words(warnings: list[PlaceWarning], today: dt.date) -> list[PlaceWarning]:
    for one in warnings:
        one.words, one.past_words = in_words(one, today), past_in_words(one)
    return warnings


class DismissalForm(KeyedForm):
    """Why a warning is taken off the boards; sent twice it is done once by itself (``appraisal.warnings.dismiss``)."""

    reason = forms.CharField(
        label="理由",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明理由。"},
    )


def _visible(user: User) -> PlaceWarningQuerySet:
    found = PlaceWarning.objects.visible_to(user).with_past()
    return found.select_related("place", "category", "dismissed_by")


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Warnings of a place in sight and of its parts."""
    look = look_at(request, Looked.What.WARNINGS, SHOWS)
    if look is None:
        return render(request, "dashboard/no_territory.html", {"wall": False})
    today = timezone.localdate()
    rows = _visible(request.user).below(look.place.path)
    if look.show == "dismissed":
        rows = rows.exclude(dismissed_at=None).order_by("-dismissed_at", "-pk")
    elif look.show == "past":
        rows = rows.filter(day__lte=_since(today)).order_by("-day", "-pk")
    else:
        rows = rows.current(_since(today)).order_by(STRENGTH, "pk")
    found = paged(request, rows)
    _with_words(found.rows, today)
    return render(request, "dashboard/warnings.html", look.context | {"paged": found})


def _one(request: HttpRequest, warning: PlaceWarning, form: DismissalForm) -> HttpResponse:
    """The page of a warning: its numbers, the cases that it counts, and what a person thinks of it."""
    user = request.user
    dimension = DIMENSIONS[Level(warning.level)]
    of = Slice(dimension, warning.place_id, category=warning.category_id)
    counted, _, rows = listed(["reported"], Period(warning.first_day, warning.day), of, most=LISTED)
    cases = cases_of(user, [row.record for row in rows])
    _with_words([warning], timezone.localdate())
    context = {
        "wall": False,
        "warning": warning,
        "spreads": number("warning_spreads"),
        "counted": counted,
        "list_url": _list_of(warning),
        "cases": [cases[row.record] for row in rows if row.record in cases],
        "can_order": may_order(user),
        "form": form if why_not_dismiss(warning, user) is None else None,
    }
    return render(request, "dashboard/warning.html", context)


def _list_of(warning: PlaceWarning) -> str:
    """The address of the list that the warning counts, among those of measures."""
    words = {
        "measure": "reported",
        "part": "numerator",
        "place": warning.place_id,
        "category": warning.category_id,
        "begin": warning.first_day,
        "until": warning.day,
    }
    return f"{reverse('dashboard:counted')}?{urlencode(words)}"


@login_required
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A warning with the cases behind it."""
    return _one(request, get_object_or_404(_visible(request.user), pk=pk), DismissalForm())


@login_required
@require_POST
def dismiss_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a warning off the boards."""
    warning = get_object_or_404(_visible(request.user), pk=pk)
    if (refusal := why_not_dismiss(warning, request.user)) and refusal.status == 403:
        raise PermissionDenied(refusal.sentence)
    form = DismissalForm(request.POST)
    if form.is_valid():
        try:
            dismiss(pk, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except Refused as no:
            messages.error(request, no.sentence)
            form.refuse(no)
        else:
            messages.success(request, "已标为不再提示，结果仍会记录。")
            return redirect("dashboard:warning", pk)
    return shown_again(_one(request, warning, form), form)
