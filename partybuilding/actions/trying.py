"""What time does, row by row: one that is broken does not keep the others, and stands back for a while."""

import datetime as dt
import logging
from collections.abc import Callable
from typing import TypeVar

from partybuilding.models import CallClock, Clock, DecisionClock, Whistle
from records.refusals import Stale

log = logging.getLogger(__name__)

#: A row on which a try failed stands back for so long: the same ones must not be the first of every run.
RETRY = dt.timedelta(minutes=10)

Row = TypeVar("Row", Whistle, CallClock | DecisionClock)


def tried(work: Callable[..., int], row: Row, now: dt.datetime) -> int:
    """How many moves were made on a row; none where it has moved on meanwhile, or the try failed."""
    try:
        return work(row, now=now)
    except Stale as refusal:
        log.info("%s %s left alone: %s", row._meta.model_name, row.pk, refusal)
    except Exception:  # logged; the watchdog finds a rung that did not run
        log.exception("%s %s failed", row._meta.model_name, row.pk)
        _stand_back(row, now)
    return 0


def _stand_back(row: Clock | Whistle, now: dt.datetime) -> None:
    """Let it be tried again later, unless it has moved on meanwhile."""
    if isinstance(row, Clock):
        same = type(row).objects.due(now).filter(pk=row.pk, next_at=row.next_at)
        same.update(next_at=now + RETRY)
    else:
        Whistle.objects.filter(pk=row.pk, version=row.version).update(retry_at=now + RETRY)
