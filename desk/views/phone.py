"""The call-in desk: a report taken by telephone in one screen, with what is already open near by."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe
from shapely.geometry import Polygon

from cases import actions
from cases.actions import Refused
from cases.addresses import suggest, sure_place
from cases.map import box_around
from cases.models import Case, Category
from cases.nearby import BY_TELEPHONE, open_nearby
from cases.workflow import State
from desk.forms import PhoneReportForm
from governance.kept_forms import keeps_form, kept
from governance.models import User
from governance.roles import Duty
from grid.models import Grid, GridRing
from records.keyed import shown_again


def grids_in_sight(user: User) -> QuerySet[Grid]:
    """Grids of the territories whose calls this person takes."""
    below = Q(pk=None)
    for post in user.authority.posts:
        if post.organization_id in user.authority.places(Duty.INTAKE):
            below |= Q(community__path__startswith=post.organization.path)
    return Grid.objects.active(timezone.localdate()).filter(below).select_related("community")


def middle_of(grid: Grid) -> tuple[float, float]:
    """A position (degrees, WGS-84) well inside the largest part of a grid."""
    rings = [Polygon(row.ring) for row in GridRing.objects.filter(grid=grid)]
    point = max(rings, key=lambda ring: ring.area).representative_point()
    return point.x, point.y


class GridsByCommunity(forms.models.ModelChoiceIterator):
    """Grids under the name of their community."""

    def __iter__(self):
        yield "", "按网格选，或在地图上点"
        groups: dict[str, list] = {}
        for grid in self.queryset.order_by("code"):
            groups.setdefault(grid.community.name, []).append((grid.pk, grid.name))
        yield from groups.items()


class GridField(forms.ModelChoiceField):
    iterator = GridsByCommunity


class CallForm(PhoneReportForm):
    """A call: who does not find the spot on the map chooses the grid, and its middle is taken."""

    grid = GridField(queryset=Grid.objects.none(), label="网格", required=False)
    seen = forms.BooleanField(label="与下列案件都不是同一件", required=False)
    field_order = (
        "key", "contact_name", "contact_phone", "words", "category", "address", "grid", "position", "seen",
    )  # fmt: skip

    def __init__(self, user: User, data: Any = None, **options: Any) -> None:
        super().__init__(user, data, **options)
        self.fields["grid"].queryset = grids_in_sight(user)
        self.fields["position"].required = False
        for field in self.fields["position"].fields:
            field.required = False
        self.fields["words"].widget.attrs |= {
            "rows": 4,
            "placeholder": "在哪里、什么事、多久了、有没有人受影响",
        }
        self.fields["address"].widget.attrs |= {
            "placeholder": "路名门牌、小区楼栋或标志物",
            "autocomplete": "off",
            "role": "combobox",
            "aria-autocomplete": "list",
            "aria-controls": "addresses",
            "aria-expanded": "false",
            "hx-get": reverse("desk:phone_addresses"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#addresses",
            "hx-params": "address",
            "hx-sync": "this:replace",
        }
        self.user = user
        self.fields["contact_name"].widget.attrs["placeholder"] = "如 王女士"
        self.fields["contact_phone"].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        if not self.is_bound:  # what comes back is read first
            self.fields["contact_phone"].widget.attrs["autofocus"] = True
        for name in ("contact_phone", "contact_name"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not given.get("position") and "position" not in self.errors:
            if given.get("grid"):
                given["position"] = list(middle_of(given["grid"]))
            elif position := self._position_of(given.get("address", "")):
                given["position"] = position
            else:
                self.add_error("grid", "地址还认不出在哪里，请在地图上点选位置，或选择网格。")
        return given

    def _position_of(self, address: str) -> list[float] | None:
        """Where an address lies that names one place beyond doubt; where scripts run it was offered while it was typed."""
        place = sure_place(self.user, address, self.fields["grid"].queryset)
        if place is None:
            return None
        return list(place.position or middle_of(Grid.objects.get(pk=place.grid)))

    @property
    def given(self) -> dict[str, Any]:
        """What ``report`` takes; the grid and the tick are the page's own."""
        return {name: value for name, value in super().given.items() if name not in ("grid", "seen")}


def _demand_duty(request: HttpRequest) -> None:
    if not request.user.authority.has(Duty.INTAKE):
        raise PermissionDenied("来电由受理员登记。")


def _nearby(request: HttpRequest, position: list[float], category: Category | None) -> list[Case]:
    return open_nearby(request.user, *position, BY_TELEPHONE, now=timezone.now(), category=category)


class AroundForm(forms.Form):
    """What is known of the position and the matter while the caller still speaks."""

    position_longitude = forms.FloatField(required=False, min_value=-180, max_value=180)
    position_latitude = forms.FloatField(required=False, min_value=-85, max_value=85)
    grid = forms.ModelChoiceField(Grid.objects.all(), required=False)
    category = forms.ModelChoiceField(Category.objects.filter(is_active=True), required=False)

    @property
    def position(self) -> list[float] | None:
        self.is_valid()
        known = self.cleaned_data
        longitude, latitude = known.get("position_longitude"), known.get("position_latitude")
        if longitude is not None and latitude is not None:
            return [longitude, latitude]
        return list(middle_of(known["grid"])) if known.get("grid") else None


@login_required
@require_safe
def nearby(request: HttpRequest) -> HttpResponse:
    """The piece of the call-in page that asks: is it one of these?"""
    _demand_duty(request)
    form = AroundForm(request.GET)
    position = form.position
    found = _nearby(request, position, form.cleaned_data.get("category")) if position else []
    is_guessed = position is not None and form.cleaned_data.get("position_longitude") is None
    context = {
        "nearby": found,
        "has_position": position is not None,
        "guessed": position if is_guessed else None,
    }
    return render(request, "desk/_nearby.html", context)


class TypedForm(forms.Form):
    """An address as far as it is typed."""

    address = forms.CharField(required=False, max_length=120)


@login_required
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    """The piece of the call-in page that asks: do you mean this place?"""
    _demand_duty(request)
    form = TypedForm(request.GET)
    typed = form.cleaned_data["address"] if form.is_valid() else ""
    context = {"typed": typed, "places": suggest(request.user, typed, grids_in_sight(request.user))}
    return render(request, "desk/_addresses.html", context)


@keeps_form()
@login_required
def phone(request: HttpRequest) -> HttpResponse:
    """Take a call: caller, words, category, position; then on to the case, which is sent to be checked."""
    _demand_duty(request)
    if request.method == "POST":
        return _take(request, CallForm(request.user, request.POST))
    return _ask(request, CallForm(request.user, kept(request)))


def _take(request: HttpRequest, form: CallForm) -> HttpResponse:
    """Register a call, or ask again: for what is missing, or whether it is one of the cases near by."""
    if not form.is_valid():
        key = form.cleaned_data.get("key")
        earlier = key and actions.answered(key, "report", by=request.user)
        return _to_case(earlier) if earlier else shown_again(_ask(request, form), form)
    given = form.cleaned_data
    if not given["seen"]:
        found = _nearby(request, given["position"], given["category"])
        if found := [case for case in found if case.uuid != given["key"]]:
            return shown_again(_ask(request, form, found), form)
    try:
        answer = actions.report(
            by=request.user, now=timezone.now(), key=given["key"], given=form.given, source=Case.Source.PHONE
        )
    except Refused as refusal:
        form.refuse(refusal)
        return shown_again(_ask(request, form), form)
    form.teach(timezone.localdate())
    if not answer.is_repeat and answer.state == State.REPORTED:
        said = '来电已登记。下一步：送现场核实，属实后立案。 <a href="{}" data-key="n">接下一个来电</a>'
        messages.success(request, format_html(said, reverse("desk:phone")))
    return _to_case(answer)


def _to_case(answer: actions.Answer) -> HttpResponse:
    return redirect("desk:case", case_uuid=answer.uuid)


def _ask(request: HttpRequest, form: CallForm, found: Sequence[Case] = ()) -> HttpResponse:
    """The form of a call, with the cases near by that it may be about."""
    box = box_around(request.user.authority.places(Duty.INTAKE))
    context = {
        "form": form,
        "nearby": found,
        "has_position": bool(found),
        "asks_again": bool(found),
        "box": ",".join(f"{degrees:.5f}" for degrees in box) if box else "",
    }
    return render(request, "desk/phone.html", context)
