"""What happened to a record, line by line; what a line says beyond the common an app adds in its own words."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypedDict, TypeVar

from records.models import Event, Picture, Record, Text
from records.moves import Move

E = TypeVar("E", bound=Event)

#: Of an event these prove, or tell one request from another; a page does not read them.
_UNREAD = {"key", "request_digest", "text_digest", "previous", "digest", "digest_version"}


class Line(TypedDict):
    """One line of a timeline, as ``ui.timeline_item`` takes it; ``tone`` is the colour of the state that was reached."""

    at: Any
    what: str
    who: str
    tone: str
    text: str
    facts: list[str]
    photos: list[dict[str, str]]


def events_of(record: Record, events: type[E], texts: type[Text]) -> list[E]:
    """Events of a record, the newest first, each with the ``words`` beside it; one statement."""
    return list(events._default_manager.raw(_statement(events, texts), [record.pk]))


@cache
def _statement(events: type[Event], texts: type[Text]) -> str:
    """A join of two columns, which models cannot say."""
    of = f"{events.OF}_id"
    read = [field.column for field in events._meta.concrete_fields if field.name not in _UNREAD]
    columns = ", ".join(f'event."{column}"' for column in read)
    return (
        f'SELECT {columns}, text.body AS words FROM "{events._meta.db_table}" event '
        f'LEFT JOIN "{texts._meta.db_table}" text USING ("{of}", sequence) '
        f'WHERE event."{of}" = %s ORDER BY event.sequence DESC'
    )


def line(
    event: Any, move: Move, *, tone: str, facts: Iterable[str], photos: Iterable[dict[str, str]]
) -> Line:
    """The line of an event of ``events_of``; whoever acted must be named on it, or the name is asked for."""
    return {
        "at": event.at,
        "what": move.label,
        "who": event.actor.name,
        "tone": tone,
        "text": event.words or "",
        "facts": list(facts),
        "photos": list(photos),
    }


def picture_row(photo: Picture, address: str, caption: str) -> dict[str, str]:
    """A photo as the photo strip takes it; ``address`` is where the pictures of the app lie."""
    return {
        "url": f"{address}{photo.uuid}.jpg",
        "thumb_url": f"{address}{photo.uuid}-s.jpg",
        "caption": caption,
    }
