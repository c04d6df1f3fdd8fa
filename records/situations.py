"""What a rule looks at: a record, who does something and when; and a move under way."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db.models import Model, TextChoices
from django.utils import timezone

from governance.models import Actor, By, User, actor_of
from governance.roles import Duty
from records.models import Record
from records.moves import Move

R = TypeVar("R", bound=Record)


@dataclass
class Situation(Generic[R]):
    """A record, who does something and when; what else a rule needs an app asks for once, when it is needed.

    ``part`` is the part of the record that a move is about, where records have parts.
    """

    record: R
    by: By
    now: dt.datetime
    part: Any = field(default=None, kw_only=True)

    @cached_property
    def actor(self) -> Actor:
        return actor_of(self.by)

    @property
    def user(self) -> User | None:
        """The member of staff, where one acts."""
        return self.actor.user

    def is_by(self, user_id: int | None) -> bool:
        """Whether the member of staff with this number acts."""
        return self.user is not None and self.user.pk == user_id

    @cached_property
    def today(self) -> dt.date:
        return timezone.localdate(self.now)

    @cached_property
    def held(self) -> frozenset[Duty]:
        """Duties that who acts holds here now."""
        raise NotImplementedError

    def holds(self, move: Move) -> bool:
        """Whether who acts holds a duty that makes a move here."""
        return not self.held.isdisjoint(move.duties)

    def subject(self, move: Move) -> Any:
        """What a move changes the state of: the record, or its part."""
        return self.part if move.of_part else self.record


@dataclass
class Walk(Situation[R]):
    """One move under way: the locked record, who does what, and what the effect adds.

    ``found`` is the row as it was locked, ``found_part`` that of the part; nothing for a record that is being made.
    ``rows`` are written with the move, once the record is there; ``facts`` stand in the event.
    """

    move: Move
    given: dict[str, Any]
    found: dict[str, Any] = field(default_factory=dict)
    found_part: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Model] = field(default_factory=list)
    tell_also: list[dict[str, Any]] = field(default_factory=list)

    @property
    def before(self) -> str | None:
        """The state in which the move found its subject; None for a record that is being made."""
        found = self.found_part if self.move.of_part else self.found
        return found["state"] if found else None


Effect = Callable[[Any], TextChoices | None]


class Effects(dict[str, Effect]):
    """What each move does, by its name: changes the record, may return the state that it leads to."""

    def of(self, *names: str) -> Callable[[Effect], Effect]:
        """Register the effect of one or more moves."""

        def register(function: Effect) -> Effect:
            for name in names:
                self[name] = function
            return function

        return register


def columns(row: Model) -> dict[str, Any]:
    """The values of a row; lists are copied, because moves add to them."""
    found = {c.attname: getattr(row, c.attname) for c in row._meta.concrete_fields if not c.generated}
    return {name: list(value) if isinstance(value, list) else value for name, value in found.items()}
