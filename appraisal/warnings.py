"""Warnings: a category of which a place reported far more in seven days than is usual there at this time of the year.

A week is seven whole days that end the same number of days ago, so every weekday is in it once. It is compared with the
same weeks of last year and with those of the three months before, each with its neighbours, as far as place and category
were known then; the higher of the two medians is what is usual. The spread is the median deviation (or the square root of
what is usual, which counts vary by anyhow). Holidays that move are not known to it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import median

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from appraisal.counting import moment
from appraisal.figures import SMALL
from appraisal.models import Looked, PlaceWarning
from appraisal.nightly import unseen
from appraisal.numbers import number
from appraisal.periods import DAY
from governance.models import Level, Organization, User
from governance.roles import Duty
from records.given import text
from records.refusals import Forbidden, Refused, Stale

WEEK = 7 * DAY
#: Weeks before the one in question that it is compared with.
YEAR_BEFORE = range(50, 55)
MONTHS_BEFORE = (3, 4, 5, 8, 9, 10, 12, 13, 14)
#: The first look goes so far back, week by week.
FIRST_DAYS = 52 * 7
#: Of a normal distribution this many median deviations are one standard deviation.
_MEDIAN_DEVIATION = 1.4826
MOST_CHARACTERS = 200
Cell = tuple[int, int]

# Weeks are counted back from the day in question: 0 is the one that ends on it.
_WEEKS = f"""
WITH weeks AS (
    SELECT p.place, c.category_id AS category,
        (%(day)s::date - (c.reported_at AT TIME ZONE '{settings.TIME_ZONE}')::date) / 7 AS week, count(*) AS n
    FROM cases_case c CROSS JOIN LATERAL (VALUES (c.street_id), (c.community_id)) AS p (place)
    WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND p.place IS NOT NULL
    GROUP BY 1, 2, 3
)
SELECT place, category, array_agg(week ORDER BY week), array_agg(n ORDER BY week) FROM weeks
GROUP BY 1, 2 HAVING max(n) FILTER (WHERE week <= %(back)s) >= %(least)s
"""
_SETTLE = f"""
WITH ended AS (
    SELECT w.id, count(c.id) AS n FROM appraisal_placewarning w LEFT JOIN cases_case c
        ON (c.street_id = w.place_id OR c.community_id = w.place_id) AND c.category_id = w.category_id
        AND c.reported_at >= (w.day + 1)::timestamp AT TIME ZONE '{settings.TIME_ZONE}'
        AND c.reported_at < (w.day + 8)::timestamp AT TIME ZONE '{settings.TIME_ZONE}'
    WHERE w.followed IS NULL AND w.day + 7 <= %(until)s::date GROUP BY w.id
)
UPDATE appraisal_placewarning w SET followed = ended.n, came_true = ended.n > w.expected + w.spread
FROM ended WHERE ended.id = w.id
"""


@dataclass(frozen=True)
class Usual:
    """What is usual for a week: the weeks that say so, their median and their spread."""

    weeks: tuple[int, ...]
    basis: PlaceWarning.Basis

    @property
    def expected(self) -> float:
        return float(median(self.weeks))

    @property
    def spread(self) -> float:
        deviation = median(abs(one - self.expected) for one in self.weeks)
        return max(_MEDIAN_DEVIATION * deviation, sqrt(max(self.expected, 1.0)))

    def is_exceeded(self, observed: int) -> bool:
        """Whether a week is far above it, and no small number."""
        far = self.expected + number("warning_spreads") * self.spread
        return observed >= number("warning_least") and observed > far


def usual(counts: dict[int, int], week: int, known: int) -> Usual | None:
    """What is usual for a week; ``counts`` by weeks back, known up to ``known`` weeks back. None where too little is."""
    found = []
    for basis, before in (
        (PlaceWarning.Basis.YEAR, YEAR_BEFORE),
        (PlaceWarning.Basis.MONTHS, MONTHS_BEFORE),
    ):
        weeks = tuple(counts.get(week + back, 0) for back in before if week + back <= known)
        if len(weeks) >= number("warning_fewest_weeks"):
            found.append(Usual(weeks, basis))
    return max(found, key=lambda one: one.expected, default=None)


# The nightly look --------------------------------------------------------------------------------------------------


def find_warnings(*, now: dt.datetime) -> int:
    """Look at the week that ended yesterday, and write down what became of earlier warnings; returns how many are new.

    After nights without a look those weeks are caught up with. The very first look goes a year back, week by week, so that
    there is a past by which warnings are measured.
    """
    with unseen(Looked.What.WARNINGS, now=now, first=FIRST_DAYS) as days:
        if days is None:
            return 0
        made = _look(days.end, (days.days - 1) // 7, now)
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE, {"until": days.end})
    return made


def _look(day: dt.date, back: int, now: dt.datetime) -> int:
    """Look at the week that ends on a day and at so many before it; a place warns of a category once in seven days."""
    places = {one.pk: one for one in Organization.objects.territories()}
    first, warned = _first_reports(), _warned(day - (back + 1) * WEEK)
    made = []
    for (place, category), counts in _cells(day, back):
        known = _known(day, max(first[0, place], first[1, category]))
        for week in range(back, -1, -1):
            observed, found, ended = counts.get(week, 0), usual(counts, week, known), day - week * WEEK
            if found is None or not found.is_exceeded(observed):
                continue
            if any(ended - WEEK < one <= ended for one in warned[place, category]):
                continue
            made.append(_warning(places, place, category, ended, observed, found, now))
    PlaceWarning.objects.bulk_create(made)
    return len(made)


def _warning(
    places: dict[int, Organization],
    place: int,
    category: int,
    day: dt.date,
    observed: int,
    found: Usual,
    now: dt.datetime,
) -> PlaceWarning:
    return PlaceWarning(
        place=places[place],
        level=places[place].level,
        district=_district(places, places[place]),
        category_id=category,
        day=day,
        observed=observed,
        weeks=list(found.weeks),
        basis=found.basis,
        expected=found.expected,
        spread=found.spread,
        found_at=now,
    )


def _warned(since: dt.date) -> dict[Cell, list[dt.date]]:
    """The days of warnings that were found before, by place and category."""
    found = defaultdict(list)
    rows = PlaceWarning.objects.filter(day__gt=since).values_list("place", "category", "day")
    for place, category, day in rows:
        found[place, category].append(day)
    return found


def _cells(day: dt.date, back: int) -> Iterator[tuple[Cell, dict[int, int]]]:
    """Counts by weeks back, of every place and category that had enough in one of the weeks in question."""
    weeks = back + YEAR_BEFORE[-1] + 1
    asked = {
        "day": day,
        "since": moment(day - weeks * WEEK + DAY),
        "until": moment(day + DAY),
        "back": back,
        "least": number("warning_least"),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, asked)
        rows = cursor.fetchall()
    for place, category, ago, numbers in rows:
        yield (place, category), dict(zip(ago, numbers, strict=True))


def _first_reports() -> dict[tuple[int, int], dt.date]:
    """The day of the first report of every place (0, id) and category (1, id): before it nothing is known."""
    sql = f"""
        SELECT CASE WHEN category_id IS NULL THEN 0 ELSE 1 END, coalesce(category_id, street_id, community_id),
            (min(reported_at) AT TIME ZONE '{settings.TIME_ZONE}')::date
        FROM cases_case GROUP BY GROUPING SETS ((street_id), (community_id), (category_id))
    """
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {(kind, pk): day for kind, pk, day in cursor.fetchall()}


def _known(day: dt.date, first: dt.date) -> int:
    """How many weeks back the last whole week lies that began when reports were there."""
    return ((day - first).days + 1) // 7 - 1


def _district(places: dict[int, Organization], place: Organization) -> Organization:
    while place.level != Level.DISTRICT and place.parent_id in places:
        place = places[place.parent_id]
    return place


# Reading -----------------------------------------------------------------------------------------------------------


#: Those furthest from what is usual first.
STRENGTH = ((F("observed") - F("expected")) / F("spread")).desc()


def in_words(warning: PlaceWarning, today: dt.date) -> str:
    """What happened and what is usual: 拓东街道近 7 天暴露垃圾 18 件，往年同期约 5 件."""
    days = "近 7 天" if warning.day == today - DAY else f"{warning.first_day:%m-%d} 至 {warning.day:%m-%d} "
    usually = f"{warning.get_basis_display()}约 {int(warning.expected + 0.5)} 件"
    return f"{warning.place.name}{days}{warning.category.name} {warning.observed} 件，{usually}"


def past_in_words(warning: PlaceWarning) -> str:
    """How often warnings alike came true (``with_past``): with the number of them, a share from ten on."""
    past, true = warning.past or 0, warning.past_true or 0
    if not past:
        return "此类提示还没有过，无从比较"
    said = f"此类提示过去 {past} 次里有 {true} 次随后一周仍偏高"
    return f"{said}（{100 * true / past:.0f}%）" if past >= SMALL else f"{said}（次数少，只作参考）"


# What people think of it -------------------------------------------------------------------------------------------


def why_not_dismiss(warning: PlaceWarning, by: User) -> Refused | None:
    """Why somebody may not dismiss a warning, or not any more."""
    if warning.dismissed_at is not None:
        return Stale("这条提示已有人标为不再提示。")
    held = {*by.authority.places(Duty.LEAD), *by.authority.places(Duty.CHIEF)}
    above = {post.organization.path for post in by.authority.posts if post.organization_id in held}
    if any(warning.place.path.startswith(path) for path in above):
        return None
    return Forbidden("不再提示由本级或上级的值班长、领导决定。")


@transaction.atomic
def dismiss(warning_id: int, *, reason: str, by: User, now: dt.datetime) -> PlaceWarning:
    """Take a warning off the boards, with a reason; its outcome is counted all the same.

    Who dismisses it again with the same words is answered as before. Raises ``PlaceWarning.DoesNotExist`` out of scope,
    ``Forbidden``, ``Stale`` or ``Unfit``.
    """
    visible = PlaceWarning.objects.visible_to(by).select_related("place", "category")
    warning = visible.select_for_update(of=("self",)).get(pk=warning_id)
    reason = reason.strip()
    if warning.dismissed_at and (warning.dismissed_by_id, warning.dismissal) == (by.pk, reason):
        return warning
    if refusal := why_not_dismiss(warning, by):
        raise refusal
    text("reason", "理由", most=MOST_CHARACTERS)(reason, warning)
    warning.dismissed_by, warning.dismissed_at, warning.dismissal = by, now, reason
    warning.save(update_fields=["dismissed_by", "dismissed_at", "dismissal"])
    return warning
