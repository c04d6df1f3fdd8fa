"""Signing in, being locked out, and landing on the right face."""

import re
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest
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


def test_the_fifth_failure_locks_and_says_for_how_many_minutes(dispatcher):
    for _ in range(4):
        assert sign_in("wrong").status_code == 200
    fifth = sign_in("wrong")
    assert fifth.status_code == 429
    assert re.search(r"账号已锁定。请 1[45] 分钟后再试", fifth.content.decode())
    right = sign_in(PASSWORD)
    assert right.status_code == 429
    assert "账号已锁定" in right.content.decode()


def test_another_address_in_a_header_does_not_buy_more_tries(dispatcher):
    codes = [sign_in("wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code for n in range(7)]
    assert codes == [200, 200, 200, 200, 429, 429, 429]


def test_a_locked_account_leaves_others_alone(dispatcher):
    User.objects.create_user("test_other", password=PASSWORD, name="另一人")
    for _ in range(6):
        sign_in("wrong")
    assert sign_in(PASSWORD, username="test_other").status_code == 302


@pytest.mark.parametrize("username", ["", "x" * 400, "a\0b", "' OR 1=1 --", "账号"])
def test_odd_names_are_refused_without_an_error(dispatcher, username):
    assert sign_in("wrong", username=username).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_checked_five_times_at_most():
    User.objects.create_user("test_paiqian", password=PASSWORD, name="测试派遣员")
    guesses, checked = 20, []

    def guess(number: int) -> int:
        try:
            return sign_in(f"guess-{number}").status_code
        finally:
            connection.close()

    check = ModelBackend.authenticate

    def counting(self: ModelBackend, request: HttpRequest, **words: str) -> User | None:
        checked.append(1)
        return check(self, request, **words)

    with mock.patch.object(ModelBackend, "authenticate", counting), ThreadPoolExecutor(guesses) as pool:
        codes = list(pool.map(guess, range(guesses)))
    print(f"{guesses} tried, {len(checked)} checked")
    assert len(checked) == 5
    assert sorted(codes) == [200] * 4 + [429] * 16


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
