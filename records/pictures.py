"""Pictures in: never the file that came, always a new one made of its pixels (trust rule 7). Each app owns its table."""

import datetime as dt
import hashlib
import json
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction

from governance.models import User
from governance.refusals import Busy, StorageFull, is_disk_full
from governance.slots import Slots
from records.models import Picture
from records.refusals import KeyReused, TooFast, Unfit

P = TypeVar("P", bound=Picture)

#: A file without a row is kept for so long; so many are removed whatever their share.
ORPHANED, FEW = dt.timedelta(days=1), 100
log = logging.getLogger(__name__)

MAX_BYTES = 12 * 1024 * 1024
TOO_LARGE = "照片超过 12 MB，请用普通画质重拍。"
REFUSALS = {
    "format": "只接受 JPEG、PNG、WebP 或 HEIC 格式的照片。",
    "pixels": "照片像素过大（最多 4000 万像素），请用普通拍照模式重拍。",
    "small": "照片太小，看不清现场，请重新拍照。",
    "broken": "照片不完整或已损坏，请重新拍照。",
}
_SCRIPT = Path(__file__).with_name("rebuilding.py")
_busy = partial(Busy, "正在处理别的照片，这张没有存下。请过几秒再试一次。", field="photos")
FULL = "照片存储空间已满，这张没有存下。请联系系统管理员，清理空间后再试。"
_SECONDS = 20
#: Two at a time in a process: pictures must not take the memory of everything else.
slots = Slots(2, _busy, seconds=3)
#: Two more may wait for them: of the threads of a process (config/gunicorn.py) most stay free for pages.
line = Slots(4, _busy)


class Rebuilt(NamedTuple):
    """What was made of an upload: its facts, the picture and the thumbnail (JPEG)."""

    facts: dict[str, Any]
    body: bytes
    thumb: bytes


def demand_size(data: bytes) -> None:
    """Raise ``Unfit`` for an upload that is too large."""
    if len(data) > MAX_BYTES:
        raise Unfit(TOO_LARGE, field="photos")


def keep(
    picture: P, made: Rebuilt, folder: str, *, now: dt.datetime, first: Callable[[], None] = lambda: None
) -> P:
    """Write the files of a picture, then its row; the same id and picture again give the row of before.

    ``first`` is called inside the transaction, before the row is written; what it raises undoes all. Raises
    ``KeyReused`` for another picture under the same id, and ``StorageFull``.
    """
    name = uuid.uuid4()
    picture.uploaded_at, picture.file = now, f"{folder}/{name.hex[:2]}/{name}.jpg"
    picture.sha256 = hashlib.sha256(made.body).hexdigest()
    picture.width, picture.height = made.facts["width"], made.facts["height"]
    if earlier := _repeated(picture):
        return earlier
    # Files first: a row never speaks of a picture that a power cut has taken.
    _write_both(picture, made.body, made.thumb)
    try:
        with transaction.atomic():
            first()
            picture.save(force_insert=True)
    except (IntegrityError, TooFast):
        path(picture).unlink()
        thumb_path(picture).unlink()
        if earlier := _repeated(picture):
            return earlier
        raise
    return picture


def id_in_form(data: bytes, key: uuid.UUID, field: str, *, by: User) -> uuid.UUID:
    """The id of a file that came with a form; the same file in the same field of the same form is the same picture.

    ``key`` is the form's own.
    """
    return uuid.uuid5(key, f"{by.pk}:{field}:{hashlib.sha256(data).hexdigest()}")


def _repeated(picture: P) -> P | None:
    """The picture stored before under the same key, or None; raises ``KeyReused`` when it shows something else."""
    earlier = type(picture)._default_manager.filter(uuid=picture.uuid).first()
    same = ("by_id", "contact", "program_id", "sha256")
    if earlier and any(getattr(earlier, name) != getattr(picture, name) for name in same):
        raise KeyReused("同一标识已用于另一张照片。", field="photos")
    return earlier


def rebuilt(data: bytes) -> Rebuilt:
    """Facts, picture and thumbnail from a process of its own with limits on memory and time."""
    with line.hold(), slots.hold():
        try:
            result = subprocess.run(
                [sys.executable, "-I", str(_SCRIPT)],
                input=data,
                capture_output=True,
                timeout=_SECONDS,
                env={},
            )
        except subprocess.TimeoutExpired:  # it has less than that of the processor: the machine is at fault
            raise _busy() from None
    head, _, rest = result.stdout.partition(b"\n")
    if result.returncode or not head:  # killed by a limit, or by what it was fed
        raise Unfit(REFUSALS["broken"], field="photos")
    facts = json.loads(head)
    if refusal := facts.get("refused"):
        raise Unfit(REFUSALS[refusal], field="photos")
    return Rebuilt(facts, rest[: facts["body"]], rest[facts["body"] :])


def path(picture: Picture) -> Path:
    """Where the picture lies; several rows of the demo share one file."""
    return Path(settings.MEDIA_ROOT) / picture.file


def thumb_path(picture: Picture) -> Path:
    """Where the thumbnail lies: beside the picture."""
    whole = path(picture)
    return whole.with_name(f"{whole.stem}-s.jpg")


def _write_both(picture: Picture, body: bytes, thumb: bytes) -> None:
    """Both files of a picture, or neither; raises ``StorageFull``."""
    try:
        write(thumb_path(picture), thumb)
        write(path(picture), body)
    except OSError as problem:
        thumb_path(picture).unlink(missing_ok=True)
        if not is_disk_full(problem):
            raise
        log.error("no room for photos in %s: %s", settings.MEDIA_ROOT, problem.strerror)
        raise StorageFull(FULL, field="photos") from None


def write(target: Path, content: bytes) -> None:
    """Write a file that is either whole or absent, and on the disk when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".part")  # names are random: nobody else writes this one
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_orphans(model: type[Picture], folder: str, *, now: dt.datetime) -> int:
    """Remove files that no row names, a day after they were written: who wrote them died before the row. Returns how many.

    When they are more than a tenth of all, nothing is removed: the folder then belongs to another database than ours.
    """
    orphans, total = [], 0
    for part in sorted(one for one in (Path(settings.MEDIA_ROOT) / folder).glob("*") if one.is_dir()):
        old = [file for file in part.iterdir() if _is_older(file, now - ORPHANED)]
        total += len(old)
        if old:  # rows are asked after the files: what was written a day ago has its row by now or never
            here = model._default_manager.filter(file__startswith=f"{folder}/{part.name}/")
            named = {Path(name).stem for name in here.values_list("file", flat=True).distinct()}
            orphans += [file for file in old if file.stem.removesuffix("-s") not in named]
    if len(orphans) > FEW and len(orphans) > total / 10:
        log.error("%s of %s photo files have no row: none was removed", len(orphans), total)
        return 0
    for file in orphans:
        file.unlink(missing_ok=True)
    return len(orphans)


def _is_older(file: Path, moment: dt.datetime) -> bool:
    try:
        return file.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:  # a draft got its name meanwhile
        return False
