"""Real servers, one template database for a run, one clone of it for every worker."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.template.backends.jinja2 import Template
from django.test import TransactionTestCase
from django.test.signals import template_rendered

from tests.environment import DATABASE_NAME, TEMPLATE_NAME
from tests.scale import sentence

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# --- Databases


def run_on_server(*statements: str) -> None:
    """Run statements that need a connection outside the test databases."""
    connection = psycopg2.connect(os.environ["GRIDLOOP_TEST_SERVER"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def exists(name: str) -> bool:
    """Tell whether a database is there."""
    connection = psycopg2.connect(os.environ["GRIDLOOP_TEST_SERVER"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None
    finally:
        connection.close()


def point_at(name: str) -> None:
    """Let Django's connection speak to another database."""
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = name


def build_template() -> None:
    """Migrate and settle the test world once; the draft's name makes a half-built one harmless."""
    from django.core.management import call_command

    draft = f"{TEMPLATE_NAME}_draft"
    run_on_server(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)', f'CREATE DATABASE "{draft}"')
    point_at(draft)
    call_command("migrate", verbosity=0, interactive=False)
    if importlib.util.find_spec("tests.world"):
        from tests import world

        world.build()
    # Frozen rows and fresh statistics are copied with every clone.
    with connections["default"].cursor() as cursor:
        cursor.execute("VACUUM (FREEZE, ANALYZE)")
    point_at(DATABASE_NAME)
    run_on_server(f'ALTER DATABASE "{draft}" RENAME TO "{TEMPLATE_NAME}"')
    if note := os.environ.get("GRIDLOOP_BUILT"):
        Path(note).touch()


def clone() -> None:
    """Give this worker a database that looks like the template, whatever the last test left."""
    connections.close_all()
    run_on_server(
        f'DROP DATABASE IF EXISTS "{DATABASE_NAME}" WITH (FORCE)',
        f'CREATE DATABASE "{DATABASE_NAME}" TEMPLATE "{TEMPLATE_NAME}" STRATEGY file_copy',
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Build the template where nobody has yet, then clone it; the other workers wait for the first one."""
    gate = psycopg2.connect(os.environ["GRIDLOOP_TEST_SERVER"])
    with django_db_blocker.unblock():
        with gate.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [TEMPLATE_NAME])
        if not exists(TEMPLATE_NAME):
            build_template()
        clone()
        gate.close()
        yield
        connections.close_all()
        run_on_server(f'DROP DATABASE IF EXISTS "{DATABASE_NAME}" WITH (FORCE)')


def clone_instead_of_flush(_case: TransactionTestCase) -> None:
    """Renew the worker's database after a test that commits: the event tables refuse the usual TRUNCATE."""
    clone()


TransactionTestCase._fixture_teardown = clone_instead_of_flush


# --- Surroundings


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hash passwords cheaply: argon2 is slow on purpose, and no test is about that."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ]


@pytest.fixture(scope="session", autouse=True)
def told_contexts() -> Iterator[None]:
    """Let Jinja2's templates tell what they were given, as Django's do: ``response.context`` is made of that."""
    plain = Template.render

    def telling(self: Template, context: dict | None = None, request: HttpRequest | None = None) -> str:
        context = {} if context is None else context
        text = plain(self, context, request)
        template_rendered.send(sender=self, template=self, context=context)
        return text

    Template.render = telling
    yield
    Template.render = plain


@pytest.fixture(scope="session", autouse=True)
def own_media(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep uploads of tests away from those of the site; processes started by tests find the same folder."""
    folder = tmp_path_factory.mktemp("media")
    settings.MEDIA_ROOT = folder
    os.environ["MEDIA_ROOT"] = str(folder)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Refuse connections beyond this machine."""
    connect: Callable[..., None] = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"A test tried to reach {address[0]}: tests stay on this machine.")
        connect(self, address)

    socket.socket.connect = guarded
    yield
    socket.socket.connect = connect


# --- Promises


@pytest.fixture
def promise(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Say at the end of the run how often a promise was tried, and fail where it did not hold every time."""

    def kept(what: str, *, tried: int, held: int, lost: int = 0) -> None:
        record_property("promise", [what, tried, held, lost])
        assert tried > 0 and held == tried and lost == 0, sentence(what, tried=tried, held=held, lost=lost)

    return kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the promises that were tried, from all workers; tests that say the same promise are added up."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    figures: dict[str, list[int]] = {}
    for report in reports:
        for name, value in report.user_properties:
            if name == "promise" and report.when == "call":
                what, *counts = value
                figures[what] = [sum(pair) for pair in zip(figures.get(what, [0, 0, 0]), counts, strict=True)]
    if figures:
        terminalreporter.section("promises")
        for what, (tried, held, lost) in sorted(figures.items()):
            terminalreporter.write_line(sentence(what, tried=tried, held=held, lost=lost))


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium for stories in which JavaScript matters."""
    if not Path(CHROMIUM).exists():
        sentence = "No Chromium on this machine: `apt-get install chromium` lets the browser stories run."
        if os.environ.get("GRIDLOOP_REQUIRE_BROWSER") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
