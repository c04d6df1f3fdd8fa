"""What the map asks for: cases of a box, outlines of territories; to pages and to programs alike."""

import hashlib
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.map import BoxField, BoxForm, MapForm, compact, features, outlines
from cases.models import Case
from governance.responses import answers_json, form_json
from grid.datum import MapDatum, from_wgs84, to_wgs84

#: Outlines change with a reform of the divisions, not with a shift.
OUTLINES_AGE = 3600
#: What a screen on a wall tells of a case: no way to its page, nobody's words.
SHOWN_ON_WALLS = ("at", "state", "label", "tone", "lateness", "name")


class OutlineForm(forms.Form):
    box = BoxField(required=False)
    zoom = forms.IntegerField(min_value=0, max_value=30)


def _json(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(body, content_type="application/json; charset=utf-8", status=status)


def _answer(asked: dict[str, Any], user: Any) -> dict[str, Any]:
    filters = {name: value for name, value in asked.items() if name not in ("box", "zoom")}
    visible = Case.objects.visible_to(user)
    return features(visible, box=asked["box"], zoom=asked["zoom"], filters=filters, now=timezone.now())


@answers_json
@login_required
@require_safe
def cases_json(request: HttpRequest) -> HttpResponse:
    """Clusters and cases of a box, within the scope of the viewer."""
    form = MapForm(request.GET)
    if not form.is_valid():
        return form_json(form)
    return _json(compact(_answer(form.cleaned_data, request.user)))


def cases_of_a_wall(request: HttpRequest, visible: QuerySet[Case], filters: dict[str, Any]) -> HttpResponse:
    """The same for a screen on a wall: fixed filters, and no way from a case to its page."""
    form = BoxForm(request.GET)
    if not form.is_valid():
        return form_json(form)
    found = features(visible, **form.cleaned_data, filters=filters, now=timezone.now())
    found["cases"] = [{name: case[name] for name in SHOWN_ON_WALLS} for case in found["cases"]]
    return _json(compact(found))


@answers_json
@login_required
@require_safe
def areas_json(request: HttpRequest) -> HttpResponse:
    """Outlines of the base map."""
    return areas_answer(request)


def areas_answer(request: HttpRequest) -> HttpResponse:
    """Outlines; the browser keeps them and asks again with their fingerprint."""
    form = OutlineForm(request.GET)
    if not form.is_valid():
        return form_json(form)
    asked = form.cleaned_data
    body = compact(outlines(box=asked["box"], zoom=asked["zoom"], on=timezone.localdate()))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponseNotModified() if request.headers.get("If-None-Match") == tag else _json(body)
    response["ETag"] = tag
    response["Cache-Control"] = f"private, max-age={OUTLINES_AGE}"
    return response


class ProgramMapForm(MapForm):
    """A question of a program, in the datum of its own map."""

    datum = forms.ChoiceField(label="坐标系", choices=MapDatum.choices, required=False)


def _in_datum(asked: dict[str, Any], user: Any) -> dict[str, Any]:
    """The answer in the datum of the question: the box shifted in (so that it holds every place of the asked one), positions out."""
    datum = asked.pop("datum") or MapDatum.WGS84
    if datum == MapDatum.WGS84:
        return _answer(asked, user)
    west, south, east, north = asked["box"]
    corners = [to_wgs84(x, y, datum) for x in (west, east) for y in (south, north)]
    longitudes, latitudes = zip(*corners, strict=True)
    box = (min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    answer = _answer(asked | {"box": box}, user)
    for one in [*answer["clusters"], *answer["cases"]]:
        one["at"] = [round(degrees, 5) for degrees in from_wgs84(*one["at"], datum)]
    return answer


class MapView(APIView):
    """The map for programs."""

    @extend_schema(
        summary="地图：一个范围内的案件聚合与单件",
        parameters=[
            OpenApiParameter("box", str, required=True, description="西,南,东,北（经纬度，坐标系见 datum）"),
            OpenApiParameter("zoom", int, required=True, description="Web 墨卡托缩放级别"),
            OpenApiParameter("datum", str, description="范围和答复的坐标系：wgs84（不写即是）、gcj02、bd09"),
            OpenApiParameter("loop", str, description="闭环：community、street、district"),
            OpenApiParameter("kind", str, description="类别种类：component、matter 等"),
            OpenApiParameter("class_name", str, description="大类名称"),
            OpenApiParameter("street", int, description="街道标识"),
            OpenApiParameter("community", int, description="社区标识"),
            OpenApiParameter("state", str, description="在办状态；settled 为近 7 日办结"),
            OpenApiParameter("lateness", str, description="时限：none、yellow、red"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        form = ProgramMapForm(request.query_params)
        if not form.is_valid():
            raise ValidationError(form.errors)
        return Response(_in_datum(form.cleaned_data, request.user))
