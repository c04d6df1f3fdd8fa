"""Photos in: never the file that came, always a new one made of its pixels (trust rule 7)."""

import datetime as dt
import uuid

from django.utils import timezone

from cases.models import Case, Photo
from cases.pace import one_at_a_time, too_fast
from cases.permissions import reports_at
from governance.models import ApiKey, By, User, actor_of
from records import pictures
from records.pictures import Rebuilt, demand_size, id_in_form, keep, rebuilt

FOLDER = "photos"
#: Where photos are sent to and lie.
ADDRESS = "/photos/"


def store(
    data: bytes,
    *,
    by: By,
    now: dt.datetime,
    kind: Photo.Kind = Photo.Kind.SITE,
    longitude: float | None = None,
    latitude: float | None = None,
    key: uuid.UUID | None = None,
) -> Photo:
    """Rebuild an upload and keep it for who uploads it; the position in its EXIF counts only if none is given.

    A position is kept only where the person holds a post that reports there: elsewhere it would tell where somebody was
    in private.

    ``key`` is the client's own and becomes the photo's id: the same key and picture give the same photo again.
    Raises ``Unfit`` for what is no picture, not a whole one, or too large, ``KeyReused`` for another picture, ``Busy``
    when too many come at once ``TooFast`` for a program, and ``StorageFull`` when the disk is full.
    """
    demand_size(data)
    program = actor_of(by).program
    _demand_pace(program, now)  # before the work; what is done at once is counted when it is stored
    facts, body, thumb = rebuilt(data)
    if longitude is None or latitude is None:
        longitude, latitude = facts["position"] or (None, None)
    today = timezone.localdate(now)
    if longitude is not None and latitude is not None and not reports_at(by, longitude, latitude, on=today):
        longitude = latitude = None
    photo = Photo(
        uuid=key or uuid.uuid4(), kind=kind, **actor_of(by).columns, longitude=longitude, latitude=latitude
    )

    def first() -> None:
        one_at_a_time(program)
        _demand_pace(program, now)

    return keep(photo, Rebuilt(facts, body, thumb), FOLDER, now=now, first=first)


def _demand_pace(program: ApiKey | None, now: dt.datetime) -> None:
    if program and (refusal := too_fast(program, now)):
        raise refusal


def store_of_form(data: bytes, key: uuid.UUID, field: str, *, by: User, now: dt.datetime) -> Photo:
    """Keep a file that came with a form; the same file in the same field of the same form is the same photo.

    ``key`` is the form's own. Raises ``Unfit`` as ``store`` does.
    """
    own = id_in_form(data, key, field, by=by)
    earlier = Photo.objects.filter(uuid=own, by=by).first()
    return earlier or store(data, by=by, now=now, key=own)


def remove_orphans(*, now: dt.datetime) -> int:
    """Remove files of photos that no row names; returns how many."""
    return pictures.remove_orphans(Photo, FOLDER, now=now)


def may_see(photo: Photo, user: User) -> bool:
    """Its uploader, and whoever sees the case it belongs to."""
    if photo.by_id == user.pk:
        return True
    return photo.case_id is not None and Case.objects.visible_to(user).filter(pk=photo.case_id).exists()
