"""Everything that writes a case, through one door (``perform``); ``report`` brings a new one to it."""

from cases.actions import effects, merging, requests  # noqa: F401  (they register the effects of the moves)
from cases.actions.door import DOOR
from cases.actions.reporting import locate, report
from cases.actions.sweeping import sweep
from records.door import Answer
from records.refusals import Forbidden, KeyReused, Refused, Stale, Unfit

perform, answered = DOOR.perform, DOOR.answered

__all__ = [
    "DOOR",
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
