"""A table of moves: what may happen to a kind of record, by whom, with what. It knows no database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from django.db.models import TextChoices

from governance.roles import Duty


@dataclass(frozen=True)
class Move:
    """One line of a table.

    ``sources`` is empty for a move that makes a record. ``targets`` is empty where the state stays; several targets
    mean that the effect decides among them.
    """

    name: str
    label: str
    sources: tuple[TextChoices, ...]
    targets: tuple[TextChoices, ...]
    duties: tuple[Duty, ...]
    needs: tuple[str, ...]
    ends_badly: bool = field(default=False, kw_only=True)  # asked once more before it is done
    of_part: bool = field(default=False, kw_only=True)  # of a part of the record, which has states of its own

    def may_lead(self, before: TextChoices | None, after: TextChoices) -> bool:
        """Whether this move may bring a record from one state, or from none, to another."""
        if before is None:
            return not self.sources and after in self.targets
        return before in self.sources and (after in self.targets if self.targets else after == before)

    @cached_property
    def is_systems(self) -> bool:
        """Whether the system alone makes it."""
        return set(self.duties) == {Duty.SYSTEM}


M = TypeVar("M", bound=Move)


class Table(Generic[M]):
    """The moves of records with the same states, in the order in which they are read."""

    def __init__(self, states: type[TextChoices], final: Iterable[TextChoices], moves: Iterable[M]) -> None:
        self.states, self.final, self.moves = states, frozenset(final), tuple(moves)
        self.by_name = {move.name: move for move in self.moves}
        assert len(self.by_name) == len(self.moves), "a move stands once in its table"

    def __iter__(self) -> Iterator[M]:
        return iter(self.moves)

    @property
    def open(self) -> tuple[TextChoices, ...]:
        """States in which something may still happen."""
        return tuple(state for state in self.states if state not in self.final)

    def moves_from(self, state: TextChoices) -> list[M]:
        """Moves that the table knows in a state."""
        return [move for move in self.moves if state in move.sources]

    def diagram(self) -> str:
        """The table as a Mermaid state diagram and a Markdown table."""
        lines = ["```mermaid", "stateDiagram-v2"]
        lines += [f"    {state.value}: {state.label}" for state in self.states]
        for move in self.moves:
            for target in move.targets:
                origins = [s.value for s in move.sources if s != target] if move.sources else ["[*]"]
                lines += [f"    {origin} --> {target.value}: {move.label}" for origin in origins]
        lines += [f"    {state.value} --> [*]" for state in self.states if state in self.final]
        extra = self.columns()
        lines += ["```", "", f"| {' | '.join(['动作', '标识', '从', '到', '谁', '必须给出', *extra])} |"]
        lines.append("|---" * (6 + len(extra)) + "|")
        for move in self.moves:
            sources = "、".join(str(s.label) for s in move.sources) or "—"
            targets = "、".join(str(s.label) for s in move.targets) or "不变"
            whose = "、".join(str(d.label) for d in move.duties)
            needs = "、".join(f"`{n}`" for n in move.needs) or "—"
            cells = [move.label, f"`{move.name}`", sources, targets, whose, needs, *self.cells(move)]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"

    def columns(self) -> list[str]:
        """Headings of columns that a table adds to the common ones."""
        return []

    def cells(self, move: M) -> list[str]:
        """What stands in the added columns."""
        return []
