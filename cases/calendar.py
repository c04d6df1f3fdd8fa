"""The official calendar of a district, read in one statement for ``cases/deadlines.py``."""

import datetime as dt
import json

from django.db import connection

from cases.deadlines import Calendar
from cases.hours import read_windows

_SQL = """
    SELECT coalesce((SELECT json_agg(json_build_array(day, is_working))
                     FROM cases_workday WHERE day BETWEEN %s AND %s), '[]'),
           coalesce((SELECT json_agg(year) FROM cases_calendaryear), '[]'),
           coalesce((SELECT json_agg(json_build_array(valid_from, windows) ORDER BY valid_from)
                     FROM cases_workinghours WHERE district_id = %s), '[]')
"""
#: A suspension lasts a year at most, and what is left of a limit follows it.
_AHEAD = dt.timedelta(days=500)
_BEHIND = dt.timedelta(days=60)


def calendar_for(district_id: int, now: dt.datetime, since: dt.datetime | None = None) -> Calendar:
    """Working days and hours around ``now`` for a district, from ``since`` on where that is longer ago."""
    first = min(now, since or now) - _BEHIND
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [first.date(), (now + _AHEAD).date(), district_id])
        days, years, hours = (json.loads(c) if isinstance(c, str) else c for c in cursor.fetchone())
    settings = {
        "exceptions": {dt.date.fromisoformat(day): working for day, working in days},
        "published": frozenset(years),
    }
    if hours:
        settings["hours"] = tuple(
            (dt.date.fromisoformat(start), read_windows(windows)) for start, windows in hours
        )
    return Calendar(**settings)
