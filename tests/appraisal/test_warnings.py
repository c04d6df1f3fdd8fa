"""Warnings: far more in a week than is usual there, with the numbers behind it, and how often they came true."""

import datetime as dt

import pytest

from appraisal.listing import listed
from appraisal.models import Looked, PlaceWarning
from appraisal.periods import DAY, Period
from appraisal.slices import Slice
from appraisal.warnings import (
    dismiss,
    find_warnings,
    in_words,
    past_in_words,
    usual,
)
from governance.models import Level
from governance.roles import Role
from records.refusals import Forbidden, Stale, Unfit
from tests import lives, people
from tests.appraisal.looks import AUTUMN, reports_on, weeks_before

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 18)
NOW = lives.at(11, 18, 3)
YESTERDAY = TODAY - DAY


def usual_autumn() -> None:
    weeks_before(YESTERDAY, *AUTUMN)


def warnings() -> dict[int, PlaceWarning]:
    return {one.level: one for one in PlaceWarning.objects.select_related("place", "category").with_past()}


# What is usual ------------------------------------------------------------------------------------------------------


def test_the_higher_of_last_year_and_the_months_before_is_usual():
    months = dict.fromkeys((3, 4, 5, 8, 9, 10, 12, 13, 14), 4)
    year = dict.fromkeys(range(50, 55), 18)
    rainy = usual(months | year, 0, 100)
    assert (rainy.basis, rainy.expected, rainy.weeks) == ("year", 18.0, (18,) * 5)
    grown = usual(months | dict.fromkeys(range(50, 55), 1), 0, 100)
    assert (grown.basis, grown.expected) == ("months", 4.0)


def test_one_odd_week_does_not_move_what_is_usual():
    weeks = (2, 3, 2, 90, 3, 2, 3, 2, 3)
    found = usual(dict(zip((3, 4, 5, 8, 9, 10, 12, 13, 14), weeks, strict=True)), 0, 20)
    assert found.expected == 3.0
    assert found.spread == pytest.approx(3**0.5)
    assert not found.is_exceeded(8) and found.is_exceeded(9)


def test_weeks_before_the_first_report_are_unknown_and_no_noughts():
    assert usual({}, 0, 4) is None
    assert usual({}, 0, 8) is None
    assert usual({}, 0, 9).expected == 0


def test_a_small_number_is_no_warning_however_unusual():
    assert not usual({}, 0, 20).is_exceeded(7)
    assert usual({}, 0, 20).is_exceeded(8)


# The nightly look ---------------------------------------------------------------------------------------------------


def test_a_week_far_above_the_usual_is_found_for_street_and_community_with_its_numbers():
    usual_autumn()
    reports_on(YESTERDAY - 2 * DAY, 9)
    assert find_warnings(now=NOW) == 2
    found = warnings()
    assert found.keys() == {Level.STREET, Level.COMMUNITY}
    one = found[Level.COMMUNITY]
    assert (one.place.code, one.day, one.observed, one.basis) == (people.COMMUNITY, YESTERDAY, 9, "months")
    assert one.weeks == [2, 1, 2, 1, 2, 2, 2, 1, 1] and one.expected == 2.0
    assert in_words(one, TODAY) == "尚义社区近 7 天楼道堆物 9 件，前几个月同期约 2 件"
    assert in_words(one, TODAY + DAY) == "尚义社区11-11 至 11-17 楼道堆物 9 件，前几个月同期约 2 件"


def test_what_a_warning_counts_is_the_list_behind_it():
    usual_autumn()
    reports_on(YESTERDAY, 8)
    reports_on(TODAY, 3)  # not yesterday's week
    find_warnings(now=NOW)
    one = warnings()[Level.STREET]
    of = Slice("street", one.place_id, category=one.category_id)
    assert listed(["reported"], Period(one.first_day, one.day), of)[0] == one.observed == 8


def test_the_usual_number_is_no_warning():
    usual_autumn()
    reports_on(YESTERDAY, 3)
    assert find_warnings(now=NOW) == 0


def test_a_second_look_of_the_same_night_finds_nothing_new():
    usual_autumn()
    reports_on(YESTERDAY, 9)
    assert [
        find_warnings(now=NOW),
        find_warnings(now=NOW),
        find_warnings(now=NOW + dt.timedelta(hours=9)),
    ] == [
        2,
        0,
        0,
    ]
    assert Looked.objects.get(what="warnings").until == YESTERDAY


def test_the_same_rise_warns_once_in_seven_days():
    usual_autumn()
    reports_on(YESTERDAY, 9)
    assert find_warnings(now=NOW) == 2
    assert [find_warnings(now=NOW + number * DAY) for number in range(1, 6)] == [0] * 5
    reports_on(TODAY + 6 * DAY, 9)
    assert find_warnings(now=NOW + 7 * DAY) == 2


def test_nights_without_a_look_are_caught_up_with():
    usual_autumn()
    reports_on(YESTERDAY, 9)
    find_warnings(now=NOW - 20 * DAY)
    assert find_warnings(now=NOW + 14 * DAY) == 2
    assert {one.day for one in PlaceWarning.objects.all()} == {TODAY + 13 * DAY - 14 * DAY}


def test_what_became_of_a_warning_is_written_when_the_week_after_it_is_over():
    usual_autumn()
    reports_on(YESTERDAY, 9)
    find_warnings(now=NOW)
    reports_on(TODAY + 2 * DAY, 4)
    find_warnings(now=NOW + 6 * DAY)
    assert {one.came_true for one in PlaceWarning.objects.all()} == {None}
    find_warnings(now=NOW + 7 * DAY)
    assert {(one.followed, one.came_true) for one in PlaceWarning.objects.all()} == {(4, True)}


def test_a_warning_did_not_come_true_where_the_week_after_was_as_usual():
    usual_autumn()
    reports_on(YESTERDAY, 9)
    find_warnings(now=NOW)
    reports_on(TODAY + 2 * DAY, 3)  # two, and a spread of 1.4
    find_warnings(now=NOW + 7 * DAY)
    assert {(one.followed, one.came_true) for one in PlaceWarning.objects.all()} == {(3, False)}


def test_the_first_look_goes_back_so_that_there_is_a_past():
    weeks_before(YESTERDAY, 0, 0, 9, 9, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)
    reports_on(YESTERDAY, 12)
    find_warnings(now=NOW)
    one = PlaceWarning.objects.with_past().get(level=Level.STREET, day=YESTERDAY)
    earlier = PlaceWarning.objects.filter(level=Level.STREET, day__lt=YESTERDAY).order_by("day")
    assert [(w.observed, w.came_true) for w in earlier] == [(9, True), (9, False)]
    assert (one.past, one.past_true) == (2, 1)
    assert past_in_words(one) == "此类提示过去 2 次里有 1 次随后一周仍偏高（次数少，只作参考）"


def test_a_share_is_said_from_ten_warnings_on():
    one = PlaceWarning()
    one.past, one.past_true = 9, 9
    assert "%" not in past_in_words(one)
    one.past, one.past_true = 12, 9
    assert past_in_words(one) == "此类提示过去 12 次里有 9 次随后一周仍偏高（75%）"
    one.past, one.past_true = None, None
    assert past_in_words(one) == "此类提示还没有过，无从比较"


# Dismissed by people ------------------------------------------------------------------------------------------------


@pytest.fixture
def warning() -> PlaceWarning:
    usual_autumn()
    reports_on(YESTERDAY, 9)
    find_warnings(now=NOW)
    return warnings()[Level.COMMUNITY]


def test_a_warning_is_dismissed_once_by_name_with_a_reason(warning):
    clerk = people.clerk()
    with pytest.raises(Unfit):
        dismiss(warning.pk, reason="  ", by=clerk, now=NOW)
    dismissed = dismiss(warning.pk, reason="物业集中清理", by=clerk, now=NOW)
    assert (dismissed.dismissed_by, dismissed.dismissed_at, dismissed.dismissal) == (
        clerk,
        NOW,
        "物业集中清理",
    )
    assert dismiss(warning.pk, reason="物业集中清理", by=clerk, now=NOW + DAY).dismissed_at == NOW
    with pytest.raises(Stale):
        dismiss(warning.pk, reason="别的", by=people.someone(Role.LEADER, people.STREET), now=NOW)
    assert not PlaceWarning.objects.current(YESTERDAY - DAY).filter(pk=warning.pk).exists()


def test_who_neither_commands_nor_leads_there_dismisses_nothing(warning):
    with pytest.raises(Forbidden):
        dismiss(warning.pk, reason="看过", by=people.worker(), now=NOW)
    with pytest.raises(PlaceWarning.DoesNotExist):
        dismiss(warning.pk, reason="看过", by=people.stranger(), now=NOW)
    street = warnings()[Level.STREET]
    with pytest.raises(PlaceWarning.DoesNotExist):
        dismiss(street.pk, reason="看过", by=people.clerk(), now=NOW)


def test_everybody_sees_the_warnings_of_the_own_territories(warning):
    seen = {
        who: PlaceWarning.objects.visible_to(user).count()
        for who, user in {
            "clerk": people.clerk(),
            "street": people.someone(Role.LEADER, people.STREET),
            "district": people.someone(Role.LEADER, people.DISTRICT),
            "stranger": people.stranger(),
            "handler": people.someone(Role.HANDLER, f"{people.COMMUNITY}-property"),
            "inspector": people.someone(Role.INSPECTOR, people.DISTRICT),
        }.items()
    }
    assert seen == {"clerk": 1, "street": 2, "district": 2, "stranger": 0, "handler": 0, "inspector": 0}
