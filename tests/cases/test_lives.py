import pytest

from cases.models import CaseEvent, CaseText
from cases.workflow import OPEN, Loop, State
from records import chain
from tests import people
from tests.lives import MORNING, case_at, reported, settled_by, walk


@pytest.mark.django_db
@pytest.mark.parametrize("loop", Loop)
@pytest.mark.parametrize("state", State)
def test_every_state_is_reached_in_every_loop_by_real_moves(state, loop):
    case = case_at(state, loop=loop)
    legs = case.legs.filter(stopped_at=None).count()
    assert legs == (1 if state in OPEN or state == State.CLOSED else 0)
    assert case.version == case.events.count()
    assert chain.broken(CaseEvent, CaseText) == []


@pytest.mark.django_db
def test_one_case_walks_from_report_to_evaluation():
    case = reported(by=people.worker())
    case = walk(case, "register", "dispatch", "accept", "feedback", "pass", "close", "evaluate")
    assert case.state == State.EVALUATED
    assert case.closed_at and case.due_at is None and case.grade == "5"
    assert not set(case.handlers) & set(case.reporters)
    verifier = case.events.get(move="pass").by_id
    assert verifier not in {*case.reporters, *case.handlers}


@pytest.mark.django_db
def test_the_usual_categories_start_in_the_loop_they_are_named_for():
    for loop in Loop:
        assert reported(loop=loop, now=MORNING).loop == loop
        assert settled_by(loop).is_active
