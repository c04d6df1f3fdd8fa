"""Measure requests against the speed table: statements and CPU of application and database, at sizes asked for.

``make bench ARGS="--size 117000"`` takes the demo cases of the bench's own servers (made on the first run), copies them
to the size in a clone that nothing else uses, and prints each row beside its floors: a bare Django view, and the same
SQL without the application. Growth is printed when more than one size is given.
"""

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STATEMENT_SECONDS", "3600")  # the web's wait, but as long as copying takes
os.environ["PLAIN_STATIC"] = "1"  # no collected files are needed to render a page

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

import config.wsgi  # noqa: F401  (the program as it is served)
from cases.models import Case, CaseEvent, Leg, Photo
from cases.situations import Situation
from cases.waiting import marks
from cases.waits import waits_for
from cases.workflow import Loop, State
from governance.models import SYSTEM, Organization, User
from grid.models import Grid
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CallState

COPIES = Path(__file__).with_name("bench_copies.sql")
WHISTLE_COPIES = Path(__file__).with_name("bench_whistles.sql")
#: As many whistles beside a district's year of cases as all of Kunming blew, and what of them is open.
WHISTLES, OPEN_WHISTLES = 24_000, 1_200
YEAR_OF_CASES = 117_000
#: What a year's flow of a district leaves open (5 % of 117,000); more years of history do not add to it.
OPEN = 5_850
#: The minimum of several batches, all rows in turn: load of other processes on the machine comes and goes.
WARM, ROUNDS, BATCHES = 3, 5, 10
DISTRICT_BOX, TOWN_BOX = "102.69,25.02,103.04,25.47", "102.69,25.02,102.76,25.07"


def bare(request: HttpRequest) -> HttpResponse:
    """The floor below which no Django view goes."""
    return HttpResponse("ok")


def signed_in(request: HttpRequest) -> HttpResponse:
    """What knowing the person costs: session, user, posts."""
    return HttpResponse(str(len(request.user.authority.posts)))


urlpatterns = [
    path("bench/bare/", bare),
    path("bench/signed-in/", signed_in),
    path("", include("config.urls")),
]


# Sizes ------------------------------------------------------------------------------------------------------------


def point_at(name: str) -> None:
    """Let Django speak to another database of the same server."""
    connection.close()
    connection.settings_dict["NAME"] = name


def on_server(base: str, *statements: str) -> None:
    """Statements outside any database that takes part."""
    import psycopg2

    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres"))
    server = psycopg2.connect(url)
    server.autocommit = True
    with server.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(base=base))
    server.close()


def prepare_base() -> str:
    """Migrate the bench's own database and make the demo cases where there are none."""
    call_command("migrate", verbosity=0, interactive=False)
    if not Case.objects.exists():
        call_command("demo")
    elif not Whistle.objects.exists():
        call_command("demo", only="party")
    return connection.settings_dict["NAME"]


def grow(base: str, size: int) -> None:
    """Clone the base and copy its cases until there are ``size``."""
    name = f"{base}_{size}"
    connection.close()
    on_server(
        base,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{{base}}"',
    )
    point_at(name)
    begun = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(COPIES.read_text(), {"size": size, "open": min(OPEN, size // 2)})
        # Enough open ones at any size for the rows that write, one request after another.
        whistles = max(WHISTLES * size // YEAR_OF_CASES, 2 * OPEN_WHISTLES)
        cursor.execute(WHISTLE_COPIES.read_text(), {"whistles": whistles, "open": OPEN_WHISTLES})
        say_whom_they_wait_for()
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (disk,) = cursor.fetchone()
    cases = Case.objects.count()
    still_open = Case.objects.open().count()
    print(
        f"\n{cases:,} cases, {still_open:,} of them open, {Whistle.objects.count():,} whistles, {disk}, copied in {time.monotonic() - begun:.0f} s",
        flush=True,
    )


def say_whom_they_wait_for() -> None:
    """Copies stand elsewhere than what they are copies of: asked of the rule, as after a move."""
    legs = Prefetch("legs", Leg.objects.open(), "open_legs")
    for case in Case.objects.open().prefetch_related(legs).iterator(chunk_size=1000):
        (leg,) = case.open_legs
        now = Situation(case, SYSTEM, timezone.now(), leg=leg)
        waits = waits_for(case, leg, now.open_requests.values(), now.order, now.giver_level)
        Case.objects.filter(pk=case.pk).update(waits_for=marks(waits, has_order=now.order is not None))


# One row of the table ---------------------------------------------------------------------------------------------


@dataclass
class Probe:
    """A request to measure; ``aim`` is statements above the floor and milliseconds of CPU."""

    name: str
    person: str
    send: Callable[[Client, int], HttpResponse]
    statements: int
    milliseconds: float
    writes: bool = False


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


class Row:
    """One probe: warmed up and counted once, then timed in batches."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        client, numbers = Client(SERVER_NAME="localhost"), count()
        if probe.person:
            user = User.objects.get(username=probe.person)
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.send = lambda: probe.send(client, next(numbers))
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
        self.batches: list[tuple[float, float]] = []
        self.alone: list[float] = []

    def batch(self) -> None:
        self.batches.append(cpu(self.send, ROUNDS))
        if not self.probe.writes:
            self.alone.append(sum(cpu(lambda: replay(self.asked), ROUNDS)))

    def result(self, floor: int) -> Result:
        app, database = min(self.batches, key=sum)
        slowest = [] if self.probe.writes else timed(self.asked)
        alone = min(self.alone, default=None)
        return Result(self.probe, len(self.asked) - floor, app, database, alone, self.size, slowest)


def measure(chosen: list[Probe]) -> tuple[int, list[Result]]:
    """Statements of the floor, which is the second row, and every row of the table."""
    rows = [Row(probe) for probe in chosen]
    for _ in range(BATCHES):
        for row in rows:
            row.batch()
    floor = len(rows[1].asked)
    return floor, [row.result(floor if number else 0) for number, row in enumerate(rows)]


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


# What is measured -------------------------------------------------------------------------------------------------


def getting(url: str) -> Callable[[Client, int], HttpResponse]:
    return lambda client, number: client.get(url)


def reports() -> Callable[[Client, int], HttpResponse]:
    """A report with one photo each; the pictures are rows that share a file."""
    user, model = User.objects.get(username="wangge"), Photo.objects.order_by("pk").first()
    assert model is not None, "the demo has photos"
    columns = {f.attname: getattr(model, f.attname) for f in Photo._meta.concrete_fields if f.attname != "id"}
    columns |= {"by_id": user.pk, "case_id": None, "sequence": None}
    photos = Photo.objects.bulk_create(Photo(**(columns | {"uuid": uuid.uuid4()})) for _ in range(60))
    like = Case.objects.filter(community=user.authority.posts[0].organization_id).order_by("pk")[0]

    def send(client: Client, number: int) -> HttpResponse:
        body = {
            "category": like.category_id,
            "longitude": like.longitude,
            "latitude": like.latitude,
            "address": "拓东路 88 号门口",
            "words": "单元门口堆放旧家具,影响通行。",
            "photos": [str(photos[number].uuid)],
        }
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return client.post("/api/v1/cases/", body, content_type="application/json", headers=headers)

    return send


def moves(name: str, cases: list[uuid.UUID], **given: object) -> Callable[[Client, int], HttpResponse]:
    """The same move on one case after another."""

    def send(client: Client, number: int) -> HttpResponse:
        url = f"/api/v1/cases/{cases[number]}/moves/{name}/"
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return client.post(url, given, content_type="application/json", headers=headers)

    return send


def case_pages() -> Callable[[Client, int], HttpResponse]:
    uuids = list(
        Case.objects.filter(closed_at__isnull=False).order_by("-pk").values_list("uuid", flat=True)[:60]
    )
    return lambda client, number: client.get(f"/cases/{uuids[number]}/")


def whistle_pages(state: str, address: str) -> Callable[[Client, int], HttpResponse]:
    """Pages about whistles in a state, one after another; ``address`` names whistle or case."""
    rows = Whistle.objects.filter(state=state).order_by("-pk").values_list("uuid", "case__uuid")[:60]
    addresses = [address.format(whistle=whistle, case=case) for whistle, case in rows]
    return lambda client, number: client.get(addresses[number % len(addresses)])


def blowing() -> Callable[[Client, int], HttpResponse]:
    """Three departments called on one open case after another."""
    departments = Organization.objects.filter(parent__code="530103")
    lead, *helpers = (departments.get(function=name).pk for name in ("urban_management", "market", "ecology"))
    free = Case.objects.open().exclude(street=None).exclude(whistles__in=Whistle.objects.open())
    cases = list(free.order_by("-pk").values_list("uuid", flat=True)[:60])

    def send(client: Client, number: int) -> HttpResponse:
        form = {
            "kind": "enforcement",
            "source": "judgement",
            "words": "占道反复，请到场联合处置。",
            "demands": ["on_site"],
            "lead": lead,
            "helpers": helpers,
            "key": uuid.uuid4(),
        }
        answer = client.post(f"/party/blow/{cases[number]}/", form)
        assert answer.status_code == 302, "the whistle was not blown"
        return answer

    return send


def signing() -> Callable[[Client, int], HttpResponse]:
    """The same unit signs one call after another."""
    waiting = Call.objects.filter(state=CallState.CALLED, unit__code="530103-urban_management")
    calls = list(waiting.order_by("-pk").values_list("whistle__uuid", "pk")[:60])

    def send(client: Client, number: int) -> HttpResponse:
        whistle, call = calls[number]
        answer = client.post(f"/party/whistles/{whistle}/calls/{call}/moves/sign/", {"key": uuid.uuid4()})
        assert answer.status_code == 302, "the call was not signed"
        return answer

    return send


def whistle_probes() -> Iterator[Probe]:
    """Rows of the whistles."""
    lists = {
        "whistles: district": ("qushuji", "/party/whistles/"),
        "whistles: street": ("jieshuji", "/party/whistles/"),
        "whistles: department": ("cg_lianluo", "/party/whistles/"),
        "whistles: everything": ("qushuji", "/party/whistles/?state=all"),
    }
    for name, (person, url) in lists.items():
        yield Probe(name, person, getting(url), 6, 15)
    yield Probe("whistles: first screen", "jieshuji", getting("/party/"), 8, 15)
    yield Probe("whistle page", "qushuji", whistle_pages("scored", "/party/whistles/{whistle}/"), 10, 15)
    yield Probe("case page with whistle", "qushuji", whistle_pages("on_site", "/cases/{case}/"), 9, 20)
    yield Probe("whistle: blow, three units", "qushuji", blowing(), 40, 30, writes=True)
    yield Probe("whistle: sign", "cg_lianluo", signing(), 12, 15, writes=True)


def probes() -> Iterator[Probe]:
    """Rows of the speed table."""
    management = Organization.objects.get(posts__user__username="chengguan")
    street = Organization.objects.get(code="530103001")
    mine = Case.objects.exclude(people__contains=[User.objects.get(username="chengguan").pk])
    to_accept = mine.filter(unit=management, state=State.DISPATCHED).values_list("uuid", flat=True)[:60]
    to_dispatch = Case.objects.filter(state=State.REGISTERED, loop=Loop.DISTRICT).values_list(
        "uuid", flat=True
    )
    yield Probe("bare view", "", getting("/bench/bare/"), 0, 1)
    yield Probe("signed in, nothing else", "quling", getting("/bench/signed-in/"), 0, 4)
    yield Probe("report (API, one photo)", "wangge", reports(), 10, 10, writes=True)
    yield Probe("move: accept (API)", "chengguan", moves("accept", list(to_accept)), 12, 10, writes=True)
    dispatching = moves("dispatch", list(to_dispatch[:60]), unit=management.pk)
    yield Probe("move: dispatch (API)", "q_paiqian", dispatching, 12, 10, writes=True)
    queues = {
        "queue: duty chief's own": ("q_zhiban", "/desk/"),
        "queue: dispatcher's own": ("q_paiqian", "/desk/"),
        "queue: department's own": ("chengguan", "/desk/"),
        "queue: clerk's own": ("shequ", "/desk/"),
        "queue: all open": ("quling", "/desk/?queue=open"),
        "queue: overdue": ("quling", "/desk/?queue=open&lateness=red"),
        "queue: open, one street": ("quling", f"/desk/?queue=open&street={street.pk}"),
        "queue: open, state + loop": ("quling", "/desk/?queue=open&state=handling&loop=district"),
        "queue: open, kind": ("quling", "/desk/?queue=open&kind=matter"),
        "queue: everything": ("quling", "/desk/?queue=all"),
        "queue: closed in 30 days": ("quling", "/desk/?queue=closed&closed=30"),
        "queue: closed in time, base": ("quling", "/desk/?queue=closed&closed=30&was_late=no&loop=base"),
    }
    for name, (person, url) in queues.items():
        yield Probe(name, person, getting(url), 6, 15)
    yield Probe("list of 20 (API)", "quling", getting("/api/v1/cases/?state=handling&limit=20"), 6, 15)
    yield Probe("search: two characters", "quling", getting("/desk/?queue=all&q=井盖"), 6, 50)
    near = Grid.objects.get(code="530103001001001").pk
    about = Case.objects.open().filter(grid=near).values_list("category", flat=True).first() or ""
    yield Probe(
        "telephone: open nearby",
        "q_shouli",
        getting(f"/desk/phone/nearby/?grid={near}&category={about}"),
        6,
        15,
    )
    yield Probe("case page", "quling", case_pages(), 8, 15)
    for zoom, box in ((10, DISTRICT_BOX), (13, DISTRICT_BOX), (15, TOWN_BOX), (18, TOWN_BOX)):
        yield Probe(f"map: zoom {zoom}", "quling", getting(f"/map/cases.json?box={box}&zoom={zoom}"), 2, 15)
    narrow = f"/map/cases.json?box={DISTRICT_BOX}&zoom=12"
    yield Probe("map: kind and overdue", "quling", getting(f"{narrow}&kind=matter&lateness=red"), 2, 15)
    yield Probe("map: settled this week", "quling", getting(f"{narrow}&state=settled"), 2, 15)
    yield Probe("map: inspector's grids", "xuncha", getting(narrow), 2, 15)
    yield Probe("board: district", "quling", getting("/board/"), 9, 20)
    yield Probe("board: street", "jielingdao", getting("/board/"), 9, 20)
    yield from whistle_probes()


# The sweep --------------------------------------------------------------------------------------------------------

ESCALATIONS = 1_000
#: The legs of cases that can be escalated, late beyond their grace; nothing else is due.
LATE = """
UPDATE cases_assignment SET sweep_at = NULL WHERE stopped_at IS NULL;
WITH late AS (
    SELECT leg.id, leg.case_id FROM cases_assignment leg JOIN cases_case c ON c.id = leg.case_id
    WHERE leg.stopped_at IS NULL AND c.loop <> 'district'
      AND c.state IN ('reported', 'registered', 'dispatched', 'handling') ORDER BY leg.id LIMIT {count}
), marked AS (
    UPDATE cases_case SET lateness = 'red', was_late = true WHERE id IN (SELECT case_id FROM late)
)
UPDATE cases_assignment
SET lateness = 'red', due_at = now() - interval '2 hours', warn_at = now() - interval '3 hours',
    escalate_at = now() - interval '1 minute', sweep_at = now() - interval '1 minute'
WHERE id IN (SELECT id FROM late);
"""


def sweep_escalations() -> None:
    """Print the seconds that a thousand escalations take, application and database together."""
    from cases.actions import sweep

    with connection.cursor() as cursor:
        cursor.execute(LATE.format(count=ESCALATIONS))
    escalated = CaseEvent.objects.filter(move="escalate")
    before, begun = escalated.count(), time.monotonic()
    app, database = cpu(lambda: sweep(now=timezone.now()), 1)
    print(
        f"sweep: {escalated.count() - before:,} escalations in {time.monotonic() - begun:.1f} s "
        f"({app / 1000:.1f} s application, {database / 1000:.1f} s database), aim 10 s\n",
        flush=True,
    )


# The table --------------------------------------------------------------------------------------------------------


def table(results: list[Result], before: dict[str, Result]) -> None:
    """Print every row with its aims, its floors and, beside a smaller size, its growth."""
    grown = f"{'growth':>8}" if before else ""
    print(
        f"{'':34}{'statements':>12}{'app ms':>9}{'db ms':>8}{'total':>8}{'aim':>6}{'':>3}"
        f"{'× bare':>8}{'SQL alone':>11}{'kB':>7}{grown}"
    )
    bare_ms = results[0].total
    for row in results:
        probe = row.probe
        kept = row.total <= probe.milliseconds and row.statements <= probe.statements
        alone = "" if row.alone is None else f"{row.alone:.1f}"
        growth = f"{row.total / before[probe.name].total:>8.2f}" if before else ""
        print(
            f"{probe.name:34}{f'{row.statements} / {probe.statements}':>12}{row.app:>9.1f}{row.database:>8.1f}"
            f"{row.total:>8.1f}{probe.milliseconds:>6.0f}{'' if kept else ' !':>3}{row.total / bare_ms:>8.1f}"
            f"{alone:>11}{row.size / 1000:>7.1f}{growth}"
        )
    print(
        "\nStatements stand above the signed-in floor; ! marks a row beyond its aim in one of the two.",
        flush=True,
    )


def show_plans(results: list[Result]) -> None:
    """The plan of the most expensive statement of every row that misses its aim."""
    for row in results:
        if row.slowest and row.total > row.probe.milliseconds:
            for cost, sql in row.slowest[:2]:
                print(f"\n{row.probe.name}: {cost:.1f} ms\n{sql}")
                with connection.cursor() as cursor:
                    cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql)
                    print("\n".join(line for (line,) in cursor.fetchall()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, action="append", help="cases to measure at; may be given twice")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--plans", action="store_true", help="plans of statements that cost too much")
    arguments = parser.parse_args()
    settings.ROOT_URLCONF = __name__
    base = prepare_base()
    before: dict[str, Result] = {}
    for size in arguments.size or [117_000]:
        grow(base, size)
        chosen = [p for p in probes() if arguments.only in p.name or p.name.startswith(("bare", "signed"))]
        floor, results = measure(chosen)
        print(f"{timezone.localtime():%Y-%m-%d %H:%M}, signed-in floor: {floor} statements\n", flush=True)
        table(results, before)
        if arguments.only in "sweep":
            sweep_escalations()
        if arguments.plans:
            show_plans(results)
        before = {row.probe.name: row for row in results}


if __name__ == "__main__":
    main()
