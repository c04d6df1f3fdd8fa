"""After an outage of the sweep: a mark is seen for a quarter of an hour before anything follows from it."""

import datetime as dt

import pytest

from cases import actions
from cases.models import Case, Leg
from cases.workflow import Lateness, Loop, State
from governance import actions as governance
from governance.health import SWEPT
from governance.models import Heartbeat
from tests.cases.walks import limit_all
from tests.lives import MORNING, case_at, fresh, open_leg, reported, settled_by, walk, words_of

HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
pytestmark = pytest.mark.django_db


QUARTER = dt.timedelta(minutes=15)


@pytest.mark.parametrize(
    ("state", "loop", "move"),
    [
        (State.REPORTED, Loop.COMMUNITY, "escalate"),
        (State.HANDLING, Loop.COMMUNITY, "escalate"),
        (State.HANDLED, Loop.COMMUNITY, "draw_anew"),
        (State.VERIFIED, Loop.COMMUNITY, "raise_closing"),
        (State.HANDLING, Loop.DISTRICT, "order_supervision"),
    ],
)
def test_after_an_outage_a_mark_is_seen_for_a_quarter_of_an_hour_before_anything_follows(state, loop, move):
    case = case_at(state, loop=loop)
    back = open_leg(case).escalate_at + 5 * HOUR
    assert actions.sweep(now=back) == 1
    assert fresh(case).lateness == Lateness.RED
    assert actions.sweep(now=back + QUARTER - SECOND) == 0
    assert actions.sweep(now=back + QUARTER) == 1
    assert case.events.last().move == move
    assert "后台曾中断" in words_of(case, move) and "多留 15 分钟" in words_of(case, move)
    assert actions.sweep(now=back + QUARTER + SECOND) == 0


def test_a_mark_that_was_late_but_long_before_its_grace_ends_changes_nothing():
    limit_all(settled_by(Loop.COMMUNITY), "10 工作日")
    case = reported()
    leg = open_leg(case)
    actions.sweep(now=leg.due_at + HOUR)
    assert open_leg(case).sweep_at == leg.escalate_at
    actions.sweep(now=leg.escalate_at)
    assert fresh(case).loop == Loop.STREET
    assert "后台" not in words_of(case, "escalate")


@pytest.mark.parametrize(
    ("behind", "waits"),
    [(dt.timedelta(), False), (SWEPT * SECOND, False), ((SWEPT + 1) * SECOND, True)],
)
def test_a_mark_that_was_written_in_time_is_followed_at_once_where_there_is_no_grace(behind, waits):
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")
    case = reported()
    actions.sweep(now=MORNING + 2 * HOUR + behind)
    assert fresh(case).loop == (Loop.COMMUNITY if waits else Loop.STREET)


@pytest.mark.parametrize("lag", [0, 1, 60, SWEPT - 1, SWEPT, SWEPT + 1, 239, 3600], ids="due {}s ago".format)
@pytest.mark.parametrize("outage", [5, SWEPT, SWEPT + 1, 240, 5 * 3600], ids="away {}s".format)
def test_a_mark_that_fell_due_while_the_sweep_was_away_is_seen_for_a_quarter_of_an_hour(outage, lag):
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")  # too short for a grace
    case = reported()
    back = open_leg(case).due_at + lag * SECOND
    governance.heartbeat(Heartbeat.Part.SWEEP, now=back - outage * SECOND)
    actions.sweep(now=back)
    is_late = lag > SWEPT or (lag > 0 and outage > SWEPT)
    assert fresh(case).loop == (Loop.COMMUNITY if is_late else Loop.STREET)
    if is_late:
        assert fresh(case).lateness == Lateness.RED
        governance.heartbeat(Heartbeat.Part.SWEEP, now=back)
        assert actions.sweep(now=back + QUARTER - SECOND) == 0
        assert actions.sweep(now=back + QUARTER) == 1
        assert fresh(case).loop == Loop.STREET
        assert "后台曾中断" in words_of(case, "escalate")


def test_what_the_first_sweep_after_an_outage_did_not_reach_is_seen_for_as_long():
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")
    first, second = reported(), reported(now=MORNING + SECOND)
    back = open_leg(second).due_at + 10 * SECOND
    governance.heartbeat(Heartbeat.Part.SWEEP, now=back - 240 * SECOND)
    assert actions.sweep(now=back, most=1) == 1
    governance.heartbeat(Heartbeat.Part.SWEEP, now=back)
    later = back + 5 * SECOND
    assert actions.sweep(now=later) == 1
    assert [fresh(case).loop for case in (first, second)] == [Loop.COMMUNITY] * 2
    assert open_leg(second).held_until == later + QUARTER


def test_what_falls_due_after_the_sweep_has_returned_is_not_held():
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")
    case = reported()
    due = open_leg(case).due_at
    governance.heartbeat(Heartbeat.Part.SWEEP, now=due - 240 * SECOND)
    actions.sweep(now=due - SECOND)
    governance.heartbeat(Heartbeat.Part.SWEEP, now=due - SECOND)
    actions.sweep(now=due + SECOND)
    assert fresh(case).loop == Loop.STREET


def test_a_unit_that_gets_a_case_back_too_late_sees_the_mark_before_the_case_is_escalated():
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")
    case = walk(reported(), "register", "dispatch")
    unit = case.unit
    walk(case, "refuse", now=MORNING + HOUR)
    limit_all(settled_by(Loop.COMMUNITY), "20 紧急工作时")
    back = MORNING + 3 * HOUR
    case = Case.objects.get(pk=case.pk)
    walk(case, "dispatch", now=back, unit=unit)
    now = open_leg(case).opened_at + SECOND
    actions.sweep(now=now)
    assert (fresh(case).lateness, fresh(case).loop) == (Lateness.RED, Loop.COMMUNITY)
    actions.sweep(now=now + QUARTER)
    assert fresh(case).loop == Loop.STREET
    assert "转来时已过期限" in words_of(case, "escalate")


def test_a_mark_is_given_only_when_its_own_time_has_come():
    yellow = case_at(State.HANDLING)
    actions.sweep(now=open_leg(yellow).warn_at)
    fine = case_at(State.HANDLING)
    asked = {fine: open_leg(fine).warn_at}
    for case in (yellow, case_at(State.SUSPENDED), case_at(State.CLOSED)):
        asked[case] = open_leg(case).due_at
    for case, moment in asked.items():
        Leg.objects.update(sweep_at=None)
        case.legs.filter(stopped_at=None).update(sweep_at=MORNING)  # looked at too early, for whatever reason
        assert actions.sweep(now=moment - SECOND) == 0
        assert actions.sweep(now=moment) == 1


def test_an_order_is_repeated_without_a_word_about_the_outage_that_is_over():
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    back = open_leg(case).escalate_at + HOUR
    actions.sweep(now=back)
    actions.sweep(now=back + QUARTER)
    actions.sweep(now=case.supervisions.get().deadline)
    assert case.events.filter(move="order_supervision").count() == 2
    assert "后台" not in words_of(case, "order_supervision")
