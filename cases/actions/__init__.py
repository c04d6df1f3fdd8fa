"""Everything that writes a case. ``report`` makes one, ``perform`` moves one; there is no third way."""

from cases.actions import effects, merging, requests  # noqa: F401  (they register the effects of the moves)
from cases.actions.door import Answer, answered, perform
from cases.actions.reporting import locate, report
from cases.actions.sweeping import sweep
from cases.refusals import Forbidden, KeyReused, Refused, Stale, Unfit

__all__ = [
    "Answer",
    "Forbidden",
    "KeyReused",
    "Refused",
    "Stale",
    "Unfit",
    "answered",
    "locate",
    "perform",
    "report",
    "sweep",
]
