"""Numbers of the nightly looks (warnings, repeats, missed reports), each with its source; data, not code."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "numbers.toml"


@dataclass(frozen=True)
class Number:
    """A number with its unit, and where it comes from."""

    value: int
    unit: str
    label: str
    source: str


@cache
def numbers() -> dict[str, Number]:
    """All numbers by their names."""
    return {name: Number(**row) for name, row in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


def number(name: str) -> int:
    return numbers()[name].value
