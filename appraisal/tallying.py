"""Keeping the tallies: what the worker adds and takes away for records that moved, and the rebuild of everything.

A record's facts are recomputed whole and what it had added before (``Counted``) is taken away: counting it twice, or late,
or out of order changes nothing. Only one counts at a time (the row of ``Tallied`` is locked); moves never wait for it.
What waits, waits in ``Touched`` by the triggers of the records' tables.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable

from django.db import DataError, IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from appraisal.catalogue import definitions
from appraisal.facts import all_counters, facts, of_records
from appraisal.grains import DIMENSIONS, OF_RECORD, records_of, subjects
from appraisal.models import Cut, Span, Tallied, Touched
from cases.workflow import Loop

log = logging.getLogger(__name__)

#: Records counted in one transaction, and in one statement of a rebuild.
BATCH, REBUILT = 1000, 5000
#: Seconds after which a round of the worker begins nothing more, so that others get it.
ROUND = 20
_LOOPS = "ARRAY[" + ", ".join(f"'{loop.value}'" for loop in Loop) + "]"
_KEY = ("cut", "place", "span", "day", "category", "kind", "loop", "source", "hour", "unit")

#: Cell keys of a fact: cut, place, category, kind, loop, source, hour, unit.
_CUTS = f"""
    ('{Cut.PLACE}', c.district, 0, '', '', '', 0, 0), ('{Cut.PLACE}', c.street, 0, '', '', '', 0, 0),
    ('{Cut.PLACE}', c.community, 0, '', '', '', 0, 0),
    ('{Cut.PLACE_DETAIL}', c.district, 0, c.kind, c.loop, c.source, 0, 0),
    ('{Cut.PLACE_DETAIL}', c.street, 0, c.kind, c.loop, c.source, 0, 0),
    ('{Cut.PLACE_DETAIL}', c.community, 0, c.kind, c.loop, c.source, 0, 0),
    ('{Cut.UNIT}', c.unit, 0, '', '', '', 0, 0), ('{Cut.UNIT_DETAIL}', c.unit, 0, c.kind, c.loop, c.source, 0, 0),
    ('{Cut.PLACE_UNIT}', c.district, 0, '', '', '', 0, c.unit), ('{Cut.PLACE_UNIT}', c.street, 0, '', '', '', 0, c.unit),
    ('{Cut.PLACE_UNIT}', c.community, 0, '', '', '', 0, c.unit),
    ('{Cut.GRID}', c.grid, 0, '', '', '', 0, 0),
    ('{Cut.CATEGORY}', c.district, c.category, '', '', '', 0, 0), ('{Cut.CATEGORY}', c.street, c.category, '', '', '', 0, 0),
    ('{Cut.HOUR}', c.district, 0, '', '', '', c.hour %% 24, 0), ('{Cut.HOUR}', c.street, 0, '', '', '', c.hour %% 24, 0)
"""

_DAY = "(date '1970-01-01' + c.hour / 24)"

_APPLY = f"""
WITH live AS ({{live}}),
stored AS (
    SELECT c.record, c.district, c.street, c.community, c.grid, c.category, c.kind, c.source,
        nullif(c.facts[i][3], 0) AS unit, ({_LOOPS})[c.facts[i][4]] AS loop,
        c.facts[i][1] AS counter, c.facts[i][2] AS hour, -c.facts[i][5] AS amount
    FROM appraisal_counted c, generate_series(1, array_length(c.facts, 1)) AS i
    WHERE c.subject = %s AND c.record = ANY (%s)
),
changed AS (SELECT {{columns}} FROM live UNION ALL SELECT {{columns}} FROM stored),
cells AS (
    SELECT k.cut, k.place, s.span, s.day, k.category, k.kind, k.loop, k.source, k.hour, k.unit,
        c.counter, sum(c.amount) AS amount
    FROM changed c
    CROSS JOIN LATERAL (VALUES {_CUTS}) AS k (cut, place, category, kind, loop, source, hour, unit)
    CROSS JOIN LATERAL (VALUES ('{Span.DAY}', {_DAY}), ('{Span.MONTH}', date_trunc('month', {_DAY})::date)) AS s (span, day)
    WHERE k.place IS NOT NULL AND k.unit IS NOT NULL AND (k.cut <> '{Cut.HOUR}' OR s.span = '{Span.DAY}')
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(c.amount) <> 0
),
written AS (
    INSERT INTO appraisal_tally ({", ".join(_KEY)}, counts)
    SELECT {", ".join(_KEY)}, appraisal_row(array_agg(counter::int), array_agg(amount::int))
    FROM cells GROUP BY {", ".join(_KEY)}
    -- In the order of the key, so that pages of the index are written one after the other.
    ORDER BY {", ".join(_KEY)}
    ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET counts = appraisal_sum(appraisal_tally.counts, EXCLUDED.counts)
)
INSERT INTO appraisal_counted (subject, record, {", ".join(OF_RECORD)}, facts)
SELECT %s, record, {", ".join(OF_RECORD)},
    array_agg(ARRAY[counter, hour, coalesce(unit, 0)::int, array_position({_LOOPS}, loop::text), amount::int])
FROM live GROUP BY record, {", ".join(OF_RECORD)}
ON CONFLICT (subject, record) DO UPDATE SET
    {", ".join(f"{name} = EXCLUDED.{name}" for name in (*OF_RECORD, "facts"))}
RETURNING record
"""


#: What is wrong with a record, not with the database: others are counted without it.
UNCOUNTABLE = (DataError, IntegrityError, InternalError, ProgrammingError)


def work() -> int:
    """Count what moved, batch by batch, until the queue is short or the round is over; returns how many rows were done."""
    done, end = 0, time.monotonic() + ROUND
    while time.monotonic() < end:
        some = tally(now=timezone.now())
        done += some
        if some < BATCH:
            break
    return done


def tally(*, now: dt.datetime, most: int = BATCH) -> int:
    """Count the records that moved, oldest first, in one transaction; returns how many rows of the queue were looked at.

    While somebody else counts, nothing is done.
    """
    with transaction.atomic():
        state = Tallied.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if state is None:
            return 0
        _look_at_definitions(state)
        taken = list(Touched.objects.to_count(now)[:most])
        problems = {
            (subject, record)
            for subject in subjects()
            for record in count_some(subject, {row.record for row in taken if row.subject == subject}, now)
        }
        # By id: whatever else was noted meanwhile stays for the next round.
        _forget([row.pk for row in taken if (row.subject, row.record) not in problems])
        if state.counting and not Touched.objects.filter(pk__lte=state.until, problem="").exists():
            state.definitions, state.counting = state.counting, ""
        state.at = now
        state.save()
    return len(taken)


def _look_at_definitions(state: Tallied) -> None:
    """Note everything to be counted again, once, where the tallies follow other definitions."""
    if definitions() == (state.counting or state.definitions):
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM appraisal_touched")  # what others note meanwhile is not seen, and stays
    queue_everything()
    state.counting = definitions()
    state.until = Touched.objects.aggregate(last=Max("pk"))["last"] or 0


def count_some(subject: str, records: Iterable[int], now: dt.datetime) -> set[int]:
    """Count records again, each that can be; those that cannot are logged, stay in the queue and are returned."""
    ids = sorted(set(records))
    try:
        with transaction.atomic():
            count_again(subject, ids)
        return set()
    except UNCOUNTABLE as problem:
        if len(ids) > 1:
            half = len(ids) // 2
            return count_some(subject, ids[:half], now) | count_some(subject, ids[half:], now)
        log.exception("%s %s cannot be counted", subject, ids[0])
        rows = Touched.objects.filter(subject=subject, record=ids[0])
        noted = {"problem": str(problem).partition("\n")[0][:200] or "?", "tried_at": now}
        if not rows.update(**noted):
            Touched.objects.create(subject=subject, record=ids[0], **noted)
        return set(ids)


def count_again(subject: str, records: Iterable[int]) -> None:
    """Add what records say now, and take away what they had added before."""
    ids = sorted(set(records))
    if not ids:
        return
    live, parameters = facts(subject, all_counters(subject), of_records(ids))
    columns = ", ".join(("record", *DIMENSIONS, "counter", "hour", "amount"))
    with connection.cursor() as cursor:
        cursor.execute(_APPLY.format(live=live, columns=columns), [*parameters, subject, ids, subject])
        kept = {record for (record,) in cursor.fetchall()}
        gone = [record for record in ids if record not in kept]
        if gone:  # nothing of it counts any more
            cursor.execute(
                "DELETE FROM appraisal_counted WHERE subject = %s AND record = ANY (%s)", [subject, gone]
            )


def queue_everything() -> None:
    """Note all records as moved: they are counted again, and readers count them themselves until then."""
    with connection.cursor() as cursor:
        for subject in subjects():
            table = records_of(subject).rows().model._meta.db_table
            cursor.execute(
                f"INSERT INTO appraisal_touched (subject, record) SELECT %s, id FROM {table}", [subject]
            )


def rebuild(*, now: dt.datetime, said: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Count everything from nothing, in one transaction: readers see the old tallies until it ends. Returns how many.

    ``said(done, of)`` is told of progress.
    """
    with transaction.atomic():
        state = Tallied.objects.select_for_update().get(pk=1)
        queued = list(Touched.objects.values_list("pk", flat=True))
        records = {
            subject: list(records_of(subject).rows().order_by("pk").values_list("pk", flat=True))
            for subject in subjects()
        }
        every, done = sum(map(len, records.values())), 0
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM appraisal_tally; DELETE FROM appraisal_counted")
        # What was noted before the beginning is about to be counted; what came later is counted again, which does no harm.
        _forget(queued)
        for subject, ids in records.items():
            for begin in range(0, len(ids), REBUILT):
                some = ids[begin : begin + REBUILT]
                count_some(subject, some, now)
                done += len(some)
                said(done, every)
        state.definitions, state.counting, state.at = definitions(), "", now
        state.save()
    return done


def _forget(queued: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM appraisal_touched WHERE id = ANY (%s)", [queued])
