"""What the form of a move says it leads to is what the move then does."""

import datetime as dt

import pytest

from cases.actions import outcomes
from cases.clocks import due
from cases.models import Case
from cases.situations import Situation
from cases.units import units_in_reach
from cases.workflow import MOVES, Loop, State
from governance.models import User
from tests.lives import MORNING, case_at, fresh, hands, open_leg

pytestmark = pytest.mark.django_db
LATER = MORNING + dt.timedelta(hours=2)

#: Each move with the state it is made in.
CASES = [
    ("register", State.REPORTED),
    ("return", State.REGISTERED),
    ("dispatch", State.REGISTERED),
    ("refuse", State.DISPATCHED),
    ("adjudicate", State.DISPUTED),
    ("feedback", State.HANDLING),
    ("pass", State.HANDLED),
    ("fail", State.HANDLED),
    ("refuse_closing", State.VERIFIED),
]


def who_may(case: Case, name: str) -> User:
    return hands().candidates(case, open_leg(case), MOVES[name], LATER)[0]


def said_and_done(name: str, state: State) -> tuple[str, str, str]:
    """The words before the move; whose hands and until when after it."""
    case = case_at(state, loop=Loop.STREET)
    given = {}
    if "unit" in MOVES[name].needs:  # one that has not sent the case back: that one keeps its old clock
        units = units_in_reach(case, LATER.date())
        had = case.legs.exclude(unit=None).values_list("unit", flat=True)
        given["unit"] = next(unit for unit in units if unit.is_staffed and unit.pk not in had)
    situation = Situation(case, who_may(case, name), LATER, leg=open_leg(case))
    words = outcomes.in_words(situation, MOVES[name], unit=given.get("unit"))
    hands().step(case.uuid, name, now=LATER, **given)
    after = fresh(case)
    return words, after.unit.name if after.unit else after.centre.centre_name, due(after.due_at)


@pytest.mark.parametrize(("name", "state"), CASES)
def test_the_line_says_who_gets_the_case_and_until_when(name, state):
    words, hands_, until = said_and_done(name, state)
    assert f"新时限：{until}（" in words
    if name not in ("feedback", "refuse_closing", "pass"):
        assert hands_ in words


def test_what_ends_a_case_says_so_and_a_move_that_a_rule_refuses_says_nothing():
    case = case_at(State.REPORTED, loop=Loop.STREET)
    chief = Situation(case, who_may(case, "decline"), LATER, leg=open_leg(case))
    assert outcomes.in_words(chief, MOVES["decline"]) == outcomes.ENDS
    assert outcomes.in_words(chief, MOVES["close"]) == ""
