"""Programs get what the description of the interface promises: Schemathesis reads ``/api/schema/`` and asks as it says.

Half of the requests fit the description and half do not; what they name (a case, a move, a category) is often really
there, so that they come through to the door. Each answer is compared with the description: status, content type,
headers, body. The same seed gives the same requests. What no description tells is fuzzed in ``tests/test_fuzz.py``.
"""

import datetime as dt
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from cases.models import Case
from cases.workflow import MOVES, Loop, State
from config.input import ReadableContentType
from governance.models import User
from tests import people
from tests.lives import case_at, inside, settled_by
from tests.photos import jpeg, photo
from tests.scale import tries

pytestmark = [pytest.mark.django_db, pytest.mark.trust]
SEED = int(os.environ.get("GRIDLOOP_SEED", "20261118"))
WHAT = "answers of the interface that fit its description"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
STATES = (State.REPORTED, State.REGISTERED, State.HANDLING, State.HANDLED, State.VERIFIED, State.CLOSED)
TOKEN = "a" * 32


@contextmanager
def one_connection() -> Iterator[None]:
    """Keep the test's connection, which a server closes at the end of a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hundreds of refusals are expected; nobody needs a log line for each."""
    log = logging.getLogger("django.request")
    log.disabled, before = True, log.disabled
    yield
    log.disabled = before


def description() -> Any:
    """The description as Schemathesis reads it; a configuration file that lies about is not read."""
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    with one_connection():
        return schemathesis.openapi.from_wsgi(
            "/api/schema/", ReadableContentType(WSGIHandler()), config=config
        )


class World:
    """Cases in their states, what requests can name, and who asks: a person's browser, or a program with its key."""

    def __init__(self, username: str) -> None:
        now, browser, key = timezone.now(), Client(), ""
        person = User.objects.filter(username=username).first()
        if person:
            cases = [case_at(state, now=now) for state in STATES]
            browser.force_login(person)
        else:
            person, key = people.program_with_key(username)
            own = {"by": person, "source": Case.Source.API}
            cases = [case_at(state, now=now, **own) for state in STATES if state != State.CLOSED]
        self.headers = {"Authorization": f"Api-Key {key}"} if key else {"X-CSRFToken": TOKEN}
        longitude, latitude = inside()
        #: Values of fields and parameters under which something is found.
        self.real: dict[str, list[Any]] = {
            "case_uuid": [str(case.uuid) for case in cases],
            "name": sorted(move.name for move in MOVES.values() if move.sources),
            "category": [settled_by(Loop.COMMUNITY).pk],
            "unit": [case.unit_id for case in cases if case.unit_id],
            "responsibility": [case.responsibility_id for case in cases if case.responsibility_id],
            "target": [case.number for case in cases],
            "longitude": [longitude],
            "latitude": [latitude],
            "words": ["已到现场查看。"],
            "reason": ["配件未到。"],
            "until": [str(now.date() + dt.timedelta(days=9))],
            "deadline": [(now + dt.timedelta(days=2)).isoformat()],
            "photos": [[str(photo(by=person, now=now))]],
            "file": [jpeg()],
            "owner": [person.pk],
            "box": ["102.6,24.9,102.9,25.2"],
            "zoom": [12, 18],
            "q": ["单元门口"],
            "leg": [None],
        }
        self.offers = [
            (str(case.uuid), move["name"], move["needs"])
            for case in cases
            for move in self.look(browser, case).get("moves", ())
        ]
        self.cookies = {name: one.value for name, one in browser.cookies.items()} | {"csrftoken": TOKEN}
        self.asked: Counter[tuple[str, int]] = Counter()
        self.wrong: list[str] = []

    def look(self, browser: Client, case: Case) -> dict[str, Any]:
        return browser.get(f"/api/v1/cases/{case.uuid}/", headers=self.headers).json()

    def fill(self, part: Any, data: st.DataObject, needs: Sequence[str] = ()) -> None:
        """Put what is really there into a part of a request, at the names that it has or a move needs."""
        if isinstance(part, dict):
            for name in sorted({*part, *needs} & self.real.keys()):
                part[name] = data.draw(st.sampled_from(self.real[name]))

    def ask(self, case: Any) -> None:
        """Ask, compare with the description, and take back what it wrote."""
        with one_connection(), transaction.atomic():
            answer = case.call(headers=self.headers, cookies=self.cookies)
            transaction.set_rollback(True)
        self.asked[case.operation.label, answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            told = "; ".join(" ".join(str(one).split()) for one in failures.exceptions)
            self.wrong.append(f"{case.as_curl_command()[:300]}\n  {told}")


def ask_often(operation: Any, mode: GenerationMode, world: World, number: int) -> None:
    """Ask for an operation a number of times, with values that fit or with values that do not."""

    @seed(SEED)
    @settings(max_examples=number, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(data=st.data())
    def asks(data: st.DataObject) -> None:
        uuid, name, needs = data.draw(st.sampled_from(world.offers))
        is_offered = data.draw(st.booleans()) and operation.path.endswith("/moves/{name}/")
        path = {"case_uuid": uuid, "name": name} if is_offered else None
        case = data.draw(operation.as_strategy(generation_mode=mode, path_parameters=path))
        if mode.is_positive:  # else it would be put right again
            for part in (case.query, case.body, *([] if is_offered else [case.path_parameters])):
                world.fill(part, data, needs if is_offered and part is case.body else ())
        # A filter without a value is none, and of several values of one name the last counts, as with every form.
        unseen = [
            v
            for n, v in case.query.items()
            if v in ("", None) or (n != "state" and isinstance(v, list | dict))
        ]
        assume(not unseen)
        world.ask(case)

    asks()


def ask_all(schema: Any, world: World, number: int) -> None:
    for found in schema.get_all_operations():
        for mode in GenerationMode:
            ask_often(found.ok(), mode, world, number)


@pytest.mark.parametrize("username", ["shequ", "wuye", "路口摄像头"])
def test_every_answer_to_a_program_fits_the_description_of_the_interface(username, promise):
    world = World(username)
    ask_all(description(), world, tries(12, full=108, trust=720))
    asked, wrong = world.asked.total(), len(world.wrong)
    print(f"seed {SEED}: {asked} requests of {username}")
    assert world.wrong == [], f"seed {SEED}, {wrong} of {asked}:\n" + "\n".join(world.wrong[:40])
    succeeded = {label for label, status in world.asked if status in (200, 201)}
    refused = {label for label, _ in world.asked} - succeeded
    assert refused == (set() if "X-CSRFToken" in world.headers else {"GET /api/v1/map/"}), "only ever refused"
    promise(WHAT, tried=asked, held=asked - wrong, lost=wrong)


@pytest.mark.parametrize("forgotten", ["404", "200"])
def test_an_answer_that_the_description_does_not_tell_of_is_seen(forgotten):
    world, schema = World("shequ"), description()
    path = "/api/v1/cases/{case_uuid}/"
    schema.raw_schema["paths"] = {path: schema.raw_schema["paths"][path]}
    del schema.raw_schema["paths"][path]["get"]["responses"][forgotten]
    ask_all(schema, world, 12)
    assert len(world.wrong) == world.asked[f"GET {path}", int(forgotten)] > 0
