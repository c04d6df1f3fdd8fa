"""Every named address × every role, as the matrix in ``tests/access.py`` says."""

import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from cases.models import Leg, Photo
from cases.workflow import State
from dashboard.actions import make_wall
from governance import actions
from governance.models import Heartbeat, Notice, Organization, User
from tests import neighbours, people
from tests.access import (
    ADMIN_ITSELF,
    ADMINISTRATORS,
    ENDPOINTS,
    FORBIDDEN,
    HIDDEN,
    MAY,
    PROGRAM,
    SIGN_IN,
    WHO,
    expected,
)
from tests.appraisal.excluding import asked
from tests.appraisal.looks import looked_at
from tests.cases.walks import appoint
from tests.exports.files import asked as exported
from tests.exports.files import ready
from tests.lives import case_at
from tests.partybuilding.things import party_things
from tests.patrols.walks import walked


def outcome(answer: HttpResponse) -> str:
    """What an answer means to the person; a complaint about the words comes from inside."""
    if answer.status_code == 302 and "/login/?next=" in answer["Location"]:
        return SIGN_IN
    return {401: SIGN_IN, 403: FORBIDDEN, 404: HIDDEN}.get(
        answer.status_code, MAY if answer.status_code < 500 else "broken"
    )


def names_of(resolver: URLResolver, inside: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of all addresses, with their namespaces."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            space = (pattern.namespace,) if pattern.namespace else ()
            yield from names_of(pattern, (*inside, *space))
        elif pattern.name:
            yield ":".join((*inside, pattern.name))


def test_every_named_address_is_in_the_matrix():
    listed = {endpoint.name for endpoint in ENDPOINTS}
    lists = {name.removesuffix("changelist") for name in listed if name.endswith("_changelist")}
    forms = {f"{stem}{what}" for stem in lists for what in ("add", "change", "delete", "history")}
    there = set(names_of(get_resolver()))
    assert there - listed - forms - ADMIN_ITSELF == set(), "write down who may open these"
    assert listed - there == set(), "these are no more"


@pytest.fixture
def clients(db) -> dict[str, Client]:
    """Somebody new in each post, signed in, and somebody who is not; administrators are those of the demo."""
    by_name = {"anonymous": Client(raise_request_exception=False)}
    for name, (role, place) in WHO.items():
        if name in ADMINISTRATORS:
            user = people.someone(role, place)
        else:
            user = User.objects.create_user(f"test_{name}", name=name)
            appoint(user, role, place)
        by_name[name] = Client(raise_request_exception=False)
        by_name[name].force_login(user)
    return by_name


@pytest.fixture
def things(clients) -> dict[str, object]:
    """What the addresses speak of."""
    case, worker = case_at(State.HANDLED), User.objects.get(username="test_grid_worker")
    leader = User.objects.get(username="test_leader")
    of_the_party = party_things(timezone.now())
    looked = looked_at(timezone.now())
    actions.tell("给网格员", url="/", audience=[{"user": worker.pk}], now=timezone.now())
    actions.relay(now=timezone.now())
    # Every check of the status page finds its part working: /healthz/ready answers 200.
    for part in Heartbeat.Part:
        actions.heartbeat(part, now=timezone.now())
    Leg.objects.update(sweep_at=None)
    return of_the_party | {
        **dict(zip(("warning", "repeat", "missed"), (one.pk for one in looked), strict=True)),
        "exclusion": asked(case, now=timezone.now()).pk,
        "case": case.uuid,
        "community": case.community_id,
        "property": Organization.objects.get(code=f"{people.COMMUNITY}-property").pk,
        "photo": Photo.objects.filter(case=case).first().uuid,
        "wall": make_wall("大厅", filters={}, by=leader, now=timezone.now(), key=uuid.uuid4())[0].pk,
        "export": ready(exported(worker)).uuid,
        "dropped": exported(worker).uuid,
        "patrol": walked(worker, now=timezone.now()).uuid,
        "notice": Notice.objects.get(user=worker).pk,
        "asked": neighbours.asked(User.objects.get(username="test_building_leader")).pk,
    }


@pytest.mark.trust
def test_everybody_meets_what_the_matrix_says(clients, things, promise):
    assert settings.DEMO
    wrong, tried = [], 0
    for endpoint in ENDPOINTS:
        path = endpoint.path.format(**things)
        for name, client in clients.items():
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            answer = getattr(client, endpoint.method)(path, headers=headers)
            if answer.streaming:
                list(answer)  # a file is closed when it was read
            tried += 1
            if outcome(answer) != expected(endpoint, name):
                wrong.append(
                    f"{endpoint.name} by {name}: {answer.status_code}, not {expected(endpoint, name)}"
                )
    assert wrong == []
    promise("every address answers each role as the matrix says", tried=tried, held=tried - len(wrong))


def test_a_program_with_a_key_meets_what_is_for_programs_alone(things):
    key, wrong = people.program_with_key()[1], []
    for endpoint in ENDPOINTS:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Authorization": f"Api-Key {key}"}
        client = Client(raise_request_exception=False)
        answer = getattr(client, endpoint.method)(endpoint.path.format(**things), headers=headers)
        wanted = PROGRAM.get(endpoint.name, expected(endpoint, "anonymous"))
        if outcome(answer) != wanted:
            wrong.append(f"{endpoint.name}: {answer.status_code}, not {wanted}")
    assert wrong == []
