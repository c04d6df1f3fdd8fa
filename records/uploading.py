"""Files that come in parts, over HTTP: the same two requests for every app that takes pictures."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError

from governance.models import User
from governance.refusals import Refused
from governance.responses import form_json, refusal_body, refusal_json
from records import parts
from records.refusals import Forbidden, Stale, Unfit

#: Makes a picture of a whole file; what it tells of it is answered.
Take = Callable[[bytes, parts.Upload], dict[str, Any]]
#: Tells of the picture that was made before under a key.
Made = Callable[[uuid.UUID], dict[str, Any] | None]


class BeginForm(forms.Form):
    """What is going to come: its key is the client's own and becomes the picture's id."""

    key = forms.UUIDField()
    length = forms.IntegerField(min_value=1)
    sha256 = forms.RegexField(r"^[0-9a-f]{64}\Z", required=False)
    longitude = forms.FloatField(min_value=-180, max_value=180, required=False)
    latitude = forms.FloatField(min_value=-85, max_value=85, required=False)
    owner = forms.IntegerField(required=False)


class OffsetForm(forms.Form):
    offset = forms.IntegerField(min_value=0)


def begin(request: HttpRequest, of: str, take: Take, made: Made, *, by: User) -> HttpResponse:
    """Answer how much of a file is here, or the picture that was made of it; ``of`` is the app whose picture it becomes."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        return form_json(form)
    given = form.cleaned_data
    try:
        if given["owner"] not in (None, by.pk):
            raise Forbidden("这张照片是另一位同事存在本机的，请由本人登录后上传。", field="owner")
        if earlier := made(given["key"]):
            return JsonResponse(earlier)
        about = {name: given[name] for name in ("longitude", "latitude") if given[name] is not None}
        upload = parts.begin(
            given["key"], by=by, of=of, length=given["length"], sha256=given["sha256"], about=about
        )
        return _answer(upload, upload.arrived, take)
    except Refused as refusal:
        return refusal_json(refusal)


def go_on(request: HttpRequest, key: uuid.UUID, of: str, take: Take, *, by: User) -> HttpResponse:
    """Take the next part, the bare body of a request; an offset that does not fit is answered with the right one."""
    upload, form = parts.find(key, by=by, of=of), OffsetForm(request.GET)
    if upload is None:
        return JsonResponse(refusal_body("没有这次上传，请从头传。"), status=HTTPStatus.NOT_FOUND)
    if not form.is_valid():
        return form_json(form)
    try:
        return _answer(upload, upload.append(request.read, form.cleaned_data["offset"]), take)
    except Stale as refusal:
        body = refusal_body(refusal.sentence, offset=upload.arrived)
        return JsonResponse(body, status=HTTPStatus.CONFLICT)
    except UnreadablePostError:  # the connection broke: nobody reads the answer, what came before is kept
        return JsonResponse(refusal_body("连接中断。"), status=HTTPStatus.BAD_REQUEST)
    except Refused as refusal:
        return refusal_json(refusal)


def _answer(upload: parts.Upload, arrived: int, take: Take) -> HttpResponse:
    if arrived < upload.length:
        return JsonResponse({"offset": arrived})
    data = upload.whole()
    try:
        told = take(data, upload)
    except Unfit:
        upload.forget()
        raise
    upload.forget()
    return JsonResponse(told, status=HTTPStatus.CREATED)
