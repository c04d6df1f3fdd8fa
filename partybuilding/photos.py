"""Photos of the joint log: stored as all pictures are (``records/pictures.py``), seen by whoever sees the whistle."""

import datetime as dt
import uuid

from governance.models import User
from partybuilding.models import Whistle, WhistlePhoto
from records import pictures

FOLDER = "whistle-photos"
#: Where photos are sent to and lie.
ADDRESS = "/party/photos/"


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
    """Remove files of photos that no row names; returns how many."""
    return pictures.remove_orphans(WhistlePhoto, FOLDER, now=now)
