"""The shape of the planned year: seasons, hours, a storm, what grows and what comes again; no case is made."""

import datetime as dt
from collections import Counter

import pytest

from cases.deadlines import SHANGHAI
from demo import planning, year
from demo.planning import Drawing, Part, in_order
from demo.positions import COMMUNITY, weight
from demo.words import TOPICS
from grid.models import Grid

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def grids(db):
    codes = Grid.objects.order_by("code").values_list("code", flat=True)
    return {code: weight(code) for code in codes}


@pytest.fixture
def plan(grids):
    return Drawing(TODAY, grids).plan()


def day(one):
    return one.at.astimezone(SHANGHAI).date()


def ago(one):
    return (TODAY - day(one)).days


def of(plan, part):
    return [one for one in plan if one.part == part]


def in_months(plan, category, *months):
    """Cases of a category a day in some months."""
    found = [one for one in plan if one.topic.category == category and day(one).month in months]
    return len(found) / len(months)


def test_the_same_day_has_the_same_plan_and_another_day_another_one(grids, plan):
    assert Drawing(TODAY, grids).plan() == plan
    assert Drawing(TODAY - dt.timedelta(days=1), grids).plan() != plan


def test_the_plan_is_the_year_before_the_day_and_no_two_cases_are_of_one_moment(plan):
    assert {ago(one) for one in plan} == set(range(1, 366))
    assert [one.at for one in plan] == sorted({one.at for one in plan})
    assert len(of(plan, Part.EVERYDAY)) == year.EVERYDAY


@pytest.mark.parametrize(
    ("category", "more", "less"),
    [
        ("占道经营", (6, 7, 8), (12, 1, 2)),
        ("噪声扰民", (6, 7, 8), (10, 11, 12)),
        ("雨水箅子异常", (6, 7, 8), (12, 1, 2)),
        ("停水停电求助", (1,), (6, 7, 8)),
        ("行道树异常", (3, 4), (6, 7, 8)),
        ("劳资纠纷", (1,), (6, 7, 8)),
        ("机动车乱停放", (3, 4, 9, 10), (8,)),
    ],
)
def test_a_category_has_its_season(plan, category, more, less):
    assert in_months(plan, category, *more) > 1.4 * in_months(plan, category, *less)


def test_topics_of_a_season_are_met_in_it_alone(plan):
    for season in year.SEASONS:
        days = [day(one) for one in plan if one.topic.only == season.name]
        assert all(map(season.includes, days))
    names = {season.name for season in year.SEASONS} | {year.STORM.name}
    assert {topic.only for topic in TOPICS} - {""} <= names
    assert {category for season in year.SEASONS for category in season.categories} <= {
        topic.category for topic in TOPICS
    }


def test_people_report_on_working_days_and_in_the_daytime_and_noise_at_night(plan):
    by_weekday = Counter(day(one).weekday() for one in of(plan, Part.EVERYDAY))
    assert min(by_weekday[number] for number in range(5)) > 1.2 * max(by_weekday[5], by_weekday[6])

    def in_the_evening(is_at_night):
        hours = [
            one.at.astimezone(SHANGHAI).hour
            for one in plan
            if (one.topic.category in year.AT_NIGHT) == is_at_night
        ]
        return sum(hour >= 18 or hour < 2 for hour in hours) / len(hours)

    assert in_the_evening(False) < 0.25 and in_the_evening(True) > 0.5


def test_a_storm_of_two_days_brings_its_streets_five_to_eight_times_their_cases(plan):
    there = [one for one in plan if one.grid.startswith(year.STORM.streets)]
    storm = range(year.STORM.days_ago - year.STORM.days + 1, year.STORM.days_ago + 1)
    usual = [one for one in there if one.part == Part.EVERYDAY]
    in_storm = [one for one in there if ago(one) in storm]
    assert 5 <= len(in_storm) / len(storm) / (len(usual) / planning.DAYS) <= 8
    of_storm = of(plan, Part.STORM)
    assert all(one.grid.startswith(year.STORM.streets) and ago(one) in storm for one in of_storm)
    assert {"water", "forestry", "power_grid"} <= {UNITS[one.topic.category] for one in of_storm}


UNITS = {
    "雨水箅子异常": "water",
    "污水井盖异常": "water",
    "行道树异常": "forestry",
    "独立树异常": "property",
    "电力设施异常": "power_grid",
    "停水停电求助": "property",
    "架空线缆脱落": "telecom",
}


def test_what_the_storm_left_is_worked_off_within_the_week_after_it(plan):
    over = TODAY - dt.timedelta(days=year.STORM.days_ago - year.STORM.days)
    later = [one.not_before.astimezone(SHANGHAI).date() for one in of(plan, Part.STORM) if one.not_before]
    week = {over + dt.timedelta(days=number) for number in range(year.STORM.worked_off + 1)}
    assert set(later) <= week and len(set(later)) >= 5
    assert 0.4 < len(later) / len(of(plan, Part.STORM)) < 0.9


def test_a_category_grows_in_one_community_week_by_week(plan):
    grown = of(plan, Part.GROWTH)
    assert {one.grid[:12] for one in grown} == {year.GROWTH.community}
    weeks = Counter((ago(one) - 1) // 7 for one in grown)
    assert [weeks[number] for number in reversed(range(len(year.GROWTH.weeks)))] == list(year.GROWTH.weeks)
    assert list(year.GROWTH.weeks) == sorted(year.GROWTH.weeks)


def test_the_same_matter_comes_again_at_the_same_spot_within_weeks(plan, grids):
    spots = Counter((one.grid, one.topic.category, one.address) for one in of(plan, Part.REPEAT))
    assert len(spots) == len(year.REPEATS) and min(spots.values()) >= 4
    assert {place.grid for place in year.REPEATS} | {year.OVERLOOKED.grid} <= set(grids)
    assert max(max(place.days_ago) for place in year.REPEATS) <= 7 * 8


def test_in_the_overlooked_grid_residents_report_what_the_worker_passed_by_that_day(plan):
    seen = {day(one): one.at for one in of(plan, Part.PATROL)}
    passed_by = of(plan, Part.OVERLOOKED)
    assert len(passed_by) == len(seen) == year.OVERLOOKED.days
    assert all(one.by and seen[day(one)] < one.at for one in passed_by)
    there = [
        one for one in plan if one.grid == year.OVERLOOKED.grid and ago(one) <= 7 * year.OVERLOOKED.weeks
    ]
    reported = [one for one in there if one.part != Part.PATROL]
    assert sum(one.by is not None for one in reported) > 0.6 * len(reported)


def test_the_places_that_stand_out_are_not_those_of_the_printed_accounts(plan):
    places = (year.MODEL, year.GROWTH.community, year.OVERLOOKED.grid, *year.STORM.streets)
    assert not any(place.startswith(COMMUNITY[:9]) for place in places)


def test_the_last_month_comes_first_then_the_storm_then_the_month_before_then_all_months_evenly(plan):
    order = in_order(plan, TODAY)
    assert sorted(order, key=lambda one: one.at) == plan
    days = [ago(one) for one in order]
    recent = sum(one <= planning.RECENT for one in days)
    assert max(days[:recent]) <= planning.RECENT
    assert {day // 7 for day in days[: recent // 4]} == {0, 1, 2, 3, 4}  # every week of it from the start
    storm = sum(one.part == Part.STORM for one in plan)
    compared = sum(one <= planning.COMPARED for one in days)
    assert sum(one.part == Part.STORM for one in order[recent : recent + storm]) == storm
    assert max(days[:compared]) <= planning.COMPARED
    rest = days[compared:]
    a_round = len(rest) // planning.ROUNDS
    by_month = Counter(one // 30 for one in rest[:a_round])
    assert len(by_month) >= 11 and max(by_month.values()) < 3 * min(by_month[month] for month in range(3, 12))
