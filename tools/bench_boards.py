"""Rows of the boards, and the jobs behind them: what counts, what looks at night, what a move pays for being counted."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench_rows import Probe, cpu
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from appraisal.counting import MANY
from appraisal.missed import find_missed
from appraisal.models import Looked
from appraisal.periods import DAY
from appraisal.repeats import find_repeats
from appraisal.tallying import work
from appraisal.warnings import find_warnings
from governance.models import Organization, User

DISTRICT, STREET, COMMUNITY = "530103", "530103001", "530103001001"
#: Milliseconds that no page of a board may pass, whatever it shows.
MOST = 50
#: The longest named period beside the same of the year before.
YEAR = "period=year&compare=year"
RATE = "closed_in_time_rate"


def getting(url: str) -> Callable[[Client, int], HttpResponse]:
    return lambda client, number: client.get(url)


def pages() -> dict[str, tuple[str, str, int]]:
    """Name of a row: who asks, for which address, in how many statements (``tests/dashboard/test_statements.py``)."""
    place = dict(Organization.objects.values_list("code", "pk"))
    street, community = f"place={place[STREET]}", f"place={place[COMMUNITY]}"
    unit = f"place={place[DISTRICT + '-urban_management']}"
    return {
        "board: district": ("quling", "/board/", 11),
        "board: district, year": ("quling", f"/board/?{YEAR}", 11),
        "board: street": ("jielingdao", "/board/", 12),
        "board: street, year": ("jielingdao", f"/board/?{YEAR}", 12),
        "board: community": ("quling", f"/board/?{community}", 13),
        "board: community, year": ("quling", f"/board/?{community}&{YEAR}", 13),
        "board: unit": ("chengguan", "/board/", 8),
        "board: unit, year": ("chengguan", f"/board/?{YEAR}", 8),
        "board: chief of operators": ("q_zhiban", "/board/", 11),
        "board: auditor": ("shenji", "/board/", 11),
        "board: what waits for me": ("quling", "/board/mine/", 6),
        "board: trends, district": ("quling", "/board/trends/", 10),
        "board: trends, district, year": ("quling", f"/board/trends/?{YEAR}", 10),
        "board: trends, street, year": ("quling", f"/board/trends/?{street}&{YEAR}", 10),
        "board: trends, community": ("quling", f"/board/trends/?{community}", 10),
        "board: trends, community, year": ("quling", f"/board/trends/?{community}&{YEAR}", 10),
        "board: trends, unit, year": ("quling", f"/board/trends/?{unit}&{YEAR}", 10),
        "board: map, streets": ("quling", "/board/map/", 4),
        "board: map, communities": ("quling", "/board/map/values.json?level=community", 3),
        "board: map, communities, year": ("quling", f"/board/map/values.json?level=community&{YEAR}", 3),
        "board: map, grids": ("quling", f"/board/map/values.json?level=grid&{street}", 5),
        "board: map, grids, year": ("quling", f"/board/map/values.json?level=grid&{street}&{YEAR}", 5),
        "board: map, open now": ("quling", "/board/map/values.json?level=community&measure=open_now", 3),
        "board: map, heat": ("quling", "/board/map/heat.json", 2),
        "board: map, heat, year": ("quling", f"/board/map/heat.json?{YEAR}", 2),
        "board: catalogue": ("quling", "/board/measures/", 5),
        "board: catalogue, year": ("quling", f"/board/measures/?{YEAR}", 5),
        "board: passport": ("quling", f"/board/measures/{RATE}/", 8),
        "board: passport, year": ("quling", f"/board/measures/{RATE}/?{YEAR}", 8),
        "board: counted": ("quling", f"/board/counted/?measure={RATE}", 6),
        "board: counted, year": ("quling", f"/board/counted/?measure={RATE}&{YEAR}", 6),
        "board: counted, open now": ("quling", "/board/counted/?measure=open_now", 6),
        "board: warnings": ("quling", "/board/warnings/", 4),
        "board: repeats": ("quling", "/board/repeats/", 5),
        "board: missed": ("quling", "/board/missed/", 6),
    }


def board_probes() -> Iterator[Probe]:
    """Rows of the boards."""
    for name, (person, url, statements) in pages().items():
        yield Probe(name, person, getting(url), statements, MOST)
    for name, url in (("district", "/board/"), ("catalogue", "/board/measures/")):
        yield Probe(
            f"board: {name}, 200 waiting", "quling", getting(url), 13, MOST, amid=lambda: waiting(200)
        )


@contextmanager
def waiting(number: int) -> Iterator[None]:
    """So many of the last cases wait to be counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO appraisal_touched (subject, record) SELECT 'case', id FROM cases_case ORDER BY id DESC LIMIT %s",
            [number],
        )
        yield
        cursor.execute("DELETE FROM appraisal_touched")


@contextmanager
def trigger(state: str) -> Iterator[None]:
    """Moves of cases noted for the tallies, or not (``ENABLE``, ``DISABLE``)."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE cases_case {state} TRIGGER cases_case_touched_moved")
        cursor.execute("SELECT version FROM cases_case LIMIT 1")  # what the change made stale is read again
        yield
        cursor.execute("ALTER TABLE cases_case ENABLE TRIGGER cases_case_touched_moved")


# Jobs --------------------------------------------------------------------------------------------------------------

LOOKS = {"warnings": find_warnings, "repeats": find_repeats, "missed": find_missed}


def look() -> None:
    """The nightly looks: the first, which goes far back, and that of the next night; their boards have something to show."""
    now = timezone.now()
    for name, find in LOOKS.items():
        if not Looked.objects.filter(what=name, until__isnull=False).exists():
            timed(f"{name}: first look", find, now=now)
        timed(f"{name}: a night", find, now=_next_night(name))
    timed("worker: what the looks found", work)


def _next_night(name: str) -> dt.datetime:
    until = Looked.objects.values_list("until", flat=True).get(what=name)
    return timezone.make_aware(dt.datetime.combine(until + 2 * DAY, dt.time(3)))


def without_worker() -> None:
    """The board while more waits than readers add: counted from the rows."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="quling"), "django.contrib.auth.backends.ModelBackend")
    with waiting(MANY + 1):
        timed(f"board: district, {MANY + 1:,} waiting", lambda: client.get("/board/").status_code)


MOVED = "UPDATE cases_case SET version = version + 1 WHERE id = %s"


def trigger_cost() -> None:
    """What the trigger adds to the one row that every move writes: the least of several tries, taken back each time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM cases_case ORDER BY id DESC LIMIT 500")
        ids = [pk for (pk,) in cursor.fetchall()]

        def move() -> None:
            for pk in ids:
                cursor.execute(MOVED, [pk])

        spent: dict[str, list[float]] = {"DISABLE": [], "ENABLE": []}
        for _ in range(5):
            for state, tries in spent.items():
                with trigger(state), transaction.atomic():
                    move()
                    tries.append(cpu(move, 1)[1] / len(ids))
                    transaction.set_rollback(True)
    without, noted = (min(tries) for tries in spent.values())
    print(
        f"trigger: the row of a case is written in {without:.2f} ms, and noted in {noted - without:.3f} ms",
        flush=True,
    )


def timed(name: str, job: Callable[..., int], **given: object) -> None:
    """Print what a job found and what it took."""
    found: list[int] = []
    begun = time.monotonic()
    app, database = cpu(lambda: found.append(job(**given)), 1)
    print(
        f"{name:34}{found[0]:>8,} in {time.monotonic() - begun:.1f} s"
        f" ({app / 1000:.2f} s application, {database / 1000:.2f} s database)",
        flush=True,
    )
