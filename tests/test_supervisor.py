"""`make run` keeps the site alive: what ends is started again after a growing pause, and ends nothing else."""

import datetime as dt
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import machine
import pytest
import services
import supervisor
from django.utils import timezone

from governance import health
from governance.health import State


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(services.time, "monotonic", made)
    return made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[supervisor.Site]:
    made = supervisor.Site({}, print)
    made.notes = services.Notes(tmp_path / "services.json", made.log)
    yield made
    for service in made.services:
        service.signal(services.signal.SIGKILL)
        if service.process:
            service.process.wait()


def shell(line: str) -> subprocess.Popen:
    return subprocess.Popen(
        ["sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


def die(site: supervisor.Site, service: services.Service) -> None:
    """Its process has ended, and the supervisor has seen it."""
    service.process.wait()
    site.watch()


def test_a_beat_that_dies_again_and_again_ends_nothing_else(site, clock, capsys):
    web = site.serve("web", lambda: shell("exec sleep 600"))
    beat = site.serve("beat", lambda: shell("exit 3"))
    lives, pauses = web.process.pid, []
    for _ in range(9):
        die(site, beat)
        pauses.append(beat.next_try - clock.now)
        ended = beat.process
        clock.now = beat.next_try - 0.01
        site.watch()
        assert beat.process is ended, "not before its time"
        clock.now = beat.next_try
        site.watch()
        assert beat.process is not ended
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert web.process.pid == lives and not web.has_ended()
    assert (
        "beat     | ended with exit code 3 after 0 s; starting it again in 8 s (failure 5)"
        in capsys.readouterr().out
    )


def test_a_minute_of_life_is_a_new_beginning(site, clock):
    worker = site.serve("worker", lambda: shell("exec sleep 600"))
    for lived, pause in ((1, 0.5), (1, 1), (59, 2), (60, 0.5)):
        clock.now += lived
        worker.process.kill()
        die(site, worker)
        assert worker.next_try - clock.now == pause
        assert worker.reason == "ended by SIGKILL"
        clock.now = worker.next_try
        site.watch()
    clock.now += 60
    assert worker.state()["failures"] == 0


def test_a_service_that_cannot_even_start_is_tried_again(site, clock):
    answers = iter([shell("exit 1"), OSError(28, "No space left on device"), shell("exec sleep 600")])

    def start() -> subprocess.Popen:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    valkey = site.serve("valkey", start)
    die(site, valkey)
    for _ in range(2):
        clock.now = valkey.next_try
        site.watch()
    assert valkey.next_try is None and not valkey.has_ended()
    assert "No space left" in valkey.reason


def test_the_others_wait_for_a_database_that_is_down(site, clock):
    site.ports["postgres"] = machine.free_port()
    worker = site.serve("worker", lambda: shell("exec sleep 600"), ("postgres", "valkey"))
    worker.process.kill()
    die(site, worker)
    clock.now += 100
    site.watch()
    assert worker.next_try is not None, "it would only die again"
    with socket.create_server(("127.0.0.1", site.ports["postgres"])):
        site.watch()
        assert worker.next_try is None and not worker.has_ended()


# What the status page reads ---------------------------------------------------------------------------------------


def test_the_status_page_reads_what_flaps(site, clock, settings):
    settings.SERVICES_FILE = str(site.notes.path)
    site.serve("web", lambda: shell("exec sleep 600"))
    beat = site.serve("beat", lambda: shell("exit 3"))
    site.watch()
    for _ in range(3):
        die(site, beat)
        clock.now = beat.next_try
        site.watch()
    known = {one.name: one for one in health.processes(timezone.now())}
    assert known["web"].is_running and known["web"].restarts == 0
    assert (known["beat"].failures, known["beat"].restarts) == (3, 3)
    assert known["beat"].reason == "退出码 3"
    (look,) = [check.look for check in health.CHECKS if check.name == "processes"]
    assert look(timezone.now()) == (State.FAILING, "反复退出：beat", None, None)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"at": 3}', '{"at": "2026-11-25T00:00:00+00:00", "services": {}}', "{}"]
)
def test_notes_that_are_old_or_not_to_be_read_mean_unknown(tmp_path, settings, text):
    path = tmp_path / "services.json"
    settings.SERVICES_FILE = str(path)
    assert health.processes(timezone.now()) is None, "no file"
    path.write_text(text)
    assert health.processes(timezone.now()) is None
    told = {"at": timezone.now().isoformat(), "services": {"web": {"is_running": True}}}
    path.write_text(json.dumps(told))
    assert health.processes(timezone.now()) is None, "half of it"


def test_the_notes_are_renewed_while_somebody_watches(site, clock, settings):
    settings.SERVICES_FILE = str(site.notes.path)
    site.serve("web", lambda: shell("exec sleep 600"))
    site.watch()
    site.notes.path.unlink()
    clock.now += 5
    site.watch()
    assert not site.notes.path.exists()
    clock.now += 5
    site.watch()
    assert [one.name for one in health.processes(timezone.now() + dt.timedelta(seconds=5))] == ["web"]
