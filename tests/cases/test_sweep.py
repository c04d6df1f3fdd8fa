"""What time does: yellow, red, one loop up, drawn anew, resumed, lapsed; each of them once."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import Forbidden, Refused
from cases.models import Case, CaseEvent, CaseText, Leg, Supervision
from cases.workflow import Grade, Lateness, Loop, State, Step
from governance import actions as governance
from governance.models import Organization, User
from governance.roles import Role
from records import chain
from tests import people
from tests.cases.walks import appoint, limit_all, run_out, vacate
from tests.lives import MORNING, case_at, fresh, open_leg, reported, settled_by, walk
from tests.photos import photo

HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def until_top(case: Case) -> dt.datetime:
    """Let time run until nothing is escalated any more; returns the moment."""
    for _ in range(10):
        now = run_out(case)
        if case.supervisions.exists():
            return now
    raise AssertionError("the case never reached the top")


def do(case: Case, move: str, username: str, now: dt.datetime, **given):
    by = User.objects.get(username=username)
    return actions.perform(case.uuid, move, by=by, now=now, key=uuid.uuid4(), given=given)


# Yellow and red ---------------------------------------------------------------------------------------------------


def test_nothing_happens_before_four_fifths_of_the_limit():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = reported()
    assert actions.sweep(now=MORNING + 8 * HOUR - SECOND) == 0
    assert fresh(case).lateness == Lateness.NONE


def test_at_four_fifths_the_case_turns_yellow_and_at_the_end_red():
    limit_all(settled_by(Loop.COMMUNITY), "10 工作日")
    case = reported()
    leg = open_leg(case)
    assert actions.sweep(now=leg.warn_at) == 1
    assert fresh(case).lateness == open_leg(case).lateness == Lateness.YELLOW
    assert actions.sweep(now=leg.due_at - SECOND) == 0
    assert actions.sweep(now=leg.due_at) == 1
    assert fresh(case).lateness == Lateness.RED
    assert [e.move for e in case.events.all()] == ["report", "warn", "overdue"]


def test_ten_working_days_turn_yellow_in_the_morning_of_the_ninth():
    limit_all(settled_by(Loop.COMMUNITY), "10 工作日")
    leg = open_leg(reported())
    assert (f"{leg.due_at:%m-%d}", leg.warn_at.astimezone(MORNING.tzinfo).strftime("%m-%d %H:%M")) == (
        "12-02",
        "12-01 09:00",
    )


def test_a_sweep_that_was_away_for_long_does_all_that_is_due_in_one_go():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = reported()
    assert actions.sweep(now=MORNING + 10 * HOUR) == 2
    assert [e.move for e in case.events.all()] == ["report", "overdue", "escalate"]


def test_a_late_handling_stays_late_after_the_feedback():
    case = case_at(State.HANDLING)
    actions.sweep(now=open_leg(case).due_at)
    do(case, "comment", "wuye", open_leg(case).due_at, words="马上到")
    walk(case, "feedback", now=open_leg(case).due_at)
    assert fresh(case).was_late
    assert case.legs.filter(step=Step.HANDLING).last().is_late
    assert fresh(case).lateness == Lateness.NONE


# One loop up ------------------------------------------------------------------------------------------------------


def test_a_late_case_is_escalated_only_after_its_grace():
    case = reported()
    leg = open_leg(case)
    assert leg.due_at < leg.escalate_at
    actions.sweep(now=leg.due_at)
    actions.sweep(now=leg.escalate_at - SECOND)
    assert fresh(case).loop == Loop.COMMUNITY
    actions.sweep(now=leg.escalate_at)
    assert fresh(case).loop == Loop.STREET


def test_an_urgent_case_has_no_grace():
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")
    case = reported()
    actions.sweep(now=MORNING + 2 * HOUR - SECOND)
    assert fresh(case).loop == Loop.COMMUNITY
    actions.sweep(now=MORNING + 2 * HOUR)
    assert fresh(case).loop == Loop.STREET


@pytest.mark.parametrize(
    "state", [State.REPORTED, State.REGISTERED, State.DISPATCHED, State.HANDLING, State.DISPUTED]
)
def test_a_case_is_escalated_with_the_clock_and_the_rule_of_the_new_loop(state):
    case = case_at(state)
    now = run_out(case)
    case, leg = fresh(case), open_leg(case)
    assert case.state == (State.REPORTED if state == State.REPORTED else State.REGISTERED)
    assert (case.loop, case.centre, case.unit) == (Loop.STREET, case.street, None)
    assert case.responsibility.loop == Loop.STREET
    assert leg.limit == case.responsibility.limit(leg.step)
    assert leg.opened_at == now < leg.due_at == case.due_at
    assert (case.escalated_by_time, leg.centre_id) == (True, case.street_id)


def test_a_late_check_by_the_desk_is_escalated_and_is_registered_there():
    case = case_at(State.CHECKING)
    for _ in range(4):  # three people, then the desk
        run_out(case)
    case = fresh(case)
    assert (case.state, case.loop) == (State.REPORTED, Loop.STREET)
    assert walk(case, "register").state == State.REGISTERED


def test_left_alone_it_goes_up_to_the_district_and_becomes_an_order_to_a_named_leader():
    case = case_at(State.HANDLING)
    now = until_top(case)
    escalations = [(e.loop, e.at) for e in case.events.filter(move="escalate")]
    assert [loop for loop, _ in escalations] == [Loop.STREET, Loop.DISTRICT]
    order = case.supervisions.get()
    leader = User.objects.get(username="quling")
    assert (order.leader, order.ordered_by, order.ordered_at) == (leader, None, now)
    governance.relay(now=now)
    assert leader.notices.filter(outbox__subject__contains=case.number).exists()
    assert actions.sweep(now=order.deadline - dt.timedelta(minutes=1)) == 0


def test_an_order_that_nobody_answers_is_repeated_when_its_deadline_has_passed():
    case = reported()
    until_top(case)
    order = case.supervisions.get()
    assert actions.sweep(now=order.deadline) == 1
    assert case.supervisions.get() == order
    governance.relay(now=order.deadline)
    assert order.leader.notices.filter(outbox__subject__contains=case.number).count() == 2


def test_a_case_that_stays_late_after_its_order_was_struck_off_is_ordered_anew():
    case = reported()
    now = until_top(case)
    order = case.supervisions.get()
    do(case, "reply_supervision", "q_zhiban", now, words="已安排专人处置。")
    do(case, "accept_supervision", "quling", now)
    assert actions.sweep(now=order.deadline) == 1
    assert case.supervisions.filter(accepted_at=None).get().leader == order.leader


def test_the_leader_whose_own_order_stands_hears_that_time_ran_out():
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    now = timezone.localtime(case.reported_at)
    leader = User.objects.get(username="quling")
    do(case, "order_supervision", "quling", now, reason="请尽快处置。", deadline=now + dt.timedelta(days=1))
    run_out(case)
    governance.relay(now=now + dt.timedelta(days=30))
    assert leader.notices.filter(outbox__subject__contains=case.number, outbox__verb="督办").exists()


def test_where_the_leader_is_vacant_the_acting_one_is_ordered():
    vacate(Role.LEADER, people.DISTRICT)
    acting = appoint(
        people.someone(Role.DUTY_CHIEF, people.DISTRICT), Role.LEADER, people.DISTRICT, is_acting=True
    )
    until_top(case := reported())
    assert case.supervisions.get().leader == acting.user


def test_without_a_leader_the_deputy_is_ordered_and_without_a_deputy_the_one_above():
    vacate(Role.LEADER, people.DISTRICT)
    deputy = people.someone(Role.DEPUTY_LEADER, people.DISTRICT)
    until_top(first := reported())
    assert first.supervisions.get().leader == deputy
    vacate(Role.DEPUTY_LEADER, people.DISTRICT)
    city = Organization.objects.create(code="5301", name="昆明市", level=0)
    Organization.objects.filter(code=people.DISTRICT).update(parent=city)
    above = appoint(people.someone(Role.AUDITOR, people.DISTRICT), Role.LEADER, "5301")
    until_top(second := reported())
    assert second.supervisions.get().leader == above.user


def test_with_every_leader_vacant_the_duty_chief_is_ordered_and_never_nobody():
    vacate(Role.LEADER, people.DISTRICT)
    vacate(Role.DEPUTY_LEADER, people.DISTRICT)
    until_top(case := reported())
    assert (
        case.supervisions.get().leader.posts.filter(role=Role.DUTY_CHIEF, organization=case.district).exists()
    )


def test_a_case_that_was_escalated_by_time_is_not_sent_down_again():
    case = reported()
    now = run_out(case)
    with pytest.raises(Refused, match="不能再下沉"):
        do(case, "delegate", "zhiban", now, reason="请社区办理")


# Checks, closing, waiting, evaluating -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.CHECKING, State.HANDLED])
def test_a_late_checker_is_drawn_anew_twice_then_the_desk_does_it(state):
    case = case_at(state)
    drawn = [open_leg(case).person_id]
    for _ in range(3):
        run_out(case)
        drawn.append(open_leg(case).person_id)
    assert drawn[3] is None and len(set(drawn)) == 4
    leg = open_leg(case)
    assert leg.desk_allowed and leg.unit_id == case.street_id
    assert case.legs.filter(outcome=Leg.Outcome.REDRAWN).count() == 3
    assert fresh(case).state == state


def test_the_desk_verifies_when_nobody_drawn_came():
    case = case_at(State.HANDLED)
    for _ in range(3):
        run_out(case)
    assert walk(case, "pass", by=User.objects.get(username="shouli")).state == State.VERIFIED


def test_a_late_closing_goes_to_the_chief_above_and_the_centre_stays():
    case = case_at(State.VERIFIED)
    now = run_out(case)
    case, leg = fresh(case), open_leg(case)
    assert (leg.step, leg.centre_id) == (Step.CLOSING, case.street_id)
    assert (case.centre_id, case.loop, case.state) == (case.community_id, Loop.COMMUNITY, State.VERIFIED)
    with pytest.raises(Forbidden):
        do(case, "close", "shequ", now, condition_met=True)
    do(case, "close", "zhiban", now, condition_met=True)
    assert fresh(case).centre_id == case.community_id


def test_a_suspension_ends_by_itself_with_what_was_left():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = case_at(State.HANDLING)
    handling = open_leg(case)
    asked = handling.opened_at + 4 * HOUR
    until = asked.date() + dt.timedelta(days=20)
    do(case, "ask_suspension", "wuye", asked, reason="等待管线改造", until=until)
    do(case, "endorse_suspension", "shequ", asked)
    do(case, "grant_suspension", "jielingdao", asked)
    waiting = open_leg(case)
    assert actions.sweep(now=waiting.due_at - SECOND) == 0
    assert fresh(case).state == State.SUSPENDED
    assert actions.sweep(now=waiting.due_at) == 1
    case, leg = fresh(case), open_leg(case)
    assert (case.state, leg.step, leg.unit_id) == (State.HANDLING, Step.HANDLING, handling.unit_id)
    assert leg.due_at - leg.opened_at == 6 * HOUR
    assert leg.warn_at - leg.opened_at == 4 * HOUR


def test_an_evaluation_that_nobody_gives_lapses():
    case = case_at(State.CLOSED)
    leg = open_leg(case)
    assert actions.sweep(now=leg.due_at - SECOND) == 0
    assert actions.sweep(now=leg.due_at) == 1
    assert (fresh(case).state, fresh(case).grade) == (State.EVALUATED, Grade.LAPSED)


# Clocks and who may move them ------------------------------------------------------------------------------------


def test_neither_accepting_nor_a_comment_moves_the_clock():
    case = case_at(State.DISPATCHED)
    due_at = open_leg(case).due_at
    do(case, "accept", "wuye", MORNING + HOUR)
    do(case, "comment", "shequ", MORNING + 2 * HOUR, words="请尽快")
    do(case, "urge", "shequ", MORNING + 2 * HOUR)
    assert open_leg(case).due_at == fresh(case).due_at == due_at


def test_a_granted_extension_moves_the_clock_and_a_denied_one_does_not():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    handler, due_at = User.objects.get(pk=case.handlers[-1]).username, case.due_at
    do(case, "ask_extension", handler, MORNING + HOUR, reason="需调配机械", amount=1)
    assert fresh(case).due_at == due_at
    do(case, "deny_extension", "paiqian", MORNING + HOUR, reason="今天必须完成")
    assert fresh(case).due_at == due_at
    do(case, "ask_extension", handler, MORNING + HOUR, reason="需调配机械", amount=1)
    do(case, "grant_extension", "paiqian", MORNING + HOUR)
    assert open_leg(case).due_at == fresh(case).due_at > due_at


def test_the_second_extension_is_the_chiefs_and_there_is_no_third():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    handler = User.objects.get(pk=case.handlers[-1]).username
    for granting, other in (("paiqian", "zhiban"), ("zhiban", "paiqian")):
        do(case, "ask_extension", handler, MORNING + HOUR, reason="材料未到", amount=1)
        with pytest.raises(Forbidden):
            do(case, "grant_extension", other, MORNING + HOUR)
        do(case, "grant_extension", granting, MORNING + HOUR)
    with pytest.raises(Refused, match="最多延期"):
        do(case, "ask_extension", handler, MORNING + HOUR, reason="材料未到", amount=1)


def test_an_extension_is_asked_before_the_deadline_or_not_at_all():
    case = case_at(State.HANDLING)
    with pytest.raises(Refused, match="已超过"):
        do(case, "ask_extension", "wuye", open_leg(case).due_at, reason="忘了", amount=1)


def test_nobody_approves_what_he_asked_for():
    case = case_at(State.HANDLING)
    until = MORNING.date() + dt.timedelta(days=9)
    do(case, "ask_suspension", "shequ", MORNING + HOUR, reason="等待施工", until=until)
    with pytest.raises(Forbidden, match="自己"):
        do(case, "endorse_suspension", "shequ", MORNING + HOUR)
    appoint(User.objects.get(username="wuye"), Role.DISPATCHER, people.COMMUNITY)
    do(case, "ask_extension", "wuye", MORNING + HOUR, reason="缺人手", amount=1)
    with pytest.raises(Forbidden, match="自己"):
        do(case, "grant_extension", "wuye", MORNING + HOUR)


def test_who_is_duty_chief_asks_a_leader_to_void():
    case = case_at(State.REGISTERED)
    do(case, "ask_void", "shequ", MORNING + HOUR, reason="测试误报")
    with pytest.raises(Forbidden):
        do(case, "grant_void", "shequ", MORNING + HOUR)
    assert do(case, "grant_void", "jielingdao", MORNING + HOUR).state == State.VOIDED


# Two sweeps at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_do_everything_once():
    limit_all(settled_by(Loop.COMMUNITY), "2 工作日")
    cases = [case_at(state) for state in (State.REPORTED, State.HANDLING, State.HANDLED, State.VERIFIED) * 5]
    actions.sweep(now=open_leg(cases[0]).due_at)
    now, gate = max(open_leg(case).escalate_at for case in cases), Barrier(4, timeout=30)

    def sweep(_number: int) -> int:
        gate.wait()
        try:
            return actions.sweep(now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep, range(4)))
    moves = [list(case.events.filter(by=None).values_list("move", flat=True)) for case in cases]
    assert moves == [["overdue", "escalate"], ["overdue", "escalate"], ["overdue", "draw_anew"], ["overdue", "raise_closing"]] * 5  # fmt: skip
    assert CaseEvent.objects.filter(move="escalate").count() == 10
    assert Supervision.objects.count() == 0
    assert chain.broken(CaseEvent, CaseText) == []


# More time, asked in time and granted late ------------------------------------------------------------------------


def asked_in_time() -> tuple[Case, Leg]:
    """A case whose unit asked for two more days on the eve of its due date."""
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = case_at(State.HANDLING)
    leg = open_leg(case)
    do(case, "ask_extension", "wuye", leg.due_at - HOUR, reason="配件未到", amount=2)
    return case, leg


def test_granted_after_the_deadline_the_case_was_not_late_if_the_new_one_is_kept():
    case, before = asked_in_time()
    actions.sweep(now=before.due_at)
    assert fresh(case).was_late and fresh(case).lateness == Lateness.RED
    do(case, "grant_extension", "shequ", before.due_at + HOUR)
    case, leg = fresh(case), open_leg(case)
    assert (case.was_late, case.lateness, leg.lateness) == (False, Lateness.NONE, Lateness.NONE)
    walk(case, "feedback", now=leg.due_at - HOUR)
    assert not fresh(case).was_late
    assert not case.legs.filter(is_late=True).exists()


def test_the_ledger_keeps_both_deadlines_the_red_mark_and_when_was_asked_and_granted(time_machine):
    time_machine.move_to(MORNING, tick=False)
    case, before = asked_in_time()
    actions.sweep(now=before.due_at)
    do(case, "grant_extension", "shequ", before.due_at + HOUR)
    asked = case.requests.get()
    assert (asked.due_before, asked.red_at, asked.due_after) == (
        before.due_at,
        before.due_at,
        open_leg(case).due_at,
    )
    client = Client()
    client.force_login(people.clerk())
    page = client.get(f"/cases/{case.uuid}/").content.decode()
    for words in (
        "延期前 11-24 17:00",  # the leg
        "11-24 17:00 标超期，已延期",
        "截止 11-24 17:00 改为 11-26 17:00；11-24 17:00 曾标超期，如期办结不计",  # the request
        "原截止 11-24 17:00，11-24 16:00 申请",  # the history
        "新的截止时间 11-26 17:00",
    ):
        assert words in page, words
    sheet = ZipFile(BytesIO(b"".join(client.get("/desk/export/?queue=open").streaming_content)))
    assert (
        "2026-11-24 17:00 到期，2026-11-24 17:00 标超期；2026-11-24 16:00 申请、2026-11-24 18:00 批准延期至 "
        "2026-11-26 17:00"
    ) in sheet.read("xl/worksheets/sheet1.xml").decode()


def test_when_the_new_deadline_is_missed_as_well_the_case_is_late_from_then_on():
    case, before = asked_in_time()
    actions.sweep(now=before.due_at)
    do(case, "grant_extension", "shequ", before.due_at + HOUR)
    leg = open_leg(case)
    actions.sweep(now=leg.due_at - SECOND)
    assert not fresh(case).was_late
    actions.sweep(now=leg.due_at)
    assert fresh(case).was_late
    do(
        case,
        "feedback",
        "wuye",
        leg.due_at + HOUR,
        words="已清理。",
        photos=[photo(by=User.objects.get(username="wuye"), now=leg.due_at)],
    )
    assert fresh(case).was_late


def test_an_earlier_round_that_was_late_is_not_forgotten_when_a_later_one_gets_more_time():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = case_at(State.HANDLING)
    late = open_leg(case).due_at
    actions.sweep(now=late)
    walk(case, "feedback", "fail", now=late)
    leg = open_leg(case)
    do(case, "ask_extension", "wuye", leg.due_at - HOUR, reason="配件未到", amount=1)
    actions.sweep(now=leg.due_at)
    do(case, "grant_extension", "shequ", leg.due_at + HOUR)
    assert fresh(case).was_late and fresh(case).lateness == Lateness.NONE


# Refusals and reopening -------------------------------------------------------------------------------------------


def test_refusals_before_a_reopening_do_not_make_the_first_one_after_it_a_dispute():
    case = walk(case_at(State.DISPATCHED), "refuse", now=MORNING + HOUR)
    assert case.refusals == 1
    case = walk(
        case, "dispatch", "accept", "feedback", "pass", "close", "reopen", "dispatch", now=MORNING + HOUR
    )
    assert case.refusals == 0
    assert walk(case, "refuse", now=MORNING + 2 * HOUR).state == State.REGISTERED
    case = walk(case, "dispatch", "refuse", now=MORNING + 3 * HOUR)
    assert (case.state, case.refusals) == (State.DISPUTED, 2)
