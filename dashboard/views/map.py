"""The map: any measure by street, community or grid, or where cases were reported; month by month."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.catalogue import every_measure
from appraisal.periods import Period
from dashboard.boxes import box_of, territory_of
from dashboard.cells import PARTS
from dashboard.filters import NO_PLACE, BoardFilters, Chosen, PageWords, chosen
from dashboard.frame import of_a_place, of_place
from dashboard.heat import squares
from dashboard.places import UNIT, places_of
from dashboard.points import count, point
from dashboard.shading import BELOW, Shading, months
from dashboard.views.trends import USUAL, choices
from governance.responses import answers_json

SHADED, HEAT = "shade", "heat"
#: Squares count what was reported.
REPORTED = "reported"


class MapWords(PageWords):
    """Of which measure, by which level, how it is shown, which month."""

    measure = forms.CharField(required=False)
    level = forms.CharField(required=False)
    show = forms.CharField(required=False)
    month = forms.CharField(required=False)


class Asked:
    """What an address of the map asks: of which measure, by which level, for the whole period or one of its months."""

    def __init__(self, request: HttpRequest, found: Chosen) -> None:
        words = MapWords(request.GET)
        get, self.chosen, self.now = words.data, found, timezone.now()
        self.levels = BELOW.get(found.place.dimension, ())
        self.level = get["level"] if get.get("level") in self.levels else next(iter(self.levels), "")
        is_heat = get.get("show") == HEAT or found.place.dimension == UNIT
        self.show = HEAT if is_heat else SHADED
        named = every_measure().get(REPORTED if is_heat else get.get("measure", ""))
        self.measure = every_measure()[USUAL] if named is None or named.lacks else named
        self.months = months(found.period, timezone.localdate(self.now))
        self.month = next((one for one in self.months if _name(one) == get.get("month")), None)
        self.kept = words.given

    @property
    def period(self) -> Period:
        return self.month or self.chosen.period

    def shading(self) -> Shading:
        """Figures of the chosen period; those of the months beside it only where one of them is shown."""
        periods = [self.chosen.period] if self.month is None else self.months
        shown = 0 if self.month is None else self.months.index(self.month)
        return Shading(self.chosen, self.measure, self.level, periods, shown, self.now)

    def address(self, name: str, **more: Any) -> str:
        return self.chosen.address(name, **self.kept | more)


def _name(month: Period) -> str:
    return f"{month.begin:%Y-%m}"


@of_a_place
def page(request: HttpRequest, found: Chosen) -> HttpResponse:
    """A list of places with their figures, and the map of them."""
    asked = Asked(request, found)
    context = of_place(found) | {
        "tab_name": "map",
        "heading": "地图",
        "kept": asked.kept,
        "measure": asked.measure,
        "groups": choices(every_measure()),
        "level": asked.level,
        "levels": [(key, PARTS[key]) for key in asked.levels],
        "show": asked.show,
        "shows": [] if found.place.dimension == UNIT else _shows(asked),
        "months": [] if asked.measure.is_now or len(asked.months) < 2 else _steps(asked),
        "period": asked.period,
        "is_now": asked.measure.is_now,
        "box": box_of(found.place),
        "own": territory_of(found.place),
        "values_url": asked.address("map_values"),
        "heat_url": asked.address("map_heat"),
        "areas": [],
        "list_url": found.counted(REPORTED, **_days(asked)),
    }
    if asked.levels:
        shading = asked.shading()
        context |= {
            "legend": shading.legend(),
            "whole": point(shading.whole, *shading.lists(shading.whole_place)),
            "whole_place": shading.whole_place,
            "outside": count(shading.outside, shading.lists(shading.whole_place, outside=asked.level)[0]),
            "areas": [(one, point(one.figure, *one.lists)) for one in shading.areas()],
        }
    return render(request, "dashboard/map.html", context)


def _shows(asked: Asked) -> list[tuple[str, str, bool]]:
    """Ways of showing: address, words, whether it is shown."""
    return [
        (asked.address("map", show=None), "按指标着色", asked.show == SHADED),
        (asked.address("map", show=HEAT), "上报热力", asked.show == HEAT),
    ]


def _steps(asked: Asked) -> list[tuple[str, str, bool]]:
    """Stops of the time slider: address, words, whether it is the one; the whole period first."""
    has_years = asked.months[0].begin.year != asked.months[-1].begin.year
    stops = [(asked.address("map", month=None), "整段", asked.month is None)]
    for one in asked.months:
        words = f"{one.begin:%Y-%m}" if has_years else f"{one.begin.month} 月"
        stops.append((asked.address("map", month=_name(one)), words, one == asked.month))
    return stops


def _days(asked: Asked) -> dict[str, Any]:
    if asked.month is None:
        return {}
    return {"period": None, "begin": asked.month.begin.isoformat(), "until": asked.month.end.isoformat()}


def _asked(request: HttpRequest) -> Asked:
    """What an address of data asks; raises ``Http404`` where nothing is in sight."""
    places = places_of(request.user)
    if not places.roots:
        raise Http404(NO_PLACE)
    return Asked(request, chosen(BoardFilters(request.GET), places))


@answers_json
@login_required
@require_safe
def values_json(request: HttpRequest) -> HttpResponse:
    """Figures of places with their shades: what the map colours its outlines by."""
    asked = _asked(request)
    if not asked.levels:
        raise Http404("单位没有区域，请看上报热力。")
    shading = asked.shading()
    return _json(
        {
            "level": asked.level,
            "crowd": shading.crowd(),
            "places": [
                {
                    "id": one.place.pk,
                    "name": one.place.name,
                    "shade": one.shade,
                    "url": one.url,
                    **_text(one.figure.value is not None and point(one.figure)),
                }
                for one in shading.areas()
            ],
        }
    )


def _text(shown: Any) -> dict[str, str]:
    return {"text": shown.text, "base": shown.base} if shown else {"text": "无数据", "base": ""}


@answers_json
@login_required
@require_safe
def heat_json(request: HttpRequest) -> HttpResponse:
    """Squares of the map with how many cases were reported in them."""
    asked = _asked(request)
    found = asked.chosen if asked.month is None else replace(asked.chosen, period=asked.month)
    return _json(squares(request.user, found))


def _json(answer: dict[str, Any]) -> HttpResponse:
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})
