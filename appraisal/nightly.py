"""Nightly looks at the cases: each day is looked at once, whoever starts the look and however often."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from appraisal.models import Looked
from appraisal.periods import DAY, Period


@contextmanager
def unseen(what: Looked.What, *, now: dt.datetime, first: int) -> Iterator[Period | None]:
    """The days up to yesterday that a look has not seen, in one transaction; nothing where it has seen all of them.

    The very first look sees ``first`` days. Of two workers one looks; a look that fails is made again the next time.
    """
    with transaction.atomic():
        Looked.objects.get_or_create(what=what)
        row = Looked.objects.select_for_update(skip_locked=True).filter(what=what).first()
        until = timezone.localdate(now) - DAY
        if row is None or (row.until is not None and row.until >= until):
            yield None
            return
        yield Period(row.until + DAY if row.until else until - (first - 1) * DAY, until)
        row.until, row.at = until, now
        row.save()


def looked_until(what: Looked.What) -> dt.date | None:
    """The last day that a look has seen."""
    return Looked.objects.filter(what=what).values_list("until", flat=True).first()
