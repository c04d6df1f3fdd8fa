"""Screens on walls: made by a leader, opened once, read only, and gone when they should be."""

import re
import uuid

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case
from dashboard.models import Wall
from governance.models import Level, Organization, User
from governance.roles import Role
from tests import people
from tests.access import ENDPOINTS, MAY
from tests.cases.walks import vacate
from tests.lives import inside, reported
from tests.test_access import clients, outcome, things  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
BOX = "box=102.6,24.9,103,25.3&zoom=12"
MINUTE = 60
#: What a screen opens by its token.
OWN = {f"dashboard:{name}" for name in ("wall", "wall_cases", "wall_areas", "wall_base", "wall_base_file")}


def signed_in(username: str = "quling") -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def code_of(page: str) -> str:
    return re.search(r"<code>([2-9A-Z]{5}-[2-9A-Z]{5})</code>", page)[1]


def make(leader: Client, query: str = "", name: str = "一楼大厅") -> str:
    """Make a screen on the board; returns the code that opens it."""
    answer = leader.post(f"/board/walls/{query}", {"key": uuid.uuid4(), "name": name}, follow=True)
    assert answer.status_code == 200
    return code_of(answer.content.decode())


def opened(code: str) -> Client:
    """The browser of a screen on which a code was typed."""
    screen = Client()
    assert screen.post("/wall/open/", {"code": code})["Location"] == "/wall/"
    return screen


@pytest.fixture
def screen() -> Client:
    return opened(make(signed_in()))


def numbers(page: str) -> list[str]:
    return [re.sub("<[^>]*>", "", one) for one in re.findall(r'class="stat-number[^>]*>(.*?)</p>', page)]


def test_the_screen_shows_the_numbers_of_its_makers_board(screen):
    reported(words="单元门口堆放旧家具")
    wall, board = screen.get("/wall/"), signed_in().get("/board/")
    assert numbers(wall.content.decode()) == numbers(board.content.decode()) != []
    assert "data-refresh=" in wall.content.decode() and "data-refresh=" not in board.content.decode()


def test_no_names_no_words_of_people_and_no_way_into_anything(screen):
    case = reported(words="单元门口堆放旧家具")
    page = screen.get("/wall/").content.decode()
    assert "单元门口堆放旧家具" not in page and case.number not in page and str(case.uuid) not in page
    for user in User.objects.filter(pk__in=[*case.people, User.objects.get(username="quling").pk]):
        assert user.name not in page
    assert set(re.findall(r'<a[^>]* href="([^"#]+)"', page)) <= {"/"}
    told = screen.get(f"/wall/cases.json?{BOX}").json()
    assert told["total"] and "uuid" not in str(told)


def test_it_stays_lit_when_the_key_of_the_site_is_changed(screen, settings):
    settings.SECRET_KEY = "another-long-text-that-signs-sessions-from-today-on-0123456789"
    assert screen.get("/wall/").status_code == 200


def test_it_never_ends_by_being_left_alone(screen):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            clock.shift(20 * 3600)
            assert screen.get("/wall/").status_code == 200
    assert SESSION_KEY not in screen.session


def test_a_code_opens_one_screen_once_and_within_ten_minutes(screen):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first, second = make(signed_in(), name="甲"), make(signed_in(), name="乙")
        assert Client().post("/wall/open/", {"code": first.lower()}).status_code == 302
        again = Client().post("/wall/open/", {"code": first})
        assert again.status_code == 422 and "已用过或超过 10 分钟" in again.content.decode()
        clock.shift(10 * MINUTE)
        assert Client().post("/wall/open/", {"code": second}).status_code == 422


def test_looking_at_the_link_does_not_use_it_up():
    code = make(signed_in())
    for _ in range(2):  # a messenger that previews it
        assert code in Client().get(f"/wall/open/?code={code}").content.decode()
    assert opened(code).get("/wall/").status_code == 200


def test_the_code_is_shown_once_and_nothing_that_opens_a_screen_is_stored():
    leader = signed_in()
    code = make(leader)
    assert code not in leader.get("/board/walls/").content.decode()
    screen = opened(code)
    row = str(Wall.objects.values().get())
    assert code.replace("-", "") not in row and screen.cookies["wall"].value not in row


def test_the_cookie_is_for_the_screen_alone(settings):
    settings.SESSION_COOKIE_SECURE = True
    morsel = opened(make(signed_in())).cookies["wall"]
    assert morsel["httponly"] and morsel["secure"] and morsel["path"] == "/wall/"


def is_dark(screen: Client) -> bool:
    codes = {
        screen.get(path).status_code
        for path in ("/wall/", f"/wall/cases.json?{BOX}", f"/wall/areas.json?{BOX}")
    }
    assert codes in ({200}, {403})
    return codes == {403}


def test_its_maker_ends_it_on_the_board(screen):
    wall = Wall.objects.get()
    assert not is_dark(screen)
    assert signed_in("jielingdao").post(f"/board/walls/{wall.pk}/end/").status_code == 404
    assert not is_dark(screen)
    assert signed_in().post(f"/board/walls/{wall.pk}/end/").status_code == 302
    assert is_dark(screen) and "已停用" in signed_in().get("/board/walls/").content.decode()


def test_the_security_admin_ends_it_and_the_auditor_reads_of_it(screen):
    wall = Wall.objects.get()
    chosen = {"action": "revoke", "_selected_action": [wall.pk]}
    signed_in("shenji").post("/admin/dashboard/wall/", chosen)
    assert not is_dark(screen)
    signed_in("anquan").post("/admin/dashboard/wall/", chosen)
    wall.refresh_from_db()
    assert is_dark(screen) and wall.revoked_by.username == "anquan"
    assert "已停用" in signed_in("shenji").get("/admin/dashboard/wall/").content.decode()


@pytest.mark.parametrize("how", ["post ends", "deactivated"])
def test_it_ends_with_the_posts_of_its_maker(screen, how):
    leader = User.objects.get(username="quling")
    if how == "post ends":
        vacate(Role.LEADER, people.DISTRICT)
    else:
        User.objects.filter(pk=leader.pk).update(is_active=False)
    assert is_dark(screen)


def test_it_shows_what_the_board_showed_and_no_address_widens_it():
    street = Organization.objects.territories(Level.STREET).get(code=people.STREET)
    reported(position=inside(f"{people.ELSEWHERE}001"), by=people.someone(Role.GRID_WORKER, people.ELSEWHERE))
    reported()
    leader = signed_in()
    screen = opened(make(leader, f"?street={street.pk}&show=red&page=9"))
    assert Wall.objects.get().filters == {"place": str(street.pk), "show": "red"}
    assert f"{street.name} · 地图：超期" in leader.get("/board/walls/").content.decode()
    whole = screen.get("/wall/?street=&loop=").context["cards"][0]["figure"].value
    assert whole == Case.objects.open().filter(street=street).count() == 1
    late = screen.get(f"/wall/cases.json?{BOX}&street=&lateness=none").json()
    assert late["total"] == 0


def test_a_place_that_its_maker_no_longer_sees_darkens_it():
    street = Organization.objects.territories(Level.STREET).get(code=people.STREET)
    screen = opened(make(signed_in(), f"?street={street.pk}"))
    assert not is_dark(screen)
    Organization.objects.filter(pk=street.pk).update(path="elsewhere/")
    assert is_dark(screen)


def test_who_is_no_leader_makes_none():
    for username in ("shequ", "paiqian", "shenji", "wangge"):
        client = signed_in(username)
        assert client.post("/board/walls/", {"name": "大厅"}).status_code == 403
        assert 'href="/board/walls/' not in client.get("/board/").content.decode()
    assert not Wall.objects.exists()


def test_a_screen_is_nobody_anywhere_else(clients, things, screen):  # noqa: F811
    """With its token alone: its own addresses by GET, and elsewhere what somebody without a session meets."""
    wrong = []
    for endpoint in ENDPOINTS:
        for method in (endpoint.method, "post"):
            answer = getattr(screen, method)(endpoint.path.format(**things))
            is_own = endpoint.name in OWN
            allowed = {MAY} if is_own or endpoint.anonymous == MAY else {endpoint.anonymous, "403", "404"}
            if endpoint.name == "dashboard:wall_base_file":
                allowed = {"404"}  # the data folder of the tests has no map
            if is_own and method == "post":
                allowed, met = {405}, answer.status_code
            else:
                met = outcome(answer)
            if met not in allowed:
                wrong.append((endpoint.name, method, met))
    assert wrong == []


def test_when_it_was_last_there_is_written_every_five_minutes_at_most(screen):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        written = []
        for minute in range(1, 12):
            clock.shift(MINUTE)
            with CaptureQueriesContext(connection) as queries:
                screen.get("/wall/")
            if any(row["sql"].startswith("UPDATE") for row in queries):
                written.append(minute)
    assert written[0] == 1 and written[1:] == [6, 11]


def test_a_name_is_asked_for():
    answer = signed_in().post("/board/walls/", {"key": uuid.uuid4(), "name": " "})
    assert answer.status_code == 422 and "请填写大屏名称" in answer.content.decode()


def test_a_screen_made_by_a_form_sent_twice_is_one_with_a_fresh_code_until_it_is_opened():
    leader, body = signed_in(), {"key": str(uuid.uuid4()), "name": "一楼大厅"}
    codes = [code_of(leader.post("/board/walls/", body, follow=True).content.decode()) for _ in range(2)]
    assert Wall.objects.count() == 1 and codes[0] != codes[1]
    assert not is_dark(opened(codes[1]))
    answer = leader.post("/board/walls/", body, follow=True)
    assert answer.status_code == 200 and Wall.objects.count() == 1
    assert leader.post("/board/walls/", {"name": "二楼"}).status_code == 422 and Wall.objects.count() == 1
