"""Changing the own password."""

import pytest
from django.test import Client

from demo.accounts import DEMO_PASSWORD
from governance.models import SignInTry, User
from tests import people

pytestmark = pytest.mark.django_db
NEW = "green-umbrella-42"


def signed_in(username: str = "wangge") -> Client:
    client = Client()
    assert client.post("/login/", {"username": username, "password": DEMO_PASSWORD}).status_code == 302
    return client


def change(client: Client, old: str = DEMO_PASSWORD, new: str = NEW, again: str | None = None):
    body = {"old_password": old, "new_password1": new, "new_password2": new if again is None else again}
    return client.post("/account/password/", body)


@pytest.mark.parametrize("username", ["wangge", "paiqian", "quling", "shenji", "xitong", "anquan"])
def test_everybody_changes_their_own_password(username):
    client = signed_in(username)
    assert client.get("/account/password/").status_code == 200
    assert change(client).status_code == 302
    assert User.objects.get(username=username).check_password(NEW)
    assert "密码已修改" in client.get("/inbox/").content.decode(), "this session goes on"


@pytest.mark.parametrize("page", ["/field/", "/desk/", "/board/", "/inbox/"])
def test_the_page_is_a_click_away_on_every_face(page):
    client = Client()
    client.force_login(people.clerk())
    assert 'href="/account/password/"' in client.get(page).content.decode()


def test_the_configuration_leads_to_the_same_page():
    assert signed_in("xitong").get("/admin/password_change/")["Location"] == "/account/password/"


def test_other_sessions_end_and_other_devices_are_strangers_again():
    here, elsewhere = signed_in(), signed_in()
    change(here)
    assert elsewhere.get("/inbox/")["Location"] == "/login/?next=/inbox/"
    for _ in range(5):
        Client().post("/login/", {"username": "wangge", "password": "guess"})
    right = {"username": "wangge", "password": NEW}
    assert elsewhere.post("/login/", right).status_code == 429
    here.post("/logout/")
    assert here.post("/login/", right).status_code == 302


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"old": "wrong"}, "原密码不正确"),
        ({"old": ""}, "请填写原密码。"),
        ({"new": ""}, "请填写新密码。"),
        ({"again": "another"}, "两次输入的新密码不一样"),
        ({"new": "kurz-1"}, "密码太短，至少 10 个字符。"),
        ({"new": "8305277419"}, "密码不能全是数字"),
        ({"new": "password123"}, "这个密码太常见"),
        ({"new": "wangge-123"}, "密码与“用户名”太接近"),
        ({"new": DEMO_PASSWORD}, "新密码与原密码相同"),
    ],
)
def test_what_is_not_accepted_is_said_in_a_sentence_and_changes_nothing(given, sentence):
    answer = change(signed_in(), **given)
    text = answer.content.decode()
    assert answer.status_code == 422 and sentence in text
    assert User.objects.get(username="wangge").check_password(DEMO_PASSWORD)
    assert NEW not in text and DEMO_PASSWORD not in text


def test_a_new_password_close_to_the_name_is_not_accepted():
    User.objects.filter(username="wangge").update(name="王小明网格员甲乙丙")
    text = change(signed_in(), new="王小明网格员甲乙丙1").content.decode()
    assert "密码与“姓名”太接近" in text


def test_the_old_password_is_tried_five_times_at_most():
    client = signed_in()
    codes = [change(client, old=f"guess-{n}").status_code for n in range(6)]
    assert codes == [422] * 5 + [429]
    locked = change(client)
    assert locked.status_code == 429 and "账号已锁定" in locked.content.decode()
    assert User.objects.get(username="wangge").check_password(DEMO_PASSWORD)
    assert SignInTry.objects.count() == 5
