"""The worked examples of docs/deadlines.md line by line, and what must hold for every limit."""

import re
import time as clock_time
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from unittest.mock import ANY

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.deadlines import (
    SHANGHAI,
    Calendar,
    Limit,
    Marks,
    Unit,
    extend,
    recount,
    remainder,
    resume,
    start,
)

DOCUMENT = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)（(.)）(\d\d):(\d\d)")


# --- the document ----------------------------------------------------------------------------------


def table(first_heading: str) -> list[dict[str, str]]:
    """The rows of the one table in the document whose first heading is given."""
    lines = DOCUMENT.splitlines()
    top = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in _block(lines, top)]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def _block(lines: list[str], top: int) -> list[str]:
    end = next((i for i in range(top, len(lines)) if not lines[i].startswith("|")), len(lines))
    return lines[top:end]


def moments(text: str) -> list[datetime]:
    """The moments written in a cell, each with its right day of the week."""
    times = []
    for day_text, weekday, hour, minute in MOMENT.findall(text):
        day = date.fromisoformat(day_text)
        assert "一二三四五六日"[day.weekday()] == weekday, f"{day} is not 周{weekday}"
        midnight = datetime.combine(day, time.min, SHANGHAI)
        times.append(midnight + timedelta(hours=int(hour), minutes=int(minute)))
    return times


def calendar_named(name: str) -> Calendar:
    years = {row["日历"]: row["已公布年份"] for row in table("日历")}[name]
    exceptions = {}
    for row in table("安排"):
        if row["安排"] in ("2026", name):
            day, last = date.fromisoformat(row["起"]), date.fromisoformat(row["止"])
            while day <= last:
                exceptions[day] = row["休／班"] == "班"
                day += timedelta(days=1)
    return Calendar(exceptions=exceptions, published=frozenset(int(year) for year in years.split("、")))


def worked(row: dict[str, str]) -> Marks:
    """Walk what the row says happened, checking the remainder on the way."""
    calendar, limit = calendar_named(row["日历"]), Limit.parse(row["时限"])
    clock = start(moments(row["开始"])[0], limit, calendar)
    story = row["经过"]
    if "延期" in story:
        return extend(clock, Limit.parse(story.removeprefix("延期")), calendar)
    if "交回" in story:
        return recount(clock.basis, limit, calendar)
    if "挂账" in story:
        stopped, resumed = moments(story)
        rest = remainder(clock.due_at, limit, stopped, calendar)
        assert rest == Limit.parse(re.search("余(.*?)，", story)[1], may_be_zero=True)
        return resume(resumed, rest, limit, calendar)
    assert story == "—"
    return clock


EXAMPLES = table("例")


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row["例"])
def test_each_worked_example_of_the_document_comes_out(row):
    marks = worked(row)
    assert [marks.warn_at] == moments(row["预警"])
    assert [marks.due_at] == moments(row["到期"])
    assert [marks.escalate_at] == moments(row["升级"])
    assert marks.is_provisional == {"是": True, "否": False}[row["暂定"]]


def test_the_document_has_thirteen_examples_over_all_units():
    assert {int(re.match(r"\d+", row["例"])[0]) for row in EXAMPLES} == set(range(1, 14))
    assert {Limit.parse(row["时限"]).unit for row in EXAMPLES} == set(Unit)


def test_the_document_states_the_holidays_of_2026_as_the_calendar_package_knows_them():
    package = pytest.importorskip("chinese_calendar")
    calendar = calendar_named("2026")
    days = [date(2026, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    assert [day for day in days if calendar.is_working(day) != package.is_workday(day)] == []


# --- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["4 工作时", "4工作时", " 4  工作时 ", "4.0 工作时", "4 个工作时", "４　工作时"]
)
def test_a_limit_is_read_however_it_is_spaced(text):
    limit = Limit.parse(text)
    assert limit == Limit(amount=Decimal(4), unit=Unit.WORKING_HOUR)
    assert str(limit) == "4 工作时"


def test_a_limit_may_be_a_few_seconds_long():
    assert Limit.parse("0.001 紧急工作时").seconds == 4
    assert str(Limit.parse("10 自然日")) == "10 自然日"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "工作时",
        "4",
        "四 工作时",
        "4 小时",
        "-1 工作日",
        "1.5 工作日",
        "0 工作日",
        "0.0001 工作时",
        "0.33333 工作时",
        "1e3 工作日",
        "99999 自然日",
        "9000 工作时",
        "4 工作时 2 工作日",
    ],
)
def test_nonsense_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"。$"):
        Limit.parse(text)


def test_a_limit_built_from_stored_columns_equals_the_one_read():
    assert Limit(amount=Decimal("2.0000"), unit="working_day") == Limit.parse("2 工作日")


@given(seconds=st.integers(0, 8760 * 3600), unit=st.sampled_from([Unit.URGENT_HOUR, Unit.WORKING_HOUR]))
def test_hours_keep_every_second_through_their_text(seconds, unit):
    limit = Limit.parse(str(Limit.of_seconds(seconds, unit)), may_be_zero=True)
    assert (limit.seconds, limit.unit) == (seconds, unit)


def test_an_extension_in_another_unit_is_refused():
    clock = start(datetime(2026, 11, 16, 9, tzinfo=SHANGHAI), Limit.parse("5 工作日"), Calendar())
    with pytest.raises(ValueError, match=r"工作日.*工作时"):
        extend(clock, Limit.parse("2 工作时"), Calendar())


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="时区"):
        start(
            datetime(2026, 11, 16, 9, tzinfo=SHANGHAI).replace(tzinfo=None),
            Limit.parse("5 工作日"),
            Calendar(),
        )


# --- calendars -------------------------------------------------------------------------------------


def test_a_year_that_is_not_published_falls_back_to_the_week():
    calendar = Calendar(published=frozenset({2026}))
    assert not calendar.is_published(date(2027, 1, 1))
    assert calendar.is_working(date(2027, 1, 1))
    assert not calendar.is_working(date(2027, 1, 2))
    assert calendar.windows(date(2027, 1, 2)) == ()


def test_office_hours_change_on_the_day_they_are_dated():
    summer = ((time(8), time(12)), (time(15), time(18)))
    hours = (*Calendar().hours, (date(2026, 7, 1), summer))
    calendar = Calendar(hours=hours, published=frozenset({2026}))
    clock = start(datetime(2026, 6, 30, 16, tzinfo=SHANGHAI), Limit.parse("6 工作时"), calendar)
    assert clock.due_at == datetime(2026, 7, 1, 16, tzinfo=SHANGHAI)


def test_a_window_may_last_until_midnight():
    calendar = Calendar(hours=((date.min, ((time(16), time(0)),)),), published=frozenset({2026}))
    clock = start(datetime(2026, 11, 16, 22, tzinfo=SHANGHAI), Limit.parse("1 工作日"), calendar)
    assert clock.due_at == datetime(2026, 11, 18, 0, tzinfo=SHANGHAI)
    assert remainder(clock.due_at, clock.limit, clock.basis.since, calendar) == clock.limit


@pytest.mark.parametrize(
    "hours",
    [
        (),
        ((date.min, ()),),
        ((date.min, ((time(13), time(12)),)),),
        ((date.min, ((time(9), time(13)), (time(12), time(17)))),),
        ((date(2026, 2, 1), ((time(9), time(17)),)), (date(2026, 1, 1), ((time(9), time(17)),))),
    ],
)
def test_office_hours_out_of_order_are_refused(hours):
    with pytest.raises(ValueError, match="作息"):
        Calendar(hours=hours)


def test_holidays_make_only_working_units_provisional():
    eve = datetime(2026, 12, 31, 16, tzinfo=SHANGHAI)
    calendar = Calendar(published=frozenset({2026}))
    texts = ["3 工作时", "1 工作日", "20 紧急工作时", "3 自然日"]
    provisional = [start(eve, Limit.parse(text), calendar).is_provisional for text in texts]
    assert provisional == [True, True, False, False]


def test_a_clock_that_ends_in_a_published_year_is_provisional_by_its_grace():
    calendar = Calendar(published=frozenset({2026}))
    clock = start(datetime(2026, 12, 30, 16, tzinfo=SHANGHAI), Limit.parse("1 工作日"), calendar)
    assert clock.due_at.year == 2026
    assert clock.is_provisional


# --- suspended and late ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3 工作时", "2 工作日", "2 自然日", "3 紧急工作时"])
def test_nothing_is_left_when_late(text):
    limit, calendar = Limit.parse(text), Calendar()
    clock = start(datetime(2026, 11, 16, 9, tzinfo=SHANGHAI), limit, calendar)
    for late in (timedelta(0), timedelta(seconds=1), timedelta(days=40)):
        assert remainder(clock.due_at, limit, clock.due_at + late, calendar).amount == 0


def test_a_resumed_clock_past_its_80_per_cent_warns_at_once():
    now, full = datetime(2026, 11, 16, 10, tzinfo=SHANGHAI), Limit.parse("10 工作时")
    assert resume(now, Limit.parse("1 工作时"), full, Calendar()).warn_at == now
    assert resume(now, Limit.parse("1 工作日"), Limit.parse("10 工作日"), Calendar()).warn_at == now


def test_a_last_day_suspended_and_resumed_in_the_evening_ends_the_next_working_day():
    limit, calendar = Limit.parse("2 工作日"), Calendar()
    due, stopped = datetime(2026, 11, 20, 17, tzinfo=SHANGHAI), datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
    rest = remainder(due, limit, stopped, calendar)
    assert rest.amount == 0
    clock = resume(datetime(2026, 11, 27, 18, tzinfo=SHANGHAI), rest, limit, calendar)
    assert clock.due_at == datetime(2026, 11, 30, 17, tzinfo=SHANGHAI)


def test_a_last_day_resumed_at_the_very_close_ends_there():
    close, limit = datetime(2026, 11, 20, 17, tzinfo=SHANGHAI), Limit.parse("2 工作日")
    assert resume(close, Limit(amount=Decimal(0), unit=limit.unit), limit, Calendar()).due_at == close


def test_a_warning_that_falls_on_the_lunch_break_comes_when_the_break_begins():
    clock = start(datetime(2026, 11, 16, 9, tzinfo=SHANGHAI), Limit.parse("3.75 工作时"), Calendar())
    assert clock.warn_at == datetime(2026, 11, 16, 12, tzinfo=SHANGHAI)


# --- what always holds -----------------------------------------------------------------------------

quick = settings(deadline=None, database=None, max_examples=150)
DAYS = st.dates(date(2026, 9, 1), date(2027, 3, 31))
LUNCH = ((time(9), time(12)), (time(13), time(17)))
SHIFTS = ((time(0), time(2, 30)), (time(8, 15), time(11)), (time(19), time(0)))
HOURS = st.sampled_from(
    [((date.min, LUNCH),), ((date.min, SHIFTS),), ((date.min, LUNCH), (date(2026, 12, 1), SHIFTS))]
)
CALENDARS = st.builds(
    Calendar,
    exceptions=st.dictionaries(DAYS, st.booleans(), max_size=40),
    published=st.sampled_from([frozenset(), frozenset({2026}), frozenset({2026, 2027})]),
    hours=HOURS,
)
MOMENTS = st.builds(
    lambda day, second, micro: (
        datetime.combine(day, time.min, SHANGHAI) + timedelta(seconds=second, microseconds=micro)
    ),
    DAYS,
    st.one_of(st.integers(0, 86399), st.sampled_from([0, 9, 12, 13, 17]).map(lambda hour: hour * 3600)),
    st.sampled_from([0, 0, 999_999]),
)
HOUR_LIMITS = st.builds(
    lambda seconds, unit: Limit.of_seconds(seconds, unit),
    st.one_of(st.integers(1, 60 * 3600), st.integers(1, 60).map(lambda hours: hours * 3600)),
    st.sampled_from([Unit.URGENT_HOUR, Unit.WORKING_HOUR]),
)
DAY_LIMITS = st.builds(
    lambda days, unit: Limit(amount=Decimal(days), unit=unit),
    st.integers(1, 30),
    st.sampled_from([Unit.WORKING_DAY, Unit.CALENDAR_DAY]),
)
LIMITS = st.one_of(HOUR_LIMITS, DAY_LIMITS)


def open_minutes(day: date, calendar: Calendar) -> frozenset[int]:
    """Every minute of work on a day: slow, and independent of the code under test."""
    return minutes_of(calendar.windows(day))


@cache
def minutes_of(windows) -> frozenset[int]:
    minutes = set()
    for opens, closes in windows:
        last = closes.hour * 60 + closes.minute or 1440
        minutes |= set(range(opens.hour * 60 + opens.minute, last))
    return frozenset(minutes)


@quick
@given(opened=MOMENTS, minutes=st.integers(1, 1200), calendar=CALENDARS)
def test_working_hours_agree_with_a_count_minute_by_minute(opened, minutes, calendar):
    opened = opened.replace(second=0, microsecond=0)
    day, minute, counted = opened.date(), opened.hour * 60 + opened.minute, 0
    while counted < minutes:
        if minute == 1440:
            day, minute = day + timedelta(days=1), 0
        counted += minute in open_minutes(day, calendar)
        minute += 1
    moment = datetime.combine(day, time.min, SHANGHAI) + timedelta(minutes=minute)
    limit = Limit.of_seconds(minutes * 60, Unit.WORKING_HOUR)
    assert start(opened, limit, calendar).due_at == moment


@quick
@given(opened=MOMENTS, limit=DAY_LIMITS, calendar=CALENDARS)
def test_days_end_with_the_nth_counted_day_after_the_start(opened, limit, calendar):
    due = start(opened, limit, calendar).due_at
    last = (due - timedelta(seconds=1)).date()
    between = [opened.date() + timedelta(days=ahead) for ahead in range(1, (last - opened.date()).days + 1)]
    if limit.unit == Unit.WORKING_DAY:
        between = [day for day in between if calendar.is_working(day)]
        assert calendar.windows(last)[-1][1] == due.time()
    else:
        assert due.time() == time.min
    assert len(between) == limit.days
    assert between[-1] == last


@quick
@given(opened=MOMENTS, limit=LIMITS, calendar=CALENDARS)
def test_a_clock_warns_ends_and_escalates_in_this_order(opened, limit, calendar):
    clock = start(opened, limit, calendar)
    assert clock.basis.since <= clock.warn_at <= clock.due_at <= clock.escalate_at
    assert (clock.escalate_at == clock.due_at) == (limit.unit == Unit.URGENT_HOUR)


@quick
@given(opened=MOMENTS, limit=LIMITS, more=st.integers(1, 100), calendar=CALENDARS)
def test_a_longer_limit_never_ends_earlier(opened, limit, more, calendar):
    longer = Limit(amount=limit.amount + more, unit=limit.unit)
    first, second = start(opened, limit, calendar), start(opened, longer, calendar)
    assert first.due_at < second.due_at
    assert first.warn_at <= second.warn_at
    assert first.escalate_at <= second.escalate_at


@quick
@given(one=MOMENTS, other=MOMENTS, limit=LIMITS, calendar=CALENDARS)
def test_a_later_start_never_ends_earlier(one, other, limit, calendar):
    first, second = start(min(one, other), limit, calendar), start(max(one, other), limit, calendar)
    assert first.due_at <= second.due_at
    assert first.warn_at <= second.warn_at
    assert first.escalate_at <= second.escalate_at


@quick
@given(opened=MOMENTS, seconds=st.integers(1, 60 * 3600), calendar=CALENDARS)
def test_working_hours_never_end_or_escalate_outside_a_window(opened, seconds, calendar):
    clock = start(opened, Limit.of_seconds(seconds, Unit.WORKING_HOUR), calendar)
    for moment in (clock.due_at, clock.escalate_at):
        second_before = moment - timedelta(seconds=1)
        minute = second_before.hour * 60 + second_before.minute
        assert minute in open_minutes(second_before.date(), calendar)


@quick
@given(opened=MOMENTS, limit=LIMITS, calendar=CALENDARS)
def test_at_the_start_everything_is_left(opened, limit, calendar):
    clock = start(opened, limit, calendar)
    assert remainder(clock.due_at, limit, clock.basis.since, calendar) == limit


@quick
@given(opened=MOMENTS, seconds=st.integers(5, 60 * 3600), calendar=CALENDARS)
def test_a_fifth_of_the_working_time_is_left_at_the_warning(opened, seconds, calendar):
    limit = Limit.of_seconds(seconds, Unit.WORKING_HOUR)
    clock = start(opened, limit, calendar)
    assert remainder(clock.due_at, limit, clock.warn_at, calendar).seconds == -(-seconds // 5)


@quick
@given(opened=MOMENTS, limit=LIMITS, share=st.floats(0, 1), calendar=CALENDARS)
def test_suspended_and_resumed_at_once_nothing_moves(opened, limit, share, calendar):
    clock = start(opened, limit, calendar)
    now = clock.basis.since + (clock.due_at - clock.basis.since) * share
    again = resume(now, remainder(clock.due_at, limit, now, calendar), limit, calendar)
    if again.basis.since < clock.due_at or limit.unit.is_days is False:
        assert (again.due_at, again.escalate_at) == (clock.due_at, clock.escalate_at)
        assert again.warn_at == max(again.basis.since, clock.warn_at)


@quick
@given(opened=MOMENTS, limit=LIMITS, share=st.floats(0, 1), gap=st.integers(0, 60), calendar=CALENDARS)
def test_a_longer_suspension_never_ends_earlier(opened, limit, share, gap, calendar):
    clock = start(opened, limit, calendar)
    stopped = clock.basis.since + (clock.due_at - clock.basis.since) * share
    rest = remainder(clock.due_at, limit, stopped, calendar)
    later = resume(stopped + timedelta(days=gap), rest, limit, calendar)
    assert later.due_at >= clock.due_at
    assert later.basis.since <= later.warn_at <= later.due_at <= later.escalate_at


@quick
@given(opened=MOMENTS, limit=LIMITS, first=st.integers(1, 9), second=st.integers(1, 9), calendar=CALENDARS)
def test_two_extensions_equal_one_of_both_and_a_longer_limit(opened, limit, first, second, calendar):
    clock = start(opened, limit, calendar)
    one, two, both = (
        Limit(amount=Decimal(amount), unit=limit.unit) for amount in (first, second, first + second)
    )
    once = extend(clock, one, calendar)
    twice = extend(once, two, calendar)
    marks = extend(clock, both, calendar)
    whole = start(opened, limit + both, calendar)
    for name in ("warn_at", "due_at", "escalate_at", "limit"):
        assert getattr(twice, name) == getattr(marks, name) == getattr(whole, name)


def slow_close(day: date, unit: Unit, calendar: Calendar) -> datetime:
    """The end of a day by its windows, or 24:00, without the code under test."""
    hours = [windows for valid_from, windows in calendar.hours if valid_from <= day] or [calendar.hours[0][1]]
    closes = time(0) if unit == Unit.CALENDAR_DAY else hours[-1][-1][1]
    midnight = datetime.combine(day, time.min, SHANGHAI)
    return midnight + timedelta(hours=closes.hour or 24, minutes=closes.minute)


def slow_days(day: date, count: int, unit: Unit, calendar: Calendar) -> date:
    while count:
        day += timedelta(days=1)
        count -= unit == Unit.CALENDAR_DAY or calendar.exceptions.get(day, day.weekday() < 5)
    return day


def slow_minutes(moment: datetime, count: int, unit: Unit, calendar: Calendar) -> datetime:
    day, minute = moment.date(), moment.hour * 60 + moment.minute
    while count:
        if minute == 1440:
            day, minute = day + timedelta(days=1), 0
        count -= unit == Unit.URGENT_HOUR or minute in open_minutes(day, calendar)
        minute += 1
    return datetime.combine(day, time.min, SHANGHAI) + timedelta(minutes=minute)


def slow_end(opened: datetime, amounts: list[int], unit: Unit, calendar: Calendar) -> datetime:
    """A limit and extensions counted one after another by hand: days, or minutes."""
    if not unit.is_days:
        for amount in amounts:
            opened = slow_minutes(opened, amount, unit, calendar)
        return opened
    day = opened.date()
    for amount in amounts:
        day = slow_days(day, amount, unit, calendar)
    return slow_close(day, unit, calendar)


@quick
@given(
    opened=MOMENTS,
    unit=st.sampled_from(list(Unit)),
    amounts=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    before=CALENDARS,
    after=CALENDARS,
)
def test_counted_again_under_another_calendar_the_marks_are_those_of_a_count_by_hand(
    opened, unit, amounts, before, after
):
    opened, scale = opened.replace(second=0, microsecond=0), 1 if unit.is_days else 60
    limits = [
        Limit(amount=Decimal(amount), unit=unit) if unit.is_days else Limit.of_seconds(amount * 3600, unit)
        for amount in amounts
    ]
    marks = start(opened, limits[0], before)
    for more in limits[1:]:
        marks = extend(marks, more, before)
    again = recount(marks.basis, marks.limit, after)
    assert again.limit.amount == sum(amounts)
    assert again.due_at == slow_end(opened, [amount * scale for amount in amounts], unit, after)
    if unit.is_days:
        last = (again.due_at - timedelta(seconds=1)).date()
        grace = -(-sum(amounts) // 5)
        assert again.escalate_at == slow_close(slow_days(last, grace, unit, after), unit, after)
    else:
        grace = sum(amounts) * 12 * (unit == Unit.WORKING_HOUR)
        assert again.escalate_at == slow_minutes(again.due_at, grace, unit, after)
    assert opened <= again.warn_at <= again.due_at <= again.escalate_at
    assert recount(again.basis, again.limit, before) == replace(marks, is_provisional=ANY)


@quick
@given(opened=MOMENTS, limit=LIMITS, share=st.floats(0, 1), gap=st.integers(0, 60), calendar=CALENDARS)
def test_what_was_resumed_and_extended_is_counted_again_from_where_it_was_resumed(
    opened, limit, share, gap, calendar
):
    clock = start(opened, limit, calendar)
    stopped = clock.basis.since + (clock.due_at - clock.basis.since) * share
    rest = remainder(clock.due_at, limit, stopped, calendar)
    resumed = resume(stopped + timedelta(days=gap), rest, limit, calendar)
    extended = extend(resumed, limit, calendar)
    for marks in (resumed, extended):
        again = recount(marks.basis, marks.limit, calendar)
        assert (again.due_at, again.warn_at, again.escalate_at) == (
            marks.due_at,
            marks.warn_at,
            marks.escalate_at,
        )


@quick
@given(opened=MOMENTS, limit=LIMITS, calendar=CALENDARS)
def test_the_zone_a_moment_is_written_in_does_not_matter(opened, limit, calendar):
    assert start(opened.astimezone(UTC), limit, calendar) == start(opened, limit, calendar)


@quick
@given(opened=MOMENTS, limit=LIMITS, exceptions=st.dictionaries(DAYS, st.booleans(), max_size=40))
def test_only_a_provisional_clock_moves_when_a_calendar_is_published(opened, limit, exceptions):
    known = {day: work for day, work in exceptions.items() if day.year == 2026}
    before = Calendar(exceptions=known, published=frozenset({2026}))
    after = Calendar(exceptions=exceptions, published=frozenset({2026, 2027}))
    clock, recomputed = start(opened, limit, before), start(opened, limit, after)
    assert not recomputed.is_provisional
    if not clock.is_provisional:
        assert clock == recomputed


@pytest.mark.parametrize("text", ["4 工作时", "40 工作时", "10 工作日", "48 紧急工作时", "30 自然日"])
def test_a_clock_starts_in_well_under_a_fifth_of_a_millisecond(text):
    calendar, limit = calendar_named("2026"), Limit.parse(text)
    opened = datetime(2026, 9, 30, 16, tzinfo=SHANGHAI)
    batches = []
    for _ in range(5):
        begin = clock_time.process_time()
        for _ in range(200):
            assert isinstance(start(opened, limit, calendar), Marks)
        batches.append((clock_time.process_time() - begin) / 200)
    assert min(batches) < 0.0002
