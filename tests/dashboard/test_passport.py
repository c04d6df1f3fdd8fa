"""The passport of a number: a year of months, how fresh its sources are, versions, and the recount in the background."""

import datetime as dt
from itertools import pairwise

import pytest
from django.test import Client

from appraisal.freshness import last_records
from appraisal.models import Tally
from appraisal.periods import Period
from appraisal.slices import Slice
from appraisal.tallying import tally
from cases.models import Case
from cases.workflow import State
from dashboard.views.passport import months_until
from governance.models import Organization
from governance.roles import Role
from tests import lives, people
from tests.appraisal.looks import by_telephone
from tests.partybuilding.blowing import blown

pytestmark = pytest.mark.django_db
NOW = lives.MORNING + dt.timedelta(hours=5)
PAGE = "/board/measures/closed/"


def signed_in() -> Client:
    client = Client()
    client.force_login(people.someone(Role.LEADER, people.DISTRICT))
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
        "2026-11": 1,
    }
    for one in points.values():
        assert (client.get(one.url).context["paged"].total if one.url else 0) == one.value
    assert "近十二个月：" in client.get(PAGE).content.decode()


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
        ("自处理", None),
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
    assert page.context["sources"]["never"] == ["自处理", "居民上报"]
