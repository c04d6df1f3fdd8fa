"""Counters and measures as data: read from ``data/*.toml``, checked whole at the first use, never code."""

import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Q

from appraisal.formulas import Formula, parse
from appraisal.grains import Grain, grains
from governance import modules

DATA = Path(__file__).parent / "data"
#: How a condition compares; without one of these ends a list means "one of" and a single value "equal".
COMPARISONS = {"_below": "lt", "_from": "gte"}


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
class Band:
    """From this value on a measure is good, worth a look, or bad."""

    at: float
    word: str


@dataclass(frozen=True)
class Alternative:
    """Another denominator that a place may choose; cities define some of them differently."""

    name: str
    label: str
    denominator: Formula


@dataclass(frozen=True)
class Measure:
    """A number with its definition: what stands on its card."""

    key: str
    version: int
    valid_from: dt.date
    label: str
    group: str
    words: str
    numerator: Formula
    denominator: Formula | None
    unit: str
    direction: str  # up, down, none: what is better
    numerator_words: str
    denominator_words: str = ""
    source: str = ""
    bias: str = ""
    owner: str = ""
    thresholds: tuple[float, float] | None = None  # good, bad
    alternatives: tuple[Alternative, ...] = ()
    module: str = "appraisal"

    @property
    def is_ratio(self) -> bool:
        return self.denominator is not None

    @property
    def counters(self) -> frozenset[str]:
        found = self.numerator.counters
        for formula in (self.denominator, *(one.denominator for one in self.alternatives)):
            found |= formula.counters if formula else frozenset()
        return found


class Wrong(ValueError):
    """A definition that cannot be read, in a sentence."""


def _conditions(grain: Grain, where: dict[str, Any], negated: bool = False) -> list[Condition]:
    found = []
    for name, value in where.items():
        if name == "not":
            found += _conditions(grain, value, negated=True)
            continue
        column, comparison = name, "in"
        for end, word in COMPARISONS.items():
            if name.endswith(end) and name.removesuffix(end) in grain.columns:
                column, comparison = name.removesuffix(end), word
        if column not in grain.columns:
            raise Wrong(f"{grain.name} has no column {column!r} to ask")
        if comparison == "in":
            value = value if isinstance(value, list) else [value]
        found.append(Condition(column, comparison, value, negated))
    return found


def _counter(key: str, row: dict[str, Any]) -> Counter:
    grain = grains().get(row["grain"])
    if grain is None:
        raise Wrong(f"counter {key}: there is no grain {row['grain']!r}")
    if row["at"] not in grain.moments:
        raise Wrong(f"counter {key}: {grain.name} has no moment {row['at']!r}")
    if row.get("amount", "") and row["amount"] not in grain.amounts:
        raise Wrong(f"counter {key}: {grain.name} has no amount {row['amount']!r}")
    conditions = tuple(_conditions(grain, row.get("where", {})))
    return Counter(key, row["number"], row["label"], grain, row["at"], conditions, row.get("amount", ""))


def _files(name: str) -> list[tuple[str, Path]]:
    """The file of a kind of definitions here, and those of the modules above that the place uses."""
    above = [(m.name, m.measures / name) for m in modules.used() if m.measures is not None]
    return [("appraisal", DATA / name), *above]


@cache
def counters() -> dict[str, Counter]:
    """Every counter by its key; raises ``Wrong`` where a definition cannot be read."""
    found: dict[str, Counter] = {}
    for _, path in _files("counters.toml"):
        for key, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if key in found or any(row["number"] == other.number for other in found.values()):
                raise Wrong(f"counter {key}: its key or number {row['number']} is taken")
            found[key] = _counter(key, row)
    return found


@cache
def definitions() -> str:
    """A digest of all counters: tallies counted by others are not read."""
    asked = [counter.definition for counter in sorted(counters().values(), key=lambda one: one.number)]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, default=str).encode()).hexdigest()


def _measure(module: str, key: str, row: dict[str, Any]) -> Measure:
    known = counters()

    def formula(text: str) -> Formula:
        found = parse(text)
        if unknown := found.counters - known.keys():
            raise Wrong(f"measure {key}: there is no counter {sorted(unknown)}")
        return found

    if row["direction"] not in ("up", "down", "none"):
        raise Wrong(f"measure {key}: better is up, down or none")
    row = dict(row)
    alternatives = tuple(
        Alternative(name, one["label"], formula(one["denominator"]))
        for name, one in row.pop("alternatives", {}).items()
    )
    denominator = row.pop("denominator", None)
    thresholds = row.pop("thresholds", None)
    return Measure(
        key=key,
        module=module,
        numerator=formula(row.pop("numerator")),
        denominator=formula(denominator) if denominator else None,
        alternatives=alternatives,
        thresholds=tuple(thresholds) if thresholds else None,
        **row,
    )


@cache
def versions() -> dict[str, list[Measure]]:
    """Every version of every measure by key, oldest first."""
    found: dict[str, list[Measure]] = {}
    for module, path in _files("measures.toml"):
        for key, rows in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if key in found:
                raise Wrong(f"measure {key} is defined twice")
            found[key] = [_measure(module, key, row) for row in (rows if isinstance(rows, list) else [rows])]
            numbers = [one.version for one in found[key]]
            if numbers != sorted(set(numbers)):
                raise Wrong(f"measure {key}: its versions are not in order")
    return found


@cache
def measures() -> dict[str, Measure]:
    """The newest version of every measure by key, in the order of the files."""
    return {key: found[-1] for key, found in versions().items()}


@dataclass
class Group:
    """Measures of one topic, as the catalogue shows them."""

    label: str
    measures: list[Measure] = field(default_factory=list)


def grouped() -> list[Group]:
    found: dict[str, Group] = {}
    for measure in measures().values():
        found.setdefault(measure.group, Group(measure.group)).measures.append(measure)
    return list(found.values())
