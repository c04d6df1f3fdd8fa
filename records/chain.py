"""Chains of events: SHA-256 over fixed columns, the same in Python (writing) and in SQL (verifying)."""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from decimal import Decimal
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import connection, models

from governance import secrets
from records.models import Event, Text

#: Events of version 1, written when staff and system alone could act, are verified as they were: their digest holds
#: neither the version nor the last two columns.
_EVENTS = """
    SELECT e.id, {of} FROM (
        SELECT e.*, lag(digest, 1, '') OVER chain AS expected_previous,
               lag(sequence, 1, 0) OVER chain + 1 AS expected_sequence,
               last_value(digest) OVER (PARTITION BY {of} ORDER BY sequence
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS tail
        FROM {events} e WINDOW chain AS (PARTITION BY {of} ORDER BY sequence)
    ) e JOIN {records} r ON r.id = e.{of}
    WHERE previous <> expected_previous OR sequence <> expected_sequence OR tail <> r.chain_head
       OR digest_version = 1 AND (contact IS NOT NULL OR program_id IS NOT NULL) OR digest_version NOT IN (1, 2)
       OR digest <> encode(sha256(convert_to(concat_ws(E'\\n', nullif(digest_version, 1), previous, r.uuid, sequence,
            to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), move, before, after,
            coalesce(by_id::text, ''), {own}data, text_digest, key, request_digest,
            CASE digest_version WHEN 2 THEN concat(contact, E'\\n', program_id) END), 'UTF8')), 'hex')
"""

#: Records whose last events were cut off, or that have none at all.
_CUT = """
    SELECT r.id FROM {records} r
    LEFT JOIN LATERAL (SELECT digest, sequence FROM {events} e WHERE e.{of} = r.id
                       ORDER BY sequence DESC LIMIT 1) last ON true
    WHERE last.digest IS DISTINCT FROM r.chain_head OR last.sequence IS DISTINCT FROM r.version
"""

#: Words that were changed, removed or put in; an erased text keeps no body and proves nothing.
_WORDS = """
    SELECT coalesce(e.{of}, t.{of}) FROM {events} e
    FULL JOIN {texts} t ON t.{of} = e.{of} AND t.sequence = e.sequence
    WHERE coalesce(e.text_digest, '') <> CASE
        WHEN t.id IS NULL THEN ''
        WHEN t.erased_at IS NULL THEN encode(sha256(convert_to(t.salt || t.body, 'UTF8')), 'hex')
        WHEN t.body = '' AND e.text_digest <> '' THEN e.text_digest
        ELSE 'body of an erased text' END
"""


def plain(value: Any) -> Any:
    """A value as JSON can hold it; model rows become their primary keys.

    Raises ``TypeError`` for what has no canonical form.
    """
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | models.QuerySet):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime):
        try:
            return value.astimezone(dt.UTC).isoformat()
        except (
            OverflowError
        ):  # the first and the last day of all: refused later, by whoever asked for the time
            return value.isoformat()
    if isinstance(value, dt.date | Decimal | uuid.UUID):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"no canonical form for {type(value).__name__}")


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def request_digests(who: int | str | None, move: str, given: dict[str, Any]) -> tuple[str, ...]:
    """Keyed digests of a request, so that a repeat can be told from a change without keeping the words.

    ``who`` is ``Actor.identity``.

    The first is written with the event; the others are those that an event may hold that was written under an older
    key, the last one under ``SECRET_KEY``, as all were until version 1 of the field keys was written down.
    """
    message = canonical([who, move, given]).encode()
    return *secrets.digests(message), hmac.digest(settings.SECRET_KEY.encode(), message, "sha256").hex()


def own_key(message: str) -> uuid.UUID:
    """A key of the program's own for a move: the same for the same message, and for nobody to guess and use up before."""
    return uuid.UUID(
        bytes=hmac.digest(settings.SECRET_KEY.encode(), message.encode(), "sha256")[:16], version=4
    )


def text_digest(body: str) -> tuple[str, str]:
    """A fresh salt and the salted digest of a text."""
    salt = token_hex(16)
    return salt, _salted(salt, body)


def _salted(salt: str, body: str) -> str:
    return hashlib.sha256((salt + body).encode()).hexdigest()


def words_fit(event: Event, text: Text | None) -> bool:
    """Whether the words beside an event are those that it was written with; as ``_WORDS`` asks of all."""
    if text is None:
        return event.text_digest == ""
    if text.erased_at is None:
        return event.text_digest == _salted(text.salt, text.body)
    return text.body == "" and event.text_digest != ""


def event_fits(event: Event) -> bool:
    """Whether an event is what its digest was made of; as ``_EVENTS`` asks of all."""
    if event.digest_version == 1:
        return event.contact is None and event.program_id is None and event.digest == digest(event)
    return event.digest_version == 2 and event.digest == digest(event)


def digest(event: Event) -> str:
    """Digest of an event over the fixed columns of its version and the digest before it."""
    columns = [
        event.previous,
        event.record.uuid,
        event.sequence,
        event.at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        event.move,
        event.before,
        event.after,
        event.by_id,
        *[getattr(event, name) for name in event.OWN_COLUMNS],
        event.data,
        event.text_digest,
        event.key,
        event.request_digest,
    ]
    if event.digest_version != 1:
        columns = [event.digest_version, *columns, event.contact, event.program_id]
    said = ["" if column is None else str(column) for column in columns]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def broken(events: type[Event], texts: type[Text]) -> list[int]:
    """Ids of records whose chain does not hold: changed, removed, inserted or reordered events, changed words."""
    of: Any = events._meta.get_field(events.OF)
    names = {
        "of": of.column,
        "events": events._meta.db_table,
        "texts": texts._meta.db_table,
        "records": of.related_model._meta.db_table,
        "own": "".join(f"coalesce(e.{name}::text, ''), " for name in events.OWN_COLUMNS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS.format(**names))
        found = {record_id for _, record_id in cursor.fetchall()}
        for sql in (_CUT, _WORDS):
            cursor.execute(sql.format(**names))
            found.update(record_id for (record_id,) in cursor.fetchall())
    return sorted(found)
