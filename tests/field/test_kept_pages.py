"""Which pages a phone keeps for times without signal."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case, Leg
from cases.workflow import MOVES, State
from desk.views.kept import FORMS
from field.views.offline import OUTDOORS
from governance.models import User
from governance.roles import Role
from grid.models import Grid
from tests import people
from tests.lives import case_at, reported, walk

pytestmark = pytest.mark.django_db
#: Statements of a case with all its forms, by the state in which it waits.
KEPT_COST = {State.CHECKING: 33, State.DISPATCHED: 32, State.HANDLING: 33, State.HANDLED: 38}
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def phone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def kept(user: User) -> dict[str, Any]:
    answer = phone(user).get("/field/kept/")
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


def by_address(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {case["address"]: case for case in told["cases"]}


def pages_of(user: User, case: Case) -> dict[str, str]:
    """The pages of a case that a phone is given, by address; it is on the face of the phone."""
    client = phone(user)
    client.get("/field/")
    return client.get(f"/cases/{case.uuid}/kept/").json()


def addresses(case: Case, *names: str) -> list[str]:
    return [f"/cases/{case.uuid}/", *(f"/cases/{case.uuid}/moves/{name}/" for name in names)]


def test_the_forms_of_what_waits_come_with_it_and_after_the_units_first_move_also_the_next():
    for state in (State.DISPATCHED, State.HANDLING):
        case = case_at(state)
        handler = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
        assert f"/cases/{case.uuid}/" in by_address(kept(handler))
        pages = pages_of(handler, case)
        assert list(pages) == addresses(case, "feedback", "refuse", "comment")
        assert all('class="field-main"' in page for page in pages.values())
        assert f'action="/cases/{case.uuid}/moves/feedback/"' in pages[addresses(case, "feedback")[1]]


def test_a_drawn_check_has_both_its_answers():
    for state, names in ((State.CHECKING, ("found", "not_found")), (State.HANDLED, ("pass", "fail"))):
        case = case_at(state)
        person = Leg.objects.open().get(case=case).person
        assert by_address(kept(person))[f"/cases/{case.uuid}/"]["version"] == case.version
        assert list(pages_of(person, case)) == addresses(case, *names, "comment")


def test_a_case_out_of_sight_is_not_given():
    case = case_at(State.HANDLING)
    assert phone(people.stranger()).get(f"/cases/{case.uuid}/kept/").status_code == 404


@pytest.mark.parametrize("state", FORMS)
def test_every_form_that_is_kept_is_a_move_from_that_state_or_the_one_after(state):
    follows = {State.DISPATCHED: State.HANDLING}
    for name in FORMS[state]:
        assert {state, follows.get(state, state)} & set(MOVES[name].sources)


def test_own_reports_of_a_week_are_kept_and_nobody_else_s():
    now = timezone.now()
    mine, old = reported(now=now), reported(now=now)
    Case.objects.filter(pk=old.pk).update(reported_at=now - dt.timedelta(days=8))
    theirs = reported(by=people.clerk(), now=now)
    found = by_address(kept(people.worker()))
    assert f"/cases/{mine.uuid}/" in found
    assert not {f"/cases/{old.uuid}/", f"/cases/{theirs.uuid}/"} & set(found)
    assert kept(people.stranger())["cases"] == []


def test_every_page_that_is_kept_opens_for_its_person_on_the_phone():
    case = case_at(State.HANDLING)
    handler = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
    client, told = phone(handler), kept(handler)
    assert "/inbox/" in told["pages"] and "/field/calls/" in told["pages"]
    for address in told["pages"]:
        answer = client.get(address)
        assert answer.status_code == 200 and re.search(
            r'<main class="(field-main|page)', answer.content.decode()
        ), address


def test_what_a_phone_is_told_to_keep_lies_outdoors():
    told = kept(people.worker())
    assert all(address.startswith(OUTDOORS) for address in told["pages"])
    assert not any(start.startswith(("/desk", "/board", "/admin")) for start in OUTDOORS)


def test_the_list_costs_few_statements_however_long_it_is():
    costs = []
    for _ in range(2):
        for _ in range(3):
            case_at(State.HANDLING)
            reported(now=timezone.now())
        client = phone(people.worker())
        with CaptureQueriesContext(connection) as captured:
            client.get("/field/kept/")
        costs.append(len([one for one in captured if not one["sql"].startswith(NOT_COUNTED)]))
    assert costs[0] == costs[1] <= 6, costs


@pytest.mark.parametrize("state", FORMS)
def test_a_case_with_its_forms_costs_few_statements_however_much_has_happened(state):
    costs = []
    for rounds in range(2):
        case = case_at(state)
        person = Leg.objects.open().get(case=case).person
        if person is None:
            person = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
        for _ in range(5 * rounds):
            walk(case, "comment", by=person, words="还在办。")
        client = phone(person)
        client.get("/field/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/cases/{case.uuid}/kept/")
        costs.append(len([one for one in captured if not one["sql"].startswith(NOT_COUNTED)]))
    assert costs[0] == costs[1] <= KEPT_COST[state], costs


def test_own_grids_come_with_a_point_inside_for_where_no_position_is_to_be_had():
    for user, count in ((people.worker(), 1), (people.clerk(), 2)):
        grids = kept(user)["grids"]
        assert len(grids) >= count
        for grid in grids:
            assert Grid.objects.containing(*grid["at"]).filter(name=grid["name"]).exists()
    assert "尚义社区第1网格" in [grid["name"] for grid in kept(people.worker())["grids"]]
