"""Trends of a place: every number of every picture opens a list of exactly that many."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

import pytest
from django.test import Client

from appraisal.catalogue import measures
from appraisal.figures import Figure
from appraisal.periods import Period
from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from dashboard.peers import FEWEST
from dashboard.points import lateness_of, point
from dashboard.trends import change_in_words, cut, is_noise, step_of
from governance.models import Organization, User
from governance.roles import Role
from tests import people
from tests.dashboard.listing import counted
from tests.lives import MORNING, case_at, inside, reported

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
NOW = MORNING + dt.timedelta(hours=3)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def leader() -> User:
    return people.someone(Role.LEADER, people.DISTRICT)


@pytest.fixture
def busy(time_machine) -> None:
    """Cases of this month and the one before, of several categories, hours, steps and ages, in two streets."""
    for number in range(11):
        reported(now=MORNING - (number % 3) * DAY)
    for days in (31, 32, 40):
        case_at(State.CLOSED, now=MORNING - days * DAY)
    elsewhere = people.someone(Role.GRID_WORKER, people.ELSEWHERE)
    reported(position=inside(f"{people.ELSEWHERE}001"), by=elsewhere, now=MORNING - 5 * DAY)
    case_at(State.HANDLING, loop=Loop.STREET, now=MORNING - 9 * DAY)
    case_at(State.EVALUATED, loop=Loop.DISTRICT)
    case_at(State.VERIFIED)
    case_at(State.DECLINED)
    old = reported(now=MORNING - 40 * DAY)
    sweep(now=Case.objects.get(pk=old.pk).due_at + dt.timedelta(minutes=1))
    time_machine.move_to(NOW, tick=False)


def points_of(context: dict) -> Iterator[tuple[str, object]]:
    """Every number of the page, with the picture it stands in."""
    for measure, lines in context["lines"]:
        yield from ((measure.key, one) for line in lines for one in line["points"])
    yield from (("funnel", row["point"]) for row in context["funnel"])
    yield from (("heat", one) for row in context["days"] for one in row["points"])
    yield from (("ageing", one) for row in context["bands"] for one in row["points"])
    yield from (("growth", row[name]) for row in context["growth"].rows for name in ("before", "now"))
    yield from (("peers", row["point"]) for row in (context["peers"].rows if context["peers"] else []))


@pytest.mark.parametrize(
    "asked", ["", "place={street}&step=week", "loop=community&compare=month", "place={unit}"]
)
def test_every_number_of_every_picture_opens_a_list_of_exactly_that_many(busy, asked):
    client = signed_in(leader())
    unit = Case.objects.get(state=State.HANDLING).unit_id
    places = {"street": Organization.objects.get(code=people.STREET).pk, "unit": unit}
    context = client.get(f"/board/trends/?{asked.format(**places)}").context
    tried = set()
    for picture, one in points_of(context):
        number = (
            one.value
            if not one.base or picture == "funnel"
            else float(one.base.split(" / ")[0].replace(",", ""))
        )
        if number and one.url:
            assert counted(client, one.url) == number, (picture, one.url)
            tried.add(picture)
        assert bool(one.url) == bool(number), (picture, one)
    assert {"reported", "funnel", "heat", "ageing"} <= tried or "unit" in asked


def test_a_funnel_says_how_far_the_cases_of_the_period_have_come(busy):
    funnel = signed_in(leader()).get("/board/trends/").context["funnel"]
    numbers = {row["name"]: row["point"].value for row in funnel}
    since = MORNING.replace(hour=0) - 29 * DAY
    assert numbers["上报"] == Case.objects.filter(reported_at__gte=since).count()
    assert [numbers[step] for step in ("派遣", "处置", "核查", "结案", "评价")] == [3, 2, 2, 1, 1]


def test_open_cases_stand_at_their_age_and_lateness(busy):
    bands = signed_in(leader()).get("/board/trends/").context["bands"]
    found = {row["name"]: [one.value for one in row["points"]] for row in bands}
    assert sum(map(sum, found.values())) == Case.objects.open().count()
    assert found["30 天以上"][2] == 1 and sum(found["7–30 天"]) == 1 and sum(found["1 天内"]) >= 4


def test_the_hour_of_a_report_is_that_of_the_place(busy):
    days = signed_in(leader()).get("/board/trends/").context["days"]
    wednesday = next(row for row in days if row["name"] == "周三")
    assert wednesday["points"][10].value >= 4 and not wednesday["points"][2].value


def test_categories_that_grow_are_ranked_and_small_ones_only_counted(busy):
    growth = signed_in(leader()).get("/board/trends/").context["growth"]
    assert [row["name"] for row in growth.rows] == ["楼道堆物"]
    assert growth.rows[0]["now"].value >= 12 and growth.rows[0]["before"].is_small
    assert growth.few >= 2


def test_a_category_narrows_the_page_and_can_be_taken_away_again(busy):
    client = signed_in(leader())
    page = client.get(client.get("/board/trends/").context["growth"].rows[0]["url"])
    assert page.context["growth"] is None and page.context["category"].name == "楼道堆物"
    assert "类别：楼道堆物" in page.content.decode()


def test_an_earlier_period_stands_beside_this_one_day_by_day(busy):
    client = signed_in(leader())
    lines = {m.key: found for m, found in client.get("/board/trends/").context["lines"]}
    now, before = ([one.value for one in line["points"]] for line in lines["reported"])
    assert len(now) == len(before) == 30
    # Reported 31 and 32 days ago: on the last days of the period before.
    assert (
        before[-3:] == [1, 1, 0]
        and sum(before) == Case.objects.filter(reported_at__lt=MORNING - 30 * DAY).count()
    )


def test_of_days_that_a_month_has_not_there_is_a_gap(busy):
    page = signed_in(leader()).get("/board/trends/?begin=2026-10-30&until=2026-11-02&compare=month")
    (_, before), *_ = [line for _, line in page.context["lines"]]
    assert [one.value for one in before["points"]] == [0, None, 0, 0]


def test_days_to_come_are_gaps_and_not_zeros(busy):
    page = signed_in(leader()).get("/board/trends/?begin=2026-11-17&until=2026-11-20")
    (now, _), *_ = [line for _, line in page.context["lines"]]
    assert [one.value is None for one in now["points"]] == [False, False, True, True]


def test_peers_are_compared_by_the_sum_and_named_as_far_as_they_are_in_sight(busy):
    district = signed_in(leader()).get("/board/trends/?measure=reported").context["peers"]
    streets = Organization.objects.filter(parent__code=people.DISTRICT, kind="territory").count()
    assert len(district.rows) == streets >= FEWEST
    assert float(district.mean["value"]) == round(
        sum(row["point"].value for row in district.rows) / streets, 1
    )
    street_leader = people.someone(Role.LEADER, people.STREET)
    street = signed_in(street_leader).get("/board/trends/?measure=reported").context["peers"]
    assert [row["name"] for row in street.rows] == ["拓东街道"] and street.rows[0]["is_own"]
    assert street.mean == district.mean and f"{streets} 个街道" in street.note


def test_the_numbers_of_a_street_stand_beside_those_of_all_streets(busy):
    district = signed_in(leader())
    assert district.get("/board/mine/").context["beside"] is None
    street = signed_in(people.someone(Role.LEADER, people.STREET))
    beside = street.get("/board/mine/").context["beside"]
    rows = {row["measure"].key: row for row in beside.rows}
    streets = Organization.objects.filter(parent__code=people.DISTRICT, kind="territory").count()
    assert beside.words == f"全区 {streets} 个街道" and {"reported", "closed_in_time_rate"} <= rows.keys()
    for key, row in rows.items():
        trends = street.get(row["url"]).context["peers"]
        if trends is None:  # a picture of zeros is not drawn
            assert not row["own"].value and not row["mean"]["value"], key
            continue
        (own,) = [one for one in trends.rows if one["is_own"]]
        assert (row["own"].text, row["own"].base) == (own["point"].text, own["point"].base), key
        assert row["mean"] == trends.mean, key
    assert counted(street, rows["reported"]["own"].url) == rows["reported"]["own"].value


def test_fewer_peers_than_would_hide_a_single_one_are_not_compared(busy, monkeypatch):
    monkeypatch.setattr("dashboard.peers.FEWEST", 100)
    street = signed_in(people.someone(Role.LEADER, people.STREET))
    assert street.get("/board/mine/").context["beside"] is None


def test_what_is_out_of_sight_is_not_there(busy):
    client = signed_in(people.clerk())
    elsewhere = Organization.objects.get(code=people.ELSEWHERE).pk
    for page in ("trends/", "map/", "map/values.json", "map/heat.json"):
        assert client.get(f"/board/{page}?place={elsewhere}").status_code == 404


def test_nonsense_in_the_address_is_the_usual_page(busy):
    page = signed_in(leader()).get("/board/trends/?measure=x&step=y&category=0&hour=900")
    assert page.context["measure"].key == "closed_in_time_rate" and page.context["step"] == "day"


# Rules that need no case ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "sizes"), [("day", [1] * 45), ("week", [7] * 6 + [3]), ("month", [12, 31, 2])]
)
def test_a_period_is_cut_without_a_gap(step, sizes):
    period = Period(dt.date(2026, 9, 19), dt.date(2026, 11, 2))
    found = cut(period, step)
    assert [one.days for one in found] == sizes
    assert (found[0].begin, found[-1].end) == (period.begin, period.end)
    assert all(a.end + DAY == b.begin for a, b in pairwise(found))


def test_long_periods_have_fewer_points():
    begin = dt.date(2026, 1, 1)
    assert [step_of(Period(begin, begin + days * DAY), "") for days in (29, 90, 364)] == [
        "day",
        "week",
        "month",
    ]


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (82, 36, "+46，2.3 倍"),
        (141, 100, "+41，+41%"),
        (31, 22, "+9，波动以内"),
        (40, 4, "+36，上期样本少"),
        (58, 64, "−6，波动以内"),
    ],
)
def test_chance_and_few_are_not_taken_for_growth(now, before, words):
    assert change_in_words(now, before) == words
    assert is_noise(now, before) == ("波动" in words)


def test_a_rate_of_few_has_no_colour_and_one_of_nothing_is_a_gap():
    rate = measures()["closed_in_time_rate"]
    few, none, bad = (Figure(rate, part, whole) for part, whole in ((3, 9), (0, 0), (50, 100)))
    assert (point(few).is_small, lateness_of(few)) == (True, "")
    assert (point(none).value, point(none).text, lateness_of(none)) == (None, "无数据", "")
    assert (point(bad).text, point(bad).base, lateness_of(bad)) == ("50.0%", "50 / 100", "red")
