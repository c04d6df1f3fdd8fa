"""How long somebody stays signed in, and what counts as activity."""

import datetime as dt
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance import sessions
from governance.models import User
from tests import people

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600
RENEWAL = {"X-By-Itself": "1"}


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-25 08:00+08:00", tick=False) as clock:
        yield clock


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def is_let_in(client: Client, path: str, **headers: str) -> bool:
    answer = client.get(path, headers=headers)
    assert answer.status_code in (200, 302, 401)
    return answer.status_code == 200


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("shequ", "/desk/"),
        ("quling", "/board/"),
        ("anquan", "/admin/"),
        ("paiqian", "/inbox/"),
        ("shequ", "/api/v1/cases/"),
    ],
)
def test_half_an_hour_without_activity_ends_a_session(clock, username, path):
    client = signed_in(username)
    assert is_let_in(client, path)
    clock.shift(29 * MINUTE)
    assert is_let_in(client, path)
    clock.shift(30 * MINUTE)
    assert client.get(path).status_code in (302, 401)
    assert "登录已过期，请重新登录" in client.get("/login/").content.decode()


def test_who_works_is_not_signed_out(clock):
    client = signed_in("shequ")
    for _ in range(40):
        clock.shift(17 * MINUTE)
        assert is_let_in(client, "/desk/")


@pytest.mark.parametrize("path", ["/field/", "/field/report/", "/inbox/"])
def test_the_field_stays_signed_in_for_twelve_hours(clock, path):
    client = signed_in("wangge")
    assert is_let_in(client, "/field/")
    clock.shift(11 * HOUR + 59 * MINUTE)
    assert is_let_in(client, path)
    clock.shift(MINUTE)
    assert not is_let_in(client, path)


def test_twelve_hours_end_a_session_however_busy_it_was(clock):
    client = signed_in("shequ")
    for _ in range(35):
        clock.shift(20 * MINUTE)
        assert is_let_in(client, "/desk/")
    clock.shift(20 * MINUTE)
    assert not is_let_in(client, "/desk/")


def test_a_phone_left_alone_does_not_open_the_desk(clock):
    client = signed_in("shequ")
    assert is_let_in(client, "/field/")
    clock.shift(31 * MINUTE)
    assert not is_let_in(client, "/desk/")


def test_a_desk_left_alone_is_not_reached_by_the_field(clock):
    client = signed_in("shequ")
    client.get("/field/")
    client.get("/desk/")
    client.cookies["face"] = "field"  # somebody at the browser writes a cookie
    clock.shift(31 * MINUTE)
    assert not is_let_in(client, "/field/")


def test_who_has_no_field_gains_nothing_by_opening_it(clock):
    client = signed_in("paiqian")
    client.get("/field/")
    clock.shift(31 * MINUTE)
    assert not is_let_in(client, "/field/")


@pytest.mark.parametrize(
    ("username", "path", "headers"),
    [
        ("quling", "/board/", RENEWAL),
        ("quling", "/map/cases.json?box=102.6,24.9,103,25.3&zoom=12", RENEWAL),
        ("shequ", "/desk/", RENEWAL | {"HX-Request": "true"}),
        ("shequ", "/desk/", {"Sec-Purpose": "prefetch"}),
    ],
)
def test_a_page_that_renews_itself_is_no_activity(clock, username, path, headers):
    client = signed_in(username)
    for _ in range(29):
        clock.shift(MINUTE)
        assert is_let_in(client, path, **headers)
    clock.shift(MINUTE)
    assert not is_let_in(client, path, **headers)


def statements_of(client: Client, path: str = "/desk/", **headers: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        client.get(path, headers=headers)
    return [row["sql"] for row in queries if "UPDATE" in row["sql"] and "django_session" in row["sql"]]


def test_the_last_activity_is_written_every_five_minutes_at_most(clock):
    client, written = signed_in("shequ"), []
    for minute in range(1, 21):
        clock.shift(MINUTE)
        if statements_of(client):
            written.append(minute)
    assert written == [5, 10, 15, 20]
    clock.shift(6 * MINUTE)
    assert statements_of(client, **RENEWAL) == []


def test_a_session_from_before_these_rules_begins_to_count_now(clock):
    client = signed_in("shequ")
    session = client.session
    for name in ("begun", "seen", "face"):
        del session[name]
    session.save()
    assert is_let_in(client, "/desk/")
    clock.shift(31 * MINUTE)
    assert not is_let_in(client, "/desk/")


@pytest.mark.parametrize("path", ["/inbox/", "/logout/", "/photos/", "/desk/phone/", "/account/password/"])
def test_a_session_that_is_over_does_nothing(clock, path):
    client = signed_in("shouli")
    client.get("/desk/")
    clock.shift(31 * MINUTE)
    answer = client.post(path, {"words": "x"})
    assert answer.status_code == 401 or answer["Location"].startswith("/login/")
    assert User.objects.get(username="shouli").name not in client.get("/no-such-page/").content.decode()


def test_signing_in_again_makes_a_new_session(clock):
    client = signed_in("shequ")
    before = client.session.session_key
    clock.shift(31 * MINUTE)
    client.get("/desk/")
    client.force_login(people.clerk())
    assert client.session.session_key != before
    assert Client(headers={"Cookie": f"sessionid={before}"}).get("/desk/").status_code == 302


# What pages and their scripts are told -------------------------------------------------------------------------------


def expired(clock, username: str = "shequ") -> Client:
    client = signed_in(username)
    client.get("/desk/")
    clock.shift(31 * MINUTE)
    return client


def test_a_page_leads_to_the_sign_in_page_and_back(clock):
    answer = expired(clock).get("/desk/?queue=open")
    assert answer["Location"] == "/login/?next=/desk/%3Fqueue%3Dopen"


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("http://testserver/desk/?queue=open", "/desk/?queue=open"),
        ("https://evil.example/desk/", "/"),
        ("http://testserver.evil.example/", "/"),
        ("", "/"),
    ],
)
def test_a_form_that_has_no_page_of_its_own_leads_back_to_where_it_was_sent_from(clock, referrer, back):
    answer = expired(clock).post("/inbox/read/", headers={"Referer": referrer})
    assert answer["Location"] == f"/login/?{urlencode({'next': back})}"


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(clock):
    case = "/cases/00000000-0000-0000-0000-000000000001/"
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/?queue=open"}
    answer = expired(clock).get(case, headers=headers)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/?next=%2Fdesk%2F%3Fqueue%3Dopen")


def test_a_script_gets_a_sentence_and_the_way(clock):
    answer = expired(clock).get("/field/locate/?lon=102&lat=25", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "登录已过期，请重新登录。", "login": "/login/"}


def test_somebody_without_any_session_gets_the_same(db):
    assert Client().get("/categories/", headers={"Accept": "application/json"}).status_code == 401
    assert "HX-Redirect" in Client().get("/desk/", headers={"HX-Request": "true"})


def test_every_request_that_a_script_makes_by_itself_says_so(settings):
    """Renewing goes through ``isByItself`` of http.js; what the phone's worker asks for belongs to no session."""
    folder = settings.BASE_DIR / "static" / "js"
    assert f'byItself = {{ "{sessions.BY_ITSELF}": "1" }}' in (folder / "http.js").read_text()
    renewing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.js")
        if any(word in path.read_text() for word in ("setInterval", '"board:renewed", () => this', "addAll("))
    }
    assert renewing
    for name in renewing:
        text = (folder / name).read_text()
        assert "isByItself: true" in text or 'credentials: "omit"' in text, name


def test_limits_are_what_was_promised():
    assert (dt.timedelta(hours=12), dt.timedelta(minutes=30)) == (sessions.LONGEST, sessions.IDLE)


def test_pages_and_interface_tell_a_script_the_same(clock):
    client = signed_in("shequ")
    client.get("/desk/")
    clock.shift(31 * MINUTE)
    scripts = {"Accept": "application/json"}
    page, interface = (client.get(path, headers=scripts) for path in ("/desk/", "/api/v1/cases/"))
    assert page.status_code == interface.status_code == 401
    assert page.json() == interface.json() == {"detail": "登录已过期，请重新登录。", "login": "/login/"}
