"""How many tries a promise is tested with: few in `make test`, more under GRIDLOOP_FULL (CI), all in `make trust`."""

import os


def tries(usual: int, *, full: int | None = None, trust: int | None = None) -> int:
    """The number of tries of this run; ``full`` and ``trust`` default to the smaller size."""
    full = usual if full is None else full
    if os.environ.get("GRIDLOOP_TRUST"):
        return full if trust is None else trust
    return full if os.environ.get("GRIDLOOP_FULL") else usual


def sentence(what: str, *, tried: int, held: int, lost: int) -> str:
    """The line that a run prints of a promise."""
    return f"{what}: {tried:,} tried, {held:,} held, {lost:,} lost"
