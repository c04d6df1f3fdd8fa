"""The one door: lock → table → rule → effect → version + 1 → event → outbox, in one transaction."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from governance.models import Actor, By, actor_of
from records import chain
from records.given import Words
from records.models import Event, Record, Text
from records.moves import Move
from records.refusals import KeyReused, Refused
from records.rules import Rules
from records.situations import Effects, Walk, columns

#: Answers that are words; one text a move, kept apart from the event.
TEXTS = ("words", "reason")

R = TypeVar("R", bound=Record)
W = TypeVar("W", bound=Walk)
#: Rows that keep the key and the digest of the request that wrote them.
Keyed = TypeVar("Keyed", bound=Any)


@dataclass(frozen=True)
class Answer:
    """What a write says: which record, in which state, at which version; the same again for a repeat."""

    uuid: uuid.UUID
    record_id: int
    number: str
    move: str
    state: str
    version: int
    is_repeat: bool = False


def written_under(key: uuid.UUID, rows: QuerySet[Keyed], wanted: tuple[str, ...]) -> Keyed | None:
    """The row that a request wrote under its key, or None; raises ``KeyReused`` where it was another request.

    ``wanted`` are the digests of this request (``chain.request_digests``).
    """
    row = rows.filter(key=key).first()
    if row is not None and row.request_digest not in wanted:
        raise KeyReused("同一标识已用于另一内容，未重复办理。")
    return row


class Door(Generic[R, W]):
    """Makes the moves of one kind of record; an app says by its attributes and methods what is its own."""

    noun: ClassVar[str]
    model: type[Any]
    walk: type[W]
    events: type[Event]
    texts: type[Text]
    moves: ClassVar[Mapping[str, Move]]
    rules: ClassVar[Rules]
    words: ClassVar[Words]
    effects: ClassVar[Effects]

    def perform(
        self,
        record: uuid.UUID | R,
        move: str,
        *,
        by: By,
        now: dt.datetime,
        key: uuid.UUID,
        given: dict[str, Any] | None = None,
        part: int | None = None,
        **seen: Any,
    ) -> Answer:
        """Make a move of the table: on the record with this uuid, or with a new one that is not stored yet.

        ``key`` is the client's own; the same key and content give the same answer again. ``part`` is the id of the part
        that a move is about; ``seen`` is what an app says of what the person had before the eyes.

        Raises ``DoesNotExist`` of the model out of scope, ``Stale``, ``Forbidden``, ``Unfit`` or ``KeyReused``.
        """
        actor, given, line = actor_of(by), given or {}, self.moves[move]
        wanted = self.digests(actor, move, given, part)
        try:
            with transaction.atomic():
                if isinstance(record, uuid.UUID):
                    walk = self.enter(record, line, by=actor, now=now, given=given, part=part, **seen)
                else:
                    walk = self.begin(record, line, by=actor, now=now, given=given)
                if not actor.is_system:  # the system gives what it knows
                    self.words.demand(line, given, walk)
                return self.carry_out(walk, key=key, wanted=wanted)
        except (Refused, IntegrityError):
            events = self.events._default_manager.select_related(self.events.OF)
            earlier = written_under(key, events, wanted)
            if earlier is None:
                raise
            if earlier.record.uuid != (record.uuid if isinstance(record, Record) else record):
                raise KeyReused(f"同一标识已用于另一{self.noun}，未重复办理。") from None
            return self.again(earlier)

    def digests(
        self, by: Actor, move: str, given: dict[str, Any], part: int | None = None
    ) -> tuple[str, ...]:
        """Digests of a request (``chain.request_digests``)."""
        return chain.request_digests(by.identity, move, given | ({"part": part} if part else {}))

    def begin(self, record: R, move: Move, *, by: Actor, now: dt.datetime, given: dict[str, Any]) -> W:
        """Look whether somebody may make a record: by all posts, since no duty is held on it yet."""
        assert not move.sources, move.name
        walk = self.walk(record, by, now, move=move, given=given)
        if refusal := self.rules.why_not(move, walk):
            raise refusal
        return walk

    def enter(
        self,
        record_uuid: uuid.UUID,
        move: Move,
        *,
        by: Actor,
        now: dt.datetime,
        given: dict[str, Any],
        part: int | None,
    ) -> W:
        """Lock the record and ask the rules."""
        record = self.lock(record_uuid, by)
        one = self.part_of(record, part) if move.of_part else None
        walk = self.walk(
            record,
            by,
            now,
            move=move,
            given=given,
            found=columns(record),
            part=one,
            found_part=columns(one) if one else {},
        )
        if refusal := self.rules.why_not(move, walk):
            raise refusal
        return walk

    def lock(self, record_uuid: uuid.UUID, by: Actor) -> R:
        """Lock a record within the scope of who acts."""
        visible = self.model.objects.visible_to(by)
        found = visible.filter(uuid=record_uuid).select_for_update(of=("self",)).first()
        if found is None:
            raise self.model.DoesNotExist(f"没有这个{self.noun}，或不在您的管辖范围内。")
        return found

    def part_of(self, record: R, part: int | None) -> Any:
        """The part of a locked record that a move is about; raises ``DoesNotExist`` for one of another record."""
        raise NotImplementedError

    def carry_out(self, walk: W, *, key: uuid.UUID, wanted: tuple[str, ...]) -> Answer:
        """Let a move take effect and write it down; what an app does on a record that it has locked itself begins here."""
        self._take_effect(walk)
        return self._record(walk, key=key, wanted=wanted)

    def _take_effect(self, walk: W) -> None:
        """Let the move do what it does, and go to the state where it leads."""
        move, before = walk.move, walk.before
        act = self.effects.get(move.name)
        states = type((move.targets or move.sources)[0])
        leads_to = (act(walk) if act else None) or (move.targets[0] if move.targets else before)
        assert leads_to is not None
        after = states(leads_to)
        assert move.may_lead(states(before) if before else None, after), (move.name, before, after)
        self.after_effect(walk, after)
        walk.subject(move).state = after
        walk.record.version += bool(walk.found)  # a new record begins with its first version

    def after_effect(self, walk: W, after: Any) -> None:
        """What follows from the state that a move leads to, before it is written."""

    def _record(self, walk: W, *, key: uuid.UUID, wanted: tuple[str, ...]) -> Answer:
        """Write a move down, after its effect; returns what is said of it."""
        record = walk.record
        self.before_writing(walk)
        body = next((walk.given[name] for name in TEXTS if walk.given.get(name)), "")
        salt, digest = chain.text_digest(body) if body else ("", "")
        event = self.events(
            key=key,
            request_digest=wanted[0],
            sequence=record.version,
            at=walk.now,
            move=walk.move.name,
            before=walk.before or "",
            after=walk.subject(walk.move).state,
            **walk.actor.columns,
            **{self.events.OF: record},
            **self.event_columns(walk),
            data=chain.canonical(walk.facts),
            text_digest=digest,
            previous=record.chain_head,
        )
        event.digest = record.chain_head = chain.digest(event)
        _write(record, walk.found)
        event.save(force_insert=True)
        if walk.part is not None:
            _write(walk.part, walk.found_part)
        for row in walk.rows:
            row.save(force_insert=True)
        if body:
            text = self.texts(sequence=record.version, body=body, salt=salt, **{self.events.OF: record})
            text.save(force_insert=True)
        self.after_writing(walk)
        return self.answer(event)

    def before_writing(self, walk: W) -> None:
        """What an app writes into the row of the record, whatever the move."""

    def event_columns(self, walk: W) -> dict[str, Any]:
        """The app's own columns of an event."""
        return {}

    def after_writing(self, walk: W) -> None:
        """What follows in the same transaction: photos, notices, subscribers."""

    def answer(self, event: Event, *, is_repeat: bool = False) -> Answer:
        """What is said of a move that was written."""
        record: Any = event.record
        return Answer(
            record.uuid, record.pk, record.number, event.move, event.after, event.sequence, is_repeat
        )

    def again(self, event: Event) -> Answer:
        """The answer that was given when an event was written."""
        return self.answer(event, is_repeat=True)

    def answered(self, key: uuid.UUID, move: str, *, by: By, record: Record | None = None) -> Answer | None:
        """The answer given before to a request whose content no longer fits because it has been carried out."""
        events = self.events._default_manager.filter(key=key, move=move, **actor_of(by).columns)
        events = events.filter(**{self.events.OF: record}) if record else events
        event = events.select_related(self.events.OF).first()
        return self.again(event) if event else None


def _write(row: Model, found: dict[str, Any]) -> None:
    """Write a new row, or what has changed of one that was found."""
    if not found:
        row.save(force_insert=True)
        return
    changed = [name for name, value in columns(row).items() if value != found[name]]
    if changed:
        row.save(update_fields=changed)
