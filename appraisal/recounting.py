"""Counts from events alone: the same question as ``counting.counts``, answered without tallies, rows or their SQL.

A record counts where an event of it, or a date that an event names, lies in the period; of the record's own row only its
place, category and source are read. What events do not tell is named (``Recounted.untold``).
"""

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import DateTimeField, JSONField, Model, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from appraisal.catalogue import Condition, Counter
from appraisal.counting import AMONG, Asked, By, Group, in_slice, moment, question
from appraisal.folding import Row, Rows, rows_of_case
from appraisal.grains import OF_RECORD, records_of
from appraisal.lives import Happened, Where
from appraisal.periods import DAY, Period
from appraisal.slices import Slice
from cases.models import CaseEvent
from governance import modules

#: Records whose events are read at once.
BATCH = 500
#: So many records are recounted while somebody waits for the page.
AT_ONCE = 3000
EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Source:
    """Events of one kind of record, and what its rows must be by them."""

    subject: str
    events: type[Model]
    #: The path from an event to its record's id.
    record: str
    #: What ``fold`` is given of each event, in the order of the events, after the record's id.
    columns: tuple[str, ...]
    fold: Callable[[Where, list[tuple]], Rows]
    #: Events and records that may have to do with a unit; which of them do, the folded rows say.
    of_unit: Callable[[int], Q]
    #: Moments of rows (grain, name) at which no event need have been, and the facts of events that say them; without
    #: such facts every record counts that began before.
    ahead: frozenset[tuple[str, str]] = frozenset()
    dated: tuple[str, ...] = ()
    #: What else of rows ``fold`` is given beside the dimensions of a record, by its id.
    known: Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]] | None = None
    #: Columns of rows (grain, name) that no event tells, and why.
    untold: Mapping[tuple[str, str], str] = field(default_factory=dict)


def _happened(columns: tuple) -> Happened:
    *others, by, contact, program, data = columns
    facts = json.loads(data) if data != "{}" else {}
    return Happened(*others, by is None and contact is None and program is None, facts)


CASES = Source(
    subject="case",
    events=CaseEvent,
    record="case_id",
    columns=(
        *("at", "move", "before", "after", "loop", "centre_id", "unit_id"),
        *("by_id", "contact", "program_id", "data"),
    ),
    fold=lambda where, events: rows_of_case(where, map(_happened, events)),
    of_unit=lambda unit: (
        Q(unit=unit)
        | Q(centre=unit)
        | Q(case__community=unit)
        | Q(case__street=unit)
        | Q(case__district=unit)
    ),
    dated=("due_at", "deadline", "clock_kept"),
    ahead=frozenset({("case", "due"), ("leg", "due"), ("order", "deadline")}),
)


@cache
def sources() -> dict[str, Source]:
    """Where the events of each kind of record stand."""
    declared = [source for module in modules.installed() for source in module.histories]
    return {source.subject: source for source in (CASES, *declared)}


class Fact(NamedTuple):
    """One counter at one hour, by events."""

    counter: str
    hour: int
    unit: int | None
    loop: str | None
    amount: int


@dataclass
class Recounted:
    """Counts as ``counts`` gives them, of how many records and events, and counters that events cannot tell."""

    counts: dict[tuple[int, Group], dict[str, int]] = field(default_factory=dict)
    records: int = 0
    events: int = 0
    untold: set[str] = field(default_factory=set)

    def add(self, period: int, group: Group, counter: str, amount: int) -> None:
        sums = self.counts.setdefault((period, group), {})
        sums[counter] = sums.get(counter, 0) + amount


def recount(
    keys: Iterable[str],
    periods: Sequence[Period],
    of: Slice,
    by: By = By.ALL,
    places: Iterable[int] = (),
    *,
    without: Collection[int] = (),
) -> Recounted:
    """What ``counting.counts`` must answer to the same question; a counter that counts nothing is left out of a group.

    ``without`` are cases that are left out, as adjusted figures leave out those that were excluded.
    """
    asked, found = question(keys, periods, of, by, places), Recounted()
    for subject in asked.subjects:
        records = candidates(asked, subject)
        if subject == CASES.subject and without:
            records = records.exclude(pk__in=without)
        add_up(asked, subject, records.values_list("pk", flat=True), found)
    return found


def recount_at_once(
    keys: Iterable[str], period: Period, of: Slice, *, without: Collection[int] = ()
) -> Recounted | None:
    """The same for one period while somebody waits; None where more than ``AT_ONCE`` records may count."""
    asked = question(keys, [period], of)
    for subject in asked.subjects:
        if candidates(asked, subject)[: AT_ONCE + 1].count() > AT_ONCE:
            return None
    return recount(keys, [period], of, without=without)


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction whose statements all see the same moment, so that nothing moves between two counts of the same.

    Within a transaction of others it is theirs that decides.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def records_within(asked: Asked, subject: str) -> QuerySet:
    """Records of the slice, as far as their row tells."""
    grain = records_of(subject)
    return in_slice(grain, grain.rows(), [one for one in asked.within if one[0][0] in OF_RECORD])


def candidates(asked: Asked, subject: str) -> QuerySet:
    """Those of them that may count: with an event or a date of one in the periods."""
    source = sources()[subject]
    first = moment(min(period.begin for period in asked.periods))
    last = moment(max(period.end for period in asked.periods) + DAY)
    then = Q(at__gte=first, at__lt=last)
    events = source.events._default_manager.order_by()
    if {(one.grain.name, one.at) for one in asked.counters} & source.ahead:
        for name in source.dated:
            told = KeyTextTransform(name, Cast("data", JSONField()))
            events = events.alias(**{f"x_{name}": Cast(told, DateTimeField())})
            ahead = Q(**{f"x_{name}__gte": first, f"x_{name}__lt": last})
            then |= Q(data__contains=f'"{name}":') & ahead
        then |= Q() if source.dated else Q(at__lt=last)
    records = records_within(asked, subject)
    if asked.of.dimension == "unit":
        concerned = source.events._default_manager.filter(source.of_unit(asked.of.place))
        records = records.filter(pk__in=concerned.values(source.record))
    return records.filter(pk__in=events.filter(then).values(source.record)).order_by("pk")


def add_up(asked: Asked, subject: str, records: Iterable[int], found: Recounted) -> None:
    """Add what some records of a kind count."""
    mine = [one for one in asked.counters if one.grain.subject == subject]
    wanted = [one for one in mine if one.grain.is_told]
    found.untold |= {one.key for one in mine if not one.grain.is_told}
    readers, groups = [_Reader(one, found.untold) for one in wanted], _Grouping(asked)
    within = [(names, frozenset(values)) for names, values in asked.within]
    for _, where, rows, events in histories(subject, records):
        found.records += 1
        found.events += events
        for fact in (fact for one in readers for fact in one.facts(rows[one.grain])):
            dimensions = {**where, "unit": fact.unit, "loop": fact.loop}
            if all(any(dimensions[name] in values for name in names) for names, values in within):
                for period, group in groups(fact, dimensions):
                    found.add(period, group, fact.counter, fact.amount)


class _Grouping:
    """In which periods and groups a fact counts."""

    def __init__(self, asked: Asked) -> None:
        self.by, self.places = asked.by, frozenset(asked.places)
        self.periods = [(n, p.begin.toordinal(), p.end.toordinal()) for n, p in enumerate(asked.periods)]

    def __call__(self, fact: Fact, dimensions: Where) -> Iterator[tuple[int, Group]]:
        day = EPOCH + fact.hour // 24
        for number, begin, end in self.periods:
            if begin <= day <= end:
                for group in self._groups(dt.date.fromordinal(day), fact.hour, dimensions):
                    yield number, group

    def _groups(self, day: dt.date, hour: int, dimensions: Where) -> list[Group]:
        match self.by:
            case By.ALL:
                return [None]
            case By.DAY:
                return [day]
            case By.MONTH:
                return [day.replace(day=1)]
            case By.HOUR:
                return [(day.isoweekday() - 1) * 24 + hour % 24]
            case By.UNIT | By.CATEGORY:
                found = dimensions[self.by.value]
                return [] if found is None else [found]
        return [dimensions[name] for name in AMONG[self.by] if dimensions[name] in self.places]


# Histories ---------------------------------------------------------------------------------------------------


def histories(subject: str, records: Iterable[int]) -> Iterator[tuple[int, Where, Rows, int]]:
    """Of each record: its id, its dimensions, the rows that its events tell, and how many events it has."""
    source, grain = sources()[subject], records_of(subject)
    dimensions = [grain.expression(name) for name in OF_RECORD]
    rest = iter(records)
    while some := list(islice(rest, BATCH)):
        rows = grain.rows().filter(pk__in=some).values_list("pk", *dimensions)
        known = {pk: dict(zip(OF_RECORD, values, strict=True)) for pk, *values in rows}
        for record, more in (source.known(some) if source.known else {}).items():
            known[record] |= more
        events = source.events._default_manager.filter(**{f"{source.record}__in": some})
        ordered = events.order_by(source.record, "sequence").values_list(source.record, *source.columns)
        for record, mine in groupby(ordered, key=itemgetter(0)):
            happened = [event[1:] for event in mine]
            yield record, known[record], source.fold(known[record], happened), len(happened)


class _Reader:
    """A counter, read once: what a folded row must be to count."""

    def __init__(self, counter: Counter, untold: set[str]) -> None:
        self.key, self.grain, self.at = counter.key, counter.grain.name, counter.at
        self.amount, self.untold = counter.amount, untold
        self.tests = [_test(condition) for condition in counter.conditions]

    def facts(self, rows: Iterable[Row]) -> Iterator[Fact]:
        try:
            for row in rows:
                at = row[self.at]
                if at is not None and all(test(row) for test in self.tests):
                    amount = int(row["amounts"][self.amount] or 0) if self.amount else 1
                    yield Fact(self.key, _hour(at), row["unit"], row["loop"], amount)
        except KeyError:  # a column that no event tells
            self.untold.add(self.key)


def _test(condition: Condition) -> Callable[[Row], bool]:
    """A condition on a row; an empty column fulfils none, and each that is negated."""
    name, value, negated = condition.column, condition.value, condition.negated
    compare: Callable[[Any], bool]
    match condition.comparison:
        case "lt":
            compare = lambda found: found < value  # noqa: E731
        case "gte":
            compare = lambda found: found >= value  # noqa: E731
        case _:
            compare = frozenset(value).__contains__

    def test(row: Row) -> bool:
        found = row[name]
        return (found is not None and compare(found)) != negated

    return test


def _hour(at: dt.datetime) -> int:
    """Hours since 1970 by the clock of the place."""
    local = at.astimezone(timezone.get_default_timezone())
    return (local.toordinal() - EPOCH) * 24 + local.hour
