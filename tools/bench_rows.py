"""One row of the table: a request that is warmed up, counted once, and timed in batches."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appraisal.tallying import work
from governance.models import User

#: The minimum of several batches, all rows in turn: load of other processes on the machine comes and goes.
WARM, ROUNDS, BATCHES = 3, 5, 10


@dataclass
class Probe:
    """A request to measure, with its aim: statements above the floor and milliseconds of CPU.

    One that writes can be sent ``most`` times; ``amid`` is set up before each batch and taken away after it, and not timed.
    """

    name: str
    person: str
    send: Callable[[Client, int], HttpResponse]
    statements: int
    milliseconds: float
    writes: bool = False
    most: int = WARM + 1 + ROUNDS * BATCHES
    amid: Callable[[], AbstractContextManager[object]] = nullcontext


@dataclass
class Result:
    probe: Probe
    statements: int
    app: float
    database: float
    alone: float | None
    size: int
    slowest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def total(self) -> float:
        return self.app + self.database


def backend_cpu() -> float:
    """Milliseconds that our connection's server process has spent on a CPU."""
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def cpu(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Milliseconds of application and database a round."""
    connection.ensure_connection()
    app, database = time.process_time(), backend_cpu()
    for _ in range(rounds):
        work()
    return (time.process_time() - app) * 1000 / rounds, (backend_cpu() - database) / rounds


class Worker:
    """The worker of the tallies, which keeps up with what rows write; boards beside them have nothing waiting."""

    def __init__(self) -> None:
        self.moves, self.milliseconds = 0, 0.0

    def count(self) -> None:
        moves: list[int] = []
        self.milliseconds += sum(cpu(lambda: moves.append(work()), 1))
        self.moves += sum(moves)


class Row:
    """One probe: warmed up and counted once, then timed in batches."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        client, numbers = Client(SERVER_NAME="localhost"), count()
        if probe.person:
            user = User.objects.get(username=probe.person)
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.send = lambda: probe.send(client, next(numbers))
        with probe.amid():
            for _ in range(WARM):
                answer = self.send()
                assert answer.status_code in (200, 201, 302), (
                    probe.name,
                    answer.status_code,
                    answer.content[:300],
                )
            with CaptureQueriesContext(connection) as captured:
                self.size = len(b"".join(self.send()))
        passing = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        self.asked = [q["sql"] for q in captured if not q["sql"].startswith(passing)]
        self.sent = WARM + 1
        self.batches: list[tuple[float, float]] = []
        self.alone: list[float] = []

    def batch(self) -> None:
        if self.sent + ROUNDS > self.probe.most:
            return
        self.sent += ROUNDS
        with self.probe.amid():
            self.batches.append(cpu(self.send, ROUNDS))
            if not self.probe.writes:
                self.alone.append(sum(cpu(lambda: replay(self.asked), ROUNDS)))

    def result(self, floor: int) -> Result:
        app, database = min(self.batches, key=sum)
        slowest = [] if self.probe.writes else timed(self.asked)
        alone = min(self.alone, default=None)
        return Result(self.probe, len(self.asked) - floor, app, database, alone, self.size, slowest)


def measure(chosen: list[Probe]) -> tuple[int, list[Result], Worker]:
    """Statements of the floor, which is the second row, every row of the table, and what counting beside them took."""
    worker, rows = Worker(), []
    for probe in chosen:
        rows.append(Row(probe))
        worker.count()
    for _ in range(BATCHES):
        for row in rows:
            row.batch()
            if row.probe.writes:
                worker.count()
    floor = len(rows[1].asked)
    return floor, [row.result(floor if number else 0) for number, row in enumerate(rows)], worker


def replay(asked: list[str]) -> None:
    """The same SQL without the application."""
    with connection.connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(sql)
            cursor.fetchall()


def timed(asked: list[str]) -> list[tuple[float, str]]:
    """Statements with the database's milliseconds for each, the most expensive first."""
    costs = []
    for sql in asked:
        database = cpu(lambda sql=sql: replay([sql]), 5)[1]
        costs.append((database, sql))
    return sorted(costs, reverse=True)
