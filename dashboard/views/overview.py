"""The overview: five numbers, what breaks today by name, whom cases wait for, who is slow, the parts of the place, a map."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.catalogue import every_measure
from appraisal.counting import By, in_slice
from appraisal.grains import CASE
from cases.clocks import due_within
from cases.filters import SETTLED_DAYS, SETTLED_NAME, since
from cases.models import Case, Supervision
from cases.rows import with_row
from cases.waiting import ORDERED
from cases.workflow import Lateness
from dashboard.boards import Board, boards_of
from dashboard.boxes import box_of, territory_of
from dashboard.figures import Figures, by_of, card, cell
from dashboard.filters import BoardFilters, Chosen, chosen
from dashboard.frame import of_place
from dashboard.peers import Beside, beside
from dashboard.places import GRID, UNIT, Place, grids_of, places_of
from dashboard.views.warnings import warnings_of
from dashboard.waits import waited_for
from governance import modules
from governance.models import Organization, User
from governance.roles import Duty

#: Late cases and cases that are due today, named on the first screen.
LISTED = 5
UNITS, ORDERS = 8, 8
#: What a line of its lists names.
NAMED = ("category_name", "street_name", "community_name", "unit_name")
OUTSIDE = "网格以外"
REFRESH_SECONDS = 60
#: What the map can show: name, words, and how it is asked for.
MAP_SHOWS: dict[str, tuple[str, dict[str, str]]] = {
    "": ("在办", {}),
    "red": ("超期", {"lateness": Lateness.RED.value}),
    "settled": (f"近 {SETTLED_DAYS} 日办结", {"state": SETTLED_NAME}),
}


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The overview of a place in sight."""
    places = places_of(request.user)
    if not places.roots:
        return render(request, "dashboard/no_duty.html", {"wall": False})
    found = chosen(BoardFilters(request.GET), places)
    shown, offered = _board_of(request, found)
    context = overview(request.user, found, shown, request.GET.get("show", ""))
    context["boards"] = offered if len(offered) > 1 else []
    return render(request, "dashboard/board.html", context)


def _board_of(request: HttpRequest, found: Chosen) -> tuple[Board, list[Board]]:
    """The board that an address asks for, the own one where it asks for none, and those that are offered."""
    offered = boards_of(request.user, found.place.dimension)
    return next((one for one in offered if one.name == request.GET.get("board")), offered[0]), offered


def overview(user: User, found: Chosen, shown: Board, show: str, *, wall: bool = False) -> dict[str, Any]:
    """What an overview shows to a person, or of a person's scope on a wall: there without words of people or links."""
    head = of_place(found, wall=wall)
    now, place = head["now"], found.place
    parts = [] if wall else _parts(found)
    figures = Figures(
        found, shown.keys if parts else shown.five, now=now, parts=parts, by=by_of(place) if parts else By.ALL
    )
    late, due = _breaks(user, found, wall, now)
    return {
        **head,
        "tab_name": "board",
        "refresh": REFRESH_SECONDS,
        "board": shown,
        "cards": [card(figures, key) for key in shown.five],
        "late": late,
        "due": due,
        "waits": [] if wall else waited_for(user, found.slice),
        "units": [] if wall or place.dimension == UNIT else _units(user, found, shown, now),
        "unit_columns": [figures.measures[key] for key in shown.units],
        "columns": [figures.measures[key] for key in shown.parts],
        "parts": _table(figures, shown, parts),
        "below": parts[0].label if parts else "",
        "can_order": user.authority.has(Duty.LEAD),
        "makes_walls": user.authority.has(Duty.LEAD),
        **_map(found, show if show in MAP_SHOWS else "", wall),
    }


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What comes after the overview, or as a page without scripts.

    Warnings of the place, its five numbers beside those of its peers, what waits for the leader, numbers that other
    modules count.
    """
    now, places = timezone.now(), places_of(request.user)
    found = chosen(BoardFilters(request.GET), places) if places.roots else None
    place = found and found.place
    context = {
        "wall": False,
        "place": place,
        "chosen": found,
        "warnings": warnings_of(place, now) if place else [],
        "beside": _beside_peers(request, found, now) if found else None,
        "orders": _orders(request.user),
        "module_figures": modules.figures(request.user, now),
    }
    return render(request, "dashboard/_mine.html" if request.htmx else "dashboard/mine.html", context)


def _beside_peers(request: HttpRequest, found: Chosen, now: dt.datetime) -> Beside | None:
    shown = _board_of(request, found)[0]
    return beside(found, [every_measure()[key] for key in shown.five], timezone.localdate(now))


# The tables --------------------------------------------------------------------------------------------------------


def _parts(found: Chosen) -> list[Place]:
    return grids_of(found.place) if found.place.below == GRID else found.places.children(found.place)


def _table(figures: Figures, shown: Board, parts: list[Place]) -> list[dict[str, Any]]:
    """One line a part, the one with most late cases first."""
    lines = [
        {
            "name": part.name,
            "url": figures.chosen.address("board", **figures.chosen.at(part)),
            "cells": [cell(figures, key, part) for key in shown.parts],
        }
        for part in parts
    ]
    return sorted(lines, key=lambda line: [-(one["figure"].value or 0) for one in line["cells"][1::-1]])


def _units(user: User, found: Chosen, shown: Board, now: dt.datetime) -> list[dict[str, Any]]:
    """Units that handle cases of the place, the slow ones first: most late cases, then the lower rate."""
    figures = Figures(found, shown.units, now=now, by=By.UNIT)
    pks = figures.parts()
    known = found.places.by_pk
    names = {pk: known[pk].name for pk in pks if pk in known}
    if missing := pks - names.keys():
        names |= dict(Organization.objects.filter(pk__in=missing).values_list("pk", "name"))
    rate, overdue = figures.measures["handling_in_time_rate"], figures.measures["overdue_handling_now"]

    def slowness(pk: int) -> tuple[float, float]:
        value = figures.of(rate, pk)
        return -(
            figures.of(overdue, pk).value or 0
        ), 101 if value.is_small or value.value is None else value.value

    lines = []
    for pk in sorted(pks, key=slowness)[:UNITS]:
        unit = Place(pk, names[pk], UNIT, 0, None, "")
        is_own = pk in known and known[pk].dimension == UNIT
        lines.append(
            {
                "name": unit.name,
                "url": found.address("board", place=pk, unit=None)
                if is_own
                else found.address("board", unit=pk),
                "cells": [cell(figures, key, unit) for key in shown.units],
            }
        )
    return lines


# Lists -------------------------------------------------------------------------------------------------------------


def _breaks(user: User, found: Chosen, wall: bool, now: dt.datetime) -> tuple[list[Case], list[Case]]:
    """Open cases that are late, the longest first, and those that are due today; people's own words stay off the wall."""
    cases = in_slice(CASE, Case.objects.visible_to(user).open(), found.slice.within)
    has_order = Q(waits_for__contains=[ORDERED])
    late, ahead = (
        with_row(some.by_due_date().annotate(is_ordered=has_order), NAMED, characters=0 if wall else 100)[
            :LISTED
        ]
        for some in (
            cases.filter(due_at__lte=now),
            cases.filter(**due_within(now, since("today", now) + dt.timedelta(days=1))),
        )
    )
    named = sorted(late.union(ahead, all=True), key=lambda case: (case.due_at, case.pk))  # in one statement
    for case in named:
        where = (
            case.community_name or case.street_name or OUTSIDE,
            "" if wall else case.category_name,
            case.unit_name,
            "督办中" if case.is_ordered else "",
        )
        case.where = " · ".join(part for part in where if part)
    return [case for case in named if case.due_at <= now], [case for case in named if case.due_at > now]


def _orders(user: User) -> list[Supervision]:
    """Supervision orders that wait for this leader, for an answer or to be struck off after one; then the leader's own ones."""
    if not user.authority.has(Duty.LEAD):
        return []
    mine = Q(leader=user, replied_at=None) | Q(ordered_by=user, replied_at__isnull=False)
    running = Supervision.objects.filter(mine | Q(ordered_by=user), accepted_at=None)
    running = running.annotate(waits_for_me=mine).order_by("-waits_for_me", "deadline", "pk")
    first = list(running.select_related("unit").only("case", "deadline", "replied_at", "unit__name")[:ORDERS])
    # Scope and names are asked for these few alone: in one statement they would be worked out for all.
    seen = with_row(
        Case.objects.visible_to(user).filter(pk__in=[order.case_id for order in first]), NAMED, characters=0
    )
    cases = {case.pk: case for case in seen} if first else {}
    orders = [order for order in first if order.case_id in cases]
    for order in orders:
        order.case = cases[order.case_id]
    return orders


# The map -----------------------------------------------------------------------------------------------------------


def map_words(found: Chosen) -> dict[str, Any]:
    """The filters of the map of cases for a territory."""
    words = {name: found.words[name] for name in ("loop", "kind", "source") if name in found.words}
    if found.place.dimension in ("street", "community"):
        words[found.place.dimension] = found.place.pk
    elif found.place.dimension == GRID:
        words["community"] = found.place.parent
    return words


def _map(found: Chosen, show: str, wall: bool) -> dict[str, Any]:
    place = found.place
    return {
        "map_is_shown": place.dimension != UNIT,
        "map_show": show,
        "map_shows": [(name, words) for name, (words, _) in MAP_SHOWS.items()],
        "map_query": "" if wall else urlencode(map_words(found) | MAP_SHOWS[show][1]),
        "map_cases_url": reverse("dashboard:wall_cases" if wall else "cases:map_cases"),
        "map_areas_url": reverse("dashboard:wall_areas" if wall else "cases:map_areas"),
        "map_base_url": reverse("dashboard:wall_base" if wall else "cases:map_base"),
        "map_box": "" if place.dimension == UNIT else box_of(place),
        "map_own": str(territory_of(place)),
    }
