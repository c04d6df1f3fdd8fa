"""Databases of the sizes that are asked for: a clone of the bench's own one, its cases copied."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench_rows import cpu
from django.core.management import call_command
from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone

from appraisal.models import Counted, Tally
from appraisal.tallying import rebuild
from cases.models import Case, Leg
from cases.situations import Situation
from cases.waiting import marks
from cases.waits import waits_for
from governance.models import SYSTEM
from partybuilding.models import Whistle

COPIES = Path(__file__).with_name("bench_copies.sql")
WHISTLE_COPIES = Path(__file__).with_name("bench_whistles.sql")
#: As many whistles beside a district's year of cases as all of Kunming blew, and what of them is open.
WHISTLES, OPEN_WHISTLES = 24_000, 1_200
YEAR_OF_CASES = 117_000
#: What a year's flow of a district leaves open (5 % of 117,000); more years of history do not add to it.
OPEN = 5_850


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


def grow(base: str, size: int, *, again: bool = False) -> None:
    """Clone the base and copy its cases until there are ``size``; ``again`` takes the clone of an earlier run."""
    name = f"{base}_{size}"
    connection.close()
    if not again:
        on_server(
            base,
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{{base}}"',
        )
    point_at(name)
    begun = time.monotonic()
    if again:
        call_command("migrate", verbosity=0, interactive=False)
    else:
        copy(size)
    took = "of an earlier run" if again else f"copied in {time.monotonic() - begun:.0f} s"
    print(
        f"\n{Case.objects.count():,} cases, {Case.objects.open().count():,} of them open, {Whistle.objects.count():,} whistles,"
        f" {size_of('pg_database_size(current_database())')}, {took}",
        flush=True,
    )
    if not again:
        count_all()
    print(
        f"tallies: {Tally.objects.count():,} cells, {size_of(total('appraisal_tally'))};"
        f" what {Counted.objects.count():,} records added: {size_of(total('appraisal_counted'))}",
        flush=True,
    )


def copy(size: int) -> None:
    """Copy cases and whistles in the database."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES.read_text(), {"size": size, "open": min(OPEN, size // 2)})
        # Enough open ones at any size for the rows that write, one request after another.
        whistles = max(WHISTLES * size // YEAR_OF_CASES, 2 * OPEN_WHISTLES)
        cursor.execute(WHISTLE_COPIES.read_text(), {"whistles": whistles, "open": OPEN_WHISTLES})
        say_whom_they_wait_for()
        cursor.execute("VACUUM ANALYZE")


def count_all() -> None:
    """Count all copies, as ``manage.py rebuild_tallies`` does, and say what it took."""
    counted: list[int] = []
    begun = time.monotonic()
    app, database = cpu(lambda: counted.append(rebuild(now=timezone.now())), 1)
    print(
        f"rebuild: {counted[0]:,} records counted in {time.monotonic() - begun:.0f} s"
        f" ({app / 1000:.1f} s application, {database / 1000:.1f} s database)",
        flush=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def total(table: str) -> str:
    return f"pg_total_relation_size('{table}')"


def size_of(what: str) -> str:
    """Bytes that an expression of the database names, in words."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_size_pretty({what})")
        return cursor.fetchone()[0]


def say_whom_they_wait_for() -> None:
    """Copies stand elsewhere than what they are copies of: asked of the rule, as after a move."""
    legs = Prefetch("legs", Leg.objects.open(), "open_legs")
    for case in Case.objects.open().prefetch_related(legs).iterator(chunk_size=1000):
        (leg,) = case.open_legs
        now = Situation(case, SYSTEM, timezone.now(), leg=leg)
        waits = waits_for(case, leg, now.open_requests.values(), now.order, now.giver_level)
        Case.objects.filter(pk=case.pk).update(waits_for=marks(waits, has_order=now.order is not None))
