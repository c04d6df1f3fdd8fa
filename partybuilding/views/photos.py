"""Photos of the joint log: sent at once by the form of a move, shown to whoever sees the whistle."""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from governance.models import User
from governance.refusals import Refused
from governance.responses import answers_json, refusal_json
from governance.roles import Duty
from partybuilding import addresses, photos
from partybuilding.models import WhistlePhoto
from records import uploading
from records.parts import Upload
from records.refusals import Forbidden, Unfit
from records.serving import served


@answers_json
@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take one picture; a move then names it by its id. ``Idempotency-Key`` is the client's own."""
    try:
        return _take(request)
    except Refused as refusal:
        return refusal_json(refusal)


def _demand_part(user: User) -> None:
    if not any(user.authority.has(duty) for duty in (Duty.BLOW, Duty.ANSWER, Duty.HEAD)):
        raise Forbidden("您的岗位不参与哨单，不能上传照片。")


def _told(photo: WhistlePhoto) -> dict[str, Any]:
    whole, small = (addresses.photo(photo.uuid, is_small=is_small) for is_small in (False, True))
    return {"uuid": photo.uuid, "url": whole, "thumb": small}


def _take(request: HttpRequest) -> HttpResponse:
    _demand_part(request.user)
    if request.POST.get("owner", str(request.user.pk)) != str(request.user.pk):
        raise Forbidden("这张照片是另一位同事存在本机的，请由本人登录后上传。", field="owner")
    file = request.FILES.get("file")
    if file is None:
        raise Unfit("请选择一张照片。", field="file")
    try:
        key = uuid.UUID(request.headers["Idempotency-Key"]) if "Idempotency-Key" in request.headers else None
    except ValueError:
        raise Unfit("Idempotency-Key 须为 UUID。") from None
    now = timezone.now()
    photo = photos.store(file.read(), by=request.user, now=now, key=key)
    status = HTTPStatus.CREATED if photo.uploaded_at == now else HTTPStatus.OK
    return JsonResponse(_told(photo), status=status)


@answers_json
@login_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an upload in parts, or ask how far it has come (``records/uploading.py``)."""
    try:
        _demand_part(request.user)
    except Refused as refusal:
        return refusal_json(refusal)

    def made(key: uuid.UUID) -> dict[str, Any] | None:
        photo = WhistlePhoto.objects.filter(uuid=key, by=request.user).first()
        return _told(photo) if photo else None

    return uploading.begin(request, photos.FOLDER, _keep(request.user), made, by=request.user)


@answers_json
@login_required
@require_POST
def go_on(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take the next part."""
    return uploading.go_on(request, key, photos.FOLDER, _keep(request.user), by=request.user)


def _keep(user: User) -> uploading.Take:
    def take(data: bytes, upload: Upload) -> dict[str, Any]:
        return _told(photos.store(data, by=user, now=timezone.now(), key=upload.key))

    return take


@login_required
@require_safe
def photo_file(request: HttpRequest, photo_uuid: uuid.UUID, is_small: bool = False) -> HttpResponse:
    """A picture, or its thumbnail, for those who may see it."""
    photo = get_object_or_404(WhistlePhoto, uuid=photo_uuid)
    if not photos.may_see(photo, request.user):
        raise Http404
    return served(request, photo, is_small=is_small)
