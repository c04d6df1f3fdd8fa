"""Photos of the joint log: stored as all pictures are (``records/pictures.py``), seen by whoever sees the whistle."""

import datetime as dt
import uuid

from django.db import transaction

from governance.models import User
from partybuilding.models import Whistle, WhistlePhoto
from records import pictures

FOLDER = "whistle-photos"
#: A photo of a form that was never sent to its end stays for so long.
UNTAKEN = dt.timedelta(days=1)


def store(data: bytes, *, by: User, now: dt.datetime, key: uuid.UUID | None = None) -> WhistlePhoto:
    """Rebuild an upload and keep it for who uploads it; the same key and picture give the same photo again.

    Raises ``Unfit``, ``KeyReused``, ``Busy`` or ``StorageFull`` as ``pictures.rebuilt`` and ``pictures.keep`` do.
    """
    pictures.demand_size(data)
    photo = WhistlePhoto(uuid=key or uuid.uuid4(), by=by)
    return pictures.keep(photo, pictures.rebuilt(data), FOLDER, now=now)


def store_of_form(data: bytes, key: uuid.UUID, field: str, *, by: User, now: dt.datetime) -> WhistlePhoto:
    """Keep a file that came with a form; the same file in the same field of the same form is the same photo."""
    own = pictures.id_in_form(data, key, field, by=by)
    earlier = WhistlePhoto.objects.filter(uuid=own, by=by).first()
    return earlier or store(data, by=by, now=now, key=own)


def may_see(photo: WhistlePhoto, user: User) -> bool:
    """Its uploader, and whoever sees the whistle it belongs to."""
    if photo.by_id == user.pk:
        return True
    return (
        photo.whistle_id is not None and Whistle.objects.visible_to(user).filter(pk=photo.whistle_id).exists()
    )


def remove_orphans(*, now: dt.datetime) -> int:
    """Remove photos that no move took within a day, and files that no row names; returns how many."""
    return _remove_untaken(now) + pictures.remove_orphans(WhistlePhoto, FOLDER, now=now)


def _remove_untaken(now: dt.datetime) -> int:
    untaken = WhistlePhoto.objects.filter(whistle=None, uploaded_at__lt=now - UNTAKEN)
    with transaction.atomic():
        # Locked: a move that takes one at this moment has it, or is told that it is gone.
        photos = list(untaken.select_for_update(skip_locked=True))
        WhistlePhoto.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    for photo in photos:  # after the rows: a row never speaks of a picture that is gone
        if not WhistlePhoto.objects.filter(file=photo.file).exists():
            pictures.path(photo).unlink(missing_ok=True)
            pictures.thumb_path(photo).unlink(missing_ok=True)
    return len(photos)
