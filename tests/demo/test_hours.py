import datetime as dt
from random import Random

import pytest

from cases.deadlines import SHANGHAI, Calendar, Limit
from demo.hours import Hours


@pytest.fixture
def hours():
    return Hours(Random(1), Calendar())


def at(day, hour, minute=0):
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def test_office_time_jumps_over_noon_night_and_weekend(hours):
    friday_late = at(20, 16)
    assert hours.after(friday_late, 3 * 3600 - 60) == at(23, 10, 59)
    assert hours.before(at(23, 11), 3 * 3600 - 60) == at(20, 16, 1)


@pytest.mark.parametrize("seconds", [60, 3600, 5 * 3600, 20 * 3600])
def test_going_back_and_forth_leads_home(hours, seconds):
    start = at(18, 10)
    there = hours.after(start, seconds)
    assert hours.worked(start, there) == seconds
    assert hours.before(there, seconds) == start


def test_half_an_urgent_limit_is_half_of_the_clock(hours):
    assert hours.ago(at(22, 3), Limit.parse("4 紧急工作时"), 0.5) == at(22, 1)
    assert hours.within(at(22, 1), at(22, 5), 0.5, urgent=True) == at(22, 3)
