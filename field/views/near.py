"""What is open around here: near where the phone is, or in the person's own grids where it does not say."""

import math
from dataclasses import dataclass

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cases.models import Case
from cases.rows import with_row
from cases.waiting import outdoors
from field.views.home import CARD, as_cards
from governance.models import User
from grid.models import GridDuty
from grid.tiles import metres_between

#: How far is looked, in metres; the phone says where it is to a kilometre, so it is looked a kilometre further.
WALK, ROUNDED = 1000, 1000
#: So many of the newest are looked at, and so many of the nearest shown.
LOOKED_AT, SHOWN = 300, 40


class PlaceForm(forms.Form):
    """Where the phone is, in degrees (WGS-84), rounded by it to a kilometre."""

    lon = forms.FloatField(min_value=-180, max_value=180)
    lat = forms.FloatField(min_value=-85, max_value=85)


def in_my_grids(user: User) -> QuerySet[Case]:
    """Whatever is open in the grids this person is on duty for."""
    grids = GridDuty.objects.current(timezone.localdate()).filter(user=user)
    return Case.objects.visible_to(user).open().filter(grid__in=grids.values("grid"))


@dataclass(frozen=True)
class Box:
    """West, south, east and north, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def __str__(self) -> str:
        return f"{self.west:.5f},{self.south:.5f},{self.east:.5f},{self.north:.5f}"


def box_around(longitude: float, latitude: float, metres: float) -> Box:
    """A box that reaches so many metres to each side of a position."""
    up = metres / 111_320
    right = up / math.cos(math.radians(latitude))
    return Box(longitude - right, latitude - up, longitude + right, latitude + up)


def box_of(cases: list[Case]) -> Box | None:
    """The box that holds some cases."""
    if not cases:
        return None
    longitudes, latitudes = [case.longitude for case in cases], [case.latitude for case in cases]
    edge = 0.002  # about 200 m
    return Box(min(longitudes) - edge, min(latitudes) - edge, max(longitudes) + edge, max(latitudes) + edge)


@login_required
def near(request: HttpRequest) -> HttpResponse:
    """Open cases on a map and as a list, the nearest first; the phone puts them in the order of its exact position."""
    user, form = request.user, PlaceForm(request.GET)
    mine = set(Case.objects.visible_to(user).open().filter(outdoors(user)).values_list("pk", flat=True))
    if form.is_valid():
        here = (form.cleaned_data["lon"], form.cleaned_data["lat"])
        rows = Case.objects.visible_to(user).open().near(*here, WALK + ROUNDED)
        cases = list(with_row(rows.order_by("-pk"), CARD, characters=100)[:LOOKED_AT])
        cases.sort(key=lambda case: metres_between(here, (case.longitude, case.latitude)))
        box: Box | None = box_around(*here, WALK)
    else:
        here, cases = None, list(with_row(in_my_grids(user).by_due_date(), CARD, characters=100)[:LOOKED_AT])
        box = box_of(cases)
    count, cases = len(cases), cases[:SHOWN]
    as_cards([case for case in cases if case.pk in mine], user, is_to_do=True)
    as_cards([case for case in cases if case.pk not in mine], user, is_to_do=False)
    context = {"cases": cases, "count": count, "most": LOOKED_AT, "box": box, "here": here, "walk": WALK}
    return render(request, "field/near.html", context)
