"""Anchors: digests of all events up to one, kept outside the database, so that history sealed anew is found as well.

Each table of events has a file. A line of it is a time, the last event it covers and a digest over the line before it and the events between them.
Whoever rewrites events and seals their chains again would have to rewrite the copies of this file too.
"""

import datetime as dt
import errno
import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from records.models import Event


class Anchor(NamedTuple):
    at: str
    last: int
    digest: str


@dataclass
class Anchors:
    """The anchors of one table of events, in a file of the data folder: copy it to another machine every day."""

    events: type[Event]
    name: str
    #: Events whose digests are put together at a time: the first line of an old system covers millions.
    step: int = 100_000

    @property
    def table(self) -> str:
        return self.events._meta.db_table

    def file(self) -> Path:
        return Path(settings.DATA_DIR) / self.name

    def lines(self) -> list[Anchor]:
        """All anchors, oldest first. Raises ``ValueError`` for a line that cannot be read."""
        return _read(self.file().read_text(encoding="utf-8")) if self.file().exists() else []

    def write(self, now: dt.datetime) -> int:
        """Add a line over what happened since the last one; returns the last event that it covers."""
        self.file().parent.mkdir(parents=True, exist_ok=True)
        with self.file().open("a+", encoding="utf-8") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX)  # two writers at once would both follow the same line
            kept.seek(0)
            before = (_read(kept.read()) or [Anchor("", 0, "")])[-1]
            last = self._last_event()
            digest = self._digest(before.digest, before.last, last)
            _append(kept.fileno(), f"{now.isoformat(timespec='seconds')} {last} {digest}\n".encode())
        return last

    def broken(self) -> list[str]:
        """Times of the lines whose events are no longer what they were."""
        wrong, before = [], Anchor("", 0, "")
        for anchor in self.lines():
            if self._digest(before.digest, before.last, anchor.last) != anchor.digest:
                wrong.append(anchor.at)
            before = anchor
        return wrong

    def _digest(self, before: str, after: int, last: int) -> str:
        digest = hashlib.sha256(before.encode())
        between = f"SELECT string_agg(digest, '' ORDER BY id) FROM {self.table} WHERE id > %s AND id <= %s"
        with connection.cursor() as cursor:
            for start in range(after, last, self.step):
                cursor.execute(between, [start, min(start + self.step, last)])
                digest.update((cursor.fetchone()[0] or "").encode())
        return digest.hexdigest()

    def _last_event(self) -> int:
        """The newest event, with nobody in the middle of writing one before it.

        Writers wait for milliseconds; where the lock does not come at once, the next night covers both days.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(f"LOCK TABLE {self.table} IN SHARE MODE")
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {self.table}")
            return cursor.fetchone()[0]


def _read(text: str) -> list[Anchor]:
    anchors = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) != 3 or not words[1].isdecimal():
            raise ValueError(f"锚点文件第 {number} 行无法读取")
        anchors.append(Anchor(words[0], int(words[1]), words[2]))
    return anchors


def _append(handle: int, line: bytes) -> None:
    """Add a whole line, or none: half a line, on a full disk, would make the file unreadable for ever."""
    end = os.lseek(handle, 0, os.SEEK_END)
    try:
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, end)
        raise
