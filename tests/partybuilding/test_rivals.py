"""Of people who do at the same moment what excludes each other one wins, the others are told why, and the chain holds."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from cases import actions as cases
from cases.models import Case
from cases.workflow import MOVES as CASE_MOVES
from governance.models import User
from partybuilding import actions
from partybuilding.actions import DOOR
from partybuilding.actions.proposing import decide
from partybuilding.models import Call, CallClock, ListProposal, Whistle, WhistleEvent, WhistleText
from partybuilding.workflow import OPEN_CALL, RUNNING, CallState, State
from records import chain
from records.refusals import Refused
from tests import people
from tests.lives import MORNING, hands, inside, settled_by, walk
from tests.partybuilding.blowing import (
    HOUR,
    MANAGEMENT,
    MARKET,
    MARKS,
    NEED,
    POLICE,
    answers,
    arrived,
    asked,
    blown,
    call_of,
    clock_of,
    closed,
    do,
    stuck_case,
    unit,
)
from tests.rivals import Rivals, rivals
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.django_db(transaction=True)]
RIVALS = 6
ROUNDS = tries(1, full=4, trust=16)
LATER = MORNING + HOUR
Task = Callable[[], object]


def is_clean(outcome: object) -> bool:
    """What the door gives, or a sentence that tells the person why not."""
    return not isinstance(outcome, Exception) or isinstance(outcome, Refused)


@pytest.fixture
def crowd(transactional_db) -> Iterator[Rivals]:
    with rivals(RIVALS) as found:
        yield found


def move(whistle: Whistle, name: str, by: str, *, of: str = "", now=LATER, **given) -> Task:
    """What one rival does, as somebody fresh from the database."""
    part = call_of(whistle, of).pk if of else None

    def run() -> object:
        me = User.objects.get(username=by)
        return DOOR.perform(whistle.uuid, name, by=me, now=now, key=uuid.uuid4(), given=given, part=part)

    return run


def blowing(case: Case) -> Task:
    given, key = answers(), uuid.uuid4()

    def run() -> object:
        me, mine = User.objects.get(username="jieshuji"), Whistle(uuid=key, case=Case.objects.get(pk=case.pk))
        return DOOR.perform(mine, "blow", by=me, now=LATER, key=key, given=given)

    return run


def moving(case: Case, name: str, **given) -> Task:
    """A move of a case by whoever may make it."""
    case, leg = hands().look(case.uuid)
    by = hands().candidates(case, leg, CASE_MOVES[name], LATER)[0]
    given = hands().answers(CASE_MOVES[name], case, leg, by, LATER, given)

    def run() -> object:
        me = User.objects.get(pk=by.pk)
        return cases.perform(case.uuid, name, by=me, now=LATER, key=uuid.uuid4(), given=given)

    return run


def before_closing() -> Whistle:
    whistle = arrived(blown())
    walk(whistle.case, "feedback", "pass", now=MORNING)
    return whistle


def before_voiding() -> Whistle:
    whistle = blown()
    walk(whistle.case, "ask_void", now=MORNING)
    return whistle


def liaison(code: str) -> str:
    return people.someone("liaison", code).username


REFUSAL = {"refusal": "not_ours", "reason": "否"}


def who_signs() -> tuple[list[Task], int]:
    whistle = blown()
    return [
        move(whistle, "sign", by, of=MANAGEMENT) for by in ("cg_lianluo", "chengguanju", "chengguan") * 2
    ], 1


def who_scores_a_unit() -> tuple[list[Task], int]:
    whistle = closed()
    call = call_of(whistle, MANAGEMENT)
    return [move(whistle, "score_unit", by, call=call, **MARKS) for by in ("jieshuji", "jielingdao") * 3], 1


def who_scores_the_whistle() -> tuple[list[Task], int]:
    whistle = closed()
    call = call_of(whistle, MANAGEMENT)
    return [
        move(whistle, "score_whistle", by, call=call, **NEED) for by in ("cg_lianluo", "chengguanju") * 3
    ], 1


def who_blows() -> tuple[list[Task], int]:
    case = stuck_case()
    return [blowing(case) for _ in range(RIVALS)], 1


def asked_or_declined() -> tuple[list[Task], int]:
    whistle = asked()
    lead = unit(MANAGEMENT)
    yes, no = (
        move(whistle, "blow_asked", "jieshuji", lead=lead),
        move(whistle, "decline", "jielingdao", reason="否"),
    )
    return [yes, no] * 3, 1


def refused_or_released() -> tuple[list[Task], int]:
    whistle = blown()
    no = move(whistle, "refuse", "cg_lianluo", of=MANAGEMENT, right_unit=unit(MARKET), **REFUSAL)
    return [no, move(whistle, "release", "jieshuji", of=MANAGEMENT)] * 3, 1


def called_twice() -> tuple[list[Task], int]:
    whistle = blown()
    return [
        move(whistle, "call", by, unit=unit(MARKET), reason="加") for by in ("jieshuji", "jielingdao") * 3
    ], 1


#: Moves that exclude each other: the tasks, and how many of them are made.
ONE_WINS = [
    who_signs,
    who_scores_a_unit,
    who_scores_the_whistle,
    who_blows,
    asked_or_declined,
    refused_or_released,
    called_twice,
]


def called_while_withdrawn() -> list[Task]:
    whistle = blown()
    calling = [
        move(whistle, "call", "jieshuji", unit=unit(one), reason="加")
        for one in (MARKET, f"{people.DISTRICT}-fire")
    ]
    return [
        *calling,
        move(whistle, "withdraw", "jielingdao", reason="撤"),
        move(whistle, "sign", "cg_lianluo", of=MANAGEMENT),
    ]


def closed_while_a_unit_arrives() -> list[Task]:
    whistle = before_closing()
    coming = move(whistle, "arrive", liaison(POLICE), of=POLICE, position=inside())
    calling = move(whistle, "call", "jieshuji", unit=unit(MARKET), reason="加")
    return [
        moving(whistle.case, "close"),
        coming,
        calling,
        move(whistle, "withdraw", "jielingdao", reason="撤"),
    ]


def voided_while_it_is_settled_and_refused() -> list[Task]:
    whistle = before_voiding()
    no = move(whistle, "refuse", "cg_lianluo", of=MANAGEMENT, right_unit=unit(MARKET), **REFUSAL)
    return [moving(whistle.case, "grant_void"), no, move(whistle, "release", "jieshuji", of=POLICE)]


def blown_while_the_case_is_closed() -> list[Task]:
    case = walk(stuck_case(), "feedback", "pass", now=MORNING)
    return [moving(case, "close"), blowing(case), blowing(case)]


def asked_while_the_case_is_closed() -> list[Task]:
    whistle = asked()
    walk(whistle.case, "feedback", "pass", now=MORNING)
    yes = move(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT))
    return [moving(whistle.case, "close"), yes, yes]


def pressed_while_signed() -> list[Task]:
    whistle = blown()
    now = clock_of(whistle, MANAGEMENT, "sign").red_at
    sweeps = [lambda: actions.sweep(now=now)] * 3
    return [
        *sweeps,
        move(whistle, "sign", "cg_lianluo", of=MANAGEMENT, now=now),
        move(whistle, "withdraw", "jieshuji", reason="撤", now=now),
    ]


def task_to_case_while_the_case_is_closed() -> list[Task]:
    whistle = before_closing()
    whistle = do(whistle, "add_task", "jieshuji", unit=unit(MANAGEMENT), title="清运", deadline=LATER + HOUR)
    given = {"category": settled_by("community"), "position": inside(), "words": "余下部分"}
    new = move(whistle, "task_to_case", "cg_lianluo", task=whistle.tasks.get(), **given)
    return [moving(whistle.case, "close"), new, new]


#: Moves of which more than one may be made, one after the other, in whatever order.
SOME_WIN = [
    called_while_withdrawn,
    closed_while_a_unit_arrives,
    voided_while_it_is_settled_and_refused,
    blown_while_the_case_is_closed,
    asked_while_the_case_is_closed,
    pressed_while_signed,
    task_to_case_while_the_case_is_closed,
]


def contradictions() -> list[str]:
    """What may never be true of whistles, whatever was done to them at once."""
    over = Whistle.objects.exclude(state__in=[*RUNNING])
    found = {
        "a chain is broken": chain.broken(WhistleEvent, WhistleText),
        "a clock runs on a whistle that is over": CallClock.objects.running().filter(call__whistle__in=over),
        "a call is open on a whistle that is over": Call.objects.filter(
            whistle__in=over, state__in=OPEN_CALL
        ),
        "a clock runs on a call that is over": CallClock.objects.running().exclude(call__state__in=OPEN_CALL),
        "a whistle is open on a case that is over": Whistle.objects.open().filter(case__is_open=False),
        "a unit that refused has no one in its place": Call.objects.filter(
            state=CallState.REFUSED, replaced_by=None, whistle__state__in=RUNNING
        ),
    }
    return [f"{what}: {list(rows)}" for what, rows in found.items() if rows]


@pytest.mark.parametrize("race", ONE_WINS, ids=lambda race: race.__name__)
def test_one_wins(race, crowd, promise):
    for _ in range(ROUNDS):
        tasks, wins = race()
        outcome = crowd.at_once(tasks)
        unclean = [one for one in outcome if not is_clean(one)]
        assert unclean == [] and sum(not isinstance(one, Exception) for one in outcome) == wins, outcome
    assert contradictions() == []
    promise("a race for one whistle has one winner", tried=ROUNDS, held=ROUNDS)


@pytest.mark.parametrize("race", SOME_WIN, ids=lambda race: race.__name__)
def test_whatever_comes_first_nothing_contradicts(race, crowd, promise):
    for _ in range(2 * ROUNDS):
        outcome = crowd.at_once(race())
        assert [one for one in outcome if not is_clean(one)] == [], outcome
        assert any(not isinstance(one, Exception) for one in outcome)
        assert contradictions() == []
    promise(
        "moves at once on a whistle and its case leave no contradiction", tried=2 * ROUNDS, held=2 * ROUNDS
    )


def test_two_whistles_alike_that_are_closed_at_the_same_moment_are_both_evidence(crowd):
    closed()
    tasks = [moving(before_closing().case, "close") for _ in range(2)]
    assert [one for one in crowd.at_once(tasks) if isinstance(one, Exception)] == []
    assert len(ListProposal.objects.get().whistles) == 3


def test_what_is_decided_while_another_whistle_is_closed_is_not_proposed_again(crowd):
    for _ in range(3):
        closed()
    pk, another = ListProposal.objects.get().pk, before_closing()

    def deciding() -> object:
        by = User.objects.get(username="qushuji")
        return decide(pk, is_adopted=True, note="由城管牵头", by=by, now=LATER)

    outcome = crowd.at_once([moving(another.case, "close"), deciding])
    assert [one for one in outcome if isinstance(one, Exception)] == []
    assert ListProposal.objects.get().state == ListProposal.State.ADOPTED


def test_a_move_of_a_case_and_one_of_its_whistle_wait_for_each_other_in_one_order(crowd):
    """The case first, then its whistle: a whistle's move never asks for the case's lock while it holds its own."""
    asked_for: list[str] = []

    def watch(execute, sql, params, many, context):
        if "FOR UPDATE" in sql:
            asked_for.append(
                "whistle" if 'FROM "partybuilding_whistle"' in sql else sql.split('FROM "')[1].split('"')[0]
            )
        return execute(sql, params, many, context)

    whistle = do(
        before_closing(), "add_task", "jieshuji", unit=unit(MANAGEMENT), title="清运", deadline=LATER + HOUR
    )
    given = {"category": settled_by("community"), "position": inside(), "words": "余下部分"}
    new = move(whistle, "task_to_case", "cg_lianluo", task=whistle.tasks.get(), **given)
    with connection.execute_wrapper(watch):
        new()
        assert asked_for == ["whistle"]
        asked_for.clear()
        moving(whistle.case, "close")()
    assert asked_for[0] == "cases_case" and "whistle" in asked_for
    assert "cases_case" not in asked_for[asked_for.index("whistle") :]
    assert Whistle.objects.get(pk=whistle.pk).state == State.CLOSED
