"""Who gets a page and who gets JSON, and the one shape of the JSON; one arrangement for every address and every refusal."""

import datetime as dt
import json
import uuid
from collections import defaultdict

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from cases.workflow import State
from governance.refusals import Busy, StorageFull, Unavailable
from governance.responses import unavailable
from governance.signing_in import Locked
from tests import people
from tests.access import BOX, ENDPOINTS
from tests.lives import MORNING, case_at

#: Addresses that answer JSON whatever is asked for.
SERVES_JSON = {
    "governance:healthz", "governance:ready", "field:locate", "field:key", "field:kept", "field:patrol_keep", "desk:kept", "desk:live", "desk:categories", "cases:photos", "cases:photo_parts", "cases:photo_part",
    "cases:map_cases", "cases:map_areas", "cases:map_base", "dashboard:wall_cases", "dashboard:wall_areas", "dashboard:wall_base", "dashboard:map_values", "dashboard:map_heat",
    "partybuilding:photos", "partybuilding:photo_parts", "partybuilding:photo_part",
}  # fmt: skip
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAM = {"Accept": "application/json"}
#: Who asks, and whether that is for JSON where an address serves pages.
WHO = {
    "a browser": (BROWSER, False),
    "a program": (PROGRAM, True),
    "a program that takes pages too": ({"Accept": "text/html;q=0.5, application/json"}, True),
    "who takes anything": ({"Accept": "*/*"}, False),
    "who says nothing": ({}, False),
    "who wants a picture": ({"Accept": "image/png"}, False),
    "htmx": ({"HX-Request": "true", "Accept": "*/*"}, True),
}


def serves_json(name: str, path: str) -> bool:
    return name in SERVES_JSON or path.startswith("/api/")


def assert_kind(answer: HttpResponse, is_json: bool, said: str) -> None:
    """A page with a heading, or the shape that all programs know."""
    if is_json:
        body = answer.json()
        assert isinstance(body["detail"], str) and body["detail"], said
        for sentences in body.get("errors", {"none": ["said"]}).values():
            assert sentences and all(isinstance(one, str) and one for one in sentences), said
    else:
        assert answer["Content-Type"].startswith("text/html") and b"<h1" in answer.content, said


def client(user=None, **options) -> Client:
    made = Client(raise_request_exception=False, **options)
    if user:
        made.force_login(user)
    return made


@pytest.mark.parametrize("who", WHO)
def test_an_address_that_cannot_be_read_is_refused_in_the_form_that_is_wanted(who):
    headers, wants_json = WHO[who]
    things = defaultdict(uuid.uuid4, notice=1)
    for name, path in {one.name: one.path for one in ENDPOINTS}.items():
        path = path.format_map(things)
        answer = client().get(f"{path}{'&' if '?' in path else '?'}x=%00", headers=headers)
        assert answer.status_code == 400
        assert_kind(answer, wants_json or serves_json(name, path), f"{name} for {who}")


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_what_is_refused_on_the_way_in_is_refused_in_the_form_that_is_wanted(who):
    headers, wants_json = WHO[who]
    case = case_at(State.REGISTERED)
    refused = {
        "another method": (client(people.clerk()).put, "/desk/", 405),
        "not there": (client(people.clerk()).get, "/desk/nowhere/", 404),
        "out of scope": (client(people.stranger()).get, f"/cases/{case.uuid}/", 404),
        "not theirs": (client(people.clerk()).get, "/board/walls/", 403),
        "no token": (client(people.clerk(), enforce_csrf_checks=True).post, "/inbox/read/", 403),
    }
    for what, (ask, path, status) in refused.items():
        answer = ask(path, headers=headers)
        assert answer.status_code == status, what
        assert_kind(answer, wants_json, f"{what} for {who}")
    for path in ("/map/cases.json?box=a", "/field/locate/?lon=a", "/api/v1/map/"):
        answer = client(people.clerk()).get(path, headers=headers)
        assert answer.status_code == (406 if "picture" in who and path.startswith("/api/") else 400)
        assert_kind(answer, True, f"{path} for {who}")


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_somebody_without_a_session_is_led_to_sign_in_in_the_form_that_is_wanted(who):
    headers, wants_json = WHO[who]
    page, data = (client().get(path, headers=headers) for path in ("/desk/", f"/map/cases.json?{BOX}"))
    if who == "htmx":
        assert [one.status_code for one in (page, data)] == [401, 401] and "HX-Redirect" in page
        return
    assert page.status_code == (401 if wants_json else 302)
    assert data.status_code == 401
    assert_kind(data, True, who)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("refusal", [
    Busy("请过几秒再试。"),
    StorageFull("请联系管理员。"),
    Locked("请在 {minutes} 分钟后再试。", until=MORNING + dt.timedelta(minutes=5), now=MORNING),
], ids=lambda one: type(one).__name__)  # fmt: skip
def test_what_cannot_be_done_now_says_so_in_the_form_that_is_wanted(who, refusal: Unavailable):
    headers, wants_json = WHO[who]
    for path in ("/desk/", "/map/cases.json", "/api/v1/cases/"):
        answer = unavailable(RequestFactory().get(path, headers=headers), refusal)
        assert answer.status_code == refusal.status in {429, 503, 507}
        assert answer.get("Retry-After") == (str(refusal.retry_after) if refusal.retry_after else None)
        assert answer["Cache-Control"] == "no-store"
        if wants_json or path != "/desk/":
            assert refusal.sentence in json.loads(answer.content)["detail"]
        else:
            assert refusal.sentence in answer.content.decode()
