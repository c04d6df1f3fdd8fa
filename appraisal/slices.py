"""What a figure is about: a territory, a grid or a unit, and what it is narrowed to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases.filters import BASE, OTHERS
from cases.loops import base
from cases.models import Case

#: Every source but what was settled on the spot, which is counted apart.
BY_OTHERS = tuple(source.value for source in Case.Source if source not in Case.ON_THE_SPOT)

#: Dimensions and values: one of those has one of these.
Within = Sequence[tuple[tuple[str, ...], tuple]]


@dataclass(frozen=True)
class Slice:
    """``dimension`` says what ``place`` is: district, street, community, grid or unit; the rest narrows where it is set."""

    dimension: str
    place: int
    unit: int | None = None
    category: int | None = None
    kind: str = ""
    loop: str = ""
    source: str = ""

    def at(self, dimension: str, place: int) -> "Slice":
        """The same of another place."""
        return replace(self, dimension=dimension, place=place)

    @property
    def narrowed(self) -> dict[str, tuple]:
        """Dimensions and the values that they may have, beside the place."""
        found: dict[str, tuple] = {}
        if self.unit:
            found["unit"] = (self.unit,)
        if self.category:
            found["category"] = (self.category,)
        if self.kind:
            found["kind"] = (self.kind,)
        if self.loop:
            found["loop"] = tuple(loop.value for loop in base()) if self.loop == BASE else (self.loop,)
        if self.source:
            found["source"] = BY_OTHERS if self.source == OTHERS else (self.source,)
        return found

    @property
    def within(self) -> Within:
        """The place, and what it is narrowed to."""
        place: tuple[tuple[str, ...], tuple] = ((self.dimension,), (self.place,))
        return [place, *(((name,), values) for name, values in self.narrowed.items())]
