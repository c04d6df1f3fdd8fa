"""Pictures of the demo world: drawn once, rebuilt once as every upload is, and used again."""

import datetime as dt
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from django.conf import settings

from cases.models import Photo
from demo.scenes import SCENE_OF, SCENES, TWICE, draw
from governance.models import By, actor_of
from records import pictures

ALBUM = "demo-album.json"


def keep(facts: dict, body: bytes, thumb: bytes) -> dict:
    """Put a rebuilt picture and its thumbnail where photos lie; the columns a photo row needs to point to it."""
    name = uuid.uuid4()
    photo = Photo(file=f"photos/{name.hex[:2]}/{name}.jpg")
    pictures.write(pictures.thumb_path(photo), thumb)
    pictures.write(pictures.path(photo), body)
    return {
        "file": photo.file,
        "sha256": hashlib.sha256(body).hexdigest(),
        "width": facts["width"],
        "height": facts["height"],
    }


class Album:
    """Files of the drawn pictures by scene; every photo row of the demo world points to one of them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.files: dict[str, list[dict]] = {}

    @staticmethod
    def wanted() -> list[tuple[str, int, bool]]:
        return [
            (scene, number, after)
            for scene in SCENES
            for number in range(2 if scene in TWICE else 1)
            for after in (False, True)
        ]

    def open(self) -> None:
        """Find the files of an earlier run, or draw the pictures and send them through the usual door."""
        index = Path(settings.MEDIA_ROOT) / ALBUM
        if index.exists():
            self.files = json.loads(index.read_text())
            kept = [Photo(file=file["file"]) for files in self.files.values() for file in files]
            if all(pictures.path(photo).exists() for photo in kept):
                for photo in kept:  # as new: one that no row names yet is removed a day after it was written
                    pictures.path(photo).touch()
                    pictures.thumb_path(photo).touch()
                return
            self.files = {}
        with ThreadPoolExecutor(2) as pool:
            rebuilt = pool.map(
                lambda what: pictures.rebuilt(draw(what[0], what[1], after=what[2])), self.wanted()
            )
            for (scene, _, after), (facts, body, thumb) in zip(self.wanted(), rebuilt, strict=True):
                self.files.setdefault(f"{scene}-{after}", []).append(keep(facts, body, thumb))
        index.write_text(json.dumps(self.files))

    def file(self, category: str, *, after: bool) -> dict:
        """The columns of a picture that shows such a matter before or after it was settled."""
        return self.random.choice(self.files[f"{SCENE_OF.get(category, 'road')}-{after}"])

    def take(
        self,
        *,
        by: By,
        now: dt.datetime,
        kind: Photo.Kind = Photo.Kind.SITE,
        position: list[float] | None = None,
        category: str = "",
    ) -> uuid.UUID:
        """Id of a fresh photo row of somebody that shows such a matter before or after it was settled."""
        file = self.file(category, after=kind in (Photo.Kind.AFTER, Photo.Kind.CHECK))
        longitude, latitude = position or (None, None)
        shown = {"kind": kind, "longitude": longitude, "latitude": latitude, **file}
        row = Photo(**actor_of(by).columns, uploaded_at=now, **shown)
        row.save(force_insert=True)
        return row.uuid
