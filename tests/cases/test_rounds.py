"""What of an earlier round holds in the next: old due dates, requests for more time, who may do it, who is asked."""

import datetime as dt

import pytest

from cases import actions
from cases.models import Case
from cases.permissions import duties_on
from cases.waiting import Matter
from cases.workflow import Loop, State
from governance.models import User
from governance.roles import Duty
from tests.lives import MORNING, case_at, open_leg, reported, row_for, walk

pytestmark = pytest.mark.django_db


def test_a_unit_that_sent_a_case_back_gets_it_again_with_its_old_due_date():
    case = case_at(State.DISPATCHED)
    unit, due_at = case.unit, case.due_at
    walk(case, "refuse", now=MORNING + dt.timedelta(hours=1))
    case = walk(case, "dispatch", unit=unit, now=MORNING + dt.timedelta(hours=2))
    assert case.due_at == due_at


def test_an_old_due_date_does_not_outlive_a_closed_case():
    case = case_at(State.DISPATCHED)
    unit, due_at = case.unit, case.due_at
    walk(case, "refuse")
    walk(case, "dispatch", unit=unit)
    walk(case, "accept", "feedback", "pass", "close")
    later = MORNING + dt.timedelta(days=6)
    walk(case, "reopen", now=later)
    case = walk(case, "dispatch", unit=unit, now=later)
    assert case.due_at > later > due_at


def test_an_old_due_date_does_not_go_up_with_the_case():
    case = case_at(State.DISPATCHED)
    unit, due_at = case.unit, case.due_at
    walk(case, "refuse")
    case = walk(case, "escalate")
    assert case.loop == Loop.STREET
    later = MORNING + dt.timedelta(days=2)
    case = walk(case, "dispatch", unit=unit, now=later)
    assert case.due_at != due_at
    assert str(open_leg(case).limit) == str(row_for(case).limit("handling"))


def test_more_time_that_was_asked_for_one_leg_is_not_granted_on_another():
    case = case_at(State.HANDLING)
    walk(case, "ask_extension", amount=1)
    case = walk(case, "feedback")
    asked = case.requests.get()
    assert asked.decided_at is not None and asked.is_granted is False and asked.decided_by is None
    case = walk(case, "fail")
    with pytest.raises((actions.Refused, LookupError)):
        walk(case, "grant_extension")
    walk(case, "ask_extension", amount=1)
    assert case.requests.filter(decided_at=None).count() == 1


def test_who_settled_it_on_the_spot_may_do_it_again_after_a_failed_verification():
    case = reported(source=Case.Source.SELF)
    worker = User.objects.get(pk=case.reporters[0])
    case = walk(case, "fail")
    assert (case.state, open_leg(case).person) == (State.HANDLING, worker)
    assert case in Case.objects.waiting_for(worker, Matter.HANDLING)
    assert walk(case, "feedback", by=worker).state == State.HANDLED


def test_who_reported_for_others_to_handle_may_not_handle():
    case = case_at(State.HANDLING)
    worker = User.objects.get(pk=case.reporters[0])
    assert worker.pk in case.never_handle
    assert case not in Case.objects.waiting_for(worker, Matter.HANDLING)


def test_staff_score_their_own_reports_and_acceptors_call_residents_back():
    case = case_at(State.CLOSED, loop=Loop.STREET)
    acceptor = User.objects.get(username="shouli")
    assert Duty.INTAKE not in duties_on(case, open_leg(case), acceptor)
    case.is_from_resident = True
    assert Duty.INTAKE in duties_on(case, open_leg(case), acceptor)
