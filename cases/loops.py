"""The loops of this place, and whose territories command a case: one loop from another, and columns from loops.

Which loops there are says the profile; ``Loop`` says which level and column each has.
"""

from functools import cache
from typing import TYPE_CHECKING

from cases.workflow import Loop
from governance.models import Organization
from governance.profile import Level, Profile, profile

if TYPE_CHECKING:
    from cases.models import Case


def loops() -> tuple[Loop, ...]:
    """Loops of this place, lowest first."""
    return _loops_of(profile())


@cache
def _loops_of(place: Profile) -> tuple[Loop, ...]:
    return tuple(map(Loop, place.loops))


def lowest() -> Loop:
    return loops()[0]


def top() -> Loop:
    return loops()[-1]


def base() -> tuple[Loop, ...]:
    """Loops in which a case counts as settled at the base 基层办结: those of streets and below."""
    return tuple(loop for loop in loops() if loop.level >= Level.STREET)


def from_loop_up(loop: Loop) -> tuple[Loop, ...]:
    """A loop and those above it, highest first."""
    here = loops()
    return here[here.index(loop) :][::-1]


def up_to_loop(loop: Loop) -> tuple[Loop, ...]:
    """Loops below a loop and itself, lowest first."""
    here = loops()
    return here[: here.index(loop) + 1]


def territory_id(case: "Case", loop: Loop | None) -> int | None:
    """The territory that commands a loop at the place of a case; None where there is none."""
    return getattr(case, f"{loop.column}_id") if loop in loops() and loop else None


def territory(case: "Case", loop: Loop | None) -> Organization | None:
    """The same with its names."""
    # By name: it may be loaded already.
    return getattr(case, loop.column) if loop and territory_id(case, loop) else None


def commanding_id(case: "Case", loop: Loop) -> int:
    """The same where there is one for certain: in the loop that has the case, and in the highest."""
    found = territory_id(case, loop)
    assert found is not None
    return found


def commanding_ids(case: "Case", loop: Loop) -> list[int | None]:
    """Territories at the place of a case that command a loop or one above it, highest first."""
    return [getattr(case, f"{one.column}_id") for one in from_loop_up(loop)]
