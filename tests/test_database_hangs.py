"""A PostgreSQL whose processes are stopped: the kernel still accepts connections, and nobody answers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cluster
import machine
import psycopg2
import pytest
import servers

from config.environment import database
from tests.processes import ROOT, Answer, ask, wait_for, web
from tests.scale import tries

pytestmark = pytest.mark.process
STATEMENT = 2  # seconds; the client waits two more, and three for a connection
SLACK = 6  # for a machine under load
#: A page that looks up a session first; nobody has this one.
HEADERS = {"Cookie": f"sessionid={'x' * 32}", "Accept": "text/html"}


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = subprocess.run(
        ["ps", "--no-headers", "-o", "pid", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [pid, *map(int, found.stdout.split())]


def waits_for_a_lock(server: servers.Postgres) -> bool:
    """Whether a process of the group waits for another one."""
    watcher = psycopg2.connect(server.url())
    try:
        with watcher.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0
    finally:
        watcher.close()


@contextmanager
def stopped(server: servers.Postgres) -> Iterator[None]:
    """All processes of the group are stopped."""
    frozen = family(server.process.pid)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def postgres() -> Iterator[servers.Postgres]:
    folder = cluster.server_home() / "throwaway" / f"{os.getpid()}-silent-pg"
    server = servers.Postgres("PostgreSQL", folder, machine.free_port(), throwaway=True)
    server.start()
    try:
        server.wait_ready()
        settings = {**os.environ, "DATABASE_URL": server.url()}
        command = [sys.executable, "manage.py", "migrate", "sessions", "--verbosity=0", "--skip-checks"]
        subprocess.run(command, cwd=ROOT, env=settings, check=True)
        yield server
    finally:
        server.stop()


@pytest.mark.trust
def test_a_server_that_is_silent_keeps_no_thread(postgres, tmp_path: Path, promise):
    rounds = tries(1, full=2, trust=10)
    log = tmp_path / "web.log"
    settings = {"DATABASE_URL": postgres.url(), "STATEMENT_SECONDS": str(STATEMENT)}
    with web("--workers", "1", log=log, **settings) as site, ThreadPoolExecutor(8) as people:

        def visit(_number: int = 0) -> Answer:
            return ask(f"{site}/field/", **HEADERS)

        lost = 0
        for _ in range(rounds):
            assert wait_for(lambda: visit().status == 302, 60, [log])
            assert [one.status for one in people.map(visit, range(4))] == [302] * 4, (
                "each thread has a connection"
            )
            rival = psycopg2.connect(postgres.url())
            with rival.cursor() as cursor:
                cursor.execute("LOCK TABLE django_session")
            held = people.submit(visit)
            assert wait_for(lambda: waits_for_a_lock(postgres), 15, [log])
            with stopped(postgres):
                begun = time.monotonic()
                answers = [*people.map(visit, range(8)), held.result()]
                lost += sum(one.status != 503 or one.seconds > STATEMENT + 2 + 3 + SLACK for one in answers)
                assert all("Retry-After" in one.headers for one in answers), log.read_text()[-3000:]
                # The breaker is open: one request in a few seconds tries for all, nobody else waits.
                for _ in range(20):
                    lost += visit().status != 503
                assert time.monotonic() - begun < 30
                assert ask(f"{site}/field/sw.js").status == 200
                assert ask(f"{site}/healthz").status == 503
            rival.close()
        assert wait_for(lambda: visit().status == 302, 15, [log]), "back as soon as the server is"
        assert [one.status for one in people.map(visit, range(4))] == [302] * 4
        assert "Traceback" not in log.read_text()
    promise(
        "requests to a silent database answered 503 in time",
        tried=rounds * 29,
        held=rounds * 29 - lost,
        lost=lost,
    )
    assert lost == 0


def test_the_web_server_keeps_its_waits_short():
    code = (
        "import config.wsgi; from django.db import connection as c\n"
        "with c.cursor() as cursor:\n"
        "    for name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'):\n"
        "        cursor.execute(f'SHOW {name}')\n"
        "        print(cursor.fetchone()[0])"
    )
    settings = {name: value for name, value in os.environ.items() if name != "SERVICE_NAME"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True)
    assert done.stdout.split() == ["10s", "5s", "30s"], done.stderr


@pytest.mark.parametrize(
    ("service", "statement"), [("gridloop-worker", "120000"), ("gridloop-migrate", None)]
)
def test_work_behind_the_pages_may_take_its_time(monkeypatch, service, statement):
    monkeypatch.setenv("SERVICE_NAME", service)
    options = database(os.environ["DATABASE_URL"])["OPTIONS"]
    assert (
        dict(re.findall(r"(statement_timeout)=(\d+)", options["options"])).get("statement_timeout")
        == statement
    )
    assert options["tcp_user_timeout"] <= 15_000, "a machine that is gone is noticed, whoever asks"
