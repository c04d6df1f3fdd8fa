"""剔除后: the same formula without the excluded cases, beside a raw figure that no exclusion changes."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.adjusting import Adjusted, adjusted, excluded, is_adjustable, left_out_by_decisions
from appraisal.catalogue import every_measure, measures
from appraisal.counting import counts
from appraisal.figures import Figure, figure
from appraisal.periods import Period
from appraisal.recounting import recount
from appraisal.slices import Slice
from appraisal.tallying import tally
from cases.actions import sweep
from cases.models import Case
from cases.workflow import State
from tests import lives, people
from tests.appraisal.excluding import AGREE, END, NOW, asked, leader, say
from tests.appraisal.excluding import excluded as exclude

pytestmark = pytest.mark.django_db

NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
RATE = "closed_in_time_rate"


def both(case: Case, key: str = RATE, dimension: str = "street") -> tuple[Figure, Adjusted | None]:
    """The raw figure and the adjusted one of the place of a case."""
    measure, of = measures()[key], Slice(dimension, getattr(case, f"{dimension}_id"))
    found = counts(measure.counters, [NOVEMBER], of).get((0, None))
    left_out = excluded(measure.counters, [NOVEMBER], of).get((0, None))
    return figure(measure, found), adjusted(measure, found, left_out)


@pytest.fixture
def late() -> Case:
    """One case of three is late."""
    for _ in range(2):
        lives.case_at(State.CLOSED)
    case = lives.case_at(State.HANDLING)
    sweep(now=case.due_at + dt.timedelta(minutes=1))
    lives.walk(case, "feedback", "pass", "close", now=case.due_at + dt.timedelta(hours=1))
    return lives.fresh(case)


def of(found: Figure) -> tuple[float | None, float | None]:
    return found.numerator, found.denominator


@pytest.mark.parametrize("is_tallied", [True, False])
def test_two_people_take_a_case_out_of_the_adjusted_figure_and_never_out_of_the_raw_one(late, is_tallied):
    if is_tallied:
        tally(now=NOW)
    raw, none = both(late)
    assert (of(raw), none) == ((2, 3), None)
    found = asked(late)
    say(found, AGREE, leader())
    assert both(late) == (raw, None)  # one person improves nothing
    say(found, AGREE, leader(people.DISTRICT))
    again, less = both(late)
    assert again == raw
    assert (of(less.figure), less.cases) == ((2, 2), {late.pk})
    say(found, END, leader())
    assert both(late) == (raw, None)


@pytest.mark.parametrize("dimension", ["district", "street", "community", "grid"])
def test_it_is_left_out_where_it_counts_and_nowhere_else(late, dimension):
    exclude(late)
    assert both(late, dimension=dimension)[1].cases == {late.pk}
    before = Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    keys, of = measures()[RATE].counters, Slice(dimension, getattr(late, f"{dimension}_id"))
    assert excluded(keys, [before], of) == {}
    assert (
        excluded(keys, [NOVEMBER], Slice("street", people.stranger().posts.get().organization.parent_id))
        == {}
    )
    assert excluded(keys, [NOVEMBER], Slice(of.dimension, of.place, source=Case.Source.PHONE)) == {}


def test_only_rates_of_cases_over_a_period_are_adjusted():
    every = every_measure()
    assert is_adjustable(every[RATE]) and is_adjustable(every["missed_rate"])
    for key in ("closed", "open_now", "whistles_blown"):
        assert not is_adjustable(every[key])
    for one in every.values():
        assert not is_adjustable(one) or (one.is_ratio and one.counters and not one.is_now)


def test_a_rate_of_which_everything_was_left_out_has_no_data(late):
    for case in Case.objects.all():
        exclude(case)
    raw, less = both(late)
    assert of(raw) == (2, 3) and less.figure.value is None and len(less.cases) == 3


def test_who_is_left_out_follows_from_what_people_said_alone(late):
    found = exclude(late)
    other = asked(Case.objects.exclude(pk=late.pk)[0])
    say(other, AGREE, leader())
    assert left_out_by_decisions() == {late.pk}
    keys, of = measures()[RATE].counters, Slice("street", late.street_id)
    told = recount(keys, [NOVEMBER], of, without=left_out_by_decisions()).counts[0, None]
    assert both(late)[1].figure == figure(measures()[RATE], told)
    say(found, END, leader())
    assert left_out_by_decisions() == frozenset()


def test_it_asks_one_statement(late):
    exclude(late)
    for key in (RATE, "handling_in_time_rate", "whistles_blown"):
        with CaptureQueriesContext(connection) as captured:
            excluded(measures()[key].counters, [NOVEMBER], Slice("street", late.street_id))
        assert len(captured) == (0 if key.startswith("whistles") else 1)
