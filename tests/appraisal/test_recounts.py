"""Recounts in the background: the same as at once, whatever moves, waits, asks or is killed meanwhile."""

import datetime as dt
import os
import subprocess
import sys
from functools import partial
from random import Random

import machine
import pytest
from django.db import connection
from django.utils import timezone

from appraisal import recounts, spot_checks, tallying
from appraisal.catalogue import counters, every_measure, measures
from appraisal.counting import counts
from appraisal.health import ASKED, _recounts
from appraisal.models import Cut, Looked, Recount, RecountPart, Span, Tally
from appraisal.periods import Period
from appraisal.recounting import recount
from appraisal.recounts import MOST, TRIES, ask, work
from appraisal.slices import Slice
from appraisal.spot_checks import PLACES, ask_recounts, questions
from cases.models import Case
from cases.workflow import Loop, State
from governance.health import CHECKS
from governance.health import State as Health
from governance.models import Organization, User
from governance.roles import Role
from records.refusals import Refused
from tests import lives, people
from tests.appraisal.worlds import World
from tests.processes import ROOT, wait_for
from tests.rivals import rivals
from tests.scale import tries

NOW = lives.MORNING + dt.timedelta(days=1)
YEAR = Period(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
CLOSED = "closed_in_time_rate"


def district(**narrowed) -> Slice:
    return Slice("district", Organization.objects.get(code=people.DISTRICT).pk, **narrowed)


def leader() -> User:
    return people.someone(Role.LEADER, people.DISTRICT)


def asked(
    key: str = CLOSED, period: Period = YEAR, of: Slice | None = None, by: User | None = None
) -> Recount:
    measure = measures()[key] if key else None
    return ask(measure, period, of or district(), words="盘龙区", by=by or leader(), now=NOW)[0]


def done(row: Recount) -> Recount:
    while work():
        pass
    row.refresh_from_db()
    assert row.finished_at is not None
    return row


def count_everything() -> None:
    while tallying.tally(now=timezone.now()):
        pass


def count_slowly(times: int) -> None:
    for _ in range(times):
        tallying.tally(now=NOW, most=3)


# One question ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_part_by_part_it_says_what_a_recount_at_once_says(monkeypatch):
    monkeypatch.setattr(recounts, "STRETCH", 3)
    world = World(Random(21))
    world.live(80)
    count_everything()
    case = Case.objects.exclude(unit=None).order_by("pk")[0]
    told = {key for key, one in counters().items() if one.grain.is_told}
    for of in (
        district(),
        district(source="field"),
        Slice("unit", case.unit_id),
        Slice("grid", case.grid_id),
    ):
        row = done(asked("", of=of))
        at_once = recount(told, [YEAR], of)
        assert (row.agrees, row.lines) == (True, [])
        assert (row.records, row.events) == (at_once.records, at_once.events)
        assert row.done == row.of and not RecountPart.objects.exists()
    for key in (CLOSED, "whistles_blown"):
        row, sums = done(asked(key)), counts(measures()[key].counters, [YEAR], district()).get((0, None), {})
        assert {one["counter"]: one["board"] for one in row.lines} == {
            counter: sums.get(counter, 0) for counter in measures()[key].counters
        }
        assert all(one["events"] == one["board"] for one in row.lines)


@pytest.mark.django_db
def test_what_moves_comes_or_ends_while_it_runs_is_no_disagreement(monkeypatch):
    monkeypatch.setattr(recounts, "STRETCH", 2)
    monkeypatch.setattr(recounts, "ROUND", 0)  # a part a round
    world = World(Random(22))
    world.live(40)
    row, rounds = asked(""), 0
    while row.finished_at is None:
        assert work() == 1
        world.live(4)
        row.refresh_from_db()
        rounds += 1
    assert rounds > 5 and row.agrees
    told = {key for key, one in counters().items() if one.grain.is_told}
    assert recount(told, [YEAR], district()).records >= row.records > 0


@pytest.mark.django_db
def test_what_events_do_not_tell_is_named_and_no_disagreement():
    lives.case_at(State.CLOSED)
    row = done(asked("repeat_rate"))
    assert row.agrees and any(one["events"] is None for one in row.lines)


@pytest.mark.django_db
def test_of_other_definitions_it_begins_anew(monkeypatch):
    monkeypatch.setattr(recounts, "ROUND", 0)
    monkeypatch.setattr(recounts, "STRETCH", 1)
    for _ in range(3):
        lives.case_at(State.CLOSED)
    row = asked()
    work()
    Recount.objects.update(definitions="others")
    RecountPart.objects.update(counts={"closed": 99, "closed_in_time": 1})
    assert done(row).agrees


# Asking ---------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_asks_what_is_asked_already_gets_the_same_row():
    first, other = asked(), people.someone(Role.AUDITOR, people.DISTRICT)
    assert asked(by=other) == first and first.asked_by == leader()
    assert asked(of=district(loop=Loop.STREET)) != first and asked(period=NOVEMBER) != first
    done(first)
    again = asked(by=other)
    assert again != first and recounts.last_of(measures()[CLOSED], YEAR, district()) == again


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_row_is_made():
    people_of_it = [leader(), people.someone(Role.AUDITOR, people.DISTRICT)] * 3
    with rivals(6) as crowd:
        answers = crowd.at_once([lambda by=by: asked(by=by) for by in people_of_it])
    assert len({one.pk for one in answers}) == 1 == Recount.objects.count()


@pytest.mark.django_db
def test_nobody_has_many_under_way():
    for day in range(1, MOST + 1):
        asked(period=Period(dt.date(2026, 11, day), dt.date(2026, 11, day)))
    with pytest.raises(Refused, match="您已有 3 项复算没有算完"):
        asked()
    assert asked(by=people.someone(Role.AUDITOR, people.DISTRICT))
    with pytest.raises(Refused, match="没有可以复算的办理记录"):
        ask(every_measure()["open_now"], YEAR, district(), words="", by=None, now=NOW)


@pytest.mark.django_db
def test_people_come_before_the_night(monkeypatch):
    monkeypatch.setattr(recounts, "ROUND", 0)
    of_the_night = ask(None, YEAR, district(), words="盘龙区", by=None, now=NOW)[0]
    mine = asked()
    assert (recounts.ahead_of(mine), recounts.ahead_of(of_the_night)) == (0, 1)
    work()
    of_the_night.refresh_from_db()
    mine.refresh_from_db()
    assert (mine.state, of_the_night.state) == (Recount.State.RUNNING, Recount.State.WAITING)


# Workers --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_while_one_works_another_does_nothing(time_machine):
    asked()
    Recount.objects.update(taken_until=timezone.now() + dt.timedelta(seconds=30))
    assert work() == 0
    time_machine.move_to(timezone.now() + dt.timedelta(seconds=31))
    assert work() > 0


@pytest.mark.django_db
def test_what_gets_nowhere_is_given_up_and_said(time_machine):
    row = asked()
    Recount.objects.update(tries=TRIES)
    assert work() == 0
    row.refresh_from_db()
    assert row.state == Recount.State.FAILED and "没有进展" in row.problem
    assert _recounts(timezone.now()).state == Health.FAILING


@pytest.mark.django_db
def test_events_that_cannot_be_read_end_it_with_a_reason(monkeypatch, caplog):
    lives.case_at(State.CLOSED)
    monkeypatch.setitem(recounts.add_up.__globals__, "histories", lambda *_: 1 // 0)
    row = done(asked())
    assert row.state == Recount.State.FAILED and "读不出" in row.problem and "cannot be done" in caplog.text
    assert not RecountPart.objects.exists() and asked() != row


WORKER = """
import django
django.setup()
from appraisal import recounts
recounts.STRETCH, recounts.ROUND = 1, 0
while True:
    recounts.work()
"""


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_after_a_worker_was_killed_another_goes_on_where_it_was(time_machine):
    for _ in range(30):
        lives.case_at(State.REPORTED)
    row = asked("")
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={**os.environ, "SERVICE_NAME": "gridloop-worker", "DJANGO_SETTINGS_MODULE": "config.settings"},
        preexec_fn=machine.dies_with_parent(),
    )
    try:
        wait_for(lambda: RecountPart.objects.count() > 2, 60)
    finally:
        process.kill()
        process.wait()
    row.refresh_from_db()
    before = row.done
    assert row.state == Recount.State.RUNNING and 0 < before < 30
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=2))
    assert done(row).agrees and row.done == row.of == 30


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_moves_while_it_is_compared_are_no_disagreement(monkeypatch, promise):
    monkeypatch.setattr(recounts, "STRETCH", 3)
    world = World(Random(23))
    world.live(30)
    count_everything()
    tried = tries(3, full=10, trust=60)
    for _ in range(tried):
        row = asked("")
        with rivals(3) as crowd:
            answers = crowd.at_once([partial(done, row), partial(world.live, 25), partial(count_slowly, 20)])
            assert [one for one in answers if isinstance(one, Exception)] == []
        row.refresh_from_db()
        assert row.agrees, row.lines
    promise("a recount beside moves agrees with the board", tried=tried, held=tried)


# Every night ----------------------------------------------------------------------------------------------------------


def damaged(**cells) -> None:
    """One more closed case in some cells, past the door."""
    number = counters()["closed"].number
    with connection.cursor() as cursor:
        ids = list(
            Tally.objects.filter(**cells, **{f"counts__{number - 1}__gt": 0}).values_list("pk", flat=True)
        )
        assert ids
        cursor.execute(
            f"UPDATE appraisal_tally SET counts[{number}] = counts[{number}] + 1 WHERE id = ANY (%s)", [ids]
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("span", "closed_on", "words"),
    [
        (Span.DAY, lives.at(11, 18, 10), "盘龙区 2026-11-18 至 2026-11-18 结案数"),
        (Span.MONTH, lives.at(10, 14, 10), "盘龙区 2026-10-01 至 2026-10-31 结案数"),
    ],
)
def test_the_night_finds_a_damaged_tally_and_names_the_way_to_rebuild(time_machine, span, closed_on, words):
    lives.case_at(State.CLOSED, now=closed_on)
    count_everything()
    time_machine.move_to(lives.at(11, 19, 2, 25), tick=False)
    damaged(cut=Cut.PLACE, span=span, place=district().place)
    assert ask_recounts(now=timezone.now()) > 1
    while work():
        pass
    seen = _recounts(timezone.now())
    assert seen.state == Health.FAILING
    assert words in seen.words and "看板 2、复算 1" in seen.words
    todo = next(one.todo for one in CHECKS if one.name == "recounts")
    assert "rebuild_tallies" in todo
    # Rebuilt, the next hour asks again and has nothing to say.
    tallying.rebuild(now=timezone.now())
    assert ask_recounts(now=timezone.now() + dt.timedelta(hours=1)) == 1
    while work():
        pass
    assert _recounts(timezone.now()).state == Health.OK


@pytest.mark.django_db
def test_a_row_changed_past_the_door_is_found_too(time_machine):
    case = lives.case_at(State.CLOSED, now=lives.at(11, 18, 10))
    time_machine.move_to(lives.at(11, 19, 2, 25), tick=False)
    Case.objects.filter(pk=case.pk).update(was_late=True)
    ask_recounts(now=timezone.now())
    while work():
        pass
    assert "按期结案" in _recounts(timezone.now()).words


@pytest.mark.django_db
def test_every_place_has_its_turn():
    places = spot_checks._places(NOW.date())
    seen, nights = set(), -(-len(places) // PLACES)
    for night in range(nights):
        day = NOW.date() + dt.timedelta(days=night)
        asked_then = questions(Period(day, day))
        assert [period for of, period, _ in asked_then if of.dimension == "district"] == [
            Period(day, day),
            Period.named("last_month", day + dt.timedelta(days=1)),
        ]
        in_turn = [one for one in asked_then if one[0].dimension != "district"]
        assert len(in_turn) == min(PLACES, len(places)) and all(period.end <= day for _, period, _ in in_turn)
        seen |= {(of.dimension, of.place) for of, *_ in in_turn}
    assert len(seen) == len(places)


@pytest.mark.django_db
def test_a_night_is_asked_once_and_one_left_out_is_seen(time_machine):
    night = lives.at(11, 19, 2, 25)
    time_machine.move_to(night, tick=False)
    assert _recounts(night).state == Health.UNKNOWN
    first = ask_recounts(now=night)
    assert first > PLACES and ask_recounts(now=night + dt.timedelta(hours=1)) == 0
    seen = _recounts(night + dt.timedelta(hours=ASKED))
    assert (seen.state, seen.words) == (Health.OK, "都一致，上次抽查在 {age}前")
    assert _recounts(night + dt.timedelta(hours=ASKED + 1)).state == Health.FAILING
    assert Looked.objects.get(what=Looked.What.RECOUNTS).until == dt.date(2026, 11, 18)
    # Nights in which nobody was there are caught up with, and what found nothing is forgotten after a while.
    while work():
        pass
    later = night + dt.timedelta(days=45)
    ask_recounts(now=later)
    days = (
        Recount.objects.filter(dimension="district", finished_at=None)
        .order_by("pk")
        .values_list("begin", "end")
    )
    assert days[0] == (dt.date(2026, 12, 3), dt.date(2027, 1, 2))
    assert not Recount.objects.exclude(finished_at=None).exists()
