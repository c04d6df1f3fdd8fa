"""Whistles are counted like cases: by declared grains, with tallies that follow the moves; a place without them has no trace."""

import datetime as dt
from dataclasses import replace

import pytest

from appraisal import catalogue, tallying
from appraisal.catalogue import counters, every_measure, grouped, now_measures
from appraisal.counting import counts
from appraisal.figures import figure
from appraisal.models import Touched
from appraisal.periods import Period
from appraisal.slices import Slice
from appraisal.stocks import counts_now
from cases.workflow import State
from governance import profile as profiles
from governance.models import Organization
from governance.profile import profile
from governance.roles import Role
from tests import people
from tests.appraisal.test_tallies import assert_tallies_say_what_rows_say
from tests.lives import MORNING, case_at
from tests.partybuilding.blowing import MANAGEMENT, POLICE, arrived, asked, blown, call_of, closed, do, user
from tests.partybuilding.test_scores import scored

pytestmark = pytest.mark.django_db
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))


def found() -> dict[str, int]:
    of = Slice("street", Organization.objects.get(code=people.STREET).pk)
    return counts(counters(), [NOVEMBER], of)[0, None]


def of_unit(code: str) -> dict[str, int]:
    return counts(counters(), [NOVEMBER], Slice("unit", Organization.objects.get(code=code).pk))[0, None]


def test_a_whistle_is_counted_where_it_was_blown_and_its_calls_with_their_units():
    whistle = arrived(blown())
    do(asked(), "decline", "jieshuji", reason="社区可以自行处置")
    here = found()
    assert (here["whistles_blown"], here["whistles_asked"], here["whistles_declined"]) == (1, 1, 1)
    assert (here["calls"], here["calls_signed"]) == (2, 1)
    assert call_of(whistle, POLICE).signed_at is None
    assert (of_unit(MANAGEMENT)["calls_arrive_due_in_time"], of_unit(POLICE)["calls"]) == (1, 1)
    assert "calls_signed" not in {key for key, number in of_unit(POLICE).items() if number}


def test_who_signs_is_the_head_or_somebody_else():
    do(blown(), "sign", "cg_lianluo", of=MANAGEMENT)
    assert (found()["calls_signed"], found()["calls_signed_by_head"]) == (1, 0)
    do(blown(), "sign", people.someone(Role.UNIT_HEAD, MANAGEMENT), of=MANAGEMENT)
    assert (found()["calls_signed"], found()["calls_signed_by_head"]) == (2, 1)


def test_rates_of_a_place_and_the_measures_say_the_same():
    scored(closed(), needed=2)
    scored(closed(), needed=4)
    here = found()
    assert figure(every_measure()["whistles_unneeded_rate"], here).value == 50
    assert figure(every_measure()["whistles_per_100"], here).value == 100


def test_tallies_of_whistles_say_what_their_rows_say():
    scored(closed(), needed=2)
    whistle = blown()
    while tallying.tally(now=MORNING):
        pass
    assert not Touched.objects.exists()
    assert_tallies_say_what_rows_say()
    do(whistle, "sign", user("cg_lianluo"), of=MANAGEMENT)
    assert Touched.objects.filter(subject="whistle", record=whistle.pk).exists()
    assert_tallies_say_what_rows_say()


def test_open_whistles_stand_among_what_stands_now():
    blown()
    closed()
    keys = {name for one in now_measures().values() for name in one.counters}
    here = Slice("street", Organization.objects.get(code=people.STREET).pk)
    assert counts_now(keys, here, MORNING)[None]["whistles_open"] == 1


@pytest.fixture
def without_the_party_half(monkeypatch):
    place = replace(profile(), without=frozenset({"partybuilding"}))
    monkeypatch.setattr(profiles, "read", lambda _: place)
    catalogue.forget()
    yield
    monkeypatch.undo()
    catalogue.forget()


def test_a_place_without_the_party_half_has_no_trace_of_its_measures(without_the_party_half):
    assert "吹哨报到" not in [group.label for group in grouped()]
    assert not [key for key in counters() if key.startswith(("whistles", "calls"))]
    case_at(State.CLOSED)
    tallying.tally(now=MORNING)
    assert_tallies_say_what_rows_say()
