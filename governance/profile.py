"""What differs from place to place, from one file a place (``profiles/<place>.toml``): words, loops, staffing, modules.

The loop underneath is the same everywhere. ``PLACE`` in the settings names the file; it is read once and checked as a
whole, and nothing here asks the database.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import IntegerChoices, TextChoices

FOLDER = Path(__file__).parent / "profiles"


# What every place has; the profile has the words ------------------------------------------------------------------


class Level(IntegerChoices):
    """Levels of territory (Panlong: 区委—街道党工委—社区党委—居民小组党支部—楼栋党小组)."""

    CITY = 0
    DISTRICT = 1
    STREET = 2
    COMMUNITY = 3
    COURTYARD = 4
    BUILDING = 5

    @property
    def label(self) -> str:
        return profile().levels.get(self, self.name.lower())


class Phase(TextChoices):
    """The six steps 六步闭环 that every case walks."""

    REPORT = "report"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"
    CLOSE = "close"
    EVALUATE = "evaluate"

    @property
    def label(self) -> str:
        return profile().phases[self]


class Cover(TextChoices):
    """What somebody is for a grid. An official answers for it beside another work; a helper is a volunteer or neighbour."""

    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    WORKER = "worker"
    OFFICIAL = "official"
    HELPER = "helper"

    @property
    def label(self) -> str:
        rule = profile().covers.get(self)
        return rule.label if rule else self.value


class Engagement(TextChoices):
    """How somebody covers a grid."""

    FULL_TIME = "full_time"
    PROFESSIONAL = "professional"
    PART_TIME = "part_time"

    @property
    def label(self) -> str:
        rule = profile().engagements.get(self)
        return rule.label if rule else self.value


# The profile ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoopWords:
    """What a place calls a loop, and its centres: the word that follows the name of the territory."""

    label: str
    centre: str


@dataclass(frozen=True)
class EngagementRule:
    label: str
    #: How many grids somebody may cover that way at a time; None: as many as there are.
    grids: int | None


@dataclass(frozen=True)
class CoverRule:
    """How many of a duty a grid needs and may have (``most`` None: any number), and how they may be engaged."""

    label: str
    engagements: tuple[Engagement, ...]
    least: int
    most: int | None


@dataclass(frozen=True)
class KindWords:
    """What a place calls a kind of community, and what tells it from the others."""

    label: str
    means: str


@dataclass(frozen=True, eq=False)
class Profile:
    """A place: its words, its loops (named after their levels, lowest first), who covers a grid, its kinds of communities.

    ``without`` names the modules that it does not use.
    """

    name: str
    levels: Mapping[Level, str]
    phases: Mapping[Phase, str]
    loops: Mapping[str, LoopWords]
    engagements: Mapping[Engagement, EngagementRule]
    covers: Mapping[Cover, CoverRule]
    kinds: Mapping[str, KindWords]
    without: frozenset[str]

    @cached_property
    def above(self) -> dict[str, str]:
        """The next loop up, by loop; the top one has none."""
        return dict(pairwise(self.loops))

    @cached_property
    def below(self) -> dict[str, str]:
        return {upper: lower for lower, upper in self.above.items()}

    @cached_property
    def top(self) -> Level:
        """The level that commands the highest loop."""
        return Level[list(self.loops)[-1].upper()]

    @cached_property
    def centres(self) -> dict[int, str]:
        """What centres are called, by level."""
        return {Level[name.upper()]: loop.centre for name, loop in self.loops.items()}

    @cached_property
    def needed(self) -> dict[Cover, CoverRule]:
        """Duties that every grid needs somebody for."""
        return {cover: rule for cover, rule in self.covers.items() if rule.least}

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The steps as they are shown: phases with the same word are one step."""
        return tuple(dict.fromkeys(self.phases.values()))

    @cached_property
    def step_of(self) -> dict[Phase, int]:
        """Which of ``steps`` shows a phase."""
        return {phase: self.steps.index(word) for phase, word in self.phases.items()}


def profile() -> Profile:
    """The profile of this place."""
    return read(settings.PLACE)


@cache
def read(place: str) -> Profile:
    """The profile of a place; raises ``ImproperlyConfigured``, which names the file and what is wrong in it."""
    path = FOLDER / f"{place}.toml"
    known = sorted(one.stem for one in FOLDER.glob("*.toml"))
    if place not in known:
        raise ImproperlyConfigured(f"PLACE is {place!r}; there are profiles for {', '.join(known)}.")
    try:
        return understood(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValueError) as problem:
        raise ImproperlyConfigured(f"{path.name}: {problem}") from None


# Reading ----------------------------------------------------------------------------------------------------------

_TABLES = ("name", "levels", "steps", "loops", "engagements", "covers", "kinds", "without")
#: Levels whose territory stands on the row of a case: each of them may command a loop, and has a name.
_COMMANDING = (Level.COMMUNITY, Level.STREET, Level.DISTRICT)
LONGEST_KIND = 30
_KIND = re.compile(rf"[a-z_]{{1,{LONGEST_KIND}}}").fullmatch


def understood(data: dict[str, Any]) -> Profile:
    """A profile from the tables of its file; raises ``ValueError`` for the first thing that is wrong."""
    given = _Table("the file", data)
    given.allows(_TABLES)
    levels = given.table("levels").words(Level)
    for level in _COMMANDING:
        if level not in levels:
            raise ValueError(f"[levels] has no {level.name.lower()}; a case lies in one.")
    engagements = {
        Engagement(key): EngagementRule(one.word("label"), one.number("grids"))
        for key, one in given.table("engagements").tables(Engagement, ("label", "grids"))
    }
    return Profile(
        name=given.word("name"),
        levels=levels,
        phases=_phases(given.table("steps")),
        loops=_loops(given.table("loops")),
        engagements=engagements,
        covers={
            Cover(key): _cover(one, engagements)
            for key, one in given.table("covers").tables(Cover, ("label", "engagements", "least", "most"))
        },
        kinds=_kinds(given.table("kinds")) if "kinds" in data else {},
        without=frozenset(given.list_of_words("without")),
    )


def _phases(table: "_Table") -> dict[Phase, str]:
    words = table.words(Phase)
    missing = [phase.value for phase in Phase if phase not in words]
    if missing:
        raise ValueError(f"[steps] has no word for {', '.join(missing)}.")
    phases = {phase: words[phase] for phase in Phase}
    changes = sum(first != second for first, second in pairwise(phases.values()))
    if changes + 1 != len(set(phases.values())):
        raise ValueError("[steps] uses one word for steps that do not follow each other.")
    return phases


def _loops(table: "_Table") -> dict[str, LoopWords]:
    """Lowest first, in whatever order the file has them."""
    named = {level.name.lower(): level for level in _COMMANDING}
    loops = {key: LoopWords(one.word("label"), one.word("centre")) for key, one in table.tables(named, ("label", "centre"))}  # fmt: skip
    if not loops:
        raise ValueError("[loops] is empty: somebody has to command a case.")
    return {name: loops[name] for name in named if name in loops}


def _cover(table: "_Table", engagements: Mapping[Engagement, EngagementRule]) -> CoverRule:
    ways = table.list_of_words("engagements")
    for way in ways:
        if way not in engagements:
            raise ValueError(
                f"{table.where} names the engagement {way!r}, which [engagements] does not have."
            )
    if not ways:
        raise ValueError(f"{table.where} allows no engagement, so that nobody could cover a grid that way.")
    least, most = table.number("least", 0), table.number("most")
    assert least is not None
    if most is not None and least > most:
        raise ValueError(f"{table.where} needs at least {least} and allows at most {most}.")
    return CoverRule(table.word("label"), tuple(map(Engagement, ways)), least, most)


def _kinds(table: "_Table") -> dict[str, KindWords]:
    """Which kinds there are is up to the place; their names are kept in rows."""
    kinds = {key: KindWords(one.word("label"), one.word("means")) for key, one in table.tables(table.data, ("label", "means"))}  # fmt: skip
    for key in kinds:
        if not _KIND(key):
            raise ValueError(f"[kinds] has {key!r}; a name is small letters and _, {LONGEST_KIND} at most.")
    if len({one.label for one in kinds.values()}) < len(kinds):
        raise ValueError("[kinds] uses one word for two kinds.")
    return kinds


class _Table:
    """A table of the file, which says where it stands when something in it is wrong."""

    def __init__(self, where: str, data: Any) -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{where} must be a table.")
        self.where, self.data = where, data

    def allows(self, names: Any) -> None:
        known = [str(name) for name in names]
        for key in self.data:
            if key not in known:
                raise ValueError(f"{self.where} has {key!r}; known here are {', '.join(known)}.")

    def table(self, name: str) -> "_Table":
        if name not in self.data:
            raise ValueError(f"[{name}] is missing.")
        return _Table(f"[{name}]", self.data[name])

    def tables(self, names: Any, columns: tuple[str, ...]) -> list[tuple[str, "_Table"]]:
        """Tables below this one, by names that are known, each with some of the columns."""
        self.allows(names)
        tables = [(key, _Table(f"[{self.where.strip('[]')}.{key}]", one)) for key, one in self.data.items()]
        for _, one in tables:
            one.allows(columns)
        return tables

    def words(self, names: Any) -> dict[Any, str]:
        """Words by member of an enumeration, in the order of the file."""
        known = {one.name.lower(): one for one in names}
        self.allows(known)
        return {known[key]: self.word(key) for key in self.data}

    def word(self, name: str) -> str:
        value = self.data.get(name)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{self.where} needs a word for {name!r}.")
        return value

    def list_of_words(self, name: str) -> list[str]:
        value = self.data.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise ValueError(f"{self.where} needs a list of words for {name!r}.")
        if len(set(value)) < len(value):
            raise ValueError(f"{self.where} names something twice in {name!r}.")
        return value

    def number(self, name: str, default: int | None = None) -> int | None:
        value = self.data.get(name, default)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ValueError(f"{self.where} needs a whole number for {name!r}, 0 or more.")
        return value
