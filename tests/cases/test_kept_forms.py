"""A form that was sent after the session had ended comes back filled, to the same person only."""

import re
import uuid
from collections import defaultdict
from html import unescape
from urllib.parse import unquote

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from cases.holidays import LONGEST_TEXT
from cases.models import Case, CaseEvent, Photo
from cases.workflow import State
from dashboard.models import Wall
from governance import kept_forms
from governance.models import KeptForm, User
from tests.access import ENDPOINTS
from tests.lives import case_at
from tests.photos import jpeg

pytestmark = pytest.mark.django_db
WORDS = "井盖松动，夜里有人绊倒过。"
SENTENCE = "登录已过期，请重新登录，填写的内容已保留"
WAITING = "这是登录过期前填写的内容，还没有提交"


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


class Desk:
    """A browser at which somebody signed in and then went away for too long."""

    def __init__(self, clock, username: str, hours: float = 0.6) -> None:
        self.browser = Client()
        self.sign_in(username)
        self.browser.get("/")
        clock.shift(hours * 3600)

    def sign_in(self, username: str) -> None:
        self.browser.force_login(User.objects.get(username=username))

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200
        return answer.content.decode()


def comment_on(case: Case) -> str:
    return f"/cases/{case.uuid}/moves/comment/"


def words_in(page: str) -> str:
    found = re.search(r"<textarea[^>]*name=\"words\"[^>]*>\s*(.*?)</textarea>", page, re.S)
    return found[1] if found else ""


def test_a_move_comes_back_filled_and_is_not_sent_by_itself(clock):
    case = case_at(State.REGISTERED)
    desk, path, key = Desk(clock, "shequ"), comment_on(case), str(uuid.uuid4())
    answer = desk.browser.post(path, {"words": WORDS, "key": key, "then": "/desk/?queue=open"})
    assert answer["Location"] == f"/login/?next={path}"
    assert SENTENCE in desk.page("/login/")
    desk.sign_in("shequ")
    page = desk.page(path)
    assert words_in(page) == WORDS and key in page and WAITING in page and "/desk/?queue=open" in page
    assert not CaseEvent.objects.filter(case=case, move="comment").exists()
    assert desk.browser.post(path, {"words": WORDS, "key": key}).status_code == 302
    assert CaseEvent.objects.filter(case=case, move="comment").count() == 1
    assert words_in(desk.page(path)) == "" and not KeptForm.objects.exists()


def test_the_real_way_through_the_sign_in_page_leads_to_the_filled_form(clock):
    case = case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    sent = desk.browser.post(comment_on(case), {"words": WORDS, "key": str(uuid.uuid4())})
    right = {"username": "shequ", "password": "panlong-2026", "next": comment_on(case)}
    answer = desk.browser.post(sent["Location"], right, follow=True)
    assert answer.redirect_chain[-1][0] == comment_on(case)
    assert words_in(answer.content.decode()) == WORDS


def test_a_page_that_renews_itself_does_not_take_a_later_form_away(clock):
    case = case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    for headers in ({"X-By-Itself": "1"}, {"HX-Request": "true"}, {"Accept": "application/json"}, {}):
        assert desk.browser.get("/desk/", headers=headers).status_code in (302, 401)
    desk.browser.post(comment_on(case), {"words": WORDS, "key": str(uuid.uuid4())})
    desk.browser.post("/cases/x/", headers={"X-By-Itself": "1"})
    assert SENTENCE in desk.page("/login/") and SENTENCE in desk.page("/login/")
    desk.sign_in("shequ")
    assert words_in(desk.page(comment_on(case))) == WORDS


def test_forms_of_two_tabs_come_back(clock):
    first, second = case_at(State.REGISTERED), case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    for case in (first, second):
        desk.browser.post(comment_on(case), {"words": WORDS + case.number, "key": str(uuid.uuid4())})
    desk.sign_in("shequ")
    for case in (first, second):
        assert words_in(desk.page(comment_on(case))) == WORDS + case.number


def test_another_person_who_signs_in_sees_nothing_of_it(clock):
    case = case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    desk.browser.post(comment_on(case), {"words": WORDS, "key": str(uuid.uuid4())})
    desk.sign_in("zhiban")
    page = desk.page(comment_on(case))
    assert WORDS not in page and WAITING not in page


def test_a_report_comes_back_with_its_photos(clock):
    desk = Desk(clock, "wangge", hours=12.2)
    body = {
        "key": str(uuid.uuid4()),
        "words": WORDS,
        "position_longitude": "102.731",
        "position_latitude": "25.041",
    }
    photo = SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg")
    assert desk.browser.post("/field/report/", body | {"photos": photo}).status_code == 302
    desk.sign_in("wangge")
    page = desk.page("/field/report/")
    stored = Photo.objects.get(case=None, by__username="wangge")
    assert words_in(page) == WORDS and "102.731" in page and str(stored.uuid) in page
    assert not Case.objects.filter(reporters__contains=[stored.by_id]).exists()


def test_a_picture_that_is_none_is_said_to_be_lost(clock):
    desk = Desk(clock, "wangge", hours=12.2)
    body = {"key": str(uuid.uuid4()), "words": WORDS, "photos": SimpleUploadedFile("a.jpg", b"x" * 99)}
    desk.browser.post("/field/report/", body)
    assert "a.jpg：" in desk.page("/login/")


def test_a_call_comes_back_and_is_encrypted_meanwhile(clock):
    desk = Desk(clock, "shouli")
    body = {
        "key": str(uuid.uuid4()),
        "words": WORDS,
        "contact_name": "王女士",
        "contact_phone": "13912345678",
    }
    desk.browser.post("/desk/phone/", body)
    row = KeptForm.objects.get()
    assert b"13912345678" not in bytes(row.sealed) and WORDS.encode() not in bytes(row.sealed)
    desk.sign_in("shouli")
    page = desk.page("/desk/phone/")
    assert words_in(page) == WORDS and "13912345678" in page


def test_the_longest_notice_of_the_calendar_comes_back(clock):
    desk, notice = Desk(clock, "q_zhiban"), "元旦" * (LONGEST_TEXT // 2)
    year = str(timezone.localdate().year + 1)
    desk.browser.post("/desk/calendar/", {"key": str(uuid.uuid4()), "year": year, "text": notice})
    desk.sign_in("q_zhiban")
    page = desk.page("/desk/calendar/")
    assert notice in page and WAITING in page


def test_what_is_kept_is_gone_after_an_hour(clock):
    case = case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    desk.browser.post(comment_on(case), {"words": WORDS, "key": str(uuid.uuid4())})
    clock.shift(3601)
    desk.sign_in("shequ")
    assert words_in(desk.page(comment_on(case))) == ""
    kept_forms.forget_old(now=timezone.now())
    assert not KeptForm.objects.exists()


def test_too_much_is_not_kept_and_that_is_said(clock):
    case = case_at(State.REGISTERED)
    desk = Desk(clock, "shequ")
    desk.browser.post(comment_on(case), {"words": "长" * 30_000})
    page = desk.page("/login/")
    assert "填写的内容太长，没有保留" in page and SENTENCE not in page
    assert not KeptForm.objects.exists()


def test_three_forms_of_a_person_are_kept(clock):
    case = case_at(State.REGISTERED)
    user = User.objects.get(username="shequ")
    for name in ("comment", "dispatch", "urge", "void", "register"):
        desk = Desk(clock, "shequ", hours=0.51)
        desk.browser.post(f"/cases/{case.uuid}/moves/{name}/", {"words": WORDS})
    assert sorted(path.split("/")[-2] for path in user.kept_forms.values_list("path", flat=True)) == [
        "register", "urge", "void",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["add", "change"])
def test_a_form_of_the_configuration_comes_back_too(clock, kind):
    desk = Desk(clock, "anquan")
    user = User.objects.get(username="shequ")
    path = f"/admin/governance/user/{f'{user.pk}/change' if kind == 'change' else 'add'}/"
    rows = {
        "posts-TOTAL_FORMS": 1,
        "posts-INITIAL_FORMS": 0,
        "posts-0-role": "clerk",
        "posts-0-starts_on": "2026-12-24",
    }
    body = {"username": "test_new", "name": "新的名字", "password1": "secret-of-mine", **rows}
    assert desk.browser.post(path, body).status_code == 302
    desk.sign_in("anquan")
    page = desk.page(path)
    assert "新的名字" in page and "2026-12-24" in page and WAITING in page and "secret-of-mine" not in page
    assert not User.objects.filter(name="新的名字").exists()


def test_passwords_are_never_kept(clock):
    desk = Desk(clock, "shequ")
    body = {"old_password": "panlong-2026", "new_password1": "x", "new_password2": "x"}
    desk.browser.post("/account/password/", body)
    assert not KeptForm.objects.exists()
    assert "登录已过期，请重新登录。" in desk.page("/login/")


def test_a_forged_form_is_not_kept(clock):
    case = case_at(State.REGISTERED)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="shequ"))
    clock.shift(3600)
    assert browser.post(comment_on(case), {"words": "借刀"}).status_code == 403
    assert not KeptForm.objects.exists()


def test_a_form_from_before_the_last_sign_in_comes_back_too():
    """Signed out and in again in another tab: the form carries an old token."""
    case = case_at(State.REGISTERED)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="shequ"))
    body = {"words": WORDS, "key": str(uuid.uuid4()), "csrfmiddlewaretoken": "a" * 64}
    browser.get(comment_on(case))
    answer = browser.post(comment_on(case), body, headers={"Origin": "http://testserver"})
    assert (answer.status_code, answer["Location"]) == (302, comment_on(case))
    assert words_in(browser.get(comment_on(case)).content.decode()) == WORDS
    foreign = browser.post(comment_on(case), body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_a_late_form_with_an_old_token_comes_back_with_its_photo(clock):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="wangge"))
    browser.get("/field/report/")
    clock.shift(12.2 * 3600)
    photo = SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg")
    body = {"key": str(uuid.uuid4()), "words": WORDS, "photos": photo, "csrfmiddlewaretoken": "a" * 64}
    answer = browser.post("/field/report/", body, headers={"Origin": "http://testserver"})
    assert (answer.status_code, answer["Location"]) == (302, "/field/report/")
    stored = Photo.objects.get(case=None, by__username="wangge")
    browser.force_login(User.objects.get(username="wangge"))
    page = browser.get("/field/report/").content.decode()
    assert words_in(page) == WORDS and str(stored.uuid) in page


def test_what_is_kept_stays_until_the_form_was_taken(clock):
    case = case_at(State.REGISTERED)
    desk, path = Desk(clock, "shequ"), comment_on(case)
    desk.browser.post(path, {"words": WORDS, "key": str(uuid.uuid4())})
    desk.sign_in("shequ")
    assert desk.browser.post(path, {"words": "", "key": str(uuid.uuid4())}).status_code == 422
    assert words_in(desk.page(path)) == WORDS
    assert desk.browser.post(path, {"words": WORDS, "key": str(uuid.uuid4())}).status_code == 302
    assert words_in(desk.page(path)) == "" and not KeptForm.objects.exists()


def test_whose_account_was_closed_meanwhile_is_led_to_the_sign_in_page(clock):
    case = case_at(State.REGISTERED)
    desk, path = Desk(clock, "shequ"), comment_on(case)
    body = {"words": WORDS, "key": str(uuid.uuid4())}
    desk.browser.post(path, body)
    desk.sign_in("shequ")
    User.objects.filter(username="shequ").update(is_active=False)
    assert desk.browser.post(path, body)["Location"].startswith("/login/")
    assert not CaseEvent.objects.filter(case=case, move="comment").exists()


def test_the_form_of_a_screen_comes_back_with_what_the_board_showed(clock):
    desk, path = Desk(clock, "quling"), "/board/walls/?show=red"
    answer = desk.browser.post(path, {"key": str(uuid.uuid4()), "name": "一楼大厅"})
    assert unquote(answer["Location"]) == f"/login/?next={path}" and SENTENCE in desk.page("/login/")
    desk.sign_in("quling")
    page = desk.page(path)
    assert 'value="一楼大厅"' in page and WAITING in page and "地图：超期" in page
    assert not Wall.objects.exists()


def test_every_form_that_carries_a_key_is_kept():
    """A key says that the form writes something that somebody has typed."""
    case, seen = case_at(State.REGISTERED), set()
    for username in ("wangge", "shequ", "shouli", "q_zhiban", "quling"):
        browser = Client()
        browser.force_login(User.objects.get(username=username))
        pages = {
            one.path.format_map(defaultdict(lambda: case.uuid)) for one in ENDPOINTS if one.method == "get"
        }
        for path in sorted(pages):
            answer = browser.get(path)
            if not answer["Content-Type"].startswith("text/html") or answer.status_code != 200:
                continue
            for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", answer.content.decode(), re.S):
                if 'name="key"' in form:
                    action = re.match(r"<form[^>]*action=\"([^\"]+)\"", form)
                    seen.add(unescape(action[1] if action else path).split("?")[0])
    assert {"/field/report/", "/desk/phone/", "/desk/calendar/", "/board/walls/", comment_on(case)} <= seen
    assert [path for path in sorted(seen) if not kept_forms.keeps(resolve(path).func)] == []
