"""What the pages of nightly looks share: the place that a page is about, what it shows, and how far the look has come."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from appraisal.models import Looked
from appraisal.nightly import looked_until
from appraisal.numbers import Number, numbers
from appraisal.periods import DAY
from cases.filters import FilterField
from cases.models import Case
from cases.rows import with_row
from dashboard.filters import BoardFilters, Chosen, chosen
from dashboard.frame import of_place
from dashboard.places import GRID, UNIT, Place, places_of
from governance.models import User
from governance.roles import Duty


class LookFilters(forms.Form):
    """The place, and which of the found things; open where there is anything to choose."""

    place = FilterField(label="地方", required=False)
    show = FilterField(label="显示", required=False)

    def __init__(self, data: Any, places: list[Place], shows: dict[str, str]) -> None:
        super().__init__(data)
        self.fields["place"].choices = [(str(one.pk), one.name) for one in places]
        self.fields["show"].choices = list(shows.items())
        self.is_open = len(places) > 1 or len(shows) > 1


@dataclass(frozen=True)
class Look:
    """What a page is about: one of the looks, a territory; ``until`` is the last day that was looked at."""

    what: Looked.What
    found: Chosen
    form: LookFilters
    show: str
    until: dt.date | None

    @property
    def place(self) -> Place:
        return self.found.place

    @property
    def is_behind(self) -> bool:
        """Whether a night was left out; the look is made in the early morning."""
        now = timezone.localtime()
        return self.until is not None and self.until < now.date() - (2 if now.hour < 4 else 1) * DAY

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """The three looks at the same place."""
        return [
            {
                "label": one.label,
                "url": self.found.address(one.value),
                "count": "",
                "current": one == self.what,
            }
            for one in _NUMBERED  # those with a page
        ]

    @property
    def others(self) -> dict[str, str]:
        """Words of the address that other pages of the board go by."""
        return {name: word for name, word in self.found.words.items() if name != "place"}

    @property
    def numbers(self) -> list[Number]:
        """The numbers of this look, with their sources."""
        return [one for name, one in numbers().items() if name.startswith(_NUMBERED[self.what])]

    @property
    def context(self) -> dict[str, Any]:
        """What the head of the page shows."""
        return of_place(self.found) | {"tab_name": "warnings", "look": self}


_NUMBERED = {Looked.What.WARNINGS: "warning_", Looked.What.REPEATS: "repeat_", Looked.What.MISSED: "missed_"}


def look_at(request: HttpRequest, what: Looked.What, shows: dict[str, str]) -> Look | None:
    """Read the filters of an address; None for whoever has no territory. Raises ``Http404`` for a place out of sight."""
    places = places_of(request.user)
    territories = [one for one in places.roots if one.dimension != UNIT]
    if not territories:
        return None
    found = chosen(BoardFilters(request.GET), places)
    place = found.place
    if place.dimension == GRID:
        place = places.by_pk[place.parent or 0]
    elif place.dimension == UNIT:
        place = territories[0]
    words = {name: word for name, word in found.words.items() if name not in ("grid", "unit", "place")}
    found = replace(found, place=place, words=words | {"place": str(place.pk)})
    offered = [*places.way(place), *places.children(place), *territories]
    show = request.GET.get("show", "")
    show = show if show in shows else next(iter(shows))
    form = LookFilters({"place": str(place.pk), "show": show}, list(dict.fromkeys(offered)), shows)
    return Look(what, found, form, show, looked_until(what))


def cases_of(user: User, ids: Iterable[int]) -> dict[int, Case]:
    """Rows of cases that a person may see, by id."""
    return {case.pk: case for case in with_row(Case.objects.visible_to(user).filter(pk__in=set(ids)))}


def may_order(user: User) -> bool:
    """Whether supervision is offered beside open cases; the case itself decides."""
    return user.authority.has(Duty.LEAD)
