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

from appraisal.catalogue import counters, definitions
from appraisal.facts import all_counters, facts, of_records
from appraisal.grains import DIMENSIONS, OF_RECORD, records_of, subjects
from appraisal.models import Cut, Span, Tallied, Touched
from cases.workflow import Loop

log = logging.getLogger(__name__)

#: Records counted in one transaction, and in one statement of a rebuild.
BATCH, REBUILT = 1000, 50_000
#: Seconds after which a round of the worker begins nothing more, so that others get it.
ROUND = 20
#: Memory of a rebuild for each of its sorts, and how many facts it sorts at a time: those of all years at once filled disks.
MEMORY, STRETCH = "128MB", 5_000_000
_LOOPS = "ARRAY[" + ", ".join(f"'{loop.value}'" for loop in Loop) + "]"

# The cells ---------------------------------------------------------------------------------------------------------

_TERRITORIES = ("district", "street", "community")
_DETAIL = {"kind": "c.kind", "loop": "c.loop", "source": "c.source"}
#: Where a fact counts: the cut, the dimensions that are its places, and what else the cut tells apart.
_CELLS: tuple[tuple[Cut, tuple[str, ...], dict[str, str]], ...] = (
    (Cut.PLACE, _TERRITORIES, {}),
    (Cut.PLACE_DETAIL, _TERRITORIES, _DETAIL),
    (Cut.UNIT, ("unit",), {}),
    (Cut.UNIT_DETAIL, ("unit",), _DETAIL),
    (Cut.PLACE_UNIT, _TERRITORIES, {"unit": "c.unit"}),
    (Cut.GRID, ("grid",), {}),
    (Cut.CATEGORY, _TERRITORIES[:2], {"category": "c.category"}),
    (Cut.HOUR, _TERRITORIES[:2], {"hour": "mod(c.hour, 24)"}),
)
_NOT_APART = {"category": "0", "kind": "''", "loop": "''", "source": "''", "hour": "0", "unit": "0"}
_KEY = ("cut", "place", "span", "day", *_NOT_APART)
_DAY = "(date '1970-01-01' + c.hour / 24)"

#: Cell keys of a fact: cut, place, and what cells may tell apart.
_CUTS = ", ".join(
    f"('{cut}', c.{place}, {', '.join((_NOT_APART | apart).values())})"
    for cut, places, apart in _CELLS
    for place in places
)

# What a move changes -----------------------------------------------------------------------------------------------

_DIMENSIONS = ", ".join(DIMENSIONS)
#: What records have added so far.
_STORED = f"""
SELECT c.subject, c.record, c.district, c.street, c.community, c.grid, c.category, c.kind, c.source,
    nullif(c.facts[i][3], 0) AS unit, ({_LOOPS})[c.facts[i][4]] AS loop,
    c.facts[i][1] AS counter, c.facts[i][2] AS hour, c.facts[i][5] AS amount
FROM appraisal_counted c, generate_series(1, array_length(c.facts, 1)) AS i
"""

_KEEP = f"""
INSERT INTO appraisal_counted (subject, record, {", ".join(OF_RECORD)}, facts)
SELECT %s, record, {", ".join(OF_RECORD)},
    array_agg(ARRAY[counter, hour, coalesce(unit, 0)::int, array_position({_LOOPS}, loop::text), amount::int])
FROM live GROUP BY record, {", ".join(OF_RECORD)}
"""

_APPLY = f"""
WITH live AS ({{live}}),
stored AS ({_STORED} WHERE c.subject = %s AND c.record = ANY (%s)),
changed AS (
    -- Most of what a record says it had said before: that is left out before cells are made of the rest.
    SELECT {_DIMENSIONS}, counter, hour, sum(amount) AS amount
    FROM (
        SELECT {_DIMENSIONS}, counter, hour, amount FROM live
        UNION ALL SELECT {_DIMENSIONS}, counter, hour, -amount FROM stored
    ) AS every GROUP BY {_DIMENSIONS}, counter, hour HAVING sum(amount) <> 0
),
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
{_KEEP}
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


def count_some(
    subject: str,
    records: Iterable[int],
    now: dt.datetime,
    count: Callable[[str, list[int]], None] | None = None,
) -> set[int]:
    """Count records (again, as the worker does), each that can be; those that cannot are logged, queued and returned."""
    ids, count = sorted(set(records)), count or count_again
    try:
        with transaction.atomic():
            count(subject, ids)
        return set()
    except UNCOUNTABLE as problem:
        if len(ids) > 1:
            half = len(ids) // 2
            return count_some(subject, ids[:half], now, count) | count_some(subject, ids[half:], now, count)
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
    with connection.cursor() as cursor:
        cursor.execute(_APPLY.format(live=live), [*parameters, subject, ids, subject])
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


# From nothing ------------------------------------------------------------------------------------------------------


def rebuild(*, now: dt.datetime, said: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Count everything from nothing, in one transaction: readers see the old tallies until it ends. Returns how many.

    What records say is noted first, then each cut is filled from all of it, every cell once: adding batch by batch would
    write the cells of a year anew with each batch. ``said(done, of)`` is told of progress.
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
                count_some(subject, some, now, count=_note)
                done += len(some)
                said(done, every)
        _fill()
        state.definitions, state.counting, state.at = definitions(), "", now
        state.save()
    return done


def _note(subject: str, ids: list[int]) -> None:
    """Note what records say of which nothing is noted yet."""
    live, parameters = facts(subject, all_counters(subject), of_records(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH live AS ({live}) {_KEEP}", [*parameters, subject])


def _fill() -> None:
    """Make all cells of what is noted: days of each cut from the facts, months from the days."""
    amounts = ", ".join(
        f"nullif(sum(counts[{number}]), 0)::int"
        for number in range(1, max(one.number for one in counters().values()) + 1)
    )
    apart = ", ".join(_NOT_APART)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [MEMORY])
        for begin, end in _stretches():
            cursor.execute(
                f"CREATE TEMP TABLE appraisal_told ON COMMIT DROP AS {_STORED}"
                " WHERE c.facts[i][2] >= %s AND c.facts[i][2] < %s",
                [begin, end],
            )
            cursor.execute("ANALYZE appraisal_told")
            for cells in _CELLS:
                cursor.execute(_days(*cells))
            cursor.execute("DROP TABLE appraisal_told")
        cursor.execute(
            f"INSERT INTO appraisal_tally ({', '.join(_KEY)}, counts)"
            f" SELECT cut, place, '{Span.MONTH}', date_trunc('month', day)::date, {apart}, ARRAY[{amounts}]"
            f" FROM appraisal_tally WHERE span = '{Span.DAY}' AND cut <> '{Cut.HOUR}'"
            f" GROUP BY cut, place, date_trunc('month', day)::date, {apart}"
        )


def _stretches() -> list[tuple[int, int]]:
    """Begin and end (hours since 1970) of whole days that hold about ``STRETCH`` facts together, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.facts[i][2] / 24 AS day, count(*)"
            " FROM appraisal_counted c, generate_series(1, array_length(c.facts, 1)) AS i GROUP BY 1 ORDER BY 1"
        )
        days = cursor.fetchall()
    found: list[tuple[int, int]] = []
    held = 0
    for day, facts_of_day in days:
        if not found or held + facts_of_day > STRETCH:
            found.append((day * 24, (day + 1) * 24))
            held = 0
        found[-1] = (found[-1][0], (day + 1) * 24)
        held += facts_of_day
    return found


def _days(cut: Cut, places: tuple[str, ...], apart: dict[str, str]) -> str:
    """The statement that fills the days of a cut from the facts of a stretch."""
    group = ", ".join(["place", "day", *apart])
    keys = ", ".join(name if name in apart else same for name, same in _NOT_APART.items())
    told = "".join(f", {expression} AS {name}" for name, expression in apart.items())
    return f"""
        INSERT INTO appraisal_tally ({", ".join(_KEY)}, counts)
        SELECT '{cut}', place, '{Span.DAY}', day, {keys},
            appraisal_row(array_agg(counter::int), array_agg(amount::int))
        FROM (
            SELECT k.place, {_DAY} AS day{told}, c.counter, sum(c.amount) AS amount
            FROM appraisal_told AS c
            CROSS JOIN LATERAL (VALUES {", ".join(f"(c.{place})" for place in places)}) AS k (place)
            WHERE k.place IS NOT NULL {"AND c.unit IS NOT NULL" if "unit" in apart else ""}
            GROUP BY {group}, counter HAVING sum(c.amount) <> 0
        ) AS cells
        GROUP BY {group} ORDER BY {group}
    """


def _forget(queued: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM appraisal_touched WHERE id = ANY (%s)", [queued])
