"""A whistle that the street was asked for is decided in time: its clock, its ladder, the watchdog over it."""

import json

import pytest
from django.test import Client

from governance.roles import Duty
from partybuilding import actions
from partybuilding.actions.ruling import set_rule
from partybuilding.filters import WhistleFilters
from partybuilding.models import DecisionClock, Whistle, WhistleEvent
from partybuilding.reading import lateness_of, read, whistles_to_show
from partybuilding.waiting import to_do
from partybuilding.watchdog import DECIDE, Problem, wrong
from partybuilding.workflow import Rung, State
from tests import people
from tests.lives import MORNING, walk
from tests.partybuilding.blowing import DAY, HOUR, MANAGEMENT, MINUTE, asked, do, unit, user
from tests.partybuilding.test_ladder import place, told_last, vacate
from tests.partybuilding.test_rules import TODAY, following

pytestmark = pytest.mark.django_db
RUNGS = [Rung.YELLOW, Rung.RED, Rung.LEADER]


@pytest.fixture
def whistle() -> Whistle:
    """Asked for at ten in the morning; the rule gives four working hours, which end at half past three."""
    return asked()


def hurried(whistle: Whistle) -> list[tuple]:
    """What the ladder of a decision did: rung, when, whether nobody held the post."""
    events = whistle.events.filter(move="hurry").order_by("sequence")
    facts = [(json.loads(event.data), event.at) for event in events]
    return [(one["rung"], at, one["vacant"]) for one, at in facts]


def test_the_side_that_was_asked_is_pressed_and_at_the_end_its_superior_each_once(whistle):
    clock = whistle.decision
    assert (clock.limit, clock.opened_at) == ("4 工作时", MORNING)
    wanted = {Rung.YELLOW: people.STREET, Rung.RED: people.STREET, Rung.LEADER: people.DISTRICT}
    for rung, code in wanted.items():
        moment = clock.at(rung)
        assert actions.sweep(now=moment - MINUTE / 60) == 0
        assert actions.sweep(now=moment) == 1
        assert actions.sweep(now=moment) == 0
        (told,) = told_last(whistle)
        assert (told["duty"], told["organization"]) == (Duty.BLOW, place(code)), rung
        assert "决定是否吹哨" in told["asks"]
    assert hurried(whistle) == [(rung, clock.at(rung), False) for rung in RUNGS]
    assert actions.sweep(now=MORNING + 90 * DAY) == 0
    assert wrong(now=MORNING + 90 * DAY) == []


def test_where_nobody_of_the_street_blows_the_district_hears_as_soon_as_it_is_late(whistle):
    vacate(people.STREET, Duty.BLOW)
    clock = whistle.decision
    assert (actions.sweep(now=clock.yellow_at), actions.sweep(now=clock.red_at)) == (1, 2)
    assert hurried(whistle) == [
        (Rung.YELLOW, clock.yellow_at, True),
        (Rung.RED, clock.red_at, True),
        (Rung.LEADER, clock.red_at, False),
    ]
    assert told_last(whistle)[0]["organization"] == place(people.DISTRICT)
    secretary = user("qushuji")
    reading = read(whistles_to_show(secretary).get(pk=whistle.pk), secretary, clock.red_at)
    facts = [fact for line in reading.lines for fact in line["facts"]]
    assert "决定时限：超期催促吹哨方，岗位空缺" in facts and "决定时限：报区书记、领导" in facts


def decided(whistle: Whistle, move: str, now) -> None:
    """What ends the waiting, each in its way."""
    if move == "blow_asked":
        do(whistle, move, "jieshuji", lead=unit(MANAGEMENT), now=now)
    elif move == "end":
        walk(whistle.case, "ask_void", "grant_void", now=now)
    else:
        do(whistle, move, "sheshuji" if move == "withdraw" else "jieshuji", reason="另行处理", now=now)


@pytest.mark.parametrize("move", ["blow_asked", "decline", "withdraw", "end"])
def test_whatever_ends_the_waiting_stops_the_clock(whistle, move):
    decided(whistle, move, MORNING + HOUR)
    clock = DecisionClock.objects.get()
    assert clock.stopped_at is not None and clock.next_at is None and clock.lateness == "none"
    whistle.refresh_from_db()
    assert (whistle.due_at is not None) == (move == "blow_asked"), "then its units have clocks"
    actions.sweep(now=MORNING + 90 * DAY)
    assert hurried(whistle) == [] and wrong(now=MORNING + 90 * DAY) == []


def test_a_decision_that_came_late_stays_late_and_the_whistle_goes_on_in_time(whistle):
    red = whistle.decision.red_at
    whistle = do(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT), now=red + MINUTE)
    assert (whistle.decision.lateness, whistle.lateness) == ("red", "none")
    assert whistle.due_at > red


def test_the_deadline_stands_in_list_page_to_do_and_filter(whistle):
    clock, secretary = whistle.decision, user("jieshuji")
    assert (whistle.due_at, whistle.lateness) == (clock.red_at, "none")
    late = clock.red_at + MINUTE
    (row,) = [one for one in to_do(secretary, late, 10) if one.verb == "决定是否吹哨"]
    assert (row.due_at, row.is_late) == (clock.red_at, True)
    assert lateness_of(whistle, late) == "red"
    actions.sweep(now=clock.yellow_at)
    assert Whistle.objects.get(pk=whistle.pk).lateness == "yellow"
    for chosen, found in (("decide", [whistle.pk]), ("any", [whistle.pk]), ("sign", [])):
        rows = WhistleFilters({"late": chosen, "state": "asked"}, secretary).found(late)
        assert [row.pk for row in rows] == found, chosen


def test_who_asks_is_told_beforehand_how_long_the_street_has(whistle):
    client = Client()
    client.force_login(user("sheshuji"))
    case = asked().case
    text = client.get(f"/party/whistles/{whistle.uuid}/").content.decode()
    assert "等待决定" in text
    do(Whistle.objects.get(case=case), "withdraw", "sheshuji", reason="先等等")
    assert "街道决定 4 工作时" in client.get(f"/party/blow/{case.uuid}/").content.decode()


def test_a_rule_without_a_limit_starts_no_clock_and_the_row_waits_all_the_same():
    set_rule(following(valid_from=TODAY, decide_limit=""), on=TODAY)
    whistle = asked()
    assert not DecisionClock.objects.exists() and whistle.due_at is None
    (row,) = [one for one in to_do(user("jieshuji"), MORNING + 9 * DAY, 10) if one.verb == "决定是否吹哨"]
    assert (row.due_at, row.is_late) == (None, False)
    assert actions.sweep(now=MORNING + 90 * DAY) == 0


def test_the_clock_keeps_what_the_rule_said_when_it_was_asked_for(whistle):
    before = DecisionClock.objects.values().get()
    set_rule(following(valid_from=TODAY, decide_limit="10 工作日"), on=TODAY)
    assert DecisionClock.objects.values().get() == before
    assert asked().decision.limit == "10 工作日"


# The watchdog -----------------------------------------------------------------------------------------------------


def problems(now) -> list[tuple]:
    return [(one.step, one.rung, one.problem) for one in wrong(now=now)]


def test_the_watchdog_finds_a_rung_that_did_not_run_or_ran_twice(whistle):
    clock = whistle.decision
    assert problems(clock.yellow_at - MINUTE) == []
    assert problems(clock.yellow_at) == [(DECIDE, Rung.YELLOW, Problem.MISSED)]
    actions.sweep(now=clock.yellow_at)
    assert problems(clock.yellow_at) == []
    event = WhistleEvent.objects.get(move="hurry")
    event.pk, event.key, event.sequence = None, whistle.uuid, event.sequence + 9
    event.save(force_insert=True)
    assert problems(clock.yellow_at) == [(DECIDE, Rung.YELLOW, Problem.TWICE)]


def test_the_watchdog_finds_a_clock_that_goes_on_after_the_decision(whistle):
    do(whistle, "decline", "jieshuji", reason="社区可以自行处置")
    DecisionClock.objects.update(stopped_at=None)
    assert (DECIDE, Rung.YELLOW, Problem.LEFT_RUNNING) in problems(MORNING + HOUR)
    assert Whistle.objects.get().state == State.DECLINED
