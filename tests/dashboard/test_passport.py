"""The passport of a number: a year of months, how fresh its sources are, versions, and the recount in the background."""

import datetime as dt
from itertools import pairwise

import pytest
from django.test import Client

from appraisal import recounts
from appraisal.freshness import last_records
from appraisal.models import Recount, Tally
from appraisal.periods import Period
from appraisal.slices import Slice
from appraisal.tallying import tally
from cases.models import Case
from cases.workflow import Loop, State
from dashboard.views.passport import months_until
from governance.models import Organization, User
from governance.roles import Role
from tests import lives, people
from tests.appraisal.looks import by_telephone
from tests.partybuilding.blowing import blown

pytestmark = pytest.mark.django_db
NOW = lives.MORNING + dt.timedelta(hours=5)
PAGE = "/board/measures/closed/"
RATE = "/board/measures/closed_in_time_rate/"


def signed_in(user: User | None = None) -> Client:
    client = Client()
    client.force_login(user or people.someone(Role.LEADER, people.DISTRICT))
    return client


def place(code: str = people.DISTRICT) -> int:
    return Organization.objects.get(code=code).pk


# Twelve months ------------------------------------------------------------------------------------------------------


def test_twelve_months_end_with_the_day_and_leave_no_day_out():
    found = months_until(dt.date(2026, 11, 18))
    assert len(found) == 12 and found[0].begin == dt.date(2025, 12, 1)
    assert found[-1] == Period(dt.date(2026, 11, 1), dt.date(2026, 11, 18))
    assert all(one.end + dt.timedelta(days=1) == two.begin for one, two in pairwise(found))


def test_every_month_of_the_year_opens_the_list_that_it_counts(time_machine):
    for month, times in ((1, 1), (9, 2), (11, 1)):
        for _ in range(times):
            lives.case_at(State.CLOSED, now=lives.at(month, 12, 10))
    time_machine.move_to(NOW, tick=False)
    client = signed_in()
    page = client.get(PAGE).context
    points = dict(zip(page["labels"], page["points"], strict=True))
    assert {label: one.value for label, one in points.items() if one.value} == {
        "2026-01": 1,
        "2026-09": 2,
        "2026-11 至 18 日": 1,
    }
    for one in points.values():
        assert (client.get(one.url).context["paged"].total if one.url else 0) == one.value
    assert "近十二个月" in client.get(PAGE).content.decode()


def test_what_stands_now_has_no_months_before_and_no_sources(time_machine):
    page = signed_in().get("/board/measures/open_now/")
    assert page.context["points"] == [] and page.context["sources"] is None
    assert "近十二个月" not in page.content.decode() and "最新来源" not in page.content.decode()


# Sources ------------------------------------------------------------------------------------------------------------


def asked(of: Slice, *keys: str) -> list[tuple[str, dt.date | None]]:
    return [(one.label, one.day) for one in last_records(keys or ("reported",), of, NOW)]


@pytest.fixture
def reports():
    """By the telephone in July, by a program in October, from the field this morning."""
    by_telephone(lives.at(7, 3, 9))
    lives.reported(now=lives.at(10, 30, 9), source=Case.Source.API, by=people.program())
    lives.reported(now=lives.MORNING)
    while tally(now=NOW):
        pass


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize(("dimension", "code"), [("district", people.DISTRICT), ("street", people.STREET)])
def test_sources_of_a_place_are_told_with_their_last_record(dimension, code):
    assert asked(Slice(dimension, place(code))) == [
        ("网格上报", lives.MORNING.date()),
        ("系统对接", dt.date(2026, 10, 30)),
        ("来电登记", dt.date(2026, 7, 3)),
        ("巡查上报", None),
        ("自处理", None),
        ("楼栋自办", None),
        ("居民上报", None),
    ]
    assert asked(Slice(dimension, place(code), source="phone")) == [("来电登记", dt.date(2026, 7, 3))]
    assert asked(Slice("community", place(people.ELSEWHERE)))[0][1] is None


@pytest.mark.usefixtures("reports")
def test_a_grid_is_asked_of_its_cases_and_a_unit_of_what_it_was_given():
    case = Case.objects.order_by("-pk")[0]
    of_grid = asked(Slice("grid", case.grid_id))
    assert of_grid[0] == ("网格上报", lives.MORNING.date()) and of_grid[2][1] == dt.date(2026, 7, 3)
    given = lives.case_at(State.HANDLING, now=lives.at(11, 2, 9))
    while tally(now=NOW):
        pass
    assert asked(Slice("unit", given.unit_id))[0] == ("网格上报", dt.date(2026, 11, 2))


def test_what_came_today_is_told_with_the_worker_dead():
    lives.reported(now=lives.MORNING)
    assert not Tally.objects.exists()
    (first, *_) = last_records(["reported"], Slice("district", place()), NOW)
    assert (first.label, first.at) == ("网格上报", lives.MORNING)


def test_what_counts_whistles_is_drawn_from_the_module_of_whistles():
    whistle = blown()
    (only,) = last_records(["whistles_blown"], Slice("district", place()), NOW)
    assert (only.label, only.at) == ("哨单", whistle.blown_at)


@pytest.mark.usefixtures("reports")
def test_the_passport_names_the_freshest_and_the_stalest_source(time_machine):
    time_machine.move_to(NOW, tick=False)
    page = signed_in().get(PAGE)
    assert page.context["sources"]["known"] == [
        ("网格上报", "今天 10:00"),
        ("系统对接", "19 天前（10-30）"),
        ("来电登记", "138 天前（07-03）"),
    ]
    assert page.context["sources"]["never"] == ["巡查上报", "自处理", "楼栋自办", "居民上报"]


# Recounts -----------------------------------------------------------------------------------------------------------


def test_a_number_is_recounted_from_its_events_and_says_whether_they_agree(time_machine):
    case_at_both = [lives.case_at(State.CLOSED), lives.case_at(State.EVALUATED, loop=Loop.STREET)]
    time_machine.move_to(NOW, tick=False)
    client = signed_in()
    assert client.get(RATE).context["recount"] is None
    found = client.get(f"{RATE}?recount=yes").context["recount"]
    assert (
        found["agrees"]
        and found["records"] == len(case_at_both)
        and any(one["board"] for one in found["lines"])
    )
    Case.objects.filter(state=State.CLOSED).update(was_late=True)  # past the door
    answer = client.get(f"{RATE}?recount=yes")
    assert not answer.context["recount"]["agrees"] and "不一致" in answer.content.decode()


@pytest.fixture
def many(monkeypatch, time_machine):
    """Two cases, where one is too many to wait for."""
    monkeypatch.setattr("appraisal.recounting.AT_ONCE", 1)
    monkeypatch.setattr(recounts, "STRETCH", 1)
    for _ in range(2):
        lives.case_at(State.CLOSED)
    time_machine.move_to(NOW, tick=False)


@pytest.mark.usefixtures("many")
def test_many_records_are_recounted_in_the_background_and_followed_on_the_page(monkeypatch):
    client, words = signed_in(), "?source=field&loop=community"
    asks = client.get(f"{RATE}{words}&recount=yes").content.decode()
    assert "要在后台复算" in asks and 'method="post"' in asks
    answer = client.post(f"{RATE}recount/{words}", follow=True)
    assert answer.redirect_chain[0][0].startswith(RATE) and "已排入后台复算" in answer.content.decode()
    row = Recount.objects.get()
    assert (row.words, row.narrowed) == (
        "盘龙区 · 社区自循环 · 网格上报",
        {"source": "field", "loop": "community"},
    )
    page = client.get(f"{RATE}{words}").content.decode()
    assert "排队等候后台复算" in page and 'hx-trigger="every 3s"' in page and "看进度</a>" in page
    monkeypatch.setattr(recounts, "ROUND", 0)
    recounts.work()
    piece = client.get(f"{RATE}recount/{words}", headers={"HX-Request": "true"}).content.decode()
    assert "已看 1 / 2 件" in piece and "<h1" not in piece
    while recounts.work():
        pass
    piece = client.get(f"{RATE}recount/{words}", headers={"HX-Request": "true"}).content.decode()
    assert "一致：从 2 件的" in piece and "hx-trigger" not in piece and "再按办理记录复算" in piece
    assert client.get(f"{RATE}recount/{words}").status_code == 302  # without scripts: the page
    assert "一致：从 2 件的" in client.get(f"{RATE}{words}").content.decode()
    assert client.get(RATE).context["row"] is None  # of other filters nothing was asked


@pytest.mark.usefixtures("many")
def test_several_people_see_one_recount(time_machine):
    signed_in().post(f"{RATE}recount/")
    auditor = signed_in(people.someone(Role.AUDITOR, people.DISTRICT))
    page = auditor.post(f"{RATE}recount/", follow=True).content.decode()
    leader = people.someone(Role.LEADER, people.DISTRICT).name
    assert f"同一复算已由{leader}在今天 15:00 提出" in page and Recount.objects.count() == 1
    # Whoever sees only a street asks about the street.
    of_street = signed_in(people.someone(Role.LEADER, people.STREET))
    assert of_street.get(RATE).context["row"] is None
    assert of_street.post(f"{RATE}recount/?place={place()}").status_code == 404


@pytest.mark.usefixtures("many")
def test_more_than_a_few_are_refused_in_words():
    client = signed_in()
    for source in ("field", "self", "phone"):
        assert client.post(f"{RATE}recount/?source={source}").status_code == 302
    answer = client.post(f"{RATE}recount/?source=api")
    assert answer.status_code == 409 and "您已有 3 项复算没有算完" in answer.content.decode()
    assert client.post("/board/measures/open_now/recount/").status_code == 409
    assert Recount.objects.count() == 3


@pytest.mark.usefixtures("many")
def test_a_recount_that_failed_or_disagrees_says_so():
    client = signed_in()
    client.post(f"{RATE}recount/")
    Recount.objects.update(tries=recounts.TRIES)
    recounts.work()
    assert "没有算成（5 轮都没有进展）" in client.get(RATE).content.decode()
    Case.objects.update(was_late=True)  # past the door
    client.post(f"{RATE}recount/")
    while recounts.work():
        pass
    assert "不一致，已列入系统状态" in client.get(RATE).content.decode()
    status = signed_in(people.someone(Role.DUTY_CHIEF, people.DISTRICT)).get("/status/").content.decode()
    assert "与办理记录不一致：盘龙区" in status and "按期结案率“" in status and "rebuild_tallies" in status
