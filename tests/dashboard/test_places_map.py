"""The map of figures: what it shades, what its legend says, and that its numbers are those of the lists."""

import datetime as dt

import pytest

from appraisal.catalogue import every_measure, measures
from appraisal.figures import Figure
from appraisal.periods import Period
from cases.models import Case
from cases.workflow import Loop, State
from dashboard.shading import months
from governance.models import Organization
from governance.roles import Role
from tests import people
from tests.dashboard.listing import counted
from tests.dashboard.test_trends import leader, signed_in
from tests.lives import MORNING, case_at, inside, reported

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
NOW = MORNING + dt.timedelta(hours=3)


@pytest.fixture
def busy(time_machine) -> None:
    """Reports of two streets in two months."""
    for number in range(4):
        reported(now=MORNING - number * DAY)
    reported(now=MORNING - 28 * DAY)
    elsewhere = people.someone(Role.GRID_WORKER, people.ELSEWHERE)
    reported(position=inside(f"{people.ELSEWHERE}001"), by=elsewhere)
    case_at(State.CLOSED, loop=Loop.STREET)
    time_machine.move_to(NOW, tick=False)


def place(code: str) -> int:
    return Organization.objects.get(code=code).pk


@pytest.mark.parametrize(
    ("asked", "level"),
    [
        ("measure=reported", "street"),
        ("measure=reported&level=community", "community"),
        ("measure=reported&month=2026-10", "street"),
        ("measure=open_now", "street"),
        ("measure=closed_in_time_rate&place={street}", "community"),
        ("measure=reported&place={street}&level=grid", "grid"),
        ("measure=reported&place={community}&loop=street", "grid"),
    ],
)
def test_every_number_opens_its_list_and_every_name_its_board(busy, asked, level):
    client = signed_in(leader())
    asked = asked.format(street=place(people.STREET), community=place(people.COMMUNITY))
    page = client.get(f"/board/map/?{asked}")
    assert page.context["level"] == level
    linked = [(one, shown) for one, shown in page.context["areas"] if shown.url]
    assert linked
    for one, shown in linked:
        assert counted(client, shown.url) == one.figure.numerator
        assert client.get(one.url).context["place"].pk == one.place.pk
    answer = client.get(f"/board/map/values.json?{asked}").json()
    listed = {one.place.pk: (one.shade, one.url) for one, _ in page.context["areas"]}
    assert {one["id"]: (one["shade"], one["url"]) for one in answer["places"]} == listed
    assert set(answer["crowd"]) <= set(listed) and answer["crowd"]


def test_a_month_of_the_slider_is_counted_alone(busy):
    client = signed_in(leader())
    page = client.get("/board/map/?measure=reported")
    stops = {words: url for url, words, _ in page.context["months"]}
    assert list(stops) == ["整段", "10 月", "11 月"]
    whole, october = (float(client.get(stops[words]).context["whole"].value) for words in ("整段", "10 月"))
    assert (whole, october) == (Case.objects.count(), 1)


def test_how_things_stand_now_has_no_months(busy):
    assert signed_in(leader()).get("/board/map/?measure=overdue_now").context["months"] == []


def test_shades_say_targets_small_bases_and_nothing_in_words(busy):
    client = signed_in(leader())
    legend = {one.name: one for one in client.get("/board/map/").context["legend"]}
    assert legend["good"].words == "达标，95% 及以上" and legend["bad"].words == "未达标，低于 85%"
    assert legend["small"].number == 1 and sum(one.number for one in legend.values()) == 12
    legend = {one.name: one for one in client.get("/board/map/?measure=reported").context["legend"]}
    assert [legend["step-1"].words, legend["step-2"].words] == [
        "不足 6 件",
        "6 件及以上",
    ] and "none" not in legend


def test_squares_of_heat_hold_all_reports_of_the_period(busy):
    client = signed_in(leader())
    answer = client.get("/board/map/heat.json").json()
    assert sum(square[4] for square in answer["squares"]) == answer["total"] == Case.objects.count()
    assert answer["squares"][0][4] == answer["most"] and answer["squares"][0][5] == 5
    assert client.get("/board/map/heat.json?month=2026-10").json()["total"] == 1
    assert signed_in(people.stranger()).get("/board/map/heat.json").json()["total"] == 1


def test_a_unit_has_no_areas_but_squares(busy):
    client = signed_in(leader())
    unit = Case.objects.get(state=State.CLOSED).unit_id
    page = client.get(f"/board/map/?place={unit}")
    assert page.context["show"] == "heat" and page.context["areas"] == []
    assert client.get(f"/board/map/values.json?place={unit}").status_code == 404
    assert client.get(f"/board/map/heat.json?place={unit}").json()["total"] == 1


def test_a_person_without_a_duty_gets_no_map():
    nobody = signed_in(people.newcomer("nobody"))
    assert "没有" in nobody.get("/board/map/").content.decode()
    assert (
        nobody.get("/board/map/values.json").status_code
        == nobody.get("/board/map/heat.json").status_code
        == 404
    )


def test_months_end_with_the_period_and_today():
    today = dt.date(2026, 11, 18)
    found = months(Period(dt.date(2026, 9, 20), dt.date(2026, 12, 31)), today)
    assert [(one.begin.day, one.end.day) for one in found] == [(20, 30), (1, 31), (1, 30)]


def test_every_measure_with_data_can_be_chosen():
    page = signed_in(leader()).get("/board/map/")
    offered = {one.key for group in page.context["groups"] for one in group.measures}
    assert offered == {key for key, one in every_measure().items() if not one.lacks}
    assert Figure(measures()["reported"], 0, None).value == 0
