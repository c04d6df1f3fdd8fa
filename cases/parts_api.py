"""Photos that come in parts from our own pages (``records/uploading.py``)."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from cases import photos
from cases import serializers as shapes
from cases.models import Photo
from cases.permissions import may_report
from governance.models import User
from governance.responses import answers_json, refusal_json
from records import uploading
from records.parts import Upload
from records.refusals import Forbidden


@answers_json
@login_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an upload, or ask how far it has come."""
    if not may_report(request.user):
        return refusal_json(Forbidden("您的岗位不能上传照片。"))
    return uploading.begin(
        request, photos.FOLDER, _take(request.user), lambda key: _made(request.user, key), by=request.user
    )


@answers_json
@login_required
@require_POST
def go_on(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take the next part."""
    return uploading.go_on(request, key, photos.FOLDER, _take(request.user), by=request.user)


def _take(user: User) -> uploading.Take:
    def take(data: bytes, upload: Upload) -> dict[str, Any]:
        photo = photos.store(data, by=user, now=timezone.now(), key=upload.key, **upload.about)
        return shapes.PhotoRow(photo).data

    return take


def _made(user: User, key: uuid.UUID) -> dict[str, Any] | None:
    photo = Photo.objects.filter(uuid=key, by=user).first()
    return shapes.PhotoRow(photo).data if photo else None
