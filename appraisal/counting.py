"""Reading the tallies: counts of a slice in some periods, grouped; what lies behind the worker is added by the reader.

One statement as long as the worker keeps up; two where records wait to be counted. Where the tallies do not tell apart what
is asked (a category of a community, say), the rows themselves are counted: the numbers are the same, only slower.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import F, Func, Q, QuerySet, Subquery
from django.utils import timezone

from appraisal.catalogue import Counter, counters, definitions
from appraisal.facts import Narrow, facts, of_records
from appraisal.grains import Grain, subjects
from appraisal.models import Cut, Tallied, Touched
from appraisal.periods import Period
from appraisal.slices import Slice, Within
from cases.workflow import Loop


class By(StrEnum):
    """How counts are grouped; a group is a number, or a day for the last three."""

    ALL = "all"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    UNIT = "unit"
    CATEGORY = "category"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


#: Where more changes wait, the rows of a slice are counted sooner than those of all changes.
MANY = 2000
#: Territories for which the tallies know categories and hours.
WITH_CATEGORIES = ("district", "street")

_TERRITORIES = ("district", "street", "community")
#: Of a fact, where its places are looked for; the territory around places may be asked with them.
AMONG: dict[By, tuple[str, ...]] = {By.STREET: _TERRITORIES, By.COMMUNITY: _TERRITORIES, By.GRID: ("grid",)}

#: Of an hour since 1970, the hour of its week: Monday's first is 0.
HOUR_OF_WEEK = "(extract(isodow FROM date '1970-01-01' + {hour} / 24)::int - 1) * 24 + {hour} %% 24"

Group = int | dt.date | None
Counts = dict[str, int]


@dataclass(frozen=True)
class Asked:
    """One question: which counters, when, of what, grouped how; ``places`` names the groups where they are places."""

    counters: tuple[Counter, ...]
    periods: tuple[Period, ...]
    of: Slice
    by: By
    places: tuple[int, ...] = ()

    @property
    def within(self) -> Within:
        """Dimensions one of which must have one of some values.

        Places that are told apart are asked as if each were asked alone: a community that moved to another street keeps
        what it had before.
        """
        if self.by not in AMONG:
            return self.of.within
        own, *narrowed = self.of.within
        places = (AMONG[self.by], self.places)
        return [places, *([own] if self.of.dimension == "unit" else []), *narrowed]

    @property
    def subjects(self) -> list[str]:
        """Kinds of records that the counters count."""
        return [
            subject for subject in subjects() if any(one.grain.subject == subject for one in self.counters)
        ]


def question(
    keys: Iterable[str], periods: Sequence[Period], of: Slice, by: By = By.ALL, places: Iterable[int] = ()
) -> Asked:
    """The question that ``counts`` answers; raises ``KeyError`` for a counter that is not known."""
    known = counters()
    wanted = sorted((known[key] for key in set(keys)), key=lambda one: one.number)
    return Asked(tuple(wanted), tuple(periods), of, by, tuple(places))


def counts(
    keys: Iterable[str],
    periods: Sequence[Period],
    of: Slice,
    by: By = By.ALL,
    places: Iterable[int] = (),
) -> dict[tuple[int, Group], Counts]:
    """Counts by number of the period and group; a group without any count is left out.

    ``places`` are the streets, communities, grids that are told apart (``by`` one of ``AMONG``); the territory around
    them may be among them, so that a board's total and its parts are one statement.
    """
    asked = question(keys, periods, of, by, places)
    if not asked.counters:  # of a measure without data
        return {}
    cut = _cut(asked)
    if cut is None:
        return _summed(asked, *_rows_alone(asked))
    stored, parameters = _stored(asked, cut)
    sql = (
        "SELECT NULL::int, NULL::bigint, NULL::bigint[], (SELECT definitions FROM appraisal_tallied WHERE id = 1),"
        f" ({_WAITING})"
        f" UNION ALL SELECT period, grouped, {_array(asked)}, NULL, NULL FROM ({stored}) AS t GROUP BY 1, 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        (_, _, _, counted_by, waiting), *rows = cursor.fetchall()
    # By other definitions, not at all yet, or long ago.
    if counted_by != definitions() or len(waiting or ()) > MANY:
        return _summed(asked, *_rows_alone(asked))
    if waiting:
        return _summed(asked, *_with_what_waits(asked, _by_subject(waiting), stored, parameters))
    return _named(asked, rows)


def lag() -> int:
    """How many changes wait to be counted."""
    return Touched.objects.filter(problem="").count()


def counted_until() -> tuple[dt.datetime | None, int]:
    """When changes were counted last, and how many wait; in one statement."""
    number = Func(F("pk"), function="count")
    waiting = Touched.objects.filter(problem="").order_by().annotate(n=number).values("n")
    row = Tallied.objects.annotate(waiting=Subquery(waiting)).values_list("at", "waiting").first()
    return row or (None, lag())


# From the tallies --------------------------------------------------------------------------------------------------


def _cut(asked: Asked) -> Cut | None:
    """The part of the tallies that tells apart what is asked; None where there is none."""
    of, by = asked.of, asked.by
    narrowed = set(of.narrowed)
    if of.dimension == "unit" and (by in AMONG or by == By.UNIT):
        return None
    if by == By.GRID or of.dimension == "grid":
        return Cut.GRID if not narrowed and by in (By.ALL, By.GRID, By.DAY, By.MONTH) else None
    if by == By.CATEGORY or narrowed == {"category"}:
        can = of.dimension in WITH_CATEGORIES and by not in (By.HOUR, By.UNIT, By.COMMUNITY)
        return Cut.CATEGORY if can and narrowed <= {"category"} else None
    if by == By.HOUR:
        return Cut.HOUR if of.dimension in WITH_CATEGORIES and not narrowed else None
    if of.dimension == "unit":
        return _with_detail(Cut.UNIT, Cut.UNIT_DETAIL, narrowed)
    if by == By.UNIT or narrowed == {"unit"}:
        return Cut.PLACE_UNIT if narrowed <= {"unit"} else None
    return _with_detail(Cut.PLACE, Cut.PLACE_DETAIL, narrowed)


def _with_detail(plain: Cut, detail: Cut, narrowed: set[str]) -> Cut | None:
    if not narrowed:
        return plain
    return detail if narrowed <= {"kind", "loop", "source"} else None


def _stored(asked: Asked, cut: Cut) -> tuple[str, list[Any]]:
    """Cells of the tallies with the number of their period and their group."""
    grouped = {
        By.ALL: "NULL::bigint",
        By.UNIT: "t.unit",
        By.CATEGORY: "t.category",
        By.DAY: "t.day - date '1970-01-01'",
        By.MONTH: "date_trunc('month', t.day)::date - date '1970-01-01'",
        By.HOUR: "(extract(isodow FROM t.day)::int - 1) * 24 + t.hour",
    }.get(asked.by, "t.place")
    ranges, parameters = [], []
    days_alone = asked.by in (By.DAY, By.HOUR)
    for number, period in enumerate(asked.periods):
        stretches = (
            [("day", period.begin, period.end)]
            if days_alone
            else [(one.span, one.first, one.last) for one in period.stretches()]
        )
        for span, first, last in stretches:
            ranges.append("(%s, %s, %s::date, %s::date)")
            parameters += [number, span, first, last]
    places = list(asked.places) if asked.by in AMONG else [asked.of.place]
    conditions = ["t.cut = %s", "t.place = ANY (%s)", "t.span = p.span", "t.day BETWEEN p.first AND p.last"]
    parameters += [cut.value, places]
    for name, values in asked.of.narrowed.items():
        conditions.append(f"t.{name} = ANY (%s)")
        parameters.append(list(values))
    sql = (
        f"SELECT p.period, {grouped} AS grouped, t.counts"
        f" FROM (VALUES {', '.join(ranges)}) AS p (period, span, first, last)"
        f" JOIN appraisal_tally t ON {' AND '.join(conditions)}"
    )
    return sql, parameters


def _array(asked: Asked) -> str:
    """The sums of the counters in the order of the question, as one array."""
    return "ARRAY[" + ", ".join(f"sum(counts[{one.number}])" for one in asked.counters) + "]::bigint[]"


#: Records that wait to be counted, as subject:id; without those that cannot be, which keep what they had added.
_WAITING = f"""
    SELECT array_agg(t.waiting) FROM (
        SELECT DISTINCT w.subject || ':' || w.record AS waiting FROM appraisal_touched w
        WHERE w.problem = '' AND NOT EXISTS (
            SELECT FROM appraisal_touched p WHERE p.subject = w.subject AND p.record = w.record AND p.problem <> ''
        ) LIMIT {MANY + 1}
    ) AS t
"""


def _by_subject(waiting: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for one in waiting:
        subject, _, record = one.partition(":")
        found[subject].append(int(record))
    return found


def _with_what_waits(
    asked: Asked, waiting: dict[str, list[int]], stored: str, parameters: list[Any]
) -> tuple[str, list[Any]]:
    """The tallies, and for records that wait: what they say now, less what they had added. One statement, one moment.

    What was counted since it was found waiting says now what it had added. Ids are given, not asked for again: the
    planner knows how few they are.
    """
    numbers = ", ".join(str(one.number) for one in asked.counters)
    cells = (
        "SELECT period, grouped, counter, counts[counter]::bigint AS amount"
        f" FROM stored, unnest(ARRAY[{numbers}]) AS counter"
    )
    parts, values = [cells], list(parameters)
    for subject in subjects():
        wanted, ids = [one for one in asked.counters if one.grain.subject == subject], waiting.get(subject)
        if not wanted or not ids:
            continue
        live, live_values = facts(subject, wanted, of_records(ids))
        changed = (
            f"SELECT {_FACT} FROM ({live}) AS live UNION ALL SELECT {_FACT} FROM ({_COUNTED}) AS counted"
        )
        numbers = [one.number for one in wanted]
        sql, more = grouped(asked, changed, [*live_values, subject, ids, numbers])
        parts.append(sql)
        values += more
    return f"WITH stored AS ({stored}) {' UNION ALL '.join(parts)}", values


_FACT = "district, street, community, grid, category, kind, source, unit, loop, counter, hour, amount"
_LOOPS = "ARRAY[" + ", ".join(f"'{loop.value}'" for loop in Loop) + "]"
_COUNTED = f"""
    SELECT c.district, c.street, c.community, c.grid, c.category, c.kind, c.source,
        nullif(c.facts[i][3], 0) AS unit, ({_LOOPS})[c.facts[i][4]] AS loop,
        c.facts[i][1] AS counter, c.facts[i][2] AS hour, -c.facts[i][5] AS amount
    FROM appraisal_counted c, generate_series(1, array_length(c.facts, 1)) AS i
    WHERE c.subject = %s AND c.record = ANY (%s)
        AND c.facts[i][1] = ANY (%s)
"""


# From the rows -----------------------------------------------------------------------------------------------------


def _rows_alone(asked: Asked) -> tuple[str, list[Any]]:
    """The same from the rows alone, restricted to the place before anything is counted."""
    parts, values = [], []
    for subject in subjects():
        wanted = [one for one in asked.counters if one.grain.subject == subject]
        if wanted:
            live, live_values = facts(subject, wanted, of_slice(wanted, asked.periods, asked.within))
            # Asked again, what the rows are restricted to would count twice with the planner: it takes them for few.
            facts_alone = f"SELECT {_FACT} FROM ({live}) AS live"
            sql, more = grouped(asked, facts_alone, live_values, within=())
            parts.append(sql)
            values += more
    return " UNION ALL ".join(parts), values


def among(table: str, names: Iterable[str]) -> str:
    """A condition that one of some columns has one of some values, which are given once a column."""
    return f"({' OR '.join(f'{table}.{name} = ANY (%s)' for name in names)})"


def of_slice(wanted: Sequence[Counter], periods: Sequence[Period], within: Within) -> Narrow:
    """Rows of a slice that have a moment between the periods: what none of the counters could count is not read."""
    first = moment(min(period.begin for period in periods))
    last = moment(max(period.end for period in periods) + dt.timedelta(days=1))

    def narrow(grain: Grain, rows: QuerySet) -> QuerySet:
        then = Q()
        for name in {one.at for one in wanted if one.grain is grain}:
            path = grain.moments[name]
            then |= Q(**{f"{path}__gte": first, f"{path}__lt": last})
        return in_slice(grain, rows, within).filter(then)

    return narrow


def moment(day: dt.date) -> dt.datetime:
    """The beginning of a day by the clock of the place."""
    return dt.datetime.combine(day, dt.time(), timezone.get_default_timezone())


def in_slice(grain: Grain, rows: QuerySet, within: Within) -> QuerySet:
    """Rows of a grain that belong to a slice."""
    for names, values in within:
        one_of = Q()
        for name in names:
            path = grain.dimensions[name]
            if name in grain.with_one_of:
                one_of |= grain.with_one_of[name](values)
                continue
            if not isinstance(path, str):
                rows, path = rows.alias(**{f"x_{name}": path.copy()}), f"x_{name}"
            one_of |= Q(**{f"{path}__in": values})
        rows = rows.filter(one_of)
    return rows


def grouped(
    asked: Asked, changed: str, changed_values: list[Any], within: Within | None = None, more: str = ""
) -> tuple[str, list[Any]]:
    """Facts as period, group, counter, amount and ``more`` columns of theirs, within periods and slice or what else is given."""
    group = {
        By.ALL: "NULL::bigint",
        By.DAY: "c.hour / 24",
        By.MONTH: "date_trunc('month', date '1970-01-01' + c.hour / 24)::date - date '1970-01-01'",
        By.HOUR: HOUR_OF_WEEK.format(hour="c.hour"),
    }.get(asked.by, f"c.{asked.by}" if asked.by not in AMONG else "g.place")
    ranges = ", ".join("(%s, %s::date, %s::date)" for _ in asked.periods)
    values: list[Any] = [one for n, p in enumerate(asked.periods) for one in (n, p.begin, p.end)]
    values += changed_values
    conditions = ["date '1970-01-01' + c.hour / 24 BETWEEN p.first AND p.last"]
    for names, wanted in asked.within if within is None else within:
        conditions.append(among("c", names))
        values += [list(wanted)] * len(names)
    if asked.by in AMONG:
        conditions.append("g.place = ANY (%s)")
        values.append(list(asked.places))
    elif asked.by == By.UNIT:
        conditions.append("c.unit IS NOT NULL")
    apart = ", ".join(f"(c.{name}::bigint)" for name in AMONG.get(asked.by, ())) or "(0::bigint)"
    return (
        f"SELECT p.period, ({group})::bigint AS grouped, c.counter::int, c.amount::bigint{more}"
        f" FROM (VALUES {ranges}) AS p (period, first, last), ({changed}) AS c"
        f" CROSS JOIN LATERAL (VALUES {apart}) AS g (place) WHERE {' AND '.join(conditions)}"
    ), values


# The answer --------------------------------------------------------------------------------------------------------


def _summed(asked: Asked, sql: str, parameters: list[Any]) -> dict[tuple[int, Group], Counts]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT period, grouped, counter, sum(amount) FROM ({sql}) AS every GROUP BY 1, 2, 3", parameters
        )
        rows = cursor.fetchall()
    keys = {one.number: one.key for one in asked.counters}
    found: dict[tuple[int, Group], Counts] = defaultdict(lambda: dict.fromkeys(keys.values(), 0))
    for period, group, counter, amount in rows:
        if amount:
            found[period, group_of(asked.by, group)][keys[counter]] = int(amount)
    return dict(found)


def _named(asked: Asked, rows: list[tuple]) -> dict[tuple[int, Group], Counts]:
    found: dict[tuple[int, Group], Counts] = {}
    for period, group, amounts, *_ in rows:
        if any(amounts):
            named = zip(asked.counters, amounts, strict=True)
            found[period, group_of(asked.by, group)] = {one.key: int(amount or 0) for one, amount in named}
    return found


def group_of(by: By, group: int | None) -> Group:
    """A group as it is answered, of one as the database numbers it."""
    if group is not None and by in (By.DAY, By.MONTH):
        return dt.date(1970, 1, 1) + dt.timedelta(days=group)
    return group
