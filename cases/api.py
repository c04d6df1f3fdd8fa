"""The interface for programs: report, read and move cases, upload and fetch photos."""

import re
import uuid
from http import HTTPStatus
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions, generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cases import actions, marking, photos
from cases import serializers as shapes
from cases.actions import Forbidden, Unfit
from cases.filters import FILTERS, SEARCH, SearchField, narrow
from cases.forms import CaseMoveForm, ReportForm, move_form
from cases.models import Case, CaseEvent, CaseText, Category, Leg, Photo
from cases.models.case import CaseQuerySet, page_of
from cases.parsing import WholeForm
from cases.permissions import may_report
from cases.rows import with_row
from cases.rules import RULES, offers
from cases.search import MOST, Search, rows_of
from cases.situations import Situation
from cases.waiting import ASKED, STEPS
from cases.workflow import MOVES, Move, State
from governance.models import ApiKey, actor_of
from records import pictures
from records.serving import served


def key_header(*, is_required: bool = True) -> OpenApiParameter:
    """How the description speaks of the client's own id of a request."""
    told = "客户端生成的 UUID；重发同一请求用同一个"
    return OpenApiParameter(
        "Idempotency-Key", uuid.UUID, OpenApiParameter.HEADER, required=is_required, description=told
    )


MOST_JSON = 1024 * 1024
#: Room for the frame of a multipart body around the largest picture.
MOST_BODY = pictures.MAX_BYTES + 64 * 1024


class Doorway(APIView):
    """Takes what programs send apart; decides nothing."""

    most_body, too_large = MOST_JSON, "请求内容超过 1 MB。"
    #: Whether programs with a key are let in, or staff alone.
    for_programs = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before reading it."""
        if whole(request.META.get("CONTENT_LENGTH")) > self.most_body:
            raise Unfit(self.too_large)
        super().initial(request, *args, **kwargs)

    def key(self) -> uuid.UUID:
        """The client's own id of this request."""
        try:
            return uuid.UUID(self.request.headers.get("Idempotency-Key", ""))
        except ValueError:
            problem = "须有 Idempotency-Key 请求头，其值为客户端生成的 UUID。"
            raise exceptions.ValidationError({"Idempotency-Key": [problem]}) from None

    def typed(self, shape: type) -> dict[str, Any]:
        """The body, checked for types, and the key, as a form takes them."""
        found = shape(data=self.request.data)
        found.is_valid(raise_exception=True)
        return {**shapes.for_form(found.validated_data), "key": self.key()}


def whole(length: str | None) -> int:
    """The length that a request claims, as Django reads it: what is no number is none."""
    try:
        return int(length or 0)
    except ValueError:
        return 0


def complain(form: CaseMoveForm | ReportForm) -> None:
    """Raise what a form says, field by field."""
    raise exceptions.ValidationError({name: list(map(str, errors)) for name, errors in form.errors.items()})


def said(answer: actions.Answer) -> dict[str, Any]:
    """A stored answer, as programs get it."""
    return {
        "uuid": answer.uuid,
        "number": answer.number,
        "state": answer.state,
        "version": answer.version,
        "url": page_of(answer.uuid),
    }


# Reading ----------------------------------------------------------------------------------------------------------


class SearchFilter(django_filters.CharFilter):
    field_class = SearchField


def _one_of(name: str) -> django_filters.ChoiceFilter:
    found = django_filters.ChoiceFilter(label=FILTERS[name].label, choices=FILTERS[name].choices)
    return extend_schema_field(OpenApiTypes.STR)(found)  # words, also where the column is a yes or no


class WholeNumberField(forms.IntegerField):
    """A whole number and nothing else: "7.0" is not one."""

    re_decimal = re.compile("(?!)")  # nothing is cut off


class NumberFilter(django_filters.NumberFilter):
    field_class = WholeNumberField


class CaseFilter(django_filters.FilterSet):
    """The filters of all lists; ``category`` is the number of one, where a page searches by its words."""

    state = django_filters.MultipleChoiceFilter(choices=State.choices)
    loop = _one_of("loop")
    lateness = _one_of("lateness")
    street = NumberFilter()
    community = NumberFilter()
    category = NumberFilter()
    kind = _one_of("kind")
    class_name = django_filters.CharFilter(label=FILTERS["class_name"].label)
    source = _one_of("source")
    reported = _one_of("reported")
    closed = _one_of("closed")
    due = _one_of("due")
    was_late = _one_of("was_late")
    is_open = extend_schema_field(OpenApiTypes.BOOL)(
        django_filters.TypedChoiceFilter(
            label=FILTERS["is_open"].label,
            choices=[("true", "是"), ("false", "否")],
            coerce=lambda word: word == "true",
        )
    )
    waits_for = extend_schema_field(OpenApiTypes.STR)(
        django_filters.ChoiceFilter(label="等谁办", choices=[("me", "等我办")])
    )
    q = SearchFilter(
        label="编号，或情况说明、位置描述、社区、街道、单位、上报人中的至少两个字；最新的至多 1000 件"
    )

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_queryset(self, cases: CaseQuerySet) -> CaseQuerySet | list[int]:
        """Cases narrowed; of a search the numbers of its hits."""
        chosen = dict(self.form.cleaned_data)
        if chosen.pop("waits_for"):
            cases = cases.waiting_for(self.request.user, *STEPS, *ASKED)
        text = chosen.pop(SEARCH)
        found = narrow(cases, {**chosen, "category": "", "category_id": chosen["category"]}, timezone.now())
        if not text:
            return found
        places = tuple(int(chosen[name]) for name in ("street", "community") if chosen[name])
        is_open = bool(chosen["is_open"])
        search = Search(found, text, by=self.request.user, is_open=is_open, places=places)
        return search.numbers()[:MOST]


class CategoryList(generics.ListAPIView):
    """What a case can be about."""

    for_programs = True  # they name a category in what they report
    queryset = Category.objects.filter(is_active=True)
    serializer_class = shapes.CategoryRow
    filter_backends: list = []


def _shown(cases: QuerySet[Case]) -> QuerySet[Case]:
    return with_row(cases, shapes.NAMED, characters=0)


class CaseList(Doorway, generics.ListAPIView):
    """Cases in the scope of who asks, newest first; and the report of a new one."""

    for_programs = True
    serializer_class = shapes.CaseRow
    filterset_class = CaseFilter

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        return Case.objects.visible_to(self.request.user).order_by("-pk")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.filter_queryset(self.get_queryset())
        if isinstance(found, list):
            found = rows_of(self.paginate_queryset(found))
            return self.get_paginated_response([shapes.case_row(row) for row in _shown(found)])
        rows = self.paginate_queryset(_shown(found))
        return self.get_paginated_response([shapes.case_row(row) for row in rows])

    @extend_schema(
        summary="上报",
        parameters=[key_header()],
        request=shapes.ReportInput,
        responses={201: shapes.Answer, 200: shapes.Answer},
    )
    def post(self, request: Request) -> Response:
        key, now = self.key(), timezone.now()
        form = ReportForm(request.user, self.typed(shapes.ReportInput))
        if not form.is_valid():
            if earlier := actions.answered(key, "report", by=request.user):
                return Response(said(earlier))
            complain(form)
        answer = actions.report(by=request.user, now=now, key=key, given=form.given, source=Case.Source.API)
        return Response(said(answer), status=HTTPStatus.OK if answer.is_repeat else HTTPStatus.CREATED)


class CaseDetail(Doorway):
    """One case: its open leg, what may be done now, what happened."""

    for_programs = True

    @extend_schema(summary="案件", responses=shapes.CasePage)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        related = ("category", "street", "community", "unit", "centre", "grid")
        words = CaseText.objects.filter(case=OuterRef("case"), sequence=OuterRef("sequence"))
        events = CaseEvent.objects.select_related("by", "program", "unit").order_by("sequence")
        history = Prefetch("events", events.annotate(words=Subquery(words.values("body")[:1])))
        cases = Case.objects.visible_to(request.user).select_related(*related)
        case = cases.prefetch_related(history, "photos").get(uuid=case_uuid)
        case.leg = Leg.objects.open().filter(case=case).select_related("unit", "person").first()
        found = offers(Situation(case, request.user, timezone.now(), leg=case.leg))
        case.moves = [move_row(case, offer.move) for offer in found if offer.is_allowed]
        is_program = isinstance(request.user, ApiKey)
        return Response(shapes.CasePage(case, context={"is_program": is_program}).data)


def move_row(case: Case, move: Move) -> dict[str, Any]:
    """A move as programs see it."""
    url = reverse("cases:api_move", args=[case.uuid, move.name])
    return {"name": move.name, "label": move.label, "needs": move.needs, "url": url}


# Moving -----------------------------------------------------------------------------------------------------------


#: Needs whose fields ask the case, and for what of it; for every other move the door alone reads the case.
OF_THE_CASE = {
    "responsibility": "category",
    "unit": "responsibility",
    "right_unit": "responsibility",
    "grade": "responsibility",
    "condition_met": "responsibility",
}


class CaseMove(Doorway):
    """Any move of the table."""

    for_programs = True

    @extend_schema(
        summary="办理：流转表中的任一动作",
        parameters=[key_header()],
        request=shapes.MoveInput,
        responses=shapes.Answer,
    )
    def post(self, request: Request, case_uuid: uuid.UUID, name: str) -> Response:
        key, move, now = self.key(), MOVES.get(name), timezone.now()
        if move is None or not move.sources:
            raise exceptions.NotFound("没有这个动作。")
        asked = [need for need in move.needs if need in OF_THE_CASE]
        case = self.seen(case_uuid, *(OF_THE_CASE[need] for need in asked)) if asked else None
        try:
            data = self.typed(shapes.MoveInput)
        except exceptions.APIException:
            self.seen(case_uuid)  # out of scope is 404 whatever was sent
            raise
        form = move_form(move, case, request.user, data)
        if not form.is_valid():
            case = case or self.seen(case_uuid)
            if earlier := actions.answered(key, name, by=request.user, record=case):
                return Response(said(earlier))
            leg = Leg.objects.open().filter(case=case).first()
            if refusal := RULES.why_not(move, Situation(case, request.user, now, leg=leg)):
                raise refusal  # before saying what is missing for it
            complain(form)
        answer = actions.perform(
            case_uuid,
            name,
            by=request.user,
            now=now,
            key=key,
            given=form.given,
            **form.seen,
        )
        return Response(said(answer))

    def seen(self, case_uuid: uuid.UUID, *related: str) -> Case:
        return Case.objects.visible_to(self.request.user).select_related(*related).get(uuid=case_uuid)


# Papers -----------------------------------------------------------------------------------------------------------


class Schema(SpectacularAPIView):
    """The description of the interface. There is one version and one language: parameters that name others are not read."""

    api_version = spectacular_settings.VERSION

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return self._get_schema_response(request)


# Photos -----------------------------------------------------------------------------------------------------------


class PhotoUpload(Doorway):
    """Upload a picture; a report or a move then names it by its id."""

    for_programs = True
    parser_classes = [WholeForm]
    most_body, too_large = MOST_BODY, pictures.TOO_LARGE

    @extend_schema(
        summary="上传照片",
        parameters=[key_header(is_required=False)],
        request={"multipart/form-data": shapes.PhotoInput},
        responses={201: shapes.PhotoRow, 200: shapes.PhotoRow},
    )
    def post(self, request: Request) -> Response:
        if not may_report(request.user):
            raise Forbidden("您的岗位不能上传照片。")
        key = self.key() if "Idempotency-Key" in request.headers else None
        found = shapes.PhotoInput(data=request.data)
        found.is_valid(raise_exception=True)
        given, now = shapes.shifted(found.validated_data), timezone.now()
        file = given.pop("file")
        me = actor_of(request.user).identity
        if given.pop("owner", me) != me:  # somebody else has signed in on this phone since
            raise Forbidden("这张照片是另一位同事存在本机的，请由本人登录后上传。", field="owner")
        photo = photos.store(file.read(), by=request.user, now=now, key=key, **given)
        status = HTTPStatus.CREATED if photo.uploaded_at == now else HTTPStatus.OK
        return Response(shapes.PhotoRow(photo).data, status=status)


@login_required
@require_safe
def photo_file(request: HttpRequest, photo_uuid: uuid.UUID, is_small: bool = False) -> HttpResponse:
    """A picture, or its thumbnail, for those who may see it; the address never means another picture."""
    return served(request, _seen(request, photo_uuid), is_small=is_small)


@login_required
@require_safe
def marked_photo(request: HttpRequest, photo_uuid: uuid.UUID) -> HttpResponse:
    """The copy that says when, where and by whom; the picture itself as long as there is none."""
    photo = _seen(request, photo_uuid)
    if photo.marked_at is None:
        answer = redirect("cases:photo", photo_uuid)
        answer["Cache-Control"] = "no-store"
        return answer
    return served(request, photo, marked=marking.path(photo))


def _seen(request: HttpRequest, photo_uuid: uuid.UUID) -> Photo:
    photo = get_object_or_404(Photo, uuid=photo_uuid)
    if not photos.may_see(photo, request.user):
        raise Http404
    return photo
