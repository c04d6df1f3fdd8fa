"""One move under way, and the register of what each move does."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from cases.models import Case
from cases.rules import Situation
from cases.workflow import Move, State


@dataclass
class Walk(Situation):
    """One move under way: the locked case, its open leg, who does what, and what the effect adds.

    ``found`` is the row of the case as it was locked; nothing for a case that is being made. ``rows`` are written with
    the move, once the case is there.
    """

    move: Move
    given: dict[str, Any]
    found: dict[str, Any] = field(default_factory=dict)
    others: dict[uuid.UUID, Case] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Model] = field(default_factory=list)
    tell_also: list[dict[str, Any]] = field(default_factory=list)
    tell_owner: bool = True
    is_told: bool = True

    @property
    def before(self) -> State | None:
        """The state in which the move found the case; None for a case that is being made."""
        return State(self.found["state"]) if self.found else None


Effect = Callable[[Walk], State | None]
#: Effect of each move by name: changes the case and its legs, may return the state it leads to.
EFFECTS: dict[str, Effect] = {}


def effect(*names: str) -> Callable[[Effect], Effect]:
    """Register the effect of one or more moves."""

    def register(function: Effect) -> Effect:
        for name in names:
            EFFECTS[name] = function
        return function

    return register


def columns(case: Case) -> dict[str, Any]:
    """The row of a case; lists are copied, because moves add people to them."""
    row = {name: getattr(case, name) for name in _COLUMNS}
    return {name: list(value) if isinstance(value, list) else value for name, value in row.items()}


_COLUMNS = [column.attname for column in Case._meta.concrete_fields if not column.generated]
