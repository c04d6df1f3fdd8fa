"""The site is killed again and again while people write: what was acknowledged is there once, nothing is half done."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
import services
import supervisor
from django.db import connection
from django.utils import timezone

from cases.models import CaseEvent, Photo
from governance.models import Outbox
from tests.dumps import speaking_to
from tests.invariants import contradictions
from tests.processes import wait_for
from tests.scale import tries
from tests.whole_site import VICTIMS, WholeSite
from tests.writers import Caller, Stage, Write, Writer

pytestmark = [pytest.mark.trust, pytest.mark.process, pytest.mark.django_db(transaction=True)]
WRITERS = 4
KILLS = tries(6, full=25, trust=125)
ACKS = tries(100, full=3_000, trust=50_000)
#: So many writes are sent once more at the end.
REPEATED = tries(40, full=500, trust=5_000)

#: Moves that tell somebody; each writes one row into the outbox.
TELLING = ("register", "dispatch", "feedback", "pass", "close")
UNTOLD = """
    SELECT e.id FROM cases_caseevent e JOIN cases_case c ON c.id = e.case_id LEFT JOIN governance_outbox o
        ON o.created_at = e.at AND o.url = '/cases/' || c.uuid || '/'
    WHERE e.move = ANY (%s) GROUP BY e.id HAVING count(o.id) <> 1
"""


@pytest.fixture
def random() -> Random:
    return Random(os.environ.get("GRIDLOOP_SEED", "6"))


@pytest.fixture
def site(tmp_path, monkeypatch, random) -> Iterator[WholeSite]:
    monkeypatch.setattr(supervisor, "DATA", tmp_path)
    monkeypatch.setattr(services, "LONGEST_PAUSE", 1.0)  # loss is tried here, not how long the pauses become
    found = WholeSite(tmp_path, random)
    try:
        yield found
    finally:
        found.end()


def kill_while_writing(site: WholeSite, writers: list[Writer], random: Random) -> Counter:
    """Kill until there were enough kills and answers; every kill comes in the middle of writing."""
    killed: Counter = Counter()
    order: list[str] = []
    next_at = 5
    while (answered := sum(len(one.ledger) for one in writers)) < ACKS or killed.total() < KILLS:
        site.watch()
        for one in writers:
            assert one.is_alive(), one.problem
        if answered >= next_at and killed.total() < KILLS:
            order = order or random.sample(VICTIMS, len(VICTIMS))
            if site.kill(what := order.pop()):
                killed[what] += 1
            next_at = answered + random.randint(1, 2 * ACKS // KILLS)
        time.sleep(0.02)
    return killed


def ended(site: WholeSite, writers: list[Writer]) -> list[Write]:
    """Let everybody get the answer to what they have sent, and give the ledger."""
    for one in writers:
        one.has_to_stop.set()
    while any(one.is_alive() for one in writers):
        site.watch()
        time.sleep(0.05)
    assert [one.problem for one in writers] == [None] * len(writers)
    return [write for one in writers for write in one.ledger]


def delivered(site: WholeSite) -> bool:
    site.watch()
    return not Outbox.objects.filter(done_at=None).exists()


def test_whatever_is_killed_no_acknowledged_write_is_lost(site, random, tmp_path, promise):
    stage = Stage.set()
    last = {model: max(model.objects.values_list("pk", flat=True), default=0) for model in (CaseEvent, Photo)}
    site.begin(os.environ["DATABASE_URL"])
    with speaking_to(site.database):
        writers = [Writer(site.address, stage, Random(random.random())) for _ in range(WRITERS)]
        for one in writers:
            one.start()
        killed = kill_while_writing(site, writers, random)
        ledger = ended(site, writers)
        assert site.ends() == [], "nothing ends but what is killed here"
        moves = {write.key: write.answer for write in ledger if not write.is_photo}
        pictures = {write.key for write in ledger if write.is_photo}

        # Every answer is there once, and nothing else is.
        events = CaseEvent.objects.filter(pk__gt=last[CaseEvent]).exclude(by=None)
        there = {
            str(key): (str(case), number)
            for key, case, number in events.values_list("key", "case__uuid", "sequence")
        }
        assert there == {key: (answer["uuid"], answer["version"]) for key, answer in moves.items()}
        assert contradictions() == []

        # A photo is a row with its file.
        rows = Photo.objects.filter(pk__gt=last[Photo])
        assert {str(photo.uuid) for photo in rows} == pictures
        for photo in rows:
            data = (tmp_path / "media" / photo.file).read_bytes()
            assert hashlib.sha256(data).hexdigest() == photo.sha256

        # Whoever has to be told is told once; the leases of killed processes are ended here.
        Outbox.objects.filter(done_at=None).update(leased_until=timezone.now())
        wait_for(lambda: delivered(site), 120, [tmp_path / "site.log"])
        assert not Outbox.objects.exclude(dead_at=None).exists()
        with connection.cursor() as cursor:
            cursor.execute(UNTOLD, [list(TELLING)])
            assert cursor.fetchall() == []

        # The same key gives the same answer and does nothing.
        caller = Caller(site.address, stage)
        for write in random.sample(ledger, min(REPEATED, len(ledger))):
            again = Write(write.key, write.path, write.body, write.kind, write.by)
            status = caller.send_until_answered(again)
            assert (status, again.said) == (200, write.said), write.path
        caller.hang_up()
        assert events.count() == len(moves)
    sent_again = sum(write.attempts > 1 for write in ledger)
    promise("acknowledged writes while the site is killed", tried=len(ledger), held=len(there) + len(rows))
    promise("kill -9 of a part of the site", tried=killed.total(), held=killed.total())
    assert sent_again > 0, "nobody noticed the kills"
    assert len(killed) == min(KILLS, len(VICTIMS))
