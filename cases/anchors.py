"""Anchors: digests of all events up to one, kept outside the database, so that history sealed anew is found as well.

A line of the file is a time, the last event it covers and a digest over the line before it and the events between them.
Whoever rewrites events and seals their chains again would have to rewrite the copies of this file too.
"""

import datetime as dt
import hashlib
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

_BETWEEN = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(digest, '' ORDER BY id), ''), 'UTF8')), 'hex')
    FROM cases_caseevent WHERE id > %s AND id <= %s
"""


def file() -> Path:
    """Where the lines are written; copy it to another machine every day."""
    return Path(settings.DATA_DIR) / "anchors.txt"


def _lines() -> list[tuple[str, int, str]]:
    if not file().exists():
        return []
    words = (line.split() for line in file().read_text(encoding="utf-8").splitlines() if line)
    return [(at, int(last), digest) for at, last, digest in words]


def _digest(before: str, after: int, last: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, [after, last])
        (events,) = cursor.fetchone()
    return hashlib.sha256(f"{before}{events}".encode()).hexdigest()


def _last_event() -> int:
    """The newest event, with nobody in the middle of writing one before it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE cases_caseevent IN SHARE MODE")
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_caseevent")
        return cursor.fetchone()[0]


def write(now: dt.datetime) -> int:
    """Add a line over what happened since the last one; returns the last event that it covers."""
    _, after, before = (_lines() or [("", 0, "")])[-1]
    last = _last_event()
    file().parent.mkdir(parents=True, exist_ok=True)
    with file().open("a", encoding="utf-8") as lines:
        lines.write(f"{now.isoformat(timespec='seconds')} {last} {_digest(before, after, last)}\n")
    return last


def broken() -> list[str]:
    """Times of the lines whose events are no longer what they were."""
    wrong, after, before = [], 0, ""
    for at, last, digest in _lines():
        if _digest(before, after, last) != digest:
            wrong.append(at)
        after, before = last, digest
    return wrong
