"""One key, one write: the same request again gets the answer that it got, another one under its key is refused."""

import uuid
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet

from cases.models import CalendarChange, Case, CaseEvent
from governance.models import By, actor_of
from records.refusals import KeyReused

#: Rows that keep the key and the digest of the request that wrote them.
Row = TypeVar("Row", CaseEvent, CalendarChange)


def written_under(key: uuid.UUID, rows: QuerySet[Row], wanted: tuple[str, ...]) -> Row | None:
    """The row that a request wrote under its key, or None; raises ``KeyReused`` where it was another request.

    ``wanted`` are the digests of this request (``chain.request_digests``).
    """
    row = rows.filter(key=key).first()
    if row is not None and row.request_digest not in wanted:
        raise KeyReused("同一标识已用于另一内容，未重复办理。")
    return row


@dataclass(frozen=True)
class Answer:
    """What a write says: which case, in which state, at which version; the same again for a repeat."""

    uuid: uuid.UUID
    case_id: int
    number: str
    move: str
    state: str
    version: int
    is_repeat: bool = False

    @classmethod
    def again(cls, event: CaseEvent) -> "Answer":
        """The answer that was given when an event was written."""
        case = event.case
        return cls(case.uuid, case.pk, case.number, event.move, event.after, event.sequence, is_repeat=True)


def answered(key: uuid.UUID, move: str, *, by: By, case: Case | None = None) -> Answer | None:
    """The answer given before to a request whose content no longer fits because it has been carried out."""
    events = CaseEvent.objects.filter(key=key, move=move, **actor_of(by).columns).select_related("case")
    event = (events.filter(case=case) if case else events).first()
    return Answer.again(event) if event else None
