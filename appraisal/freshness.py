"""How fresh the records are that figures of a place are drawn from: the last one of each source of cases and each module."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from appraisal.catalogue import counters
from appraisal.counting import in_slice, moment
from appraisal.grains import records_of, subjects
from appraisal.models import Cut, Span
from appraisal.periods import DAY
from appraisal.slices import Slice
from cases.models import Case
from governance.models import Kind, Level

#: The counter by whose days the tallies tell when a source last reported; of these days on, the rows themselves are asked.
REPORTED, LIVE = "reported", 2 * DAY


@dataclass(frozen=True)
class LastRecord:
    """What a source delivered last: its moment where it is recent, else its day; neither where it never did."""

    label: str
    day: dt.date | None = None
    at: dt.datetime | None = None

    @property
    def is_known(self) -> bool:
        return self.day is not None


_SQL = """
WITH live AS (
    -- Districts first, for the index of their reports by time.
    SELECT c.source, max(c.reported_at) AS at
    FROM governance_organization o JOIN cases_case c ON c.district_id = o.id AND c.reported_at >= %(since)s
    WHERE o.kind = %(territory)s AND o.level = %(level)s AND c.{column}_id = %(place)s GROUP BY 1
), months AS (
    SELECT source, max(day) AS first FROM appraisal_tally
    WHERE cut = %(cut)s AND place = %(place)s AND span = %(month)s AND counts[%(number)s] > 0 GROUP BY 1
), days AS (
    -- Backwards from the end of the month: it ends with the first hit.
    SELECT m.source, t.day FROM months m CROSS JOIN LATERAL (
        SELECT t.day FROM appraisal_tally t
        WHERE t.cut = %(cut)s AND t.place = %(place)s AND t.span = %(by_day)s AND t.day BETWEEN m.first AND m.first + 30
            AND t.source = m.source AND t.counts[%(number)s] > 0
        ORDER BY t.day DESC LIMIT 1
    ) AS t
)
SELECT coalesce(l.source, d.source), l.at, d.day FROM live l FULL JOIN days d USING (source)
"""
_OF_GRID = "SELECT source, max(reported_at), NULL FROM cases_case WHERE grid_id = %(place)s GROUP BY 1"


def last_records(counted: Iterable[str], of: Slice, now: dt.datetime) -> list[LastRecord]:
    """The last record of every source that some counters count at a place, the freshest first; one statement a module.

    Sources of cases are asked by their days in the tallies, and since the day before yesterday by the rows, so that no
    statement reads more than two days of them. What a slice is narrowed to beside its source plays no part.
    """
    asked = {counters()[key].grain.subject for key in counted}
    found = [
        one
        for subject in subjects()
        if subject in asked
        for one in (_of_cases(of, now) if subject == "case" else [_of_module(subject, of)])
    ]
    return sorted(found, key=_age)


def _age(one: LastRecord) -> tuple[bool, int, float]:
    at = -one.at.timestamp() if one.at else 0.0
    return one.day is None, -one.day.toordinal() if one.day else 0, at


def _of_cases(of: Slice, now: dt.datetime) -> list[LastRecord]:
    sql = _OF_GRID if of.dimension == "grid" else _SQL.format(column=of.dimension)
    values = {
        "place": of.place,
        "since": moment(timezone.localdate(now) + DAY - LIVE),
        "cut": Cut.UNIT_DETAIL if of.dimension == "unit" else Cut.PLACE_DETAIL,
        "month": Span.MONTH,
        "by_day": Span.DAY,
        "number": counters()[REPORTED].number,
        "territory": Kind.TERRITORY,
        "level": Level.DISTRICT,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = {source: (at, day) for source, at, day in cursor.fetchall()}
    wanted = of.narrowed.get("source", tuple(Case.Source.values))
    return [_last(Case.Source(source).label, *rows.get(source, (None, None))) for source in wanted]


def _of_module(subject: str, of: Slice) -> LastRecord:
    """The last moment of any record of a module at the place."""
    grain = records_of(subject)
    last = (
        in_slice(grain, grain.rows(), of.within[:1])
        .order_by()
        .aggregate(**{name: Max(path) for name, path in grain.moments.items()})
    )
    return _last(grain.label, max((at for at in last.values() if at is not None), default=None), None)


def _last(label: str, at: dt.datetime | None, day: dt.date | None) -> LastRecord:
    return LastRecord(label, timezone.localdate(at) if at else day, at)
