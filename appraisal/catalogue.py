"""Counters and measures as data: read from ``data/*.toml``, checked whole at the first use, never code."""

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db.models import Q

from appraisal.formulas import NOTHING, Formula, NotAFormula, parse
from appraisal.grains import Grain, grains
from appraisal.periods import DAY, Period
from governance import modules
from governance.modules import kept_for_modules

DATA = Path(__file__).parent / "data"
#: How a condition compares; without one of these ends a list means "one of" and a single value "equal".
COMPARISONS = {"_below": "lt", "_from": "gte"}
DIRECTIONS = {"up": "越高越好", "down": "越低越好", "none": "不分好坏"}


@dataclass(frozen=True)
class Condition:
    """One thing that a row must be: a white-listed column, how it is compared, with what."""

    column: str
    comparison: str  # in, lt, gte
    value: Any
    negated: bool = False

    @property
    def q(self) -> Q:
        found = Q(**{f"x_{self.column}__{self.comparison}": self.value})
        return ~found if self.negated else found


@dataclass(frozen=True)
class Counter:
    """An additive count of rows of a grain, by the day of one of their moments."""

    key: str
    number: int
    label: str
    grain: Grain
    at: str
    conditions: tuple[Condition, ...]
    amount: str = ""

    @property
    def definition(self) -> list[Any]:
        """Everything that the count depends on."""
        asked = [[c.column, c.comparison, c.value, c.negated] for c in self.conditions]
        return [self.number, self.grain.name, self.at, asked, self.amount]


@dataclass(frozen=True)
class Stock:
    """How many rows of a grain stand somewhere now; no tally keeps it."""

    key: str
    label: str
    grain: Grain
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Alternative:
    """Another denominator that a district may choose; cities define some of them differently."""

    name: str
    label: str
    words: str
    denominator: Formula
    #: Whether what the numerator counts is then a part of what the denominator counts, row by row.
    by_row: bool = True


@dataclass(frozen=True)
class Measure:
    """A number with its definition: what stands on its card."""

    key: str
    version: int
    valid_from: dt.date
    label: str
    group: str
    words: str
    source: str
    bias: str
    owner: str
    unit: str
    direction: str  # up, down, none: what is better
    numerator: Formula = NOTHING
    numerator_words: str = ""
    denominator: Formula | None = None
    denominator_words: str = ""
    #: Whether what the numerator counts is a part of what the denominator counts, row by row.
    by_row: bool = True
    thresholds: tuple[float, float] | None = None  # good, bad
    threshold_words: str = ""
    alternatives: tuple[Alternative, ...] = ()
    #: Measures without which this one is not to be read: its sample size, its response rate.
    beside: tuple[str, ...] = ()
    #: Why there is no data; nothing where there is.
    lacks: str = ""
    #: Of how things stand now, and of no period: its names are those of stocks.
    is_now: bool = False
    module: str = "appraisal"

    @property
    def is_ratio(self) -> bool:
        return self.denominator is not None

    @property
    def denominators(self) -> dict[str, Formula]:
        """Every denominator by the name of its choice; the usual one has no name."""
        usual = {"": self.denominator} if self.denominator else {}
        return usual | {one.name: one.denominator for one in self.alternatives}

    @property
    def counters(self) -> frozenset[str]:
        """Counters, or stocks, of the numerator and all denominators."""
        return self.numerator.counters.union(*(one.counters for one in self.denominators.values()))


class Wrong(ValueError):
    """A definition that cannot be read, in a sentence."""


def _conditions(
    grain: Grain, where: dict[str, Any], columns: Container[str], negated: bool = False
) -> list[Condition]:
    found = []
    for name, value in where.items():
        if name == "not":
            found += _conditions(grain, value, columns, negated=True)
            continue
        column, comparison = name, "in"
        for end, word in COMPARISONS.items():
            if name.endswith(end) and name.removesuffix(end) in columns:
                column, comparison = name.removesuffix(end), word
        if column not in columns:
            raise Wrong(f"{grain.name} has no column {column!r} to ask")
        if comparison == "in":
            value = value if isinstance(value, list) else [value]
        found.append(Condition(column, comparison, value, negated))
    return found


def _grain(key: str, row: dict[str, Any]) -> Grain:
    found = grains().get(row["grain"])
    if found is None:
        raise Wrong(f"{key}: there is no grain {row['grain']!r}")
    return found


def _counter(key: str, row: dict[str, Any]) -> Counter:
    grain = _grain(key, row)
    if row["at"] not in grain.moments:
        raise Wrong(f"counter {key}: {grain.name} has no moment {row['at']!r}")
    if row.get("amount", "") and row["amount"] not in grain.amounts:
        raise Wrong(f"counter {key}: {grain.name} has no amount {row['amount']!r}")
    conditions = tuple(_conditions(grain, row.get("where", {}), grain.columns))
    return Counter(key, row["number"], row["label"], grain, row["at"], conditions, row.get("amount", ""))


def _files(name: str) -> list[tuple[str, Path]]:
    """The file of a kind of definitions here, and those of the modules above that the place uses."""
    above = [(m.name, m.measures / name) for m in modules.used() if m.measures is not None]
    return [(module, path) for module, path in [("appraisal", DATA / name), *above] if path.exists()]


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@kept_for_modules
def counters() -> dict[str, Counter]:
    """Every counter by its key; raises ``Wrong`` where a definition cannot be read."""
    found: dict[str, Counter] = {}
    for _, path in _files("counters.toml"):
        for key, row in _read(path).items():
            if key in found or any(row["number"] == other.number for other in found.values()):
                raise Wrong(f"counter {key}: its key or number {row['number']} is taken")
            found[key] = _counter(key, row)
    return found


@kept_for_modules
def definitions() -> str:
    """A digest of all counters: tallies counted by others are not read."""
    asked = [counter.definition for counter in sorted(counters().values(), key=lambda one: one.number)]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, default=str).encode()).hexdigest()


@kept_for_modules
def stocks() -> dict[str, Stock]:
    """Every stock by its key; raises ``Wrong`` where a definition cannot be read."""
    found: dict[str, Stock] = {}
    for _, path in _files("stocks.toml"):
        for key, row in _read(path).items():
            if key in found or key in counters():
                raise Wrong(f"stock {key}: its key is taken")
            grain = _grain(key, row)
            columns = grain.columns | grain.columns_now
            conditions = tuple(_conditions(grain, row.get("where", {}), columns))
            found[key] = Stock(key, row["label"], grain, conditions)
    return found


def _formula(key: str, text: str, known: Container[str]) -> Formula:
    try:
        found = parse(text)
    except NotAFormula as problem:
        raise Wrong(f"measure {key}: {problem}") from problem
    if unknown := [name for name in sorted(found.counters) if name not in known]:
        raise Wrong(f"measure {key}: there is nothing called {'、'.join(unknown)} to count")
    return found


def _measure(module: str, key: str, row: dict[str, Any]) -> Measure:
    row = dict(row)
    known: Container[str] = stocks() if row.get("is_now") else counters()
    for part in ("numerator", "denominator"):
        if part in row:
            row[part] = _formula(key, row[part], known)
    row["alternatives"] = tuple(
        Alternative(name, **one | {"denominator": _formula(key, one["denominator"], known)})
        for name, one in row.get("alternatives", {}).items()
    )
    row["beside"] = tuple(row.get("beside", ()))
    row["thresholds"] = tuple(row["thresholds"]) if "thresholds" in row else None
    try:
        found = Measure(key=key, module=module, **row)
    except TypeError as problem:
        raise Wrong(f"measure {key}: {problem}") from problem
    if problem := wrong_with(found):
        raise Wrong(f"measure {key}: {problem}")
    return found


def wrong_with(measure: Measure) -> str:
    """What is wrong with a definition, as far as it can be told from itself; nothing where it is right."""
    said = [measure.label, measure.group, measure.words, measure.source, measure.bias, measure.owner]
    if not measure.lacks:
        said.append(measure.numerator_words)
    if measure.is_ratio:
        said.append(measure.denominator_words)
    if measure.thresholds:
        said.append(measure.threshold_words)
    if not all(said):
        return "a word of its card is missing"
    if measure.direction not in DIRECTIONS:
        return "better is up, down or none"
    if bool(measure.lacks) == bool(measure.counters):
        return "it counts something, or says why there is no data"
    if measure.thresholds:
        good, bad = measure.thresholds
        if measure.direction == "none" or (good < bad) == (measure.direction == "up"):
            return "its thresholds do not fit what is better"
    if measure.alternatives and not measure.is_ratio:
        return "what has no denominator has no other one"
    return ""


@kept_for_modules
def _versions() -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    for module, path in _files("measures.toml"):
        for key, rows in _read(path).items():
            if key in found:
                raise Wrong(f"measure {key} is defined twice")
            found[key] = [_measure(module, key, row) for row in (rows if isinstance(rows, list) else [rows])]
            for earlier, later in pairwise(found[key]):
                if later.version != earlier.version + 1 or later.valid_from <= earlier.valid_from:
                    raise Wrong(f"measure {key}: its versions are not in order")
                if later.is_now != earlier.is_now:
                    raise Wrong(f"measure {key}: what stands now is not what a period has")
    for key, rows in found.items():
        if unknown := [other for row in rows for other in row.beside if other not in found]:
            raise Wrong(f"measure {key}: there is no measure {'、'.join(unknown)} to show beside it")
    return found


def versions() -> dict[str, list[Measure]]:
    """Every version of every measure of periods by key, oldest first."""
    return {key: rows for key, rows in _versions().items() if not rows[-1].is_now}


def measures() -> dict[str, Measure]:
    """The newest version of every measure of periods by key, in the order of the files."""
    return {key: rows[-1] for key, rows in versions().items()}


def now_measures() -> dict[str, Measure]:
    """Measures of how things stand now."""
    return {key: rows[-1] for key, rows in _versions().items() if rows[-1].is_now}


def every_measure() -> dict[str, Measure]:
    """Both, in the order of the files."""
    return {key: rows[-1] for key, rows in _versions().items()}


def versions_of(key: str) -> list[Measure]:
    """Versions of any measure, oldest first; raises ``KeyError`` for an unknown one."""
    return _versions()[key]


def sections(key: str, period: Period) -> list[tuple[Period, Measure]]:
    """A period cut where the definition of a measure changed; what lies before the first version is counted by it."""
    found: list[tuple[Period, Measure]] = []
    rows = versions_of(key)
    for number, row in enumerate(rows):
        begin = period.begin if number == 0 else max(period.begin, row.valid_from)
        end = period.end if number + 1 == len(rows) else min(period.end, rows[number + 1].valid_from - DAY)
        if begin <= end:
            found.append((Period(begin, end), row))
    return found


def forget() -> None:
    """Read the files again: after another set of modules is used."""
    for read in (counters, stocks, definitions, _versions):
        read.cache_clear()


@dataclass
class Group:
    """Measures of one topic, as the catalogue shows them."""

    label: str
    measures: list[Measure] = field(default_factory=list)


def grouped() -> list[Group]:
    """All measures by their topics, in the order of the files."""
    found: dict[str, Group] = {}
    for measure in every_measure().values():
        found.setdefault(measure.group, Group(measure.group)).measures.append(measure)
    return list(found.values())
