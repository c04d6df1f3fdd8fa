"""Signing in and landing on the right face; who may not try any more: ``test_signing_in.py``."""

import pytest
from django.test import Client

from demo.accounts import DEMO_PASSWORD
from governance.faces import FACES, first_face, home_of, is_phone
from governance.models import User
from governance.roles import Role

PASSWORD = "a-quiet-street-7"


@pytest.fixture
def dispatcher(db) -> User:
    return User.objects.create_user("test_paiqian", password=PASSWORD, name="测试派遣员")


def sign_in(password: str, username: str = "test_paiqian", client: Client | None = None, **headers: str):
    return (client or Client()).post("/login/", {"username": username, "password": password}, **headers)


def test_the_right_password_opens_the_way_home(dispatcher):
    client = Client()
    answer = sign_in(PASSWORD, client=client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/")["Location"] == "/inbox/"  # no post yet, so no face


def test_a_wrong_password_says_so_in_one_clear_sentence(dispatcher):
    answer = sign_in("wrong")
    assert "账号或密码不正确" in answer.content.decode()


def test_a_name_that_does_not_exist_gets_the_same_sentence(dispatcher):
    answer = sign_in("wrong", username="nobody-at-all")
    assert "账号或密码不正确" in answer.content.decode()


@pytest.mark.parametrize("username", ["", "x" * 400, "a\0b", "' OR 1=1 --", "账号"])
def test_odd_names_are_refused_without_an_error(dispatcher, username):
    assert sign_in("wrong", username=username).status_code == 200


def test_leaving_needs_a_post(dispatcher):
    client = Client()
    client.force_login(dispatcher)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/")["Location"] == "/login/?next=/"


def test_login_never_leads_to_another_site(dispatcher):
    answer = Client().post(
        "/login/", {"username": "test_paiqian", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


def test_the_demo_prints_its_accounts_on_the_sign_in_page(db):
    page = Client().get("/login/").content.decode()
    assert "演示账号" in page and "<code>wangge</code>" in page
    answer = Client().post("/login/", {"username": "wangge", "password": DEMO_PASSWORD}, follow=False)
    assert answer["Location"] == "/"


def test_the_admin_uses_the_same_sign_in_page(db):
    answer = Client().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/")


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.GRID_WORKER, "/field/"),
        (Role.INSPECTOR, "/field/"),
        (Role.SUPERVISOR, "/field/"),
        (Role.VOLUNTEER, "/field/"),
        (Role.COURTYARD_LEADER, "/field/"),
        (Role.BUILDING_LEADER, "/field/"),
        (Role.CLERK, "/desk/"),
        (Role.HANDLER, "/desk/"),
        (Role.ACCEPTOR, "/desk/"),
        (Role.LEADER, "/board/"),
        (Role.DEPUTY_LEADER, "/board/"),
        (Role.AUDITOR, "/board/"),
        (Role.SYSTEM_ADMIN, "/admin/"),
    ],
)
def test_everybody_lands_on_the_face_of_their_post(role, home):
    assert home_of([role]) == home


def test_every_role_has_a_home():
    assert set(FACES) == set(Role)


def test_two_posts_lead_to_the_one_with_more_to_decide():
    assert home_of([Role.GRID_WORKER, Role.DEPUTY_LEADER]) == "/board/"


ANDROID = "Mozilla/5.0 (Linux; Android 13; Redmi 12C) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
TABLET = "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Version/16.0 Mobile/15E148 Safari/604.1"
SCREEN = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"


@pytest.mark.parametrize(
    ("headers", "is_one"),
    [
        ({"User-Agent": ANDROID}, True),
        ({"User-Agent": SCREEN}, False),
        ({"User-Agent": TABLET}, False),
        ({"User-Agent": ANDROID, "Sec-CH-UA-Mobile": "?0"}, False),
        ({"User-Agent": SCREEN, "Sec-CH-UA-Mobile": "?1"}, True),
        ({}, False),
    ],
)
def test_a_phone_is_known_by_its_hint_or_its_name(headers, is_one):
    assert is_phone(headers) is is_one


@pytest.mark.parametrize(
    ("role", "face"),
    [
        (Role.CLERK, "field"),
        (Role.HANDLER, "field"),
        (Role.COMMUNITY_WORKER, "field"),
        (Role.ACCEPTOR, "desk"),
        (Role.LEADER, "board"),
        (Role.GRID_WORKER, "field"),
    ],
)
def test_on_a_phone_who_has_a_desk_and_a_field_lands_in_the_field(role, face):
    assert first_face([role], on_phone=True) == face


def test_a_clerk_lands_in_the_field_on_a_phone_and_stays_at_the_desk_once_gone_there(db):
    def landed(client: Client, name: str) -> str:
        return client.get("/", headers={"User-Agent": name}).url

    carried, screen = Client(), Client()
    for client, name in ((carried, ANDROID), (screen, SCREEN)):
        given = {"username": "shequ", "password": DEMO_PASSWORD}
        assert client.post("/login/", given, headers={"User-Agent": name}).status_code == 302
    assert (landed(carried, ANDROID), landed(screen, SCREEN)) == ("/field/", "/desk/")
    carried.get("/desk/", headers={"User-Agent": ANDROID})
    assert landed(carried, ANDROID) == "/desk/", "who went to the desk wants the desk"
    carried.get("/field/", headers={"User-Agent": ANDROID})
    assert landed(carried, ANDROID) == "/field/"


def test_the_sign_of_life_needs_no_account(db):
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


def test_the_styleguide_is_shown_in_the_demo_only(db, settings):
    settings.DEMO = settings.DEBUG = False
    assert Client().get("/styleguide/").status_code == 404
    settings.DEMO = True
    assert Client().get("/styleguide/").status_code == 200
