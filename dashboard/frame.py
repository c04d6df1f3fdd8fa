"""What the head of every page of the board shows: where, when, which page; one call for a view."""

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone

from dashboard.filters import BoardFilters, Chosen, chosen
from dashboard.places import GRID, Place, places_of

#: Pages of the board, as their tabs say: name of the address, words.
TABS = (("board", "总览"), ("measures", "指标"), ("warnings", "提示"))
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
    }


def frame(request: HttpRequest, tab: str, heading: str = "") -> dict[str, Any]:
    """The head of a page for whoever asks; raises ``Http404`` for who has no place to look at, or not that one."""
    places = places_of(request.user)
    if not places.roots:
        raise Http404(NO_DUTY)
    return of_place(chosen(BoardFilters(request.GET), places)) | {"tab_name": tab, "heading": heading}


def _way(found: Chosen) -> list[Place]:
    place = found.place
    if place.dimension != GRID:
        return found.places.way(place)
    return [*found.places.way(found.places.by_pk[place.parent or 0]), place]
