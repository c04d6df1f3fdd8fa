"""What people say again and again with a move (``cases/data/phrases.toml``)."""

import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "phrases.toml"


@cache
def phrases() -> dict[str, list[str]]:
    """Phrases by the name of the move, the usual one first."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
