"""Odd input from everywhere a request can carry it: never an error of ours, never a row of a request that was refused.

What is fuzzed is read off the code, the pages and the description of the interface (``tests/collected.py``), so that what
is added tomorrow is fuzzed as well; the values stand in ``tests/odd.py``. The same seed gives the same requests.
"""

import json
import logging
import os
import random
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from cases.models import Category, Photo
from cases.workflow import MOVES, State
from config.input import ReadableContentType
from governance import actions
from governance.models import Notice, Organization, Post, User
from governance.roles import Duty
from grid.models import GridDuty
from tests import collected, neighbours, odd, people
from tests.access import ENDPOINTS
from tests.appraisal.excluding import asked
from tests.appraisal.looks import looked_at
from tests.exports.files import asked as exported
from tests.exports.files import ready
from tests.lives import case_at, inside, reported, settled_by
from tests.partybuilding.things import party_things
from tests.patrols.walks import walked
from tests.photos import jpeg
from tests.scale import tries

pytestmark = [pytest.mark.django_db, pytest.mark.trust]
SEED = int(os.environ.get("GRIDLOOP_SEED", "20261118"))
WHAT = "odd input refused or taken, no 5xx and no row of a refused request"
#: Who asks: between them every page opens.
PEOPLE = (
    "wangge",
    "shequ",
    "wuye",
    "shouli",
    "zhiban",
    "q_zhiban",
    "paiqian",
    "quling",
    "xitong",
    "anquan",
    "shenji",
    "jieshuji",
    "cg_lianluo",
    "louzhang",
)
#: Written by being refused, on purpose: photos that wait for their form, sessions, counts of failed tries.
NOT_COUNTED = {
    "cases_photo",
    "partybuilding_whistlephoto",
    "governance_accesslog",
    "django_session",
    "governance_signintry",
    "governance_keptform",
}

#: Says by 503 that no worker runs, as none does here.
UNWELL = "/healthz/ready"

Ask = Callable[[], Any]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refusals are expected; nobody needs a log line for each."""
    logs = [logging.getLogger(name) for name in ("django.request", "django.security", "django.security.csrf")]
    before = [log.disabled for log in logs]
    for log in logs:
        log.disabled = True
    yield
    for log, was in zip(logs, before, strict=True):
        log.disabled = was


class Handler(ClientHandler):
    """What a real server calls: the content type is looked at before Django makes a request of it."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        call = super().__call__
        return ReadableContentType(lambda given, _: call(given))(environ, None)


class Browser(Client):
    """A person's browser, which looks the same before every request."""

    def __init__(self, username: str = "") -> None:
        super().__init__()
        self.handler = Handler(enforce_csrf_checks=False)
        self.username = username
        if username:
            self.force_login(User.objects.get(username=username))
        self.kept = {name: one.value for name, one in self.cookies.items()}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        kind: str = "application/octet-stream",
        headers: Any = None,
    ) -> Any:
        self.cookies.clear()
        self.cookies.load(self.kept)
        path, _, query = path.partition("?")
        extra = {"QUERY_STRING": query}
        if isinstance(body, dict):
            return getattr(self, method.lower())(path, body, headers=headers, **extra)
        return self.generic(method, path, body, kind, headers=headers, **extra)


class World:
    """A few cases, a notice, a photo, and everybody's browser."""

    def __init__(self) -> None:
        now = timezone.now()
        self.browsers = {name: Browser(name) for name in PEOPLE}
        self.cases = {state: case_at(state, now=now) for state in (State.REPORTED, State.REGISTERED, State.HANDLING, State.HANDLED, State.VERIFIED, State.CLOSED)}  # fmt: skip
        actions.tell("给网格员", url="/", audience=[{"user": people.worker().pk}], now=now)
        actions.relay(now=now)
        case = self.cases[State.HANDLED]
        looked = looked_at(now)
        self.things = party_things(now) | {
            **dict(zip(("warning", "repeat", "missed"), (one.pk for one in looked), strict=True)),
            "exclusion": asked(case, now=now).pk,
            "case": case.uuid,
            "community": case.community_id,
            "property": case.unit_id,
            "photo": Photo.objects.filter(case=case).first().uuid,
            "export": ready(exported(people.worker())).uuid,
            "dropped": exported(people.worker()).uuid,
            "patrol": walked(people.worker(), now=now).uuid,
            "notice": Notice.objects.filter(user=people.worker()).first().pk,
            "asked": neighbours.asked(User.objects.get(username="louzhang")).pk,
            "wall": 1,
        }
        self.paths = sorted(
            {one.path.format(**self.things).split("?")[0] for one in ENDPOINTS if one.method == "get"}
        )
        self.paths += [f"/admin/{m._meta.app_label}/{m._meta.model_name}/add/" for m in site._registry]
        self.paths += ["/admin/autocomplete/", f"/cases/{self.cases[State.REPORTED].uuid}/moves/register/"]
        tables = {model._meta.db_table for model in apps.get_models()} - NOT_COUNTED
        self.counting = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in sorted(tables))
        self.before = self.rows()

    def rows(self) -> tuple[int, ...]:
        with connection.cursor() as cursor:
            cursor.execute(self.counting)
            return cursor.fetchone()

    def opens(self, path: str) -> list[Browser]:
        """Those for whom a page opens, the first two of them; if for nobody, somebody."""
        kind = UUID.sub("…", path)
        if kind not in OPENS:
            OPENS[kind] = []
            for name, browser in self.browsers.items():
                if len(OPENS[kind]) < 2 and look(browser, path)[0] == 200:
                    OPENS[kind].append(name)
        return [self.browsers[name] for name in OPENS[kind] or ["shequ"]]


#: By the shape of an address, for all worlds of a process: they differ by their keys alone.
OPENS: dict[str, list[str]] = {}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def look(browser: Browser, path: str) -> tuple[int, str]:
    """Status and text of a page; what opening it wrote is taken back."""
    with transaction.atomic():
        answer = browser.ask("GET", path)
        text = b"".join(answer) if answer.streaming else answer.content  # a file is closed when it was read
        transaction.set_rollback(True)
    return answer.status_code, text.decode(errors="replace")


def attempt(world: World, what: str, ask: Ask) -> str | None:
    """What is wrong with the answer to one request, or None; whatever it wrote is taken back."""
    wrong = None
    with transaction.atomic():
        try:
            answer = ask()
            if answer.streaming:
                list(answer)
            if answer.status_code >= 500 and UNWELL not in what:
                wrong = f"status {answer.status_code}"
            elif answer.status_code >= 400 and world.rows() != world.before:
                wrong = f"status {answer.status_code}, but something was written"
        except Exception as error:  # named with its request below
            wrong = repr(error)[:300]
        transaction.set_rollback(True)
    return f"{what}: {wrong}" if wrong else None


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 70 else f"{text[:50]}… ({len(text)})"


# Where odd values go ----------------------------------------------------------------------------------------------


def queries(world: World, dice: random.Random) -> Iterator[tuple[str, Ask]]:
    """Every parameter of every address."""
    places = [(path, name) for path in world.paths for name in collected.names_of(path)]
    who = {path: world.opens(path) for path in world.paths}
    while True:
        dice.shuffle(places)
        for path, name in places:
            raw = dice.random() < 0.3
            value = dice.choice(odd.RAW) if raw else quote(dice.choice(odd.WORDS))
            more = (
                f"&{name}={value}" if dice.random() < 0.1 else f"&{name}[]=1" if dice.random() < 0.1 else ""
            )
            address, browser = f"{path}?{name}={value}{more}", dice.choice(who[path])
            yield f"{browser.username} GET {short(address)}", lambda b=browser, a=address: b.ask("GET", a)


def quote(text: str) -> str:
    from urllib.parse import quote as quoted

    return quoted(text, safe="", errors="surrogatepass")


def headers(world: World, dice: random.Random) -> Iterator[tuple[str, Ask]]:
    """Every header and cookie that somebody reads, on every address, signed in and not."""
    names = [(name, False) for name in collected.headers()] + [(name, True) for name in collected.cookies()]
    browsers = [*world.browsers.values(), Browser()]
    while True:
        dice.shuffle(names)
        for name, is_cookie in names:
            value, path, browser = dice.choice(odd.HEADERS), dice.choice(world.paths), dice.choice(browsers)
            given = {"Cookie": f"{name}={value}"} if is_cookie else {name: value}
            extra = {"HX-Request": "true"} if dice.random() < 0.3 else {}
            yield (
                f"{browser.username} GET {path} {short(given)}",
                lambda b=browser, p=path, g=given | extra: b.ask("GET", p, headers=g),
            )


def found_forms(world: World) -> list[tuple[Browser, collected.Form]]:
    """Every form on every page, of every move and of a row of every list; once for each address and set of fields."""
    pages = [*world.paths, *(f"/cases/{case.uuid}/" for case in world.cases.values())]
    for move in MOVES.values():
        if move.sources:
            case = next((case for state, case in world.cases.items() if state in move.sources), None)
            pages.append(f"/cases/{(case or world.cases[State.HANDLING]).uuid}/moves/{move.name}/")
    for model in site._registry:
        if row := model.objects.order_by("-pk").first():
            pages.append(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/")
    forms = {}
    for path in pages:
        browser = world.opens(path)[0]
        for form in collected.forms_of(look(browser, path)[1], path):
            key = (UUID.sub("…", form.action), *sorted(form.fields))
            forms.setdefault(key, (browser, form))
    return list(forms.values())


def lacks(forms: list[tuple[Browser, collected.Form]]) -> set[str]:
    """Moves of people and other addresses whose form was not found."""
    actions_found = {form.action.split("?")[0] for _, form in forms}
    moves = {found[1] for action in actions_found if (found := re.search(r"/moves/(\w+)/", action))}
    by_people = {move.name for move in MOVES.values() if move.sources and set(move.duties) - {Duty.SYSTEM}}
    known = {"/login/", "/logout/", "/field/report/", "/desk/phone/", "/inbox/read/", "/account/password/"}
    rows = {
        f"/admin/{m._meta.app_label}/{m._meta.model_name}/add/"
        for m in (Post, Organization, GridDuty, Category)
    }
    return (by_people - moves) | ((known | rows) - actions_found)


def posts(world: World, dice: random.Random) -> Iterator[tuple[str, Ask]]:
    """Every field of every form."""
    longitude, latitude = inside()
    usual = {
        "position_longitude": longitude, "position_latitude": latitude,
        "category": settled_by("community").pk, "contact_phone": "13812345678", "upto": 1,
    }  # fmt: skip
    sent = found_forms(world)
    assert lacks(sent) == set()
    fields = [(browser, form, name) for browser, form in sent for name in (*form.fields, *form.files)]
    while True:
        dice.shuffle(fields)
        for browser, form, name in fields:
            body: dict[str, Any] = {
                one: usual.get(one, value) or ("1" if one == "leg" else value)
                for one, value in form.fields.items()
            }
            if "key" in body:
                body["key"] = str(uuid.UUID(int=dice.getrandbits(128), version=4))
            body |= {one: "" for one in body if one == "leg"}
            value: Any = dice.choice(odd.WORDS)
            if name in form.files and dice.random() < 0.5:
                value = SimpleUploadedFile(
                    dice.choice(("", "a\0.jpg", "长" * 300, "../a.jpg")) or "x",
                    dice.choice((b"", b"x", jpeg()[:200])),
                )
            elif dice.random() < 0.15:
                value = [value, dice.choice(odd.WORDS)]
            body[name] = value
            if dice.random() < 0.05:
                del body[name]
            action = form.action.split("#")[0]
            what = f"{browser.username} POST {action} {name}={short(value)}"
            yield what, lambda b=browser, a=action, d=body: b.ask("POST", a, d)


def described(world: World, dice: random.Random) -> Iterator[tuple[str, Ask]]:
    """Every operation that the description of the interface lists: its path, its parameters, the fields of its body."""
    schema = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    listed = list(collected.operations(schema))
    browsers = list(world.browsers.values())
    while True:
        for method, path, parameters, fields in listed:
            browser, case = dice.choice(browsers), dice.choice(list(world.cases.values()))
            move = dice.choice([one.name for one in MOVES.values() if one.sources])
            given = {"case_uuid": str(case.uuid), "name": move}
            oddly = dice.choice(["path", "query", "header", "body", "body", "body"])
            if oddly == "path" and parameters.get("path"):
                given[dice.choice(parameters["path"])] = dice.choice(odd.PATHS)
            address = path.format(**given)
            if oddly == "query" and parameters.get("query"):
                address += f"?{dice.choice(parameters['query'])}={quote(dice.choice(odd.WORDS))}"
            key = (
                dice.choice(odd.HEADERS)
                if oddly == "header"
                else str(uuid.UUID(int=dice.getrandbits(128), version=4))
            )
            values = {name: dice.choice(odd.JSON) for name in fields if dice.random() < 0.4}
            body = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in values.items()) + "}"
            kind, data = "application/json", body.encode()
            if path == "/photos/":
                kind = "multipart/form-data; boundary=b"
                parts = (
                    f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
                    for n, v in values.items()
                )
                data = ("".join(parts) + "--b--\r\n").encode()
            what = f"{browser.username} {method} {short(address)} {short(body)} key={short(key)}"
            yield (
                what,
                lambda b=browser, m=method, a=address, d=data, k=kind, i=key: b.ask(
                    m, a, d, k, {"Idempotency-Key": i}
                ),
            )


def shapeless(world: World, dice: random.Random) -> Iterator[tuple[str, Ask]]:
    """Bodies that are none, addresses whose id is none, and methods that nobody expects."""
    targets = [
        "/field/report/",
        "/desk/phone/",
        "/inbox/read/",
        "/login/",
        "/photos/",
        "/api/v1/cases/",
        "/admin/governance/post/add/",
    ]
    targets += [f"/cases/{case.uuid}/moves/comment/" for case in world.cases.values()]
    targets += [f"/api/v1/cases/{case.uuid}/moves/feedback/" for case in world.cases.values()]
    ids = ["/inbox/{}/", "/cases/{}/", "/cases/{}/moves/comment/", "/cases/{}/moves/{}/", "/photos/{}.jpg", "/photos/{}-s.jpg", "/field/reports/{}/",
           "/board/walls/{}/end/", "/admin/governance/user/{}/change/", "/admin/cases/category/{}/history/", "/admin/r/{}/{}/", "/static/{}", "/{}"]  # fmt: skip
    browsers = list(world.browsers.values())
    while True:
        browser = dice.choice(browsers)
        if dice.random() < 0.6:
            (body, kind), path = dice.choice(odd.BODIES), dice.choice(targets)
            method = dice.choice(("POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ODD"))
            key = {"Idempotency-Key": str(uuid.UUID(int=dice.getrandbits(128), version=4))}
            yield (
                f"{browser.username} {method} {path} {kind} {short(body)}",
                lambda b=browser, m=method, p=path, d=body, k=kind, h=key: b.ask(m, p, d, k, h),
            )
        else:
            shape = dice.choice(ids)
            path = shape.format(*(dice.choice(odd.PATHS) for _ in range(2)))
            yield f"{browser.username} GET {short(path)}", lambda b=browser, p=path: b.ask("GET", p)


# The promise ------------------------------------------------------------------------------------------------------

#: Shares of the requests of a run.
FAMILIES = {queries: 0.36, headers: 0.14, posts: 0.28, described: 0.15, shapeless: 0.07}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_odd_input_is_never_an_error_of_ours_and_leaves_no_row_where_it_is_refused(family, promise):
    number = int(tries(1600, full=3200, trust=21000) * FAMILIES[family])
    world, dice = World(), random.Random(f"{SEED} {family.__name__}")
    print(f"seed {SEED}: {number} requests of {family.__name__}")
    source = family(world, dice)
    wrong = [line for _ in range(number) if (line := attempt(world, *next(source)))]
    assert wrong == [], f"seed {SEED}, {len(wrong)} of {number}:\n" + "\n".join(wrong[:40])
    promise(WHAT, tried=number, held=number - len(wrong), lost=len(wrong))


def test_every_read_of_a_parameter_a_header_or_a_cookie_is_known_to_the_fuzz():
    assert collected.unknown_reads() == []
    assert len(collected.headers()) > 35 and len(collected.cookies()) > 5
    read = {name for names in collected.parameters().values() for name in names}
    assert {
        "queue",
        "case",
        "page",
        "tab",
        "do",
        "street",
        "box",
        "zoom",
        "lon",
        "next",
        "code",
        "category",
    } <= read


def test_the_fuzz_can_fail():
    """A request that breaks is told with what was asked, and a row of a refused one is seen."""
    world = World()

    class Refused:
        streaming, status_code = False, 422

    def breaks() -> Any:
        raise ValueError("broken on purpose")

    def writes() -> Any:
        reported()
        return Refused()

    assert attempt(world, "GET /", breaks) == "GET /: ValueError('broken on purpose')"
    assert attempt(world, "POST /", writes) == "POST /: status 422, but something was written"
    assert attempt(world, "POST /", Refused) is None
