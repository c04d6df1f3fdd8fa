"""Repeats: cases of a category that come again and again at one spot (distance, days and times: ``numbers.toml``).

Whether a case is one is decided once, the night after its report, by the cases that were there before it; so it is a fact
of the case and can be counted. Cases that were merged, declined, withdrawn or voided by then are no occurrence of anything.
"""

import calendar
import datetime as dt
from collections.abc import Iterator

from django.db import connection

from appraisal.counting import moment
from appraisal.models import Looked, Repeat, RepeatPlace
from appraisal.nightly import unseen
from appraisal.numbers import number
from appraisal.periods import DAY, Period
from cases.models import Case
from cases.workflow import State
from grid.tiles import metres_between

#: What was no occurrence, as far as people said by then.
NOTHING_THERE = (State.MERGED, State.DECLINED, State.WITHDRAWN, State.VOIDED)
#: The first look goes so far back, month by month.
FIRST_DAYS = 365
#: Cases are looked for in neighbouring squares of this many bits of a tile: 16 tiles, over 100 m up to 45° of latitude.
_BITS = 4
#: Metres a degree of latitude, as ``grid.tiles`` has it.
_DEGREE = 40_075_017 / 360

_EARLIER = f"""
WITH there AS MATERIALIZED (
    SELECT id, category_id, longitude, latitude, reported_at, tile_x >> {_BITS} AS x, tile_y >> {_BITS} AS y
    FROM cases_case WHERE reported_at >= %(before)s AND reported_at < %(until)s AND NOT state = ANY (%(nothing)s)
)
SELECT c.id, array_agg(e.id ORDER BY e.reported_at, e.id)
FROM there c
CROSS JOIN generate_series(-1, 1) AS dx CROSS JOIN generate_series(-1, 1) AS dy
JOIN there e ON e.category_id = c.category_id AND e.x = c.x + dx AND e.y = c.y + dy
    AND (e.reported_at, e.id) < (c.reported_at, c.id)
    AND e.reported_at >= c.reported_at - make_interval(days => %(days)s)
    AND {_DEGREE} * sqrt(
        power((c.longitude - e.longitude) * cos(radians((c.latitude + e.latitude) / 2)), 2)
        + power(c.latitude - e.latitude, 2)
    ) <= %(metres)s
WHERE c.reported_at >= %(since)s
GROUP BY c.id, c.reported_at HAVING count(*) >= %(times)s - 1
ORDER BY c.reported_at, c.id
"""


def find_repeats(*, now: dt.datetime) -> int:
    """Look at the cases of the days that were not looked at; returns how many came again."""
    with unseen(Looked.What.REPEATS, now=now, first=FIRST_DAYS) as days:
        return sum(_look(part, now) for part in _months(days)) if days else 0


def _months(days: Period) -> Iterator[Period]:
    begin = days.begin
    while begin <= days.end:
        last = begin.replace(day=calendar.monthrange(begin.year, begin.month)[1])
        yield Period(begin, min(last, days.end))
        begin = last + DAY


def _look(days: Period, now: dt.datetime) -> int:
    found = _earlier(days)
    ids = {pk for case, earlier in found for pk in (case, *earlier)}
    cases = Case.objects.only(
        "category", "longitude", "latitude", "district", "street", "community", "reported_at"
    ).in_bulk(ids)
    known = {
        pk: place
        for place in RepeatPlace.objects.filter(cases__overlap=list(ids)).order_by("last_at")
        for pk in place.cases
    }
    repeats, changed = [], {}
    for pk, earlier in found:
        place = _place_of(cases[pk], [known[one] for one in earlier if one in known])
        if place is None:
            place = _new_place([cases[one] for one in (*earlier, pk)])
        place.cases = list(dict.fromkeys((*place.cases, *earlier, pk)))
        place.last_at = cases[pk].reported_at
        known |= dict.fromkeys(place.cases, place)
        changed[id(place)] = place
        repeats.append(Repeat(case_id=pk, place=place, times=len(earlier) + 1, found_at=now))
    RepeatPlace.objects.bulk_create([one for one in changed.values() if one.pk is None])
    RepeatPlace.objects.bulk_update(
        [one for one in changed.values() if not one._state.adding], ["cases", "last_at"]
    )
    Repeat.objects.bulk_create(repeats)
    return len(repeats)


def _earlier(days: Period) -> list[tuple[int, list[int]]]:
    """Cases of some days, oldest first, with the earlier ones at their spot, where these are enough."""
    since = moment(days.begin)
    asked = {
        "since": since,
        "before": since - number("repeat_days") * DAY,
        "until": moment(days.end + DAY),
        "nothing": [state.value for state in NOTHING_THERE],
        "days": number("repeat_days"),
        "metres": number("repeat_metres"),
        "times": number("repeat_times"),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, asked)
        return cursor.fetchall()


def _place_of(case: Case, near: list[RepeatPlace]) -> RepeatPlace | None:
    """The known place, the latest of several, whose first case is near: a place does not creep along a street."""
    here, reach = (case.longitude, case.latitude), 2 * number("repeat_metres")
    within = [one for one in near if metres_between(here, (one.longitude, one.latitude)) <= reach]
    return max(within, key=lambda one: one.last_at, default=None)


def _new_place(cases: list[Case]) -> RepeatPlace:
    first = cases[0]
    return RepeatPlace(
        category_id=first.category_id,
        longitude=first.longitude,
        latitude=first.latitude,
        territory_id=first.community_id or first.street_id or first.district_id,
        cases=[],
        first_at=first.reported_at,
    )
