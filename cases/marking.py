"""Marks (水印): a copy of each photo of a case that says when, where and by whom; the picture itself stays as it is."""

import datetime as dt
import logging
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cases.models import Photo
from governance.models import Post
from governance.refusals import is_disk_full
from governance.roles import Role
from records import pictures
from records.marking import font_file, marked

FOLDER = "marked"
BATCH = 20
#: Older ones are of a time before there were marks.
RECENT = dt.timedelta(days=7)
log = logging.getLogger(__name__)


def path(photo: Photo) -> Path:
    """Where the copy lies. It goes by the row: rows of the demo share a file."""
    return Path(settings.MEDIA_ROOT) / FOLDER / photo.uuid.hex[:2] / f"{photo.uuid}.jpg"


def mark_due(*, now: dt.datetime) -> int:
    """Make the copies that are missing, some at a time; returns how many. Without a Chinese font nothing is done."""
    font = font_file()
    if font is None:
        return 0
    with transaction.atomic():
        waiting = Photo.objects.filter(marked_at=None, case__isnull=False, uploaded_at__gte=now - RECENT)
        locked = waiting.order_by("uploaded_at").select_for_update(skip_locked=True, of=("self",))
        due = list(locked.select_related("case__grid", "case__street", "by", "program")[:BATCH])
        for photo in due:
            try:
                _mark(photo, font)
            except FileNotFoundError:
                log.error("no file of photo %s to mark", photo.uuid)
            except OSError as problem:
                if not is_disk_full(problem):
                    raise
                log.error("no room for marked photos in %s: %s", settings.MEDIA_ROOT, problem.strerror)
                return 0
            photo.marked_at = now
        Photo.objects.bulk_update(due, ["marked_at"])
    return len(due)


def _mark(photo: Photo, font: str) -> None:
    copy = marked(pictures.path(photo).read_bytes(), lines_of(photo), font)
    path(photo).with_suffix(".part").unlink(missing_ok=True)  # of a worker that was killed; the row is locked
    pictures.write(path(photo), copy)


def lines_of(photo: Photo) -> list[str]:
    """When it came, where it was taken or else where its case lies, and who sent it, from which post."""
    case, at = photo.case, timezone.localtime(photo.uploaded_at)
    assert case is not None
    longitude, latitude = photo.longitude, photo.latitude
    if longitude is None or latitude is None:
        longitude, latitude = case.longitude, case.latitude
    names = (case.street and case.street.name, case.grid and case.grid.name, case.address)
    place = " ".join(name for name in names if name)
    when = f"{at:%Y-%m-%d %H:%M} 上传 · {case.number}"
    return [when, f"{place} · {latitude:.5f}, {longitude:.5f}", _who(photo)]


def _who(photo: Photo) -> str:
    if photo.program:
        return photo.program.name
    if photo.by is None:
        return "居民"
    posts = Post.objects.on_duty(timezone.localdate(photo.uploaded_at)).filter(user=photo.by)
    post = posts.select_related("organization").order_by("pk").first()
    return f"{Role(post.role).label} · {post.organization.name}" if post else "工作人员"
