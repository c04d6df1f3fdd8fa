"""What an address of the board chooses, and what the bar of filters shows of it."""

import datetime as dt

import pytest

from appraisal.periods import Period
from dashboard.filters import BoardFilters, chosen
from dashboard.places import places_of
from governance.models import Organization
from tests import people
from tests.dashboard.test_trends import leader

pytestmark = pytest.mark.django_db


def asked(**words):
    user = leader()
    return chosen(BoardFilters(words), places_of(user))


def test_the_bar_shows_the_period_that_is_meant_where_the_address_says_none():
    found = asked()
    assert found.form["period"].value() == "30" and found.period.days == 30
    assert found.address("trends") == "/board/trends/"
    assert asked(begin="2026-10-01", until="2026-10-31").form["period"].value() == "own"


def test_a_named_period_wins_over_days_that_stand_beside_it():
    days = {"begin": "2026-10-01", "until": "2026-10-31"}
    assert (
        asked(**days).period
        == asked(period="own", **days).period
        == Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    )
    found = asked(period="7", **days)
    assert found.period.days == 7 and "begin" not in found.words


def test_a_place_of_an_old_address_goes_along_to_other_pages():
    street = Organization.objects.get(code=people.STREET).pk
    assert f"place={street}" in asked(street=str(street)).address("map")


@pytest.mark.parametrize(
    ("compare", "begin"),
    [("before", "2026-09-20"), ("week", "2026-10-13"), ("month", "2026-09-20"), ("year", "2025-10-20")],
)
def test_days_of_a_period_have_their_days_in_the_earlier_one(compare, begin):
    found = asked(begin="2026-10-20", until="2026-11-18", compare=compare)
    days = Period(dt.date(2026, 10, 20), dt.date(2026, 10, 21))
    assert found.before(days).days == 2 and found.before(found.period) == found.earlier
    assert found.before(days).begin == dt.date.fromisoformat(begin)


def test_choices_of_the_bar_are_said_in_words():
    assert asked(loop="base", kind="matter", compare="year").narrowed_words == ["基层", "事项"]
    assert asked(compare="year").compared_words == "去年同期"
