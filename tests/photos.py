"""Photos for tests: two drawn pictures, stored once a process, then shared by every row."""

import datetime as dt
import hashlib
import io
import uuid
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw

from cases.models import Photo
from governance.models import By, actor_of


@cache
def jpeg(width: int = 320, height: int = 240, colour: str = "#7a8b99") -> bytes:
    """A small picture that a phone might have taken."""
    picture = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(picture).rectangle((40, 60, width - 40, height - 40), outline="white", width=4)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=80)
    return data.getvalue()


@cache
def _file(colour: str) -> tuple[str, str]:
    data = jpeg(colour=colour)
    digest = hashlib.sha256(data).hexdigest()
    name = f"photos/{digest[:2]}/{digest}.jpg"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.with_name(f"{path.stem}-s.jpg").write_bytes(data)
    return name, digest


def file(category: str = "", *, after: bool = False) -> dict:
    """The columns of a stored picture."""
    name, digest = _file("#5d7a5f" if after else "#7a8b99")
    return {"file": name, "sha256": digest, "width": 320, "height": 240}


def photo(
    *,
    by: By,
    now: dt.datetime,
    kind: str = Photo.Kind.SITE,
    position: list[float] | None = None,
    category: str = "",
) -> uuid.UUID:
    """Id of a fresh photo of somebody, not yet taken by any case."""
    longitude, latitude = position or (None, None)
    row = Photo.objects.create(
        **actor_of(by).columns,
        **file(after=kind == Photo.Kind.AFTER),
        uploaded_at=now,
        kind=kind,
        longitude=longitude,
        latitude=latitude,
    )
    return row.uuid
