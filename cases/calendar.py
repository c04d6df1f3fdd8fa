"""The official calendar of a district, read in one statement for ``cases/deadlines.py``."""

import datetime as dt
import json

from django.db import connection

from cases.deadlines import Calendar

_SQL = """
    SELECT coalesce((SELECT json_agg(json_build_array(day, is_working))
                     FROM cases_workday WHERE day BETWEEN %s AND %s), '[]'),
           coalesce((SELECT json_agg(DISTINCT extract(year FROM day)::int) FROM cases_workday), '[]'),
           coalesce((SELECT json_agg(json_build_array(valid_from, windows) ORDER BY valid_from)
                     FROM cases_workinghours WHERE district_id = %s), '[]')
"""
#: A suspension lasts a year at most, and what is left of a limit follows it.
_AHEAD = dt.timedelta(days=500)
_BEHIND = dt.timedelta(days=60)


def _times(windows: str) -> tuple[tuple[dt.time, dt.time], ...]:
    pairs = (window.split("-") for window in windows.split())
    return tuple((dt.time.fromisoformat(start), dt.time.fromisoformat(end)) for start, end in pairs)


def calendar_for(district_id: int, now: dt.datetime) -> Calendar:
    """Working days and hours around ``now`` for a district."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [(now - _BEHIND).date(), (now + _AHEAD).date(), district_id])
        days, years, hours = (json.loads(c) if isinstance(c, str) else c for c in cursor.fetchone())
    settings = {
        "exceptions": {dt.date.fromisoformat(day): working for day, working in days},
        "published": frozenset(years),
    }
    if hours:
        settings["hours"] = tuple((dt.date.fromisoformat(start), _times(windows)) for start, windows in hours)
    return Calendar(**settings)
