"""The list that a number counts: row by row, from the rows themselves, in the same slice and period."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from appraisal.catalogue import Counter, counters
from appraisal.counting import HOUR_OF_WEEK, By, among, counts, of_slice
from appraisal.facts import facts
from appraisal.grains import DIMENSIONS
from appraisal.periods import Period
from appraisal.slices import Slice


@dataclass(frozen=True)
class Row:
    """One counted thing: which record, by which counter, at which hour, by whom it was answered for."""

    record: int
    counter: str
    at: dt.datetime
    unit: int | None
    loop: str
    amount: int


#: A dimension of places and some of them: rows of none of them.
Outside = tuple[str, Sequence[int]]


def _counted(
    subject: str,
    wanted: Sequence[Counter],
    period: Period,
    of: Slice,
    hour: int | None,
    outside: Outside | None,
) -> tuple[str, list[Any]]:
    live, values = facts(subject, wanted, of_slice(wanted, [period], of.within))
    conditions = ["date '1970-01-01' + hour / 24 BETWEEN %s::date AND %s::date"]
    values += [period.begin, period.end]
    for names, found in of.within:
        conditions.append(among("f", names))
        values += [list(found)] * len(names)
    if hour is not None:
        conditions.append(f"{HOUR_OF_WEEK.format(hour='hour')} = %s")
        values.append(hour)
    if outside is not None:
        name, places = outside
        assert name in DIMENSIONS
        conditions.append(f"({name} = ANY (%s)) IS NOT TRUE")
        values.append(list(places))
    return (
        f"SELECT record, counter, hour, unit, loop, amount FROM ({live}) AS f WHERE {' AND '.join(conditions)}",
        values,
    )


class Listed(NamedTuple):
    """What the counters come to, how many rows that is, and a page of them, the latest first."""

    number: int
    length: int
    rows: list[Row]


def listed(
    keys: Iterable[str],
    period: Period,
    of: Slice,
    *,
    hour: int | None = None,
    outside: Outside | None = None,
    first: int = 0,
    most: int = 50,
) -> Listed:
    """Things that some counters of one kind of record count; each is a row, also where an amount is added up.

    ``hour`` is one of the week, as ``By.HOUR`` groups: Monday's first is 0; ``outside`` leaves out what lies in some places.
    """
    wanted = [counters()[key] for key in sorted(set(keys))]
    (subject,) = {one.grain.subject for one in wanted}
    names = {one.number: one.key for one in wanted}
    if hour is not None or outside or any(one.amount for one in wanted):
        number, length = _summed(*_counted(subject, wanted, period, of, hour, outside))
        days, skipped = period, 0
    else:
        by_day = _by_day(wanted, period, of)
        number = length = sum(by_day.values())
        days, skipped = _days_of(by_day, period, first, most)
    sql, values = _counted(subject, wanted, days, of, hour, outside)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} ORDER BY hour DESC, record DESC, counter OFFSET %s LIMIT %s",
            [*values, first - skipped, most],
        )
        rows = [
            Row(record, names[counter], _at(hour), unit, loop or "", amount)
            for record, counter, hour, unit, loop, amount in cursor.fetchall()
        ]
    return Listed(number, length, rows)


def _summed(sql: str, values: list[Any]) -> tuple[int, int]:
    """What the amounts of rows add up to, and how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(sum(amount), 0)::bigint, count(*) FROM ({sql}) AS f", values)
        return cursor.fetchone()


def _by_day(wanted: Sequence[Counter], period: Period, of: Slice) -> dict[dt.date, int]:
    """How many rows there are of each day, as the number says that the list is of."""
    found = counts([one.key for one in wanted], [period], of, By.DAY)
    return {day: sum(sums.values()) for (_, day), sums in found.items() if isinstance(day, dt.date)}


def _days_of(by_day: dict[dt.date, int], period: Period, first: int, most: int) -> tuple[Period, int]:
    """The days that a page lies in, and how many rows are later: those of other days need not be read, nor sorted."""
    on_page: list[dt.date] = []
    later = passed = 0
    for day in sorted(by_day, reverse=True):
        if passed + by_day[day] <= first:
            later += by_day[day]
        elif passed < first + most:
            on_page.append(day)
        passed += by_day[day]
    return (Period(on_page[-1], on_page[0]), later) if on_page else (period, 0)


def _at(hour: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=ZoneInfo(settings.TIME_ZONE)) + dt.timedelta(hours=hour)
