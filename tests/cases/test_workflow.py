"""The table of moves keeps its promises without a database."""

from pathlib import Path

import pytest
from django.conf import settings

from cases.actions.door import EFFECTS
from cases.forms import FIELDS
from cases.given import LABELS
from cases.management.commands.workflow_diagram import HEAD
from cases.workflow import FINAL, MOVES, OPEN, REPORTS, STATES, TABLE, Clock, State
from governance.roles import DUTIES, WITHOUT_POST, ActorKind
from partybuilding.workflow import MOVES as CALLING


def reachable() -> set[State]:
    seen = {target for move in REPORTS for target in move.targets}
    waiting = list(seen)
    while waiting:
        for move in TABLE.moves_from(waiting.pop()):
            new = set(move.targets) - seen
            seen |= new
            waiting += new
    return seen


def test_every_state_is_reachable_from_a_report():
    assert reachable() == set(State)


def test_only_final_states_have_no_way_out():
    stuck = {s for s in State if not any(set(m.targets) - {s} for m in TABLE.moves_from(s))}
    assert stuck == set(FINAL)


def test_no_move_starts_from_a_final_state():
    assert not any(set(move.sources) & FINAL for move in MOVES.values())


@pytest.mark.parametrize("state", OPEN)
def test_every_open_state_has_an_owner_and_a_clock(state):
    assert STATES[state].owner is not None
    assert STATES[state].step is not None


@pytest.mark.parametrize("state", OPEN)
def test_the_owner_of_an_open_state_can_bring_it_forward(state):
    owner = STATES[state].owner
    assert any(owner in move.duties and set(move.targets) - {state} for move in TABLE.moves_from(state))


def test_every_duty_belongs_to_some_role_or_to_who_acts_without_a_post():
    asked = {duty for move in (*MOVES.values(), *CALLING.values()) for duty in move.duties}
    assert asked == {duty for duties in (*DUTIES.values(), *WITHOUT_POST.values()) for duty in duties}


MAY_WITHOUT_POST = {
    # also_report: in the table for whoever sees the case, by its rule for staff
    ActorKind.CONTACT: {"report", "withdraw", "comment", "also_report", "evaluate", "reopen"},
    ActorKind.PROGRAM: {"report", "comment", "also_report"},
}


@pytest.mark.parametrize("kind", MAY_WITHOUT_POST)
def test_who_acts_without_a_post_may_do_little(kind):
    held = WITHOUT_POST[kind]
    assert {move.name for move in MOVES.values() if held & set(move.duties)} == MAY_WITHOUT_POST[kind]


def test_the_three_administrators_take_no_part_in_the_loop():
    assert not any(DUTIES[role] for role in DUTIES if role.value.endswith("_admin") or role == "auditor")


def test_every_move_has_an_effect_and_every_effect_a_move():
    assert set(EFFECTS) == set(MOVES)


def test_every_word_the_table_asks_for_has_a_field_and_a_label():
    asked = {need for move in MOVES.values() if move not in REPORTS for need in move.needs}
    assert asked <= set(FIELDS)
    assert {need for move in MOVES.values() for need in move.needs} <= set(LABELS)


def test_a_move_that_ends_a_case_leads_to_final_states_alone():
    ending = [move for move in MOVES.values() if move.clock == Clock.ENDS]
    assert ending
    assert all(set(move.targets) <= FINAL for move in ending)


def test_a_comment_never_moves_a_clock_or_a_state():
    assert MOVES["comment"].targets == ()
    assert MOVES["comment"].clock == Clock.UNCHANGED


def test_the_drawn_diagram_agrees_with_the_table():
    drawn = Path(settings.BASE_DIR, "docs", "workflow.md").read_text(encoding="utf-8")
    assert drawn == HEAD + TABLE.diagram()
