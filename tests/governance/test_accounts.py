"""Signing in and landing on the right face; who may not try any more: ``test_signing_in.py``."""

import pytest
from django.test import Client

from demo.accounts import DEMO_PASSWORD
from governance.faces import FACES, home_of
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


def test_the_sign_of_life_needs_no_account(db):
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


def test_the_styleguide_is_shown_in_the_demo_only(db, settings):
    settings.DEMO = settings.DEBUG = False
    assert Client().get("/styleguide/").status_code == 404
    settings.DEMO = True
    assert Client().get("/styleguide/").status_code == 200
