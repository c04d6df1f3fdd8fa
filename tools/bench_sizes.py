"""Databases of the sizes that are asked for: a clone of the bench's own one, its cases copied."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.core.management import call_command
from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone

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
