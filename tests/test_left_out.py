"""A module that the place leaves out leaves no trace: no address, no way there, and everything else as it was."""

import importlib
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches

from config import urls
from governance import modules
from governance import profile as profiles
from governance.faces import FACES, home_of
from governance.profile import profile
from governance.roles import Role
from tests.access import ENDPOINTS, WHO, Endpoint, expected
from tests.test_access import clients, outcome, things  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db

#: Modules that a place may leave out.
OPTIONAL = [module.name for module in modules.installed() if not module.is_needed]
#: One of each home, and who reads everything.
SOME = ("anonymous", "grid_worker", "clerk", "handler", "leader", "auditor", "security_admin")


@pytest.fixture
def leave_out(monkeypatch) -> Iterator[Callable[[str], None]]:
    """Start the site as at a place whose profile leaves a module out."""
    tables = dict(admin.site._registry)

    def leave(name: str) -> None:
        place = replace(profile(), without=frozenset({name}))
        monkeypatch.setattr(profiles, "read", lambda _: place)
        apps.get_app_config("admin").leave_out()
        start_again()

    yield leave
    monkeypatch.undo()
    admin.site._registry.update(tables)
    start_again()


def start_again() -> None:
    importlib.reload(urls)
    clear_url_caches()


def is_of(endpoint: Endpoint, module: str) -> bool:
    """Whether an address is a module's own, or that of a table of it in the configuration."""
    return endpoint.name.startswith((f"{module}:", f"admin:{module}_"))


def ask(client: Client, endpoint: Endpoint, things: dict) -> HttpResponse:  # noqa: F811
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answer = getattr(client, endpoint.method)(endpoint.path.format(**things), headers=headers)
    if answer.streaming:
        list(answer)
    return answer


@pytest.mark.parametrize("module", OPTIONAL)
def test_no_address_of_a_module_that_is_left_out_is_served(module, clients, things, leave_out):  # noqa: F811
    own = [endpoint for endpoint in ENDPOINTS if is_of(endpoint, module)]
    leave_out(module)
    served = []
    for who, client in clients.items():
        # The configuration says of an address that never was whose it is, before it says that it is not there.
        never = client.get("/admin/never/was/").status_code
        for endpoint in own:
            wanted = never if endpoint.name.startswith("admin:") else 404
            if ask(client, endpoint, things).status_code != wanted:
                served.append((endpoint.name, who))
    assert own and served == []


@pytest.mark.parametrize("module", OPTIONAL)
def test_everything_else_answers_as_before_and_leads_nowhere_into_it(module, clients, things, leave_out):  # noqa: F811
    gone = re.compile("|".join(f'"{face.address}' for face in named(module).faces))
    leave_out(module)
    wrong = []
    for endpoint in ENDPOINTS:
        for who in () if is_of(endpoint, module) else SOME:
            answer = ask(clients[who], endpoint, things)
            if outcome(answer) != expected(endpoint, who):
                wrong.append(f"{endpoint.name} by {who}: {answer.status_code}")
            if not answer.streaming and gone.search(answer.content.decode(errors="replace")):
                wrong.append(f"{endpoint.name} leads {who} into it")
    assert wrong == []


def named(module: str) -> modules.Module:
    return next(one for one in modules.installed() if one.name == module)


@pytest.mark.parametrize("module", OPTIONAL)
def test_everybody_lands_on_a_face_that_is_there(module, clients, leave_out):  # noqa: F811
    leave_out(module)
    for who in WHO:
        home = clients[who].get("/", follow=True)
        assert home.status_code == 200, (who, home.redirect_chain)
    gone = {face.address for face in named(module).faces}
    assert not gone & {home_of([role]) for role in FACES}


def test_where_there_is_no_board_leaders_land_on_the_desk(leave_out):
    assert home_of([Role.LEADER]) == "/board/"
    leave_out("dashboard")
    assert home_of([Role.LEADER]) == home_of([Role.LEADER, Role.GRID_WORKER]) == "/desk/"


@pytest.mark.parametrize("module", OPTIONAL)
def test_what_a_phone_keeps_is_there(module, leave_out):
    leave_out(module)
    script = Client().get("/sw.js").content.decode()
    known = json.loads(re.match(r"const KNOWN = (.*);\n", script)[1])
    for address in (known["shell"], known["offline"]):
        assert Client().get(address).status_code == 200
