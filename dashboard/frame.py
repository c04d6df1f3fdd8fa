"""What the head of every page of the board shows: where, when, which page; one call for a view."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.filters import BoardFilters, Chosen, chosen
from dashboard.places import GRID, Place, places_of

#: Pages of the board, as their tabs say: name of the address, words.
TABS = (("board", "总览"), ("trends", "趋势"), ("map", "地图"), ("measures", "指标"), ("warnings", "提示"))
NO_DUTY = "您的岗位没有要看的区域或单位。"


def of_place(found: Chosen, *, wall: bool = False) -> dict[str, Any]:
    """The head for what a page is about."""
    return {
        "wall": wall,
        "now": timezone.now(),
        "chosen": found,
        "place": found.place,
        "way": _way(found),
        "tabs": TABS,
        "tab_name": "",
        "heading": "",
        "boards": [],
        "board": None,
        "makes_walls": False,
        "map_show": "",
        "kept": {},
    }


def frame(request: HttpRequest, tab: str, heading: str = "") -> dict[str, Any]:
    """The head of a page for whoever asks; raises ``Http404`` for who has no place to look at, or not that one."""
    places = places_of(request.user)
    if not places.roots:
        raise Http404(NO_DUTY)
    return of_place(chosen(BoardFilters(request.GET), places)) | {"tab_name": tab, "heading": heading}


def of_a_place(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the board: ``view(request, chosen)``; who has no place to look at is told so."""

    @login_required
    @require_safe
    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        places = places_of(request.user)
        if not places.roots:
            return render(request, "dashboard/no_duty.html", {"wall": False})
        return view(request, chosen(BoardFilters(request.GET), places))

    return shown


def _way(found: Chosen) -> list[Place]:
    place = found.place
    if place.dimension != GRID:
        return found.places.way(place)
    return [*found.places.way(found.places.by_pk[place.parent or 0]), place]
