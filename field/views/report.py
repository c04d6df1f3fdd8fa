"""A report from the phone in one screen, where a position lies and what is open around it."""

import datetime as dt
import uuid
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from cases import actions
from cases.actions import KeyReused, Refused
from cases.forms import ReportForm
from cases.loops import top
from cases.models import Case, Category, Responsibility
from cases.models.catalogue import USUAL
from cases.nearby import ON_SITE, open_nearby
from cases.permissions import may_report, source_on_the_spot
from cases.photos import store_of_form
from cases.routing import Location, route_report
from cases.workflow import Loop
from field.forms import AlsoReportForm, HandledReportForm
from governance.kept_forms import keeps_form, kept
from governance.models import User
from governance.responses import answers_json, refusal_body, refusal_json, wants_json
from grid.models import TerritoryRing
from records.keyed import (
    anothers,
    form_with_files,
    refused_json,
    room_for_photos,
    shown_again,
    taken_json,
    with_uploads,
)
from records.refusals import NothingWaits

#: Asked once: a pin may have slipped, and somebody on a train may report after all.
OUTSIDE = f"位置在本{top().level.label}以外。没错的话再按一次上报，否则请重新选点。"
NO_CLAIM_BEYOND = dt.timedelta(days=3650)
#: Photos of a report, of either shape.
ROOM = room_for_photos(ReportForm.base_fields | HandledReportForm.base_fields)

# Where it is, and what is open there ------------------------------------------------------------------------------


class PointForm(forms.Form):
    """A position in degrees, WGS-84, and perhaps a category."""

    lon = forms.FloatField(min_value=-180, max_value=180)
    lat = forms.FloatField(min_value=-85, max_value=85)
    category = forms.ModelChoiceField(Category.objects.filter(is_active=True), required=False)


@answers_json
@login_required
def locate(request: HttpRequest) -> HttpResponse:
    """Which grid a position lies in; with a category also which loop would take it, and why."""
    form = PointForm(request.GET)
    if not form.is_valid():
        return JsonResponse(refusal_body("请给出经度和纬度。", form.errors), status=400)
    point = form.cleaned_data
    try:
        location = actions.locate(point["lon"], point["lat"], by=request.user, now=timezone.now())
    except Refused as refusal:
        return refusal_json(refusal)
    outside = location.grid is None and _is_outside(request.user, point["lon"], point["lat"])
    answer: dict[str, Any] = {
        "grid": {"code": location.grid.code, "name": location.grid.name} if location.grid else None,
        "community": location.community.name if location.community else None,
        "street": location.street.name if location.street else None,
        "district": location.district.name,
        "sentence": _outside(location),
        "outside": outside,
    }
    if location.grid and location.street:
        answer["sentence"] = f"{location.street.name} · {location.grid.name}"
    if point["category"]:
        rows = Responsibility.objects.current().filter(category=point["category"], condition=USUAL)
        route = route_report(point["category"], location, rows)
        answer |= {
            "loop": route.loop.value,
            "loop_label": Loop(route.loop).label,
            "centre": route.centre.centre_name,
            "reason": route.reason,
        }
    return JsonResponse(answer)


def _outside(location: Location) -> str:
    """Who takes a report from a point in no grid."""
    centre = location.territory(top())
    assert centre is not None
    return f"不在任何网格内，将由{top().level.label}级受理（{centre.centre_name}）"


def _is_outside(user: User, longitude: float, latitude: float) -> bool:
    """Whether a point lies in no territory at the top that the person's posts belong to, as far as their outlines are known."""
    codes = {code for post in user.authority.posts for code in post.organization.path.split("/") if code}
    rings = TerritoryRing.objects.filter(organization__code__in=codes, organization__level=top().level)
    return not rings.containing(longitude, latitude).exists() and rings.exists()


@login_required
def nearby(request: HttpRequest) -> HttpResponse:
    """The line that asks: is it this one? Of the same category alone."""
    form = PointForm(request.GET)
    if not form.is_valid() or not form.cleaned_data["category"]:
        return HttpResponse("")
    point = form.cleaned_data
    found = _same(request.user, (point["lon"], point["lat"]), point["category"], timezone.now())
    return render(request, "field/_nearby.html", {"nearby": found})


def _same(user: User, position: tuple[float, float], category: Category, now: dt.datetime) -> list[Case]:
    """Open cases of a category nearby, nearest first."""
    found = open_nearby(user, *position, ON_SITE, now=now, category=category)
    return [case for case in found if case.is_same]


# Report -----------------------------------------------------------------------------------------------------------


class Circumstances(forms.Form):
    """What comes with a report from the phone beside the report itself; nothing of it is demanded."""

    handled = forms.BooleanField(required=False)
    nearby_seen = forms.BooleanField(required=False)
    outside_seen = forms.BooleanField(required=False)  # also where the page knows that it lies inside
    same_as = forms.UUIDField(required=False)  # the case that it is: one more reporter
    device_time = forms.DateTimeField(required=False)  # a claim; what can't be read is no claim
    patrol = forms.BooleanField(required=False)  # a patrol was under way

    def clean_device_time(self) -> dt.datetime | None:
        """A claim of the year 1 or 9999 is none: at the ends of time no time zone can be applied any more."""
        told = self.cleaned_data["device_time"]
        return told if told and abs(told - timezone.now()) < NO_CLAIM_BEYOND else None


@keeps_form(partial(form_with_files, room=ROOM, store=store_of_form))
@login_required
@never_cache
def report_page(request: HttpRequest) -> HttpResponse:
    """One screen: photo, position, category, words; the same form serves what was settled on the spot."""
    if not may_report(request.user):
        raise PermissionDenied("您的岗位不能上报案件。")
    if request.method == "POST":
        return _save(request)
    if data := kept(request):
        shape = HandledReportForm if data.get("handled") else ReportForm
        context = _report_context(request.user, shape(request.user, data), is_asked_again=True)
    else:
        settled = request.GET.get("handled") is not None and _may_settle(request.user)
        context = _report_context(request.user, (HandledReportForm if settled else ReportForm)(request.user))
    return render(request, "field/report.html", context)


def _may_settle(user: User) -> bool:
    return source_on_the_spot(user, on=timezone.localdate()) is not None


def _report_context(user: User, form: ReportForm, **more: Any) -> dict[str, Any]:
    """Both ways stand on the one screen, so that the switch between them needs no script."""
    handled = isinstance(form, HandledReportForm)
    both = _may_settle(user)
    pair = form if handled else HandledReportForm(user) if both else None
    return {
        "form": form,
        "handled": handled,
        "site": (ReportForm(user) if handled else form)["photos"],
        "pair": [pair["before_photo"], pair["after_photo"]] if pair else [],
        "box": _own_box(user),
        "outside_sentence": OUTSIDE,
        **more,
    }


def _own_box(user: User) -> str:
    """West, south, east and north of the smallest territory of the person's post, for a map without a position."""
    codes = [code for post in user.authority.posts[:1] for code in post.organization.path.split("/") if code]
    rings = TerritoryRing.objects.filter(organization__code__in=codes).order_by("-organization__level", "pk")
    own = rings.first()
    if own is None:
        return ""
    east, north = map(max, zip(*own.ring, strict=True))
    west, south = map(min, zip(*own.ring, strict=True))
    return f"{west:.5f},{south:.5f},{east:.5f},{north:.5f}"


def _save(request: HttpRequest) -> HttpResponse:
    told = Circumstances(request.POST)
    told.is_valid()
    if refused := anothers(request):
        return refused
    if same_as := told.cleaned_data.get("same_as"):
        return _report_also(request, same_as)
    handled = told.cleaned_data["handled"]
    shape = HandledReportForm if handled else ReportForm
    data, refused = with_uploads(request, room_for_photos(shape.base_fields), store_of_form)
    form = shape(request.user, data)
    form.refuse_photos(refused)
    if not form.is_valid():
        key = form.cleaned_data.get("key")
        earlier = key and actions.answered(key, "report_handled" if handled else "report", by=request.user)
        return _saved(request, earlier) if earlier else _ask_again(request, form)
    key, now = form.cleaned_data["key"], timezone.now()
    if not told.cleaned_data["outside_seen"] and _is_outside(request.user, *form.cleaned_data["position"]):
        return _ask_again(request, form, outside=OUTSIDE)
    if not told.cleaned_data["nearby_seen"]:
        twins = _twins(request.user, form, key, now)
        if twins:
            form.refusal = Refused("附近有同类案件，请先看是不是同一件。")
            return _ask_again(request, form, nearby=twins)
    try:
        answer = actions.report(
            by=request.user,
            now=now,
            key=key,
            given=form.given,
            source=_source(request.user, told.cleaned_data, now),
            device_time=told.cleaned_data.get("device_time"),
        )
    except Refused as refusal:
        earlier = {"earlier": key} if isinstance(refusal, KeyReused) else {}
        form.refuse(refusal)
        return _ask_again(request, form, **earlier)
    form.teach(timezone.localdate(now))
    return _saved(request, answer)


def _source(user: User, told: dict[str, Any], now: dt.datetime) -> Case.Source:
    """As what it is reported; who may settle nothing on the spot is told so by the door."""
    if told["handled"]:
        return source_on_the_spot(user, on=timezone.localdate(now)) or Case.Source.SELF
    return Case.Source.PATROL if told["patrol"] else Case.Source.FIELD


def _report_also(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """Add words and photos to a case that somebody has reported already; who did not report it becomes a reporter."""
    case = get_object_or_404(Case.objects.visible_to(request.user), uuid=case_uuid)
    data, refused = with_uploads(request, room_for_photos(AlsoReportForm.base_fields), store_of_form)
    form = AlsoReportForm(request.user, data)
    form.refuse_photos(refused)
    is_valid, key = form.is_valid(), form.cleaned_data.get("key")
    for move in ("also_report", "comment") if key else ():
        if earlier := actions.answered(key, move, by=request.user, record=case):
            return _saved(request, earlier, is_also=True)
    if not is_valid:
        return _ask_again(request, form)
    told = {"by": request.user, "now": timezone.now(), "key": form.cleaned_data["key"], "given": form.given}
    try:
        try:
            answer = actions.perform(case.uuid, "also_report", **told)
        except NothingWaits:  # who has a part in the case already adds to it
            answer = actions.perform(case.uuid, "comment", **told)
    except Refused as refusal:
        form.refuse(refusal)
        return _ask_again(request, form)
    return _saved(request, answer, is_also=True)


def _saved(request: HttpRequest, answer: actions.Answer, *, is_also: bool = False) -> HttpResponse:
    url = reverse("field:done", args=[answer.uuid]) + ("?also=1" if is_also else "")
    if wants_json(request):
        return taken_json(url, is_repeat=answer.is_repeat, uuid=answer.uuid)
    return redirect(url)


def _twins(user: User, form: ReportForm, key: uuid.UUID, now: dt.datetime) -> list[Case]:
    """What may be the same; the person has not seen any of it yet."""
    found = _same(user, form.cleaned_data["position"], form.cleaned_data["category"], now)
    return [case for case in found if case.uuid != key]


def _ask_again(request: HttpRequest, form: ReportForm, **more: Any) -> HttpResponse:
    """Nothing is lost: what was typed, the photos already stored and the key come back with the sentences."""
    if wants_json(request):
        nearby = {"nearby": len(more["nearby"])} if "nearby" in more else {}
        if "outside" in more:
            form.errors["outside"] = [more["outside"]]
        return refused_json(form, **nearby)
    context = _report_context(request.user, form, is_asked_again=True, **more)
    return shown_again(render(request, "field/report.html", context), form)


@login_required
def done(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """After saving: the number, where it went and why, and until when it is looked at."""
    visible = Case.objects.visible_to(request.user).select_related("category", "grid", "centre")
    case = get_object_or_404(visible, uuid=case_uuid)
    return render(request, "field/done.html", {"case": case, "is_also": request.GET.get("also") is not None})
