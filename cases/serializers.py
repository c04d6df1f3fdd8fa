"""What programs send and get, as shapes and types; the rules stand in the forms and behind the door."""

import copy
import math
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from cases.models import Case, Category, Photo
from cases.models.case import page_of
from cases.waiting import Matter
from cases.workflow import Grade, Lateness, PositionSource, Refusal, State, Step, loops_here
from governance.roles import Duty
from grid.datum import MapDatum, to_wgs84

DUE_HELP = "截止时刻；当日 24:00 到期的写作次日 00:00:00，属于当日"


class CategoryRow(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "edition", "kind", "code", "class_name", "name", "initials"]


class CaseRow(serializers.Serializer):
    """A case in a list: the case row and the names it points to."""

    uuid = serializers.UUIDField()
    number = serializers.CharField()
    url = serializers.SerializerMethodField()
    category = serializers.IntegerField(source="category_id")
    category_name = serializers.CharField(source="category.name")
    state = serializers.ChoiceField(State.choices)
    state_name = serializers.CharField(source="get_state_display")
    loop = serializers.ChoiceField(loops_here())
    lateness = serializers.ChoiceField(Lateness.choices)
    was_late = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True, help_text=DUE_HELP)
    reported_at = serializers.DateTimeField()
    address = serializers.CharField()
    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    street_name = serializers.CharField(source="street.name", default=None, allow_null=True)
    community_name = serializers.CharField(source="community.name", default=None, allow_null=True)
    unit_name = serializers.CharField(source="unit.name", default=None, allow_null=True)
    version = serializers.IntegerField()

    def get_url(self, case: Case) -> str:
        return page_of(case.uuid)


#: What ``case_row`` names.
NAMED = ("category_name", "street_name", "community_name", "unit_name")


def case_row(case: Any) -> dict[str, Any]:
    """A case of ``rows.with_row`` with ``NAMED`` as ``CaseRow`` writes it; written at once, since fields take longer than the list."""
    return {
        "uuid": case.uuid,
        "number": case.number,
        "url": page_of(case.uuid),
        "category": case.category_id,
        "category_name": case.category_name,
        "state": case.state,
        "state_name": case.state_name,
        "loop": case.loop,
        "lateness": case.lateness,
        "was_late": case.was_late,
        "due_at": case.due_at and timezone.localtime(case.due_at),
        "reported_at": timezone.localtime(case.reported_at),
        "address": case.address,
        "longitude": case.longitude,
        "latitude": case.latitude,
        "street_name": case.street_name,
        "community_name": case.community_name,
        "unit_name": case.unit_name,
        "version": case.version,
    }


class LegRow(serializers.Serializer):
    """The open leg: whose step it is and until when."""

    id = serializers.IntegerField(help_text="办理时随请求给出，案件已被他人办理则拒绝")
    step = serializers.ChoiceField(Step.choices)
    due_at = serializers.DateTimeField(help_text=DUE_HELP)
    warn_at = serializers.DateTimeField()
    lateness = serializers.ChoiceField(Lateness.choices)
    is_provisional = serializers.BooleanField(help_text="跨越尚未公布放假安排的年份")
    unit_name = serializers.CharField(source="unit.name", default=None, allow_null=True)
    person_name = serializers.CharField(source="person.name", default=None, allow_null=True)


class PhotoRow(serializers.ModelSerializer):
    url = serializers.SerializerMethodField()
    thumb = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = ["uuid", "url", "thumb", "kind", "width", "height", "longitude", "latitude", "sequence"]

    def get_url(self, photo: Photo) -> str:
        return reverse("cases:photo", args=[photo.uuid])

    def get_thumb(self, photo: Photo) -> str:
        return reverse("cases:photo_small", args=[photo.uuid])


class MoreForStaff(serializers.Serializer):
    """A shape that leaves out ``staff_only`` in answers to a program with a key (``is_program`` in the context)."""

    staff_only: tuple[str, ...] = ()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        for name in self.staff_only:
            fields[name].required = False  # the description: it is not in every answer
            if self.context.get("is_program"):
                del fields[name]
        return fields


class EventRow(MoreForStaff):
    """One move that was made; a program is not told by whom, nor what was written."""

    staff_only = ("by_name", "words")
    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    move = serializers.CharField()
    move_name = serializers.CharField(source="get_move_display")
    after = serializers.ChoiceField(State.choices)
    by_name = serializers.CharField(source="actor.name")
    unit_name = serializers.CharField(source="unit.name", default=None, allow_null=True)
    words = serializers.CharField(allow_null=True)


class MoveRow(serializers.Serializer):
    """A move that this person may make now."""

    name = serializers.CharField()
    label = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField()


class WaitRow(serializers.Serializer):
    """Whom a case waits for: who holds a duty at an organization, or a person."""

    matter = serializers.ChoiceField(Matter.choices)
    duty = serializers.ChoiceField(Duty.choices)
    organization = serializers.IntegerField(source="place", allow_null=True)
    person = serializers.IntegerField(allow_null=True)


class CasePage(MoreForStaff, CaseRow):
    """A case with its open leg, whom it waits for, its history and what may be done next; a program meets no person in it."""

    staff_only = ("waits_for", "leg", "photos")
    waits_for = WaitRow(many=True, source="waits")

    centre_name = serializers.CharField(source="centre.name")
    grid_code = serializers.CharField(source="grid.code", default=None, allow_null=True)
    source = serializers.ChoiceField(Case.Source.choices)
    routing_reason = serializers.CharField()
    responsibility = serializers.IntegerField(source="responsibility_id", allow_null=True)
    rounds = serializers.IntegerField()
    grade = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)
    leg = LegRow(allow_null=True)
    moves = MoveRow(many=True)
    events = EventRow(many=True)
    photos = PhotoRow(many=True)


class Answer(serializers.Serializer):
    """What a write says; the same again for a repeat."""

    uuid = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    version = serializers.IntegerField()
    url = serializers.CharField()


class Degrees(serializers.FloatField):
    """A finite number: "nan" is a float to Python, slips through every limit and no JSON can hold it."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


def datum_field() -> serializers.ChoiceField:
    """In which datum the position of the same request is given."""
    return serializers.ChoiceField(
        MapDatum.choices, required=False, help_text="经纬度的坐标系，不写即 WGS-84；按 WGS-84 存"
    )


def shifted(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Cleaned input with its position in WGS-84, whatever datum it came in."""
    data = dict(cleaned)
    datum = data.pop("datum", MapDatum.WGS84)
    if datum != MapDatum.WGS84 and "longitude" in data and "latitude" in data:
        longitude, latitude = to_wgs84(data["longitude"], data["latitude"], datum)
        data |= {"longitude": round(longitude, 7), "latitude": round(latitude, 7)}
    return data


class PhotoInput(serializers.Serializer):
    file = serializers.FileField(help_text="JPEG、PNG、WebP 或 HEIC，不超过 12 MB")
    longitude = Degrees(required=False, min_value=-180, max_value=180)
    latitude = Degrees(required=False, min_value=-85, max_value=85)
    datum = datum_field()
    owner = serializers.IntegerField(required=False, help_text="谁拍的；与登录人不同则拒绝")


class Typed(serializers.Serializer):
    """Types of what came; that something is missing is the form's to say, so that no other field need be made."""

    def get_fields(self) -> dict[str, serializers.Field]:
        came = getattr(self, "initial_data", None)
        if not isinstance(came, Mapping):
            return super().get_fields()
        return {name: copy.deepcopy(field) for name, field in self._declared_fields.items() if name in came}


class ReportInput(Typed):
    category = serializers.IntegerField()
    condition = serializers.CharField(required=False, allow_blank=True)
    longitude = Degrees(help_text="度")
    latitude = Degrees(help_text="度")
    datum = datum_field()
    address = serializers.CharField(required=False, allow_blank=True)
    words = serializers.CharField(allow_blank=True)
    photos = serializers.ListField(child=serializers.UUIDField(), required=False)


class MoveInput(Typed):
    """Every word a move may ask for; `needs` of the move says which."""

    leg = serializers.IntegerField(required=False, allow_null=True)
    words = serializers.CharField(required=False, allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True)
    photos = serializers.ListField(child=serializers.UUIDField(), required=False)
    longitude = Degrees(required=False, help_text="`position`：度")
    latitude = Degrees(required=False, help_text="`position`：度")
    datum = datum_field()
    position_source = serializers.ChoiceField(
        PositionSource.choices, required=False, help_text="核实、核查：位置由谁给出"
    )
    far_reason = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="核实、核查：离案件过远时的原因"
    )
    responsibility = serializers.IntegerField(required=False)
    target = serializers.CharField(required=False, help_text="并入案件的编号")
    unit = serializers.IntegerField(required=False)
    right_unit = serializers.IntegerField(required=False)
    refusal = serializers.ChoiceField(Refusal.choices, required=False)
    amount = serializers.DecimalField(max_digits=7, decimal_places=2, required=False)
    until = serializers.DateField(required=False)
    deadline = serializers.DateTimeField(required=False)
    grade = serializers.ChoiceField(Grade.choices, required=False)
    condition_met = serializers.BooleanField(required=False)


def for_form(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Typed input as a form takes it; the form knows the position under one name with two parts."""
    data = {name: value for name, value in shifted(cleaned).items() if value is not None}
    for part in ("longitude", "latitude"):
        if part in data:
            data[f"position_{part}"] = data.pop(part)
    return data
