"""The page of the yearly notice: understood, previewed, saved once; and who is told that a year is missing."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import timekeeping
from cases.actions.previewing import preview
from cases.holidays import Day, read_notice
from cases.models import CalendarChange, CalendarYear, Case, WorkDay
from cases.workflow import Loop
from desk.views.calendar import NoticeForm
from governance.models import User
from governance.roles import Role
from tests import people
from tests.cases.walks import limit_all
from tests.lives import at, fresh, reported, settled_by

pytestmark = pytest.mark.django_db
NEW_YEAR = "一、元旦：1月1日（周五）至3日（周日）放假调休，共3天。1月4日（周一）上班。"


@pytest.fixture
def now(time_machine) -> dt.datetime:
    moment = at(12, 31, 16, 30)
    time_machine.move_to(moment, tick=False)
    return moment


@pytest.fixture
def chief(now) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="q_zhiban"))
    return client


@pytest.fixture
def case(now) -> Case:
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    return reported(now=at(12, 31, 16))


def body(text: str = NEW_YEAR, **more: str) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), "year": "2027", "text": text, **more}


def save(client: Client, given: dict[str, str]):
    """Look first, then press save, as the page does."""
    seen = client.post("/desk/calendar/", given).context["seen"]
    return client.post("/desk/calendar/", {**given, "seen": seen, "save": "yes"})


def test_first_it_is_shown_what_was_understood_and_what_moves_and_nothing_is_written(chief, case):
    answer = chief.post("/desk/calendar/", body(complete="on"))
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "看懂了 4 天",
        "2027-01-01 周五",
        "1 件",
        case.number,
        "2027-01-01 12:00",
        "2027-01-04 12:00",
        "没有看到：春节",
    ):
        assert words in page, words
    assert not WorkDay.objects.filter(day__year=2027).exists()
    assert not CalendarYear.objects.filter(year=2027).exists()
    assert fresh(case).version == case.version


def test_saved_it_declares_the_year_and_recounts_and_says_who(chief, case, now):
    answer = save(chief, body(complete="on"))
    assert (answer.status_code, answer["Location"]) == (302, "/desk/calendar/")
    year, change = CalendarYear.objects.get(year=2027), CalendarChange.objects.latest("pk")
    assert year.declared_by.username == change.made_by.username == "q_zhiban"
    assert actions.sweep(now=now) == 1
    assert fresh(case).due_at == at(1, 4, 12, year=2027)
    assert change.made_by.name in chief.get("/desk/calendar/").content.decode()


def test_without_the_tick_the_days_are_saved_and_the_year_stays_provisional(chief, case, now):
    save(chief, body())
    assert not CalendarYear.objects.filter(year=2027).exists()
    actions.sweep(now=now)
    leg = case.legs.get(stopped_at=None)
    assert (leg.due_at, leg.is_provisional) == (at(1, 4, 12, year=2027), True)


def test_the_same_form_sent_twice_is_saved_once(chief, case):
    given = body(complete="on")
    save(chief, given)
    before = CalendarChange.objects.count()
    timekeeping.arrange({dt.date(2027, 1, 1): Day(True)}, words="试", by=None, now=timezone.now())
    assert save(chief, given).status_code == 302
    assert CalendarChange.objects.count() == before + 1
    assert not WorkDay.objects.filter(day=dt.date(2027, 1, 1)).exists()  # what was done meanwhile stays


def test_the_same_key_with_another_arrangement_is_refused_and_gets_a_key_of_its_own(chief, case):
    given = body()
    save(chief, given)
    before = list(WorkDay.objects.values()), CalendarChange.objects.count()
    other = {**given, "text": "2027-05-04 放假 劳动节"}
    answer = save(chief, other)
    page = answer.content.decode()
    assert answer.status_code == 409 and NoticeForm.SENT_BEFORE in page and "2027-05-04" in page
    assert (list(WorkDay.objects.values()), CalendarChange.objects.count()) == before
    key = re.search(r'name="key" value="([0-9a-f-]{36})"', page)[1]
    assert key != given["key"]
    assert save(chief, {**other, "key": key}).status_code == 302
    assert WorkDay.objects.filter(day=dt.date(2027, 5, 4)).exists()


def test_who_holds_no_scope_of_cases_sees_how_many_move_and_not_which(chief, case):
    admin = Client()
    admin.force_login(User.objects.get(username="xitong"))
    page = admin.post("/desk/calendar/", body()).content.decode()
    assert "其中 1 件不在您的管辖范围内，只计数" in page
    assert case.number not in page and str(case.uuid) not in page
    assert "不在您的管辖范围内" not in chief.post("/desk/calendar/", body()).content.decode()


def test_what_was_edited_after_the_look_is_shown_before_it_is_saved(chief):
    given = body()
    seen = chief.post("/desk/calendar/", given).context["seen"]
    edited = {**given, "text": "2027-01-01 放假 元旦", "seen": seen, "save": "yes"}
    answer = chief.post("/desk/calendar/", edited)
    assert answer.status_code == 200 and answer.context["preview"] is not None
    assert not WorkDay.objects.filter(day__year=2027).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "一、元旦：1月1日（周四）放假。"}, "第 1 行：2027-01-01 写作周四，实际是周五。"),
        ({"text": ""}, "请粘贴通知全文"),
        ({"text": "九" * 20_001}, "内容过长"),
        ({"text": "1月1日放假\x00"}, "无法识别的字符"),
        ({"year": "1066"}, "请从列表中选择年份"),
        ({"year": ""}, "请选择年份"),
        ({"key": ""}, "缺少防止重复的编号"),
        ({"key": "nonsense"}, "缺少防止重复的编号"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_the_text_is_still_there(chief, change, words):
    given = {**body(), **change}
    answer = chief.post("/desk/calendar/", {**given, "save": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert given["text"][:20].replace("\x00", "") in page
    assert not WorkDay.objects.filter(day__year=2027).exists()


def test_the_preview_comes_to_what_the_recount_then_does(case, now):
    days = read_notice(NEW_YEAR, 2027).days
    cases = [case, *(reported(now=at(12, 31, hour, minute)) for hour in (9, 11, 15) for minute in (5, 50))]
    found = preview(days, complete=2027, by=User.objects.get(username="q_zhiban"), now=now)
    foretold = {leg.case_id: marks.due_at for leg, marks in found.first}
    before = {one.pk: one.due_at for one in map(fresh, cases)}
    timekeeping.arrange(days, words="试", by=None, now=now, complete=2027)
    actions.sweep(now=at(12, 31, 9))
    after = {one.pk: one.due_at for one in map(fresh, cases)}
    assert found.moved == len(foretold) > 1
    assert after == before | foretold


def test_rows_that_the_notice_is_silent_about_are_shown_and_kept(chief):
    timekeeping.arrange(
        {dt.date(2027, 5, 8): Day(True, "劳动节调休")}, words="试", by=None, now=timezone.now()
    )
    assert "2027-05-08 上班" in chief.post("/desk/calendar/", body()).content.decode()
    save(chief, body())
    assert WorkDay.objects.filter(day=dt.date(2027, 5, 8)).exists()


# The warning ------------------------------------------------------------------------------------------------------


def warned(username: str, address: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get(address).content.decode()


WARNING = "2027 年放假安排尚未录齐"


def test_who_keeps_the_calendar_is_told_how_many_deadlines_wait_for_it(case):
    for username, address in (("q_zhiban", "/desk/"), ("xitong", "/admin/"), ("q_zhiban", "/desk/calendar/")):
        page = warned(username, address)
        assert f"{WARNING}，在办案件中 1 件的时限暂定" in page, username
        assert "/desk/calendar/" in page
    for username, address in (
        ("zhiban", "/desk/"),
        ("quling", "/desk/"),
        ("anquan", "/admin/"),
        ("shenji", "/admin/"),
    ):
        assert WARNING not in warned(username, address), username


@pytest.mark.parametrize(("month", "is_told"), [(9, False), (10, True)])
def test_the_word_begins_in_october_or_when_limits_reach_the_year(time_machine, month, is_told):
    time_machine.move_to(at(month, 15, 10), tick=False)
    assert (WARNING in warned("q_zhiban", "/desk/")) == is_told
    time_machine.move_to(at(9, 15, 10), tick=False)
    limit_all(settled_by(Loop.COMMUNITY), "200 工作日")
    reported(now=at(9, 15, 9))
    assert f"{WARNING}，在办案件中 1 件" in warned("q_zhiban", "/desk/")


def test_once_the_year_is_declared_nobody_is_told(case, now, chief):
    save(chief, body(complete="on"))
    actions.sweep(now=now)
    assert "放假安排尚未录齐" not in warned("q_zhiban", "/desk/")


def test_an_acting_chief_of_the_district_keeps_it_and_one_of_a_street_does_not(now):
    for place, status in ((people.DISTRICT, 200), (people.STREET, 403)):
        client = Client()
        client.force_login(people.someone(Role.DUTY_CHIEF, place))
        assert client.get("/desk/calendar/").status_code == status
        assert client.post("/desk/calendar/", body()).status_code == status
