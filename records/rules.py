"""What stands in the way of a move, one rule a move: raised by the door, shown by pages as "why not"."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

from governance.roles import Duty
from records.moves import Move
from records.refusals import Forbidden, NothingWaits, Refused, Stale

Rule = Callable[[Any], Refused | None]


@dataclass(frozen=True)
class Offer:
    """A move of the table in the present state, and why this person may not make it."""

    move: Move
    refusal: Refused | None

    @property
    def is_allowed(self) -> bool:
        return self.refusal is None

    @property
    def why_not(self) -> str:
        return self.refusal.sentence if self.refusal else ""


class Rules(dict[str, Rule]):
    """The rules of a kind of record, by the name of the move; ``noun`` and ``part`` are what people call it and its parts."""

    def __init__(self, noun: str, part: str = "") -> None:
        super().__init__()
        self.noun, self.part = noun, part
        self.answers: dict[str, Rule] = {}

    def of(self, *names: str) -> Callable[[Rule], Rule]:
        """Register what stands in the way of one or more moves."""

        def register(function: Rule) -> Rule:
            for name in names:
                self[name] = function
            return function

        return register

    def answering(self, *names: str) -> Callable[[Rule], Rule]:
        """Register what says that nothing waits for the answer that one or more moves give."""

        def register(function: Rule) -> Rule:
            for name in names:
                self.answers[name] = function
            return function

        return register

    def why_not(self, move: Move, situation: Any) -> Refused | None:
        """Why a move cannot be made now, or not by this person; None when nothing stands in the way."""
        if move.sources:  # no duty is held yet on a record that is being made
            state = type(move.sources[0])(situation.subject(move).state)
            if state not in move.sources:
                noun = self.part if move.of_part else self.noun
                return Stale(f"{noun}现为“{state.label}”，不能{move.label}。")
            if not situation.holds(move):
                return Forbidden(f"{move.label}由{whose(move)}办理。")
            if refusal := self._nothing_waits(move, situation):
                return refusal
        own = self.get(move.name)
        return own(situation) if own else None

    def offers(self, table: Iterable[Move], state: TextChoices, situation: Any) -> list[Offer]:
        """Every move of a table that people make in a state, without answers to what nobody asked."""
        moves = [move for move in table if state in move.sources and not move.is_systems]
        asked = [move for move in moves if not self._nothing_waits(move, situation)]
        found = [Offer(move, self.why_not(move, situation)) for move in asked]
        return [offer for offer in found if not isinstance(offer.refusal, NothingWaits)]

    def _nothing_waits(self, move: Move, situation: Any) -> Refused | None:
        answer = self.answers.get(move.name)
        return answer(situation) if answer else None


def whose(move: Move) -> str:
    """Who makes a move, in words."""
    people = [str(duty.label) for duty in move.duties if duty != Duty.SYSTEM]
    return "、".join(people) or str(Duty.SYSTEM.label)
