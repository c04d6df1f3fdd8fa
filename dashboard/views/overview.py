"""The board: at most five numbers, one map, one list; every number opens the list that it counts."""

import datetime as dt
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from cases.filters import SETTLED_DAYS, SETTLED_NAME, FilterField, narrow, places_in_sight
from cases.map import box_around
from cases.models import Case, Category, Supervision
from cases.rows import with_row
from cases.workflow import Lateness, loops_here
from dashboard.statistics import (
    CLOSED,
    Addresses,
    Overview,
    PlaceRow,
    cards,
    overview,
    per_cent,
    sorted_by_trouble,
)
from governance import modules
from governance.models import Level, User
from governance.roles import Duty

LISTED = 8
#: What a line of its lists names.
NAMED = ("category_name", "street_name", "unit_name")
OUTSIDE = "网格以外"
REFRESH_SECONDS = 60
#: What the map can show: name, words, and how it is asked for.
MAP_SHOWS: dict[str, tuple[str, dict[str, str]]] = {
    "": ("在办", {}),
    "red": ("超期", {"lateness": Lateness.RED.value}),
    "settled": (f"近 {SETTLED_DAYS} 日办结", {"state": SETTLED_NAME}),
}


class BoardForm(forms.Form):
    """What the whole board is narrowed to; the same names stand in the addresses of the desk's lists."""

    street = FilterField(label="街道", required=False)
    loop = FilterField(label="闭环", choices=[("", "全部闭环"), *loops_here()], required=False)
    kind = FilterField(label="类型", choices=[("", "全部类型"), *Category.Kind.choices], required=False)
    # It comes with an address and is not chosen from a list: a hundred choices would be made for nothing.
    community = forms.CharField(label="社区", required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, places: list[dict[str, Any]]) -> None:
        super().__init__(data)
        self.places = places
        streets = [(str(place["pk"]), place["name"]) for place in places if place["level"] == Level.STREET]
        self.fields["street"].choices = [("", "全部街道"), *streets]
        if len(streets) < 2:
            self.fields["street"].widget = forms.HiddenInput()
        self.communities = {str(place["pk"]) for place in places if place["level"] == Level.COMMUNITY}

    def clean_community(self) -> str:
        community = self.cleaned_data["community"]
        if community and community not in self.communities:
            raise forms.ValidationError("您看不到这个社区。")
        return community

    @property
    def chosen(self) -> dict[str, str]:
        """What was understood and narrows anything."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


def _lists(chosen: dict[str, str]) -> Addresses:
    """Addresses of the desk's lists under the filters of the board; a page has seventy of them."""
    desk = reverse("desk:list")

    def address(**filters: Any) -> str:
        return f"{desk}?{urlencode(chosen | filters)}"

    return address


def _nowhere(**filters: Any) -> str:
    return ""


@login_required
def board(request: HttpRequest) -> HttpResponse:
    """Overview of the viewer's scope, or of a part of it."""
    form = BoardForm(request.GET, places_in_sight(request.user))
    show = request.GET.get("show", "")
    return render(request, "dashboard/board.html", board_context(request.user, form, show))


def board_context(user: User, form: BoardForm, show: str, *, wall: bool = False) -> dict[str, Any]:
    """What a board shows to a person, or of a person's scope on a wall: there without words of people or links."""
    now, places = timezone.now(), form.places
    cases = narrow(Case.objects.visible_to(user), form.chosen, now)
    by = _level_below(form.chosen, places)
    address = _nowhere if wall else _lists(form.chosen)
    figures = overview(cases, by=by, now=now)
    return {
        "wall": wall,
        "now": now,
        "refresh": REFRESH_SECONDS,
        "form": form,
        "figures": figures,
        "place_name": place_name(form.chosen, places, user),
        "stats": cards(figures, form.chosen, address),
        "next_cases": _next(cases, wall, now),
        "due_url": address(queue="open", due="today"),
        "orders": [] if wall else _orders(user),
        "module_figures": [] if wall else modules.figures(user, now),
        "by": (Level.STREET if by == "street" else Level.COMMUNITY).label,
        "table": [] if wall else _table(figures, by, form.chosen, places, address),
        "own_place": next(iter(user.authority.territories), None),
        "makes_walls": user.authority.has(Duty.LEAD),
        **_map(form.chosen, show if show in MAP_SHOWS else "", user, wall),
    }


def _level_below(chosen: dict[str, str], places: list[dict[str, Any]]) -> str:
    """Streets while there are several of them in sight, else communities."""
    streets = [place for place in places if place["level"] == Level.STREET]
    return "community" if chosen.get("street") or chosen.get("community") or len(streets) < 2 else "street"


def place_name(chosen: dict[str, str], places: list[dict[str, Any]], user: User) -> str:
    """What the board is about."""
    narrowest = chosen.get("community") or chosen.get("street")
    names = [place["name"] for place in places if str(place["pk"]) == narrowest]
    return (
        names[0]
        if names
        else "、".join(dict.fromkeys(post.organization.name for post in user.authority.posts))
    )


# The table ---------------------------------------------------------------------------------------------------------


def _table(
    figures: Overview,
    by: str,
    chosen: dict[str, str],
    places: list[dict[str, Any]],
    address: Addresses,
) -> list[dict[str, Any]]:
    """One line a place, each number with the address of its list."""
    level = Level.STREET if by == "street" else Level.COMMUNITY
    named = {
        place["pk"]: place["name"]
        for place in places
        if place["level"] == level
        and (by == "street" or chosen.get("street") in (None, str(place["parent_id"])))
        and chosen.get("community") in (None, str(place["pk"]))
    }
    rows = [figures.rows.get(pk) or PlaceRow(pk) for pk in named]
    rows += [row for pk, row in figures.rows.items() if pk not in named]
    lines = []
    for row in sorted_by_trouble(rows):
        line = _line(row, named.get(row.place, OUTSIDE), by, address)
        if row.place and by == "street":
            line["url"] = f"?{urlencode(chosen | {by: row.place})}"
        lines.append(line)
    return lines


def _line(row: PlaceRow, name: str, by: str, address: Addresses) -> dict[str, Any]:
    closed, line = row.closed, {"name": name, "rate": per_cent(row.closed.in_time_rate)}
    cells = {
        "open": (row.open, {"queue": "open"}),
        "overdue": (row.overdue, {"queue": "open", "lateness": "red"}),
        "closed": (closed.n, CLOSED),
        "in_time": (closed.in_time, CLOSED | {"was_late": "no"}),
    }
    for cell, (number, filters) in cells.items():
        url = address(**filters, **{by: row.place}) if row.place and number else ""
        line[cell] = {"number": number, "url": url}
    return line


# Map and lists ----------------------------------------------------------------------------------------------------


def _map(chosen: dict[str, str], show: str, user: User, wall: bool) -> dict[str, Any]:
    own = [int(chosen["community"])] if chosen.get("community") else _own_places(chosen, user)
    box = _box(tuple(sorted(own)))
    return {
        "map_show": show,
        "map_shows": [(name, words) for name, (words, _) in MAP_SHOWS.items()],
        "map_query": "" if wall else urlencode(chosen | MAP_SHOWS[show][1]),
        "map_cases_url": reverse("dashboard:wall_cases" if wall else "cases:map_cases"),
        "map_areas_url": reverse("dashboard:wall_areas" if wall else "cases:map_areas"),
        "map_box": box,
        "map_own": ",".join(str(pk) for pk in own),
        "tianditu": settings.TIANDITU_KEY,
    }


@lru_cache(maxsize=512)
def _outlined(places: tuple[int, ...]) -> str:
    box = box_around(list(places))
    if box is None:
        raise LookupError  # not kept: the outlines may be imported later
    return ",".join(f"{degrees:.5f}" for degrees in box)


def _box(places: tuple[int, ...]) -> str:
    """Where the map begins: outlines change with a reform of the divisions, and it only opens there."""
    try:
        return _outlined(places)
    except LookupError:
        return ""


def _own_places(chosen: dict[str, str], user: User) -> list[int]:
    """The territories that the map is about: the chosen street, or those of the viewer's posts."""
    if chosen.get("street"):
        return [int(chosen["street"])]
    return list(
        {
            post.organization.parent_id if post.organization.function else post.organization_id
            for post in user.authority.posts
        }
    )


def _next(cases: QuerySet[Case], wall: bool, now: dt.datetime) -> list[Case]:
    """What is due next and is not late yet; people's own words stay off the wall."""
    ahead = cases.open().filter(due_at__gt=now).by_due_date()
    listed = list(with_row(ahead, NAMED, characters=0 if wall else 100)[:LISTED])
    for case in listed:
        parts = [case.street_name or OUTSIDE, "" if wall else case.category_name, case.unit_name]
        case.where = " · ".join(part for part in parts if part)
    return listed


def _orders(user: User) -> list[Supervision]:
    """Supervision orders that wait for this leader: for an answer, or to be struck off after one."""
    if not user.authority.has(Duty.LEAD):
        return []
    mine = Q(leader=user, replied_at=None) | Q(ordered_by=user, replied_at__isnull=False)
    waiting = (
        Supervision.objects.filter(mine, accepted_at=None).order_by("deadline", "pk").select_related("unit")
    )
    first = list(waiting.only("case", "deadline", "replied_at", "unit__name")[:LISTED])
    # Scope and names are asked for these few alone: in one statement they would be worked out for all.
    seen = with_row(
        Case.objects.visible_to(user).filter(pk__in=[order.case_id for order in first]), NAMED, characters=0
    )
    cases = {case.pk: case for case in seen} if first else {}
    orders = [order for order in first if order.case_id in cases]
    for order in orders:
        order.case = cases[order.case_id]
    return orders
