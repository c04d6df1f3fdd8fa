"""Photos in: never the file that came, always a new one made of its pixels (trust rule 7)."""

import datetime as dt
import hashlib
import json
import logging
import os
import subprocess
import sys
import uuid
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cases.models import Case, Photo
from cases.pace import one_at_a_time, too_fast
from cases.permissions import reports_at
from governance.models import ApiKey, By, User, actor_of
from governance.refusals import Busy, StorageFull, is_disk_full
from governance.slots import Slots
from records.refusals import KeyReused, TooFast, Unfit

FOLDER = "photos"
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
    if len(data) > MAX_BYTES:
        raise Unfit(TOO_LARGE, field="photos")
    program = actor_of(by).program
    _demand_pace(program, now)  # before the work; what is done at once is counted when it is stored
    facts, body, thumb = rebuilt(data)
    if longitude is None or latitude is None:
        longitude, latitude = facts["position"] or (None, None)
    today = timezone.localdate(now)
    if longitude is not None and latitude is not None and not reports_at(by, longitude, latitude, on=today):
        longitude = latitude = None
    name = uuid.uuid4()
    photo = Photo(
        uuid=key or uuid.uuid4(),
        kind=kind,
        **actor_of(by).columns,
        uploaded_at=now,
        file=f"{FOLDER}/{name.hex[:2]}/{name}.jpg",
        sha256=hashlib.sha256(body).hexdigest(),
        width=facts["width"],
        height=facts["height"],
        longitude=longitude,
        latitude=latitude,
    )
    if earlier := _repeated(photo):
        return earlier
    # Files first: a row never speaks of a picture that a power cut has taken.
    _write_both(photo, body, thumb)
    try:
        with transaction.atomic():
            one_at_a_time(program)
            _demand_pace(program, now)
            photo.save(force_insert=True)
    except (IntegrityError, TooFast):
        path(photo).unlink()
        thumb_path(photo).unlink()
        if earlier := _repeated(photo):
            return earlier
        raise
    return photo


def _demand_pace(program: ApiKey | None, now: dt.datetime) -> None:
    if program and (refusal := too_fast(program, now)):
        raise refusal


def store_of_form(data: bytes, key: uuid.UUID, field: str, *, by: User, now: dt.datetime) -> Photo:
    """Keep a file that came with a form; the same file in the same field of the same form is the same photo.

    ``key`` is the form's own. Raises ``Unfit`` as ``store`` does.
    """
    own = uuid.uuid5(key, f"{by.pk}:{field}:{hashlib.sha256(data).hexdigest()}")
    earlier = Photo.objects.filter(uuid=own, by=by).first()
    return earlier or store(data, by=by, now=now, key=own)


def _repeated(photo: Photo) -> Photo | None:
    """The photo stored before under the same key, or None; raises ``KeyReused`` when it shows something else."""
    earlier = Photo.objects.filter(uuid=photo.uuid).first()
    same = ("by_id", "contact", "program_id", "sha256")
    if earlier and any(getattr(earlier, name) != getattr(photo, name) for name in same):
        raise KeyReused("同一标识已用于另一张照片。", field="photos")
    return earlier


def rebuilt(data: bytes) -> tuple[dict, bytes, bytes]:
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
    return facts, rest[: facts["body"]], rest[facts["body"] :]


def path(photo: Photo) -> Path:
    """Where the picture lies; several rows of the demo share one file."""
    return Path(settings.MEDIA_ROOT) / photo.file


def thumb_path(photo: Photo) -> Path:
    """Where the thumbnail lies: beside the picture."""
    whole = path(photo)
    return whole.with_name(f"{whole.stem}-s.jpg")


def _write_both(photo: Photo, body: bytes, thumb: bytes) -> None:
    """Both files of a picture, or neither; raises ``StorageFull``."""
    try:
        write(thumb_path(photo), thumb)
        write(path(photo), body)
    except OSError as problem:
        thumb_path(photo).unlink(missing_ok=True)
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


def remove_orphans(*, now: dt.datetime) -> int:
    """Remove files that no row names, a day after they were written: who wrote them died before the row. Returns how many.

    When they are more than a tenth of all, nothing is removed: the folder then belongs to another database than ours.
    """
    orphans, total = [], 0
    for folder in sorted(one for one in (Path(settings.MEDIA_ROOT) / FOLDER).glob("*") if one.is_dir()):
        old = [file for file in folder.iterdir() if _is_older(file, now - ORPHANED)]
        total += len(old)
        if old:  # rows are asked after the files: what was written a day ago has its row by now or never
            here = Photo.objects.filter(file__startswith=f"{FOLDER}/{folder.name}/")
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


def may_see(photo: Photo, user: User) -> bool:
    """Its uploader, and whoever sees the case it belongs to."""
    if photo.by_id == user.pk:
        return True
    return photo.case_id is not None and Case.objects.visible_to(user).filter(pk=photo.case_id).exists()
