"""Repeats: a case that comes for the third time within 30 days and 50 metres, decided once, counted like any counter."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appraisal import tallying
from appraisal.catalogue import measures
from appraisal.counting import counts
from appraisal.figures import figure
from appraisal.listing import listed
from appraisal.models import Repeat, RepeatPlace, Touched
from appraisal.periods import DAY, Period
from appraisal.repeats import find_repeats
from appraisal.slices import Slice
from cases.models import Case
from cases.workflow import State
from tests import lives

pytestmark = pytest.mark.django_db

NOW = lives.MORNING + 40 * DAY
#: Degrees of longitude and latitude that a metre is at Kunming.
EAST, NORTH = 1 / 100_800, 1 / 111_300
AUTUMN = Period(dt.date(2026, 10, 1), dt.date(2026, 12, 31))


def report(day: int, *, east: float = 0, north: float = 0, **given) -> Case:
    """A report so many days after the morning of the stage, so many metres away from the usual spot."""
    longitude, latitude = lives.inside()
    position = [round(longitude + east * EAST, 6), round(latitude + north * NORTH, 6)]
    return lives.reported(now=lives.MORNING + day * DAY, position=position, **given)


def test_the_third_case_of_a_category_at_a_spot_within_thirty_days_is_a_repeat():
    first, second, third = report(0), report(10, east=20), report(29, north=20)
    assert find_repeats(now=NOW) == 1
    repeat = Repeat.objects.get()
    assert (repeat.case_id, repeat.times) == (third.pk, 3)
    place = repeat.place
    assert place.cases == [first.pk, second.pk, third.pk]
    assert (place.first_at, place.last_at) == (first.reported_at, third.reported_at)
    assert (place.territory_id, place.category_id) == (first.community_id, first.category_id)


def test_whoever_comes_after_the_third_joins_the_place():
    cases = [report(day) for day in (0, 1, 2, 20)]
    assert find_repeats(now=NOW) == 2
    assert RepeatPlace.objects.get().cases == [case.pk for case in cases]
    assert list(Repeat.objects.order_by("case").values_list("times", flat=True)) == [3, 4]


@pytest.mark.parametrize(
    "third",
    [
        {"day": 31},
        {"day": 2, "east": 60},
        {"day": 2, "north": -60},
        {"day": 2, "category": "占道经营"},
    ],
)
def test_what_is_later_further_away_or_something_else_is_no_repeat(third):
    report(0)
    report(0)
    if name := third.pop("category", None):
        third["category"] = lives.Category.objects.get(name=name)
    report(**third)
    assert find_repeats(now=NOW) == 0


def test_fifty_metres_are_measured_and_not_squares():
    """45 m east and 45 m north are 64 m."""
    report(0)
    report(1)
    report(2, east=45, north=45)
    assert find_repeats(now=NOW) == 0
    report(3, east=33, north=33)
    assert find_repeats(now=NOW + DAY) == 0  # those days were looked at


def test_reports_of_one_occurrence_that_were_merged_are_no_repeat():
    first = report(0)
    second = report(1)
    lives.walk(second, "merge", now=second.reported_at, target=first)
    report(2)
    assert find_repeats(now=NOW) == 0


def test_a_place_does_not_creep_along_a_street():
    for day in range(6):
        for _ in range(3):
            report(day, east=40 * day)
    find_repeats(now=NOW)
    spots = RepeatPlace.objects.all()
    assert len(spots) > 1
    for spot in spots:
        for case in Case.objects.filter(pk__in=spot.cases):
            assert abs(case.longitude - spot.longitude) / EAST < 160


def test_a_second_look_finds_nothing_new_and_a_later_one_goes_on():
    for day in (0, 1, 2):
        report(day)
    then = lives.MORNING + 3 * DAY
    assert [
        find_repeats(now=then),
        find_repeats(now=then),
        find_repeats(now=then + dt.timedelta(hours=3)),
    ] == [
        1,
        0,
        0,
    ]
    report(3)
    assert find_repeats(now=then + DAY) == 1
    assert RepeatPlace.objects.count() == 1


def test_a_repeat_is_a_fact_that_nobody_changes_or_removes():
    for day in (0, 1, 2):
        report(day)
    find_repeats(now=NOW)
    for change in (lambda: Repeat.objects.update(times=2), lambda: Repeat.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_repeats_are_counted_with_the_worker_dead_or_at_work_and_listed():
    cases = [report(day) for day in (0, 1, 2, 3)]
    of, measure = Slice("community", cases[0].community_id), measures()["repeat_rate"]

    def rate() -> tuple[float | None, float | None]:
        found = figure(measure, counts(measure.counters, [AUTUMN], of).get((0, None)))
        return found.numerator, found.denominator

    tallying.tally(now=NOW)
    assert rate() == (0, 4)
    find_repeats(now=NOW)
    assert set(Touched.objects.values_list("record", flat=True)) == {cases[2].pk, cases[3].pk}
    assert rate() == (2, 4)
    tallying.tally(now=NOW)
    assert rate() == (2, 4) and not Touched.objects.exists()
    number, _, rows = listed(["repeats"], AUTUMN, of)
    assert number == 2 and {row.record for row in rows} == {cases[2].pk, cases[3].pk}


def test_a_repeat_that_is_merged_later_counts_no_more():
    cases = [report(day) for day in (0, 1, 2)]
    find_repeats(now=NOW)
    lives.walk(cases[2], "merge", now=NOW, target=cases[1])
    assert lives.fresh(cases[2]).state == State.MERGED
    of = Slice("community", cases[0].community_id)
    assert counts(["repeats"], [AUTUMN], of).get((0, None), {}).get("repeats", 0) == 0


def test_a_look_takes_the_same_statements_for_few_and_many():
    def statements(day: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            find_repeats(now=lives.MORNING + day * DAY)
        return len(captured)

    for day in (-20, -19, -18):
        report(day)
    find_repeats(now=lives.MORNING - 16 * DAY)
    report(-16)
    few = statements(-15)
    for number in range(8):
        report(-15, east=number)
    assert statements(-14) == few
