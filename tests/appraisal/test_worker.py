"""The worker never skips, loses or doubles anything: late commits, kills, rivals, rebuilds, definitions, bad records."""

import datetime as dt
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import machine
import pytest
from django.db import connection, transaction
from django.utils import timezone

from appraisal import catalogue, tallying
from appraisal.catalogue import counters
from appraisal.counting import By, counts, lag
from appraisal.health import _tallies
from appraisal.models import Tallied, Tally, Touched
from appraisal.models.tallies import RETRY
from appraisal.periods import Period
from appraisal.recounting import recount
from appraisal.slices import Slice
from cases.models import Case, Category
from cases.workflow import Loop, State
from governance.health import State as Health
from tests import lives
from tests.appraisal.test_promises import UNTOLD
from tests.appraisal.test_tallies import cells
from tests.appraisal.worlds import World
from tests.processes import ROOT, wait_for
from tests.rivals import rivals
from tests.scale import tries

NOW = lives.MORNING + dt.timedelta(days=1)
YEAR = Period(dt.date(2026, 1, 1), dt.date(2027, 12, 31))


def district() -> Slice:
    return Slice("district", Case.objects.order_by("pk").values_list("district", flat=True)[0])


def assert_right() -> None:
    """What readers say of the district, by day and category, is what the events say."""
    told_by_events = counters().keys() - UNTOLD
    for by in (By.DAY, By.CATEGORY):
        told = recount(told_by_events, [YEAR], district(), by).counts
        assert _of_something(counts(told_by_events, [YEAR], district(), by)) == _of_something(told)


def _of_something(found: dict) -> dict:
    """Counts without zeros: hours of what took minutes add up to none."""
    return {group: {key: n for key, n in sums.items() if n} for group, sums in found.items()}


def count_everything() -> None:
    while tallying.tally(now=timezone.now()):
        pass


def assert_nothing_lost_or_double() -> None:
    """Counted to the end, the tallies are what a rebuild from nothing makes."""
    count_everything()
    kept = cells()
    tallying.rebuild(now=NOW)
    assert kept == cells()
    assert_right()


@contextmanager
def elsewhere(work) -> Iterator[None]:
    """Work on a connection of its own, beside the block; what it raises is raised at the end."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert problems == []


# Commits and rivals --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_move_that_commits_after_a_later_one_was_counted_is_counted():
    first, second = lives.case_at(State.REPORTED), lives.case_at(State.REPORTED)
    count_everything()
    is_noted, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            lives.walk(first, "register")
            is_noted.set()
            assert may_commit.wait(30)

    with elsewhere(slow):
        assert is_noted.wait(30)
        lives.walk(second, "register", "dispatch")
        earlier = max(Touched.objects.values_list("pk", flat=True))
        assert tallying.tally(now=NOW) == 2  # the two moves of the second case
        assert_right()
        may_commit.set()
    (late,) = Touched.objects.all()
    assert late.record == first.pk and late.pk < earlier
    assert_right()
    assert tallying.tally(now=NOW) == 1
    assert_nothing_lost_or_double()


@pytest.mark.django_db(transaction=True)
def test_while_one_counts_another_does_nothing():
    lives.case_at(State.REPORTED)
    with transaction.atomic():
        Tallied.objects.select_for_update().get()
        with elsewhere(lambda: tallying.tally(now=NOW)):
            pass
    assert lag() > 0


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_workers_at_once_and_moves_beside_them_lose_nothing(promise):
    random, moves = Random(11), 0
    world = World(random)
    for _ in range(tries(2, full=10, trust=40)):
        with rivals(3) as crowd:
            made = world.made.total()
            work = [lambda: [tallying.tally(now=NOW, most=7) for _ in range(15)]] * 2
            answers = crowd.at_once([*work, lambda: world.live(25)])
            assert [one for one in answers if isinstance(one, Exception)] == []
            moves += world.made.total() - made
        assert_right()
    assert_nothing_lost_or_double()
    promise("a move while two workers count is counted once", tried=moves, held=moves)


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_while_moves_run_loses_nothing():
    world = World(Random(12))
    world.live(30)
    with rivals(3) as crowd:
        rebuilding = [lambda: tallying.rebuild(now=NOW), lambda: world.live(40)]
        answers = crowd.at_once([*rebuilding, lambda: [tallying.tally(now=NOW, most=5) for _ in range(20)]])
        assert [one for one in answers if isinstance(one, Exception)] == []
    assert_right()
    assert_nothing_lost_or_double()


# Kills ---------------------------------------------------------------------------------------------------------------

WORKER = """
import django
django.setup()
from django.utils import timezone
from appraisal.tallying import tally
while True:
    tally(now=timezone.now(), most=5)
"""


@contextmanager
def worker() -> Iterator[None]:
    """A process that counts, killed at the end of the block, whatever it is about."""
    settings = {"SERVICE_NAME": "gridloop-worker", "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={**os.environ, **settings},
        preexec_fn=machine.dies_with_parent(),
    )
    try:
        yield
        assert process.poll() is None, "it ended by itself"
    finally:
        process.kill()
        process.wait()


def is_held_up() -> bool:
    with connection.cursor() as cursor:
        # Without clearing, a transaction sees the same activity for ever.
        cursor.execute(
            "SELECT pg_stat_clear_snapshot(); SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'gridloop-worker' AND wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_of_a_batch_has_done_nothing():
    case = lives.case_at(State.REPORTED)
    count_everything()
    before = cells()
    lives.walk(case, "register", "dispatch")
    with transaction.atomic():
        list(Tally.objects.select_for_update())  # the batch waits for a cell: records are half written
        with worker():
            wait_for(is_held_up, 60)
    assert cells() == before and lag() == 2
    # The session of what was killed holds its records until the database has noticed.
    wait_for(lambda: tallying.tally(now=timezone.now()) or lag() == 0, 60)
    assert_nothing_lost_or_double()


@pytest.mark.trust
@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_whenever_the_worker_is_killed_nothing_is_lost_or_double(promise):
    random = Random(os.environ.get("GRIDLOOP_SEED", "13"))
    world, kills = World(random), tries(2, full=10, trust=60)
    world.live(10)
    for _ in range(kills):
        counted_at = Tallied.objects.get().at
        with worker():
            wait_for(lambda before=counted_at: Tallied.objects.get().at != before, 60)
            end = time.monotonic() + random.random() * 2
            while time.monotonic() < end:
                world.live(1)
        assert_right()
    assert_nothing_lost_or_double()
    promise("kill -9 of a worker that counts", tried=kills, held=kills)


# Definitions ---------------------------------------------------------------------------------------------------------


@contextmanager
def other_definitions(folder) -> Iterator[None]:
    """The catalogue of another version: what counted as settled in time was something else."""
    text = (catalogue.DATA / "counters.toml").read_text()
    other = re.sub(r"(?s)(\[closed_in_time\].*?was_late = )false", r"\1true", text, count=1)
    assert other != text
    for name in catalogue.DATA.iterdir():
        (folder / name.name).write_text(name.read_text())
    (folder / "counters.toml").write_text(other)
    data = catalogue.DATA
    try:
        _read_from(folder)
        yield
    finally:
        _read_from(data)


def _read_from(folder) -> None:
    catalogue.DATA = folder
    for cached in (catalogue.counters, catalogue.definitions, catalogue.stocks, catalogue._versions):
        cached.cache_clear()


@pytest.mark.django_db
def test_after_a_change_of_definitions_everything_is_counted_again_and_readers_are_right_meanwhile(tmp_path):
    World(Random(14)).live(60)
    with other_definitions(tmp_path):
        count_everything()
        assert_right()
        old = catalogue.definitions()
    assert_right()  # by rows, since the tallies follow other definitions
    rounds = 0
    while Tallied.objects.get().definitions == old:
        assert tallying.tally(now=NOW, most=5) > 0
        if rounds % 3 == 0:
            lives.case_at(State.REGISTERED)  # moves go on
        assert_right()
        rounds += 1
    assert rounds > 2
    assert_nothing_lost_or_double()


# Corrections ---------------------------------------------------------------------------------------------------------


def on(day: dt.date, key: str, **narrowed) -> int:
    of = Slice(district().dimension, district().place, **narrowed)
    return counts([key], [Period(day, day)], of).get((0, None), {}).get(key, 0)


@pytest.mark.django_db
def test_what_happens_later_corrects_its_day():
    case = lives.case_at(State.CLOSED)
    day = case.closed_at.date()
    count_everything()
    assert on(day, "closed") == 1
    lives.walk(case, "reopen", now=lives.at(11, 24, 9))
    assert on(day, "closed") == 0
    count_everything()
    assert on(day, "closed") == 0


@pytest.mark.django_db
def test_a_case_that_is_classified_otherwise_leaves_its_old_cells():
    case = lives.reported(loop=Loop.COMMUNITY)
    count_everything()
    row = lives.row_for(lives.reported(loop=Loop.STREET), Loop.STREET)
    lives.walk(case, "register", responsibility=row)
    case, day = lives.fresh(case), lives.MORNING.date()
    old = Category.objects.get(name=lives.USUAL[Loop.COMMUNITY])
    for _ in range(2):  # by the reader, then by the worker
        assert on(day, "reported", category=old.pk) == 0
        assert on(day, "reported", category=case.category_id) == 2
        count_everything()
    assert min(min(sums) for sums in cells().values()) >= 0


# Bad records ---------------------------------------------------------------------------------------------------------


def spoil(case: Case) -> None:
    """Hours since 1970 of such a year are no integer of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET reported_at = '290000-01-01', version = version + 1 WHERE id = %s",
            [case.pk],
        )


@pytest.mark.django_db
def test_a_record_that_cannot_be_counted_is_named_and_stops_nobody(caplog):
    good = [lives.case_at(State.REPORTED) for _ in range(4)]
    count_everything()
    bad, *others = good
    spoil(bad)
    for case in others:
        lives.walk(case, "register")
    assert tallying.tally(now=NOW) == 4
    assert f"case {bad.pk} cannot be counted" in caplog.text
    (row,) = Touched.objects.all()
    assert (row.record, lag()) == (bad.pk, 0) and "out of range" in row.problem

    seen = _tallies(NOW)
    assert seen.state == Health.FAILING and f"{bad.pk:06d}" in seen.words
    assert on(lives.MORNING.date(), "reported") == 4  # as it was counted before

    assert tallying.tally(now=NOW) == 0  # it waits
    Case.objects.filter(pk=bad.pk).update(reported_at=lives.MORNING)
    assert tallying.tally(now=NOW + RETRY) == 1
    assert not Touched.objects.exists() and _tallies(NOW + RETRY).state == Health.OK


@pytest.mark.django_db
def test_a_rebuild_goes_on_without_a_record_that_cannot_be_counted():
    cases = [lives.case_at(State.REPORTED) for _ in range(3)]
    spoil(cases[1])
    assert tallying.rebuild(now=NOW) == 3
    assert [row.record for row in Touched.objects.uncountable()] == [cases[1].pk]
    assert on(lives.MORNING.date(), "reported") == 2
