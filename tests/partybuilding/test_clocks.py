"""Four clocks a call, over weekends, holidays, make-up workdays, on Friday evening and at night."""

import datetime as dt

import pytest

from cases.deadlines import Calendar, Limit
from cases.models import WorkDay
from partybuilding.clocks import moments, moments_until
from partybuilding.models import WhistleRule
from partybuilding.workflow import ClockStep, Rung
from tests import people
from tests.cases import test_deadlines as document
from tests.lives import MORNING, at
from tests.partybuilding.blowing import (
    HOUR,
    MANAGEMENT,
    MARKET,
    MINUTE,
    POLICE,
    arrived,
    blown,
    call_of,
    clock_of,
    do,
    refuse,
    unit,
)

#: National Day: Thursday 1 to Wednesday 7 October off, Saturday 10 October worked.
OFF = {dt.date(2026, 10, day): False for day in range(1, 8)}
CALENDAR = Calendar(exceptions=OFF | {dt.date(2026, 10, 10): True}, published=frozenset({2026}))

# fmt: off
CASES = {
    #                                     called at                limit             yellow               red                  head                 leader               order
    "on Friday at 16:55":                (at(11, 20, 16, 55), "1 工作时",       at(11, 23, 9, 43),  at(11, 23, 9, 55),  at(11, 23, 10, 7),  at(11, 23, 10, 19), at(11, 23, 10, 31)),
    "on Saturday":                       (at(11, 21, 11, 0),  "1 工作时",       at(11, 23, 9, 48),  at(11, 23, 10, 0),  at(11, 23, 10, 12), at(11, 23, 10, 24), at(11, 23, 10, 36)),
    "at night":                          (at(11, 18, 23, 0),  "1 工作时",       at(11, 19, 9, 48),  at(11, 19, 10, 0),  at(11, 19, 10, 12), at(11, 19, 10, 24), at(11, 19, 10, 36)),
    "at noon":                           (at(11, 18, 11, 30), "1 工作时",       at(11, 18, 13, 18), at(11, 18, 13, 30), at(11, 18, 13, 42), at(11, 18, 13, 54), at(11, 18, 14, 6)),
    "before a holiday":                  (at(9, 30, 16, 55),  "1 工作时",       at(10, 8, 9, 43),   at(10, 8, 9, 55),   at(10, 8, 10, 7),   at(10, 8, 10, 19),  at(10, 8, 10, 31)),
    "before a make-up workday":          (at(10, 9, 16, 55),  "1 工作时",       at(10, 10, 9, 43),  at(10, 10, 9, 55),  at(10, 10, 10, 7),  at(10, 10, 10, 19), at(10, 10, 10, 31)),
    "days on Friday at 16:55":           (at(11, 20, 16, 55), "3 工作日",       at(11, 25, 9, 0),   at(11, 25, 17, 0),  at(11, 26, 17, 0),  at(11, 27, 17, 0),  at(11, 30, 17, 0)),
    "days over a holiday":               (at(9, 30, 10, 0),   "3 工作日",       at(10, 10, 9, 0),   at(10, 10, 17, 0),  at(10, 12, 17, 0),  at(10, 13, 17, 0),  at(10, 14, 17, 0)),
    "ten days":                          (at(11, 20, 16, 55), "10 工作日",      at(12, 3, 9, 0),    at(12, 4, 17, 0),   at(12, 8, 17, 0),   at(12, 10, 17, 0),  at(12, 14, 17, 0)),
    "an emergency at night":             (at(11, 22, 2, 0),   "0.5 紧急工作时", at(11, 22, 2, 24),  at(11, 22, 2, 30),  at(11, 22, 2, 36),  at(11, 22, 2, 42),  at(11, 22, 2, 48)),
    "an emergency in a holiday":         (at(10, 3, 23, 55),  "24 紧急工作时",  at(10, 4, 19, 7),   at(10, 4, 23, 55),  at(10, 5, 4, 43),   at(10, 5, 9, 31),   at(10, 5, 14, 19)),
}
# fmt: on


@pytest.mark.parametrize("when", CASES)
def test_each_rung_has_its_moment(when):
    now, limit, *wanted = CASES[when]
    found = moments(Limit.parse(limit), now, CALENDAR)
    assert [found.at(rung) for rung in Rung] == wanted


def test_the_worked_examples_of_the_ladder_are_right():
    rows = document.table("召集")
    for row in rows:
        (called,) = document.moments(row["召集"])
        found = moments(Limit.parse(row["时限"]), called, document.calendar_named("2026"))
        assert [[found.at(rung)] for rung in Rung] == [document.moments(row[rung.label]) for rung in Rung]
    assert len(rows) == 3


@pytest.mark.parametrize("limit", ["0.1 紧急工作时", "1 工作时", "1 工作日", "20 工作日", "2 自然日"])
def test_a_ladder_is_gone_up_step_by_step_whatever_the_unit_of_time(limit):
    for hour in range(0, 24 * 7, 5):
        found = moments(Limit.parse(limit), at(11, 16, 0, 7) + hour * HOUR, CALENDAR)
        steps = [found.at(rung) for rung in Rung]
        assert steps == sorted(set(steps)), (limit, hour)


def test_a_clock_that_goes_on_keeps_its_due_date_and_presses_nobody_for_what_was_before():
    limit = Limit.parse("0.5 紧急工作时")
    due = MORNING + 30 * MINUTE
    early = moments_until(due, limit, MORNING + 10 * MINUTE, CALENDAR)
    assert (early.yellow, early.red, early.head) == (due - 6 * MINUTE, due, due + 6 * MINUTE)
    close = moments_until(due, limit, MORNING + 28 * MINUTE, CALENDAR)
    assert (close.yellow, close.red, close.head) == (MORNING + 28 * MINUTE, due, due + 6 * MINUTE)
    late = moments_until(due, limit, MORNING + 40 * MINUTE, CALENDAR)
    assert (late.red, late.head) == (due, MORNING + 46 * MINUTE)


# On whistles ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_both_units_that_are_called_on_friday_evening_have_until_monday():
    whistle = blown(now=at(11, 20, 16, 55))
    for code in (MANAGEMENT, POLICE):
        due = {step: clock_of(whistle, code, step).red_at for step in ClockStep}
        assert due == {
            "sign": at(11, 23, 9, 55),
            "contact": at(11, 23, 13, 55),
            "arrive": at(11, 25, 17, 0),
            "settle": at(12, 4, 17, 0),
        }


@pytest.mark.django_db
def test_an_emergency_counts_through_the_night():
    whistle = blown(kind="emergency", source="emergency", now=at(11, 22, 2, 0))
    due = [clock_of(whistle, POLICE, step).red_at for step in ClockStep]
    assert due == [at(11, 22, 2, 6), at(11, 22, 2, 15), at(11, 22, 2, 30), at(11, 23, 2, 0)]


@pytest.mark.django_db
def test_who_comes_in_place_of_another_has_its_own_time_to_sign_and_what_is_left_for_the_matter():
    whistle = blown()
    before = {step: clock_of(whistle, MANAGEMENT, step).red_at for step in ClockStep}
    refuse(whistle, now=MORNING + 3 * HOUR + 30 * MINUTE)
    after = {step: clock_of(whistle, MARKET, step).red_at for step in ClockStep}
    assert {step for step in ClockStep if before[step] == after[step]} == {ClockStep.ARRIVE, ClockStep.SETTLE}
    assert after["sign"] == MORNING + 4 * HOUR + 30 * MINUTE


@pytest.mark.django_db
def test_a_unit_that_is_called_later_has_four_clocks_of_its_own_and_can_sign():
    whistle = blown()
    later = MORNING + 24 * HOUR
    do(whistle, "call", "jieshuji", unit=unit(MARKET), reason="涉及食品摊贩", now=later)
    assert {clock.opened_at for clock in call_of(whistle, MARKET).clocks.all()} == {later}
    assert clock_of(whistle, MARKET, "sign").red_at == later + HOUR
    whistle = do(whistle, "sign", people.someone("liaison", MARKET), of=MARKET, now=later + MINUTE)
    assert clock_of(whistle, MARKET, "sign").stopped_at == later + MINUTE
    assert clock_of(whistle, POLICE, "sign").stopped_at is None


@pytest.mark.django_db
def test_who_arrives_has_signed_and_is_in_contact_and_who_finishes_has_no_clock_left():
    whistle = arrived(blown())
    running = call_of(whistle, MANAGEMENT).clocks.running()
    assert [clock.step for clock in running] == [ClockStep.SETTLE]
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清理")
    assert not running.all().exists()


@pytest.mark.django_db
def test_clocks_are_frozen_when_the_unit_is_called():
    """A later change of the rule, or of the calendar, does not move them; the rule that held stands on the whistle."""
    whistle = blown()
    before = [clock.red_at for clock in call_of(whistle, MANAGEMENT).clocks.all()]
    WhistleRule.objects.update(
        limits=dict.fromkeys(ClockStep, "1 紧急工作时"), distance=1, may_stay_away=True
    )
    WorkDay.objects.create(day=MORNING.date() + dt.timedelta(days=1), is_working=False, note="停电")
    assert [clock.red_at for clock in call_of(whistle, MANAGEMENT).clocks.all()] == before
    assert whistle.rule["limits"]["sign"] == "1 工作时" and whistle.rule["distance"] == 200
    assert arrived(whistle, of=MANAGEMENT).state == "on_site"
