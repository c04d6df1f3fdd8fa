"""Tallies say what the rows say: after every move, by every cut, with the worker at work, late or dead."""

import datetime as dt
from itertools import pairwise
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal import counting, tallying
from appraisal.catalogue import counters
from appraisal.counting import By, counts
from appraisal.models import Counted, Cut, Span, Tally, Touched
from appraisal.periods import Period
from appraisal.slices import Slice
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Level, Organization
from tests import lives
from tests.appraisal.worlds import World

NOW = lives.MORNING + dt.timedelta(days=1)
YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
PERIODS = [
    YEAR,
    Period(dt.date(2026, 11, 18), dt.date(2026, 11, 18)),
    Period(dt.date(2026, 10, 20), dt.date(2026, 11, 25)),
]


def some_cases() -> list[Case]:
    """Cases in several states, loops and months."""
    made = [
        lives.case_at(state, loop=loop, now=lives.at(month, 18, 10))
        for state in (State.REPORTED, State.HANDLING, State.DISPUTED, State.EVALUATED, State.DECLINED)
        for loop, month in ((Loop.COMMUNITY, 11), (Loop.DISTRICT, 10))
    ]
    return [*made, lives.case_at(State.VOIDED)]


def questions() -> list[tuple[Slice, By, list[int]]]:
    """Every way in which pages ask, of the places of the stage."""
    case = Case.objects.order_by("pk").first()
    places = [("district", case.district_id), ("street", case.street_id), ("community", case.community_id)]
    asked: list[tuple[Slice, By, list[int]]] = []
    for dimension, place in places:
        for more in (
            {},
            {"loop": "base"},
            {"source": "others", "kind": "matter"},
            {"category": case.category_id},
        ):
            asked += [
                (Slice(dimension, place, **more), by, []) for by in (By.ALL, By.DAY, By.MONTH, By.CATEGORY)
            ]
            asked += [(Slice(dimension, place, **more), by, []) for by in (By.HOUR, By.UNIT)]
    streets = list(Organization.objects.territories(Level.STREET).values_list("pk", flat=True))
    asked.append((Slice("district", case.district_id), By.STREET, streets))
    asked.append((Slice("district", case.district_id, loop="base"), By.STREET, [case.district_id, *streets]))
    asked.append((Slice("street", case.street_id), By.COMMUNITY, [case.street_id, case.community_id]))
    asked.append((Slice("community", case.community_id), By.GRID, [case.grid_id]))
    units = Case.objects.exclude(unit=None).values_list("unit", flat=True).distinct()
    asked += [
        (Slice("unit", unit, **more), by, [])
        for unit in units
        for more in ({}, {"loop": "base"})
        for by in (By.ALL, By.DAY)
    ]
    return asked


def from_rows(of: Slice, by: By, places: list[int]):
    asked = counting.Asked(tuple(counters().values()), tuple(PERIODS), of, by, tuple(places))
    return counting._summed(asked, *counting._rows_alone(asked))


def assert_tallies_say_what_rows_say() -> None:
    for of, by, places in questions():
        assert counts(counters(), PERIODS, of, by, places) == from_rows(of, by, places), (of, by)


@pytest.mark.django_db
def test_after_the_worker_every_cut_says_what_the_rows_say():
    some_cases()
    assert tallying.tally(now=NOW) > 0
    assert not Touched.objects.exists()
    assert (
        counts(counters(), [YEAR], Slice("district", Case.objects.first().district_id))[0, None]["reported"]
        == 11
    )
    assert_tallies_say_what_rows_say()


@pytest.mark.django_db
def test_with_the_worker_dead_readers_count_what_waits_themselves():
    some_cases()
    tallying.tally(now=NOW)
    case = lives.walk(Case.objects.filter(state=State.HANDLING).first(), "feedback", now=lives.at(11, 20, 9))
    lives.case_at(State.REGISTERED, now=lives.at(11, 21, 9))
    assert Touched.objects.filter(record=case.pk).exists()
    assert_tallies_say_what_rows_say()


@pytest.mark.django_db
def test_counting_twice_adds_nothing():
    cases = some_cases()
    tallying.tally(now=NOW)
    before = list(Tally.objects.order_by("pk").values())
    tallying.count_again("case", [case.pk for case in cases])
    assert list(Tally.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_a_rebuild_says_the_same():
    some_cases()
    while tallying.tally(now=NOW):
        pass
    before = cells()
    Tally.objects.update(counts=[9] * 60)
    Counted.objects.all().delete()
    tallying.rebuild(now=NOW)
    assert cells() == before
    assert_tallies_say_what_rows_say()


@pytest.mark.django_db
def test_any_period_is_one_statement_while_the_worker_keeps_up():
    some_cases()
    tallying.tally(now=NOW)
    of = Slice("district", Case.objects.first().district_id)
    with CaptureQueriesContext(connection) as captured:
        counts(counters(), PERIODS, of)
    assert len(captured) == 1


KEY = ("cut", "place", "span", "day", "category", "kind", "loop", "source", "hour", "unit")


def cells() -> dict[tuple, list[int]]:
    """Cells that count anything, without zeros at the end: how long a row of counts is says nothing."""
    found = {}
    for *key, sums in Tally.objects.values_list(*KEY, "counts"):
        last = max((n for n, one in enumerate(sums, 1) if one), default=0)
        if last:
            found[tuple(key)] = [one or 0 for one in sums[:last]]
    return found


def whole(cut: Cut, span: Span, place: int) -> list[int]:
    """The sums of all cells of a place in a cut."""
    mine = [sums for key, sums in cells().items() if key[:3] == (cut, place, span)]
    length = max(map(len, mine))
    return [sum(sums[n] for sums in mine if n < len(sums)) for n in range(length)]


@pytest.mark.django_db
def test_nothing_stays_where_a_case_no_longer_counts():
    world = World(Random(3))
    for _ in range(6):
        world.live(20)
        tallying.tally(now=world.now, most=1000)
    kept = cells()
    assert min(min(sums) for sums in kept.values()) >= 0
    district = Case.objects.first().district_id
    plain = whole(Cut.PLACE, Span.DAY, district)
    for cut in (Cut.PLACE, Cut.PLACE_DETAIL, Cut.CATEGORY):
        for span in Span:
            assert whole(cut, span, district) == plain, (cut, span)
    assert whole(Cut.HOUR, Span.DAY, district) == plain
    assert len(tallying._stretches()) == 1
    tallying.rebuild(now=world.now)
    assert cells() == kept


@pytest.mark.django_db
def test_a_rebuild_of_many_years_is_filled_stretch_by_stretch(monkeypatch):
    world = World(Random(5))
    for _ in range(4):
        world.live(20)
        tallying.tally(now=world.now, most=1000)
    kept = cells()
    monkeypatch.setattr(tallying, "STRETCH", 40)
    stretches = tallying._stretches()
    assert len(stretches) > 1
    assert all(begin < end <= after for (begin, end), (after, _) in pairwise(stretches))
    tallying.rebuild(now=world.now)
    assert cells() == kept
