"""The watchdog finds what a sweep did wrong, whatever the sweep believes; killed workers neither lose nor repeat a rung."""

import json
import os
import time
import uuid
from collections import Counter
from random import Random

import pytest
from django.test import Client
from django.utils import timezone

from governance import actions as governance
from governance.health import SWEPT
from governance.models import Heartbeat, Organization, Post
from partybuilding import actions, rosters
from partybuilding.actions.trying import RETRY
from partybuilding.models import CallClock, Whistle, WhistleEvent, WhistleText
from partybuilding.watchdog import LOOKED_BACK, Problem, wrong
from partybuilding.workflow import ClockStep, Rung, State
from records import chain
from tests import people
from tests.lives import MORNING
from tests.partybuilding.blowing import (
    DAY,
    HOUR,
    MANAGEMENT,
    MARKET,
    MINUTE,
    blown,
    clock_of,
    do,
    refuse,
)
from tests.processes import Broker, beat, wait_for, worker
from tests.scale import tries

SECOND = MINUTE / 60
SIGN = ClockStep.SIGN
KILLS = tries(1, full=6, trust=30)
WHISTLES = tries(4, full=12, trust=60)


def problems(now) -> list[tuple[str, Problem]]:
    return [(one.rung, one.problem) for one in wrong(now=now) if one.step == SIGN]


@pytest.fixture
def whistle(db) -> Whistle:
    return blown(helpers=[])


def test_a_rung_that_was_due_and_did_not_run_is_found(whistle):
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    assert problems(clock.yellow_at - SECOND) == []
    assert problems(clock.yellow_at) == [(Rung.YELLOW, Problem.MISSED)]
    assert wrong(now=clock.yellow_at, patience=MINUTE) == []
    actions.sweep(now=clock.yellow_at)
    assert problems(clock.red_at) == [(Rung.RED, Problem.MISSED)]
    actions.sweep(now=clock.red_at)
    assert problems(clock.red_at) == []


def test_a_ladder_that_thinks_it_is_done_is_found(whistle):
    """What the sweep goes by says that nothing is due."""
    CallClock.objects.update(next_at=None, rung=Rung.ORDER)
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    assert actions.sweep(now=clock.order_at) == 0
    assert problems(clock.order_at) == [(rung, Problem.MISSED) for rung in sorted(Rung)]


def test_a_rung_that_ran_twice_is_found(whistle):
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    actions.sweep(now=clock.yellow_at)
    event = whistle.events.get(move="press")
    event.pk, event.key, event.sequence = None, uuid.uuid4(), event.sequence + 1
    event.save(force_insert=True)
    assert problems(clock.yellow_at) == [(Rung.YELLOW, Problem.TWICE)]


def test_a_clock_that_rang_after_its_end_is_found(whistle):
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    actions.sweep(now=clock.yellow_at)
    CallClock.objects.filter(pk=clock.pk).update(stopped_at=clock.yellow_at - SECOND, outcome="done")
    assert problems(clock.yellow_at) == [(Rung.YELLOW, Problem.AFTER_END)]


def test_a_clock_that_runs_on_a_whistle_that_is_over_is_found(whistle):
    Whistle.objects.update(state=State.SETTLED)
    assert set(problems(MORNING)) == {(rung, Problem.LEFT_RUNNING) for rung in Rung}


def test_what_was_missed_is_shown_for_a_day_after_the_clock_stopped(whistle):
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    signed = clock.red_at + MINUTE
    do(whistle, "sign", "cg_lianluo", of=MANAGEMENT, now=signed)
    assert problems(signed) == [(Rung.RED, Problem.MISSED), (Rung.YELLOW, Problem.MISSED)]
    assert problems(signed + LOOKED_BACK) == []
    assert problems(clock.order_at + HOUR) == problems(signed), "no rung is due after the end"


def test_a_rung_that_was_due_before_its_clock_was_made_has_the_patience_of_a_fresh_one(whistle):
    late = RETRY + SWEPT * SECOND
    made = clock_of(whistle, MANAGEMENT, ClockStep.ARRIVE).leader_at + HOUR
    refuse(whistle, now=made)
    (call,) = whistle.calls.filter(unit__code=MARKET)
    clock = clock_of(whistle, MARKET, ClockStep.ARRIVE)
    assert clock.red_at < clock.opened_at == made, "a clock of the matter goes on as it is"
    of_call = [one for one in wrong(now=made + late - SECOND, patience=late) if one.call == call.pk]
    assert of_call == []
    of_call = [one for one in wrong(now=made + late, patience=late) if one.call == call.pk]
    assert {one.problem for one in of_call} == {Problem.MISSED}


def test_it_asks_one_question(whistle, django_assert_num_queries):
    with django_assert_num_queries(1):
        wrong(now=MORNING)


# The status page --------------------------------------------------------------------------------------------------


def part(name: str) -> dict:
    return Client().get("/healthz/ready").json()["parts"][name]


def page() -> str:
    client = Client()
    client.force_login(people.someone("system_admin", people.DISTRICT))
    return client.get("/status/").content.decode()


def test_the_status_page_names_the_whistles_whose_ladder_is_wrong(db):
    now = timezone.now()
    governance.heartbeat(Heartbeat.Part.LADDERS, now=now)
    whistle = blown(kind="emergency", source="emergency", now=now - DAY, helpers=[])
    assert part("rungs")["state"] == part("ladders")["state"] == "failing"
    assert whistle.number in page() and "到时没有催办" in page()
    actions.sweep(now=now)
    assert (part("rungs")["state"], part("ladders")["state"]) == ("ok", "ok")


def test_a_ladder_that_is_a_little_late_is_no_finding(db):
    now = timezone.now()
    whistle = blown(kind="emergency", source="emergency", now=now, helpers=[])
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    late = RETRY + SWEPT * SECOND
    assert wrong(now=clock.yellow_at + late - SECOND, patience=late) == []
    assert wrong(now=clock.yellow_at + late, patience=late) != []


def test_units_that_nobody_answers_for_or_that_have_no_head_are_named(db):
    today = timezone.localdate()
    there = [str(gap) for gap in rosters.gaps(on=today)]
    assert there == [
        "拓东街道水务站 被召单位经办人",
        "盘龙区文化和旅游局 被召单位负责人",
        "拓东街道社区卫生服务中心 被召单位负责人",
        "拓东街道水务站 被召单位负责人",
    ]
    police = Organization.objects.get(code=f"{people.STREET}-police")
    Post.objects.filter(organization=police).update(ends_on=today)
    named = [str(gap) for gap in rosters.gaps(on=today)]
    assert named[0] == f"{police.name} 被召单位经办人" and len(named) == 6
    assert f"{police.name}缺经办人" in page() and part("rosters")["state"] == "failing"
    Organization.objects.filter(pk=police.pk).update(active_until=today)
    assert len(rosters.gaps(on=today)) == 4, "a unit that has ended is not called"


# Killed workers ---------------------------------------------------------------------------------------------------


@pytest.mark.trust
@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_every_rung_runs_once_while_workers_are_killed_in_the_middle_of_ladders(tmp_path, promise):
    long_ago = timezone.now() - 3 * DAY
    for _ in range(WHISTLES):
        blown(kind="emergency", source="emergency", now=long_ago)
    random, log = Random(os.environ.get("GRIDLOOP_SEED", "8")), tmp_path / "worker.log"
    due = CallClock.objects.count() * len(Rung)
    ran = WhistleEvent.objects.filter(move="press")
    broker = Broker(tmp_path)
    broker.start()
    killed = 0
    try:
        with beat(broker=broker.url, folder=tmp_path, SWEEP_SECONDS="0.5"):
            for _ in range(KILLS):
                with worker(broker=broker.url, log=log) as process:
                    goal = ran.count() + random.randint(1, max(due // (KILLS + 1) - 20, 2))
                    end = time.monotonic() + 60
                    while ran.count() < goal and time.monotonic() < end:
                        time.sleep(0.002)
                    process.kill()
                    process.wait()
                killed += goal <= ran.count() < due
            with worker(broker=broker.url, log=log):
                wait_for(lambda: ran.count() >= due, 120, [log])
    finally:
        broker.stop()
    now = timezone.now()
    assert wrong(now=now) == [] and not CallClock.objects.due(now).exists()
    facts = [(event.call_id, json.loads(event.data)) for event in ran]
    rungs = Counter((call, one["clock"], one["rung"]) for call, one in facts)
    assert set(rungs.values()) == {1} and len(rungs) == due
    assert chain.broken(WhistleEvent, WhistleText) == []
    assert killed == KILLS, "every kill comes in the middle of the work"
    promise("rungs of ladders while workers are killed", tried=due, held=ran.count())
