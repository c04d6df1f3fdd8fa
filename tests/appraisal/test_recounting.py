"""What events alone tell is what the rows say."""

import os
from random import Random

import pytest

from cases.models import Case, CaseEvent, Leg
from cases.workflow import Loop, State
from partybuilding import workflow as whistles
from tests import lives
from tests.appraisal.told import all_differences
from tests.appraisal.worlds import World
from tests.partybuilding import blowing
from tests.scale import tries

SEED = os.environ.get("GRIDLOOP_SEED", "9")


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_the_rows_of_a_case_follow_from_its_events(state):
    for loop in Loop:
        lives.case_at(state, loop=loop)
    assert all_differences() == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", whistles.State)
def test_the_rows_of_a_whistle_follow_from_its_events(state):
    blowing.whistle_at(state)
    assert all_differences() == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", whistles.CallState)
def test_the_rows_of_a_call_follow_from_its_events(state):
    blowing.whistle_with_call_at(state)
    assert all_differences() == []


@pytest.mark.trust
@pytest.mark.django_db
def test_the_rows_of_any_life_follow_from_its_events(promise):
    for number in range(tries(1, full=8, trust=40)):
        world = World(Random(f"{SEED} {number}"))
        world.live(150)
        assert all_differences() == []
    rows = Case.objects.count() + Leg.objects.count() + CaseEvent.objects.count()
    promise("a row says what its events tell", tried=rows, held=rows)
