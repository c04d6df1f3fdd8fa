"""Files that come in parts (docs/decisions/0045): what has arrived is kept, so that a bad network sends nothing twice.

Each person's unfinished uploads lie in a folder of their own: another person's key leads nowhere.
"""

import datetime as dt
import fcntl
import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from governance.models import User
from governance.refusals import StorageFull, is_disk_full
from records.pictures import FULL, MAX_BYTES, TOO_LARGE
from records.refusals import KeyReused, Stale, Unfit

FOLDER = "parts"
#: Unfinished uploads of a person; the one that has waited longest makes room for another.
MOST = 12
#: An upload to which nothing was added for so long is given up.
UNFINISHED = dt.timedelta(days=1)
CHUNK = 16 * 1024
SPOILT = "照片在传输中损坏，请再传一次。"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file that somebody is sending: its length in bytes, perhaps its digest, and what was told of it (``about``)."""

    owner: int
    of: str  # whose pictures it belongs to: the app
    key: uuid.UUID
    length: int
    sha256: str
    about: dict[str, Any]

    @property
    def head(self) -> Path:
        return _folder(self.owner) / f"{self.key}.json"

    @property
    def body(self) -> Path:
        return self.head.with_suffix(".bin")

    @property
    def arrived(self) -> int:
        """How many bytes are here."""
        try:
            return self.body.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, read: Callable[[int], bytes], offset: int) -> int:
        """Add what ``read`` gives at an offset; returns how much is here.

        What came before a connection broke stays, and browsers send a part once more by themselves: what is here already
        is compared and passed over. Raises ``Stale`` for a gap or other content, ``Unfit`` for more than the file has,
        ``StorageFull``.
        """
        while chunk := read(CHUNK):
            self._add(chunk, offset)
            offset += len(chunk)
        return self.arrived

    def _add(self, chunk: bytes, offset: int) -> None:
        # Locked for a chunk alone: a dead connection must not keep the next one out.
        with self.body.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            here = os.fstat(file.fileno()).st_size
            file.seek(min(offset, here))
            known = file.read(len(chunk))
            if offset > here or known != chunk[: len(known)]:
                raise Stale("这一段接不上已收到的部分。")
            if offset + len(chunk) > self.length:
                raise Unfit("这一段超出了照片的大小。", field="file")
            try:
                file.write(chunk[len(known) :])
                file.flush()
            except OSError as problem:
                raise _full(problem) from None

    def whole(self) -> bytes:
        """All of the file; raises ``Unfit`` and forgets it where it is not what was to come."""
        try:
            data = self.body.read_bytes()
        except FileNotFoundError:  # another page of the phone has made the picture of it at this moment
            raise Stale("照片刚由另一页传完。") from None
        if len(data) != self.length or self.sha256 not in ("", hashlib.sha256(data).hexdigest()):
            self.forget()
            raise Unfit(SPOILT, field="photos")
        return data

    def forget(self) -> None:
        self.head.unlink(missing_ok=True)
        self.body.unlink(missing_ok=True)


def begin(
    key: uuid.UUID, *, by: User, of: str, length: int, sha256: str = "", about: dict[str, Any]
) -> Upload:
    """An upload under the client's own key, new or begun before; raises ``Unfit`` or ``KeyReused`` for another file."""
    if length > MAX_BYTES:
        raise Unfit(TOO_LARGE, field="photos")
    wanted = Upload(by.pk, of, key, length, sha256, about)
    if earlier := find(key, by=by, of=of):
        if (earlier.length, earlier.sha256) != (length, sha256):
            raise KeyReused("同一标识已用于另一张照片。", field="photos")
        return earlier
    for old in _newest_first(by.pk)[MOST - 1 :]:
        old.forget()
    wanted.body.unlink(missing_ok=True)  # of one that was given up
    draft = wanted.head.with_name(f"{uuid.uuid4()}.draft")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({**asdict(wanted), "key": str(key)}))
        draft.rename(wanted.head)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise _full(problem) from None
    return wanted


def find(key: uuid.UUID, *, by: User, of: str) -> Upload | None:
    """The unfinished upload of a person under a key, for the pictures of an app."""
    found = _read(_folder(by.pk) / f"{key}.json")
    return found if found and found.of == of else None


def remove_old(*, now: dt.datetime) -> int:
    """Remove the files of uploads that nobody goes on with; returns how many files."""
    oldest = (now - UNFINISHED).timestamp()
    old = [one for one in (Path(settings.MEDIA_ROOT) / FOLDER).glob("*/*") if one.stat().st_mtime < oldest]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _full(problem: OSError) -> Exception:
    """What is raised for a file that could not be written."""
    if not is_disk_full(problem):
        return problem
    log.error("no room for uploads in %s: %s", settings.MEDIA_ROOT, problem.strerror)
    return StorageFull(FULL, field="photos")


def _folder(owner: int) -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER / str(owner)


def _read(head: Path) -> Upload | None:
    try:
        found = json.loads(head.read_bytes())
        return Upload(**{**found, "key": uuid.UUID(found["key"])})
    except (FileNotFoundError, ValueError):  # a power cut may leave an empty one
        return None


def _touched(upload: Upload) -> float:
    times = [one.stat().st_mtime for one in (upload.head, upload.body) if one.exists()]
    return max(times, default=0.0)


def _newest_first(owner: int) -> list[Upload]:
    found = [upload for head in _folder(owner).glob("*.json") if (upload := _read(head))]
    return sorted(found, key=_touched, reverse=True)
