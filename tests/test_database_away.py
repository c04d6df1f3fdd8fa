"""What everybody meets while the database is away, busy or full: 503 or 507 with a way on, and nothing typed is lost."""

import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser

import machine
import psycopg2
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from cases.models import CaseEvent
from cases.workflow import State
from config.failures import unavailable
from governance.refusals import Busy, StorageFull
from tests import people
from tests.access import ENDPOINTS
from tests.lives import case_at
from tests.test_responses import serves_json

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAM = {"Accept": "application/json"}


@contextmanager
def away() -> Iterator[None]:
    """The database's port answers nobody."""
    there = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = str(machine.free_port())
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = there


def somebody(**options) -> Client:
    """A client with the cookie of a session that nobody can look up now."""
    client = Client(raise_request_exception=False, **options)
    client.cookies["sessionid"] = "x" * 32
    return client


class Form(HTMLParser):
    """The fields of the one form of a page, as a browser would send them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.action, self._area = "", None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "textarea":
            self._area = given["name"]
            self.fields.setdefault(self._area, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._area][-1] = self.fields[self._area][-1].removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][-1] += data


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_every_address_says_that_the_database_is_away(promise):
    things = defaultdict(uuid.uuid4, notice=1)
    wrong, tried = [], 0
    with away():
        for endpoint in ENDPOINTS:
            path = endpoint.path.format_map(things)
            for headers in (PAGE, PROGRAM):
                answer = getattr(somebody(), endpoint.method)(path, headers=headers)
                tried += 1
                is_page = headers is PAGE and not serves_json(endpoint.name, path)
                fine = answer.status_code == 503 and "Retry-After" in answer
                fine &= b"<h1>" in answer.content if is_page else "detail" in answer.json()
                if not fine:
                    wrong.append(f"{endpoint.name} {headers['Accept']}: {answer.status_code}")
        nobody = Client(raise_request_exception=False)
        assert [nobody.get(path).status_code for path in ("/field/offline/", "/field/sw.js")] == [200, 200]
        assert nobody.get("/healthz").json() == {"database": "failing"}
    assert wrong == []
    promise("addresses asked while the database was away", tried=tried, held=tried, lost=0)


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_while_the_database_is_away_is_sent_again_by_one_button():
    case, words = case_at(State.REGISTERED), "居民说 <b>夜里</b> 更吵，\n明早再看 & 拍照"
    client = Client(raise_request_exception=False)
    client.force_login(people.clerk())
    address = f"/cases/{case.uuid}/moves/comment/"
    given = {"key": str(uuid.uuid4()), "leg": "", "words": words}
    before = CaseEvent.objects.count()
    with away():
        answer = client.post(address, given, headers=PAGE)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    form = Form(answer.content.decode())
    assert form.action == address
    assert {name: values[0] for name, values in form.fields.items()} == given
    assert client.post(form.action, form.fields, headers=PAGE).status_code == 302
    assert client.post(form.action, form.fields, headers=PAGE).status_code == 302, "pressed twice"
    assert CaseEvent.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_password_is_never_written_into_the_page():
    with away():
        answer = Client(raise_request_exception=False).post(
            "/login/", {"username": "shequ", "password": "wrong-and-typed-7"}, headers=PAGE
        )
    assert answer.status_code == 503
    assert b"wrong-and-typed-7" not in answer.content and "再试一次" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_wait_that_takes_too_long_is_busy_and_changes_nothing(limit):
    case = case_at(State.REGISTERED)
    client = Client(raise_request_exception=False)
    client.force_login(people.clerk())
    before = CaseEvent.objects.count()
    given = {"key": str(uuid.uuid4()), "leg": "", "words": "等不到的一句话"}
    rival = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with rival.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cases_case WHERE id = %s FOR UPDATE", [case.pk])
        with connection.cursor() as cursor:
            cursor.execute(f"SET {limit} = '300ms'")
        page = client.post(f"/cases/{case.uuid}/moves/comment/", given, headers=PAGE)
        program = client.post(
            f"/api/v1/cases/{case.uuid}/moves/comment/",
            {"words": "等不到的一句话"},
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4()), **PROGRAM},
        )
    finally:
        rival.close()
        connection.close()
    assert (page.status_code, program.status_code) == (503, 503)
    assert "系统繁忙" in page.content.decode() and "系统繁忙" in program.json()["detail"]
    assert "等不到的一句话" in unescape(page.content.decode())
    assert CaseEvent.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_a_session_that_cannot_be_saved_is_no_bad_request():
    def refuse(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE")) and "django_session" in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    client = Client(raise_request_exception=False)
    client.force_login(people.clerk())
    with connection.execute_wrapper(refuse):
        answer = client.post("/login/", {"username": "shequ", "password": "panlong-2026"}, headers=PAGE)
    assert answer.status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "found"), [("53100", StorageFull), ("40P01", Busy), ("54001", None), ("22012", None)]
)
def test_what_the_database_complains_of_is_told_apart(code, found):
    with pytest.raises(DatabaseError) as said, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$")
    told = unavailable(said.value)
    assert (told and type(told)) is found


def test_a_mistake_of_ours_stays_one():
    assert unavailable(ValueError("a mistake")) is None
    assert unavailable(None) is None
