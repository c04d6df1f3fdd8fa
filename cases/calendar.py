"""The official calendar of a district and its own numbers of the rules, read in one statement."""

import datetime as dt
import itertools
import json
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from cases.deadlines import Calendar
from cases.hours import read_windows
from cases.permissions import may_keep_calendar
from cases.rule_numbers import RuleNumbers
from governance.models import User

_SQL = """
    SELECT coalesce((SELECT json_agg(json_build_array(day, is_working))
                     FROM cases_workday WHERE day BETWEEN %s AND %s), '[]'),
           coalesce((SELECT json_agg(year) FROM cases_calendaryear), '[]'),
           coalesce((SELECT json_agg(json_build_array(valid_from, windows) ORDER BY valid_from)
                     FROM cases_workinghours WHERE district_id = %s), '[]'),
           coalesce((SELECT json_agg(json_build_array(valid_from, name, value) ORDER BY valid_from)
                     FROM cases_ruleoverride WHERE district_id = %s), '[]')
"""
#: A suspension lasts a year at most, and what is left of a limit follows it.
_AHEAD = dt.timedelta(days=500)
_BEHIND = dt.timedelta(days=60)


def settings_for(
    district_id: int, now: dt.datetime, since: dt.datetime | None = None
) -> tuple[Calendar, RuleNumbers]:
    """Working days and hours around ``now`` for a district, from ``since`` on where that is longer ago; and its numbers."""
    first = min(now, since or now) - _BEHIND
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [first.date(), (now + _AHEAD).date(), district_id, district_id])
        days, years, hours, numbers = (json.loads(c) if isinstance(c, str) else c for c in cursor.fetchone())
    settings = {
        "exceptions": {dt.date.fromisoformat(day): working for day, working in days},
        "published": frozenset(years),
    }
    if hours:
        settings["hours"] = tuple(
            (dt.date.fromisoformat(start), read_windows(windows)) for start, windows in hours
        )
    own = [(dt.date.fromisoformat(since), name, value) for since, name, value in numbers]
    return Calendar(**settings), RuleNumbers().overridden(own, timezone.localdate(now))


def calendar_for(district_id: int, now: dt.datetime, since: dt.datetime | None = None) -> Calendar:
    """The calendar alone."""
    return settings_for(district_id, now, since)[0]


# Years that nobody has declared -----------------------------------------------------------------------------------

_GAP = """
    SELECT coalesce((SELECT json_agg(year) FROM cases_calendaryear WHERE year >= %s), '[]'),
           (SELECT count(*) FROM cases_assignment WHERE stopped_at IS NULL AND is_provisional)
"""
#: The State Council's notice comes in autumn; from this month on its absence is worth a word.
NOTICE_MONTH = 10


@dataclass(frozen=True)
class Gap:
    """The first year that nobody has declared complete, and how many open deadlines are provisional."""

    year: int
    provisional: int

    @property
    def words(self) -> str:
        reach = f"，在办案件中 {self.provisional:,} 件的时限暂定" if self.provisional else ""
        return f"{self.year} 年放假安排尚未录齐{reach}。"


def gap_for(user: User, now: dt.datetime) -> Gap | None:
    """What whoever keeps the calendar has to hear: limits reach a year that is not declared, or its notice is near."""
    if not may_keep_calendar(user):
        return None
    today = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(_GAP, [today.year])
        years, provisional = cursor.fetchone()
    declared = set(json.loads(years) if isinstance(years, str) else years)
    year = next(year for year in itertools.count(today.year) if year not in declared)
    is_near = year == today.year or (year == today.year + 1 and today.month >= NOTICE_MONTH)
    return Gap(year, provisional) if provisional or is_near else None
