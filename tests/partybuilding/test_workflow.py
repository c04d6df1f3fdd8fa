"""The tables of moves of a whistle and its calls keep their promises; every cell outside them is refused without a trace."""

import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from cases.workflow import FINAL as ENDS_OF_CASES
from cases.workflow import MOVES as CASE_MOVES
from cases.workflow import State as CaseState
from governance.models import User
from governance.roles import DUTIES, Duty, Role
from partybuilding.actions import DOOR
from partybuilding.actions.door import EFFECTS
from partybuilding.given import LABELS, WORDS
from partybuilding.management.commands.whistle_diagram import HEAD
from partybuilding.models import Whistle
from partybuilding.module import MODULE
from partybuilding.rules import RULES
from partybuilding.situations import Situation
from partybuilding.workflow import CALLS, MOVES, TONES, WHISTLES, CallState, State, diagram
from records.moves import Move
from records.refusals import Refused
from tests import people
from tests.lives import MORNING, inside, settled_by
from tests.partybuilding.blowing import (
    MANAGEMENT,
    MARKET,
    MARKS,
    MINUTE,
    NEED,
    POLICE,
    call_of,
    snapshot,
    unit,
    user,
    whistle_at,
    whistle_with_call_at,
)
from tests.scale import tries

B, U, K = Duty.BLOW, Duty.ANSWER, Duty.HEAD
NOW = MORNING + 10 * MINUTE
EVERYBODY = tries(0, full=1)


def test_only_final_states_have_no_way_out():
    for table in (WHISTLES, CALLS):
        stuck = {s for s in table.states if not any(set(m.targets) - {s} for m in table.moves_from(s))}
        assert stuck == table.final


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_every_state_of_a_whistle_is_reached_by_real_moves(state):
    assert whistle_at(state).version == whistle_at(state).events.count()


@pytest.mark.django_db
@pytest.mark.parametrize("state", CallState)
def test_every_state_of_a_call_is_reached_by_real_moves(state):
    whistle = whistle_with_call_at(state)
    assert call_of(whistle, MANAGEMENT).state == state


def test_every_move_has_words_labels_and_roles_that_make_it():
    assert set(EFFECTS) <= set(MOVES) and set(RULES) <= set(MOVES)
    needed = {need for move in MOVES.values() for need in move.needs}
    assert needed - {"kind"} <= set(WORDS.checks) and needed <= set(LABELS), (
        "the door looks at the kind by itself"
    )
    held = {duty for duties in DUTIES.values() for duty in duties} | {Duty.SYSTEM}
    assert {duty for move in MOVES.values() for duty in move.duties} <= held
    assert set(TONES) == {*State, *CallState}


def test_whatever_ends_a_case_ends_its_whistle():
    ends = {m.name for m in CASE_MOVES.values() if set(m.targets) & {*ENDS_OF_CASES, CaseState.CLOSED}}
    assert ends - set(MODULE.hears) == {"evaluate"}, "which comes after closing"


def test_the_drawn_diagram_agrees_with_the_tables():
    drawn = Path(settings.BASE_DIR, "docs", "whistles.md").read_text(encoding="utf-8")
    assert drawn == HEAD + diagram()


# Who is waited for ------------------------------------------------------------------------------------------------


def everybody() -> dict[str, User]:
    """Both sides, other posts of the same places, and people of elsewhere with the same duties."""
    named = ("jieshuji", "sheshuji", "cg_lianluo", "chengguanju", "qushuji", "jielingdao", "shequ", "xitong")
    return {name: user(name) for name in named} | {
        "police": people.someone(Role.LIAISON, POLICE),
        "market": people.someone(Role.LIAISON, MARKET),
        "sibling": people.someone(Role.LIAISON, f"{people.DISTRICT}-fire"),
        "stranger": people.someone(Role.SECRETARY, people.ELSEWHERE[:9]),
        "strange_unit": people.someone(Role.HANDLER, f"{people.ELSEWHERE[:9]}-police"),
    }


#: Duties on the whistle itself, and on the call of urban management, by hand; nobody else holds any.
ON_WHISTLE = {"jieshuji": {B}, "jielingdao": {B}, "cg_lianluo": {U}, "chengguanju": {U, K}, "police": {U}}
ON_CALL = {"jieshuji": {B}, "jielingdao": {B}, "cg_lianluo": {U}, "chengguanju": {U, K}}
STRANGERS = {"stranger", "strange_unit", "sibling", "xitong"}
#: Moves of the table that a whistle which was only walked to a state still lacks something for, and what the door says.
LACKS = {
    "answer_order": "没有督办",
    "arrive": "您已报到",
    "settle": "还有单位没有办结",
    "finish": "须先到场报到",
    "leave": "没有在这里报到",
    "finish_task": "没有完成的任务",
    "task_to_case": "没有完成的任务",
    "score_unit": "评价",
    "score_whistle": "评价",
    "blow_asked": "由街道书记",
    "decline": "由街道书记",
}


def plausible(whistle: Whistle, move: Move, name: str) -> dict[str, object]:
    """What the move asks for, all of it sound as far as the state lets it be."""
    mine = POLICE if name == "police" else MANAGEMENT
    fill = {
        "kind": "enforcement",
        "source": "judgement",
        "words": "现场已看过。",
        "reason": "按规定办理。",
        "demands": ["on_site"],
        "lead": unit(MANAGEMENT),
        "unit": unit(POLICE if move.name == "add_task" else f"{people.DISTRICT}-water"),
        "title": "清运杂物",
        "deadline": NOW + 60 * MINUTE,
        "task": whistle.tasks.model(whistle=whistle, unit=unit(MANAGEMENT)),
        "category": settled_by("street"),
        "position": inside(),
        "refusal": "not_ours",
        "right_unit": unit(MARKET),
        "call": call_of(whistle, mine) if whistle.calls.exists() else whistle.calls.model(pk=0),
        **MARKS,
        **NEED,
    }
    needs = (*move.needs, "position") if move.name == "arrive" else move.needs
    return {need: fill[need] for need in needs}


def try_all(whistle: Whistle, moves: list[Move], state: str, duties: dict[str, set[Duty]]) -> tuple[int, int]:
    """How many cells outside the table were tried, and how many inside were made; each is undone."""
    before, crowd = snapshot(whistle), everybody()
    sees = {n for n, one in crowd.items() if Whistle.objects.visible_to(one).filter(pk=whistle.pk).exists()}
    assert not sees & STRANGERS
    tried = made = 0
    for number, move in enumerate(moves):
        names = list(crowd)
        if state not in move.sources and not EVERYBODY:
            names = ["jieshuji" if B in move.duties else "chengguanju", names[number % len(names)]]
        for name in names:
            held = set(duties.get(name, ()))
            if whistle.state == State.ASKED and name == "sheshuji":
                held = {B}  # who asked may take it back
            in_table = state in move.sources and bool(held & set(move.duties)) and name in sees
            cell = f"{name} {move.name} from {state}"
            part = call_of(whistle, MANAGEMENT).pk if move.of_part else None
            given = plausible(whistle, move, name)
            try:
                with transaction.atomic():
                    DOOR.perform(
                        whistle.uuid,
                        move.name,
                        by=crowd[name],
                        now=NOW,
                        key=uuid.uuid4(),
                        given=given,
                        part=part,
                    )
                    assert in_table, f"{cell} was made"
                    made += 1
                    transaction.set_rollback(True)
            except Refused as refusal:
                assert name in sees, f"{cell}: told {refusal}"
                if in_table:
                    said = "不能决定自己提出的" if name == "sheshuji" else LACKS.get(move.name, "nothing")
                    assert said in str(refusal), f"{cell} was refused: {refusal}"
                tried += not in_table
            except ObjectDoesNotExist:
                assert name not in sees, f"{cell}: not found"
                tried += 1
            assert snapshot(whistle) == before, f"{cell} left a trace"
    return tried, made


@pytest.mark.trust
@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_what_the_table_of_whistles_refuses_leaves_no_trace(state, promise):
    whistle = whistle_at(state)
    tried, made = try_all(whistle, [m for m in WHISTLES if m.sources], state, ON_WHISTLE)
    assert (made > 0) == (state in WHISTLES.open), "somebody can do something in every open state"
    promise("what the tables of whistles refuse leaves no trace", tried=tried, held=tried)


@pytest.mark.trust
@pytest.mark.django_db
@pytest.mark.parametrize("state", CallState)
def test_what_the_table_of_calls_refuses_leaves_no_trace(state, promise):
    whistle = whistle_with_call_at(state)
    tried, made = try_all(whistle, list(CALLS), state, ON_CALL)
    is_live = state in CALLS.open or state == CallState.FINISHED
    assert (made > 0) == is_live
    promise("what the tables of whistles refuse leaves no trace", tried=tried, held=tried)


@pytest.mark.django_db
def test_every_open_state_waits_for_somebody_who_can_bring_it_on():
    """Whoever blew, or the called units; a settled whistle waits for the check of its case, a closed one also for time."""
    crowd = everybody()
    for state in WHISTLES.open:
        whistle = whistle_at(state)
        able = set()
        for name, one in crowd.items():
            offers = RULES.offers(WHISTLES, state, Situation(whistle, one, NOW))
            able |= {name for offer in offers if offer.is_allowed}
        assert able, state
    for state in CALLS.open:
        whistle = whistle_with_call_at(state)
        call = call_of(whistle, MANAGEMENT)
        offers = RULES.offers(CALLS, state, Situation(whistle, user("cg_lianluo"), NOW, part=call))
        assert any(offer.is_allowed and offer.move.targets for offer in offers), state
