"""A merge: whoever reported or called is not forgotten, and no clock or lateness is lost by it."""

import datetime as dt
import uuid
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import actions
from cases.actions import Forbidden, Unfit
from cases.models import Case, CaseEvent, CaseText, Contact, Leg
from cases.rule_numbers import MOST_PEOPLE
from cases.workflow import OPEN, Grade, Lateness, Loop, State
from desk import queues
from governance import secrets
from governance.actions import relay
from governance.models import AccessLog, Notice, User
from governance.roles import Role
from records import chain
from tests import people
from tests.cases.walks import limit_all
from tests.lives import MORNING, case_at, fresh, open_leg, reported, settled_by, walk

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
NUMBER = "13888001234"


def call(number: str = NUMBER, name: str = "王小明", **given) -> Case:
    """A report by telephone, taken by the clerk."""
    given.setdefault("by", people.clerk())
    return reported(source=Case.Source.PHONE, contact_phone=number, contact_name=name, **given)


def merge(case: Case, target: Case, now: dt.datetime = MORNING + HOUR) -> Case:
    """Merge by the clerk; returns the target as it then is."""
    given, clerk = {"target": target}, people.clerk()
    actions.perform(case.uuid, "merge", by=clerk, now=now, key=uuid.uuid4(), given=given)
    return Case.objects.get(pk=target.pk)


def page(user: User, address: str, **data):
    client = Client()
    client.force_login(user)
    return client.post(address, data) if data else client.get(address)


def text_of(user: User, case: Case) -> str:
    return page(user, f"/cases/{case.uuid}/").content.decode()


# The caller -------------------------------------------------------------------------------------------------------


def test_the_contact_goes_along_encrypted_as_it_was():
    one = call()
    sealed = bytes(Contact.objects.get().phone)
    target = merge(one, reported())
    contact = Contact.objects.get()
    assert (contact.case, contact.called_about) == (target, one)
    assert bytes(contact.phone) == sealed and secrets.unseal(contact.phone) == NUMBER
    assert target.is_from_resident and target.source == Case.Source.FIELD


def test_both_pages_say_where_the_caller_is_and_the_number_stays_masked():
    one = call()
    target = merge(one, reported())
    for case, words in ((target, f"来电登记为 {one.number}"), (one, f"随案并入 {target.number}")):
        text = text_of(people.clerk(), case)
        assert "138****1234" in text and words in text
        assert NUMBER not in text and "王小明" not in text
    assert f'action="/cases/{target.uuid}/contact/"' in text_of(people.clerk(), target)
    assert f'action="/cases/{one.uuid}/contact/"' not in text_of(people.clerk(), one)


def test_all_callers_are_shown_with_the_case_they_called_about_and_the_look_is_written_down():
    first, second, own = call(), call("0871-63000000转801", "李女士"), call("12345", "赵先生")
    merge(first, own)
    target = merge(second, own)
    shown = page(people.clerk(), f"/cases/{target.uuid}/contact/", reason="回访").content.decode()
    for text in (NUMBER, "王小明", first.number, "0871-63000000转801", second.number, "12345"):
        assert text in shown
    assert AccessLog.objects.get().subject == f"case:{target.pk}:contact"


def test_a_caller_goes_along_through_every_further_merge():
    one, between = call(), reported()
    end = merge(between := merge(one, between), reported())
    assert between.is_from_resident and end.is_from_resident
    assert list(end.contacts.values_list("called_about", flat=True)) == [one.pk]
    assert f"随案并入 {end.number}" in text_of(people.clerk(), one)


def test_the_target_is_called_back_and_the_merged_case_is_not():
    one = call()
    target = merge(one, reported())
    target = walk(target, "register", "dispatch", "accept", "feedback", "pass", "close")
    assert list(queues.cases_in(queues.CALL_BACK, people.clerk())) == [target]
    row = page(people.clerk(), "/desk/?queue=call-back").content.decode()
    assert target.number in row and "来电" in row


def test_a_case_that_nobody_called_about_is_not_called_back():
    merge(reported(), target := reported())
    assert not fresh(target).is_from_resident
    walk(target, "register", "dispatch", "accept", "feedback", "pass", "close")
    assert not queues.cases_in(queues.CALL_BACK, people.clerk()).exists()


def test_the_residents_grades_are_asked_by_the_desk_and_not_given_by_the_staff_who_reported():
    now = timezone.now() - HOUR
    target = merge(call(now=now), reported(now=now), now=now)
    target = walk(target, "register", "dispatch", "accept", "feedback", "pass", "close", now=now)
    form = page(people.clerk(), f"/cases/{target.uuid}/moves/evaluate/").context["form"]
    assert [key for key, _ in form.fields["grade"].choices] == ["satisfied", "mostly", "unsatisfied"]
    answer = page(people.worker(), f"/cases/{target.uuid}/")
    offered = {move.name for move in answer.context["next_moves"]}
    assert "evaluate" not in offered and "reopen" in offered
    with pytest.raises(Forbidden, match="回访"):
        walk(target, "evaluate", by=people.worker())
    assert walk(target, "evaluate").grade == Grade.SATISFIED


def test_the_desk_that_will_call_back_is_asked_to_tell_the_caller():
    one = call()
    target = merge(one, reported(loop=Loop.STREET))
    relay(now=MORNING + HOUR)
    told = Notice.objects.filter(asks="请告知来电人")
    acceptors = User.objects.filter(posts__role=Role.ACCEPTOR, posts__organization=target.street)
    assert set(told.values_list("user", flat=True)) == set(acceptors.values_list("pk", flat=True))
    notice = told.first().outbox
    assert one.number in notice.subject and target.number in notice.subject
    assert notice.url == f"/cases/{target.uuid}/" and NUMBER not in notice.subject


def test_callers_of_cases_that_were_merged_before_are_found_again():
    """What the migration does to the rows of an older program, where a merge left the contact behind."""
    one, between = call(), reported()
    end = merge(between := merge(one, between), reported())
    own = call("12345")
    Case.objects.update(is_from_resident=False)
    Contact.objects.filter(called_about=one).update(case=one)
    with connection.cursor() as cursor:
        cursor.execute(import_module("cases.migrations.0008_callers_of_merged_cases").FILL)
    flagged = Case.objects.filter(is_from_resident=True).values_list("pk", flat=True)
    assert set(flagged) == {one.pk, between.pk, end.pk, own.pk}
    assert dict(Contact.objects.values_list("called_about", "case")) == {one.pk: end.pk, own.pk: own.pk}


# Lateness ---------------------------------------------------------------------------------------------------------


def late_call() -> Case:
    """A report whose registering is over its time, and marked."""
    one = reported()
    actions.sweep(now=open_leg(one).due_at + dt.timedelta(seconds=1))
    assert fresh(one).lateness == Lateness.RED
    return one


def test_a_late_case_makes_its_target_late_and_the_ledger_says_why():
    one = late_call()
    now = open_leg(one).due_at + dt.timedelta(minutes=1)
    target = merge(one, reported(now=now), now + HOUR)
    assert target.was_late and fresh(one).was_late
    text = text_of(people.clerk(), target)
    assert "曾超期" in text and "并入的案件曾超期" in text and one.number in text


def test_a_case_that_was_late_once_makes_its_target_late_though_its_clock_is_not():
    one = case_at(State.HANDLING)
    later = open_leg(one).due_at + dt.timedelta(minutes=1)
    one = walk(one, "refuse", now=later)
    assert one.was_late and one.state == State.REGISTERED
    assert merge(one, reported(now=later), later + HOUR).was_late


def test_more_time_for_the_target_does_not_undo_the_lateness_that_was_merged_into_it():
    one = late_call()
    begun = open_leg(one).due_at + dt.timedelta(minutes=1)
    target = walk(merge(one, reported(now=begun), begun), "register", "dispatch", "accept", now=begun)
    due_at = open_leg(target).due_at
    walk(target, "ask_extension", now=begun + HOUR, amount=1)
    actions.sweep(now=due_at + dt.timedelta(minutes=1))
    assert open_leg(target).lateness == Lateness.RED
    assert walk(target, "grant_extension", now=due_at + dt.timedelta(minutes=2)).was_late


def test_a_case_in_time_makes_nothing_late():
    target = merge(reported(), reported())
    assert not target.was_late
    assert "was_late" not in target.events.last().facts


# The older clock --------------------------------------------------------------------------------------------------


def marks(leg: Leg) -> tuple:
    return leg.due_at, leg.warn_at, leg.escalate_at, leg.limit, leg.counted_from


def test_an_older_report_keeps_its_clock_in_a_newer_one():
    older = reported()
    newer = reported(now=MORNING + HOUR)
    expected = marks(open_leg(older))
    assert expected != marks(open_leg(newer))
    target = merge(older, newer, MORNING + 2 * HOUR)
    assert marks(open_leg(target)) == expected
    assert target.due_at == expected[0]
    assert open_leg(target).sweep_at == expected[1]
    assert "沿用较早上报的立案时限" in text_of(people.clerk(), target)


def test_a_newer_report_changes_no_clock_of_an_older_one():
    older, newer = reported(), reported(now=MORNING + HOUR)
    expected = marks(open_leg(older))
    target = merge(newer, older, MORNING + 2 * HOUR)
    assert marks(open_leg(target)) == expected
    assert "clock_kept" not in target.events.last().facts


def test_an_older_clock_goes_on_after_the_check_of_the_newer_report():
    older, newer = reported(), reported(now=MORNING + HOUR)
    newer = walk(newer, "send_to_check", now=MORNING + HOUR)
    target = merge(older, newer, MORNING + 90 * dt.timedelta(minutes=1))
    assert open_leg(target).step == "checking"
    # Four working hours from 10:00: at 11:30 two and a half are left, and they go on after the noon break.
    assert target.legs.get(outcome=Leg.Outcome.PAUSED).rest_amount == Decimal("2.5")
    target = walk(target, "found", now=MORNING + 2 * HOUR)
    assert target.due_at == MORNING + dt.timedelta(hours=5.5)
    assert open_leg(target).step == "registering"


def test_an_older_report_that_is_late_makes_the_newer_one_red_with_the_next_sweep():
    older = late_call()
    now = open_leg(older).due_at + dt.timedelta(minutes=1)
    target = merge(older, reported(now=now), now)
    actions.sweep(now=now + dt.timedelta(minutes=1))
    assert fresh(target).lateness == Lateness.RED
    assert fresh(target).loop == Loop.COMMUNITY  # the mark is seen before the case is escalated
    actions.sweep(now=open_leg(target).sweep_at)
    assert fresh(target).loop == Loop.STREET


def test_a_case_that_takes_over_a_clock_that_has_run_out_says_so_and_blames_no_outage():
    limit_all(settled_by(Loop.COMMUNITY), "2 紧急工作时")  # which has no grace
    older = reported()
    due_at = open_leg(older).due_at
    newer = reported(now=due_at - dt.timedelta(minutes=1))
    now = due_at + dt.timedelta(minutes=30)
    target = merge(older, newer, now)
    actions.sweep(now=now + dt.timedelta(seconds=1))
    actions.sweep(now=open_leg(target).sweep_at)
    words = target.texts.get(sequence=target.events.filter(move="escalate").get().sequence).body
    assert "时限重算时已过期限" in words and "后台" not in words


def test_a_mark_that_was_seen_is_not_written_again_when_an_older_clock_joins():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    older, newer = reported(), reported(now=MORNING + HOUR / 2)
    yellow = open_leg(newer).warn_at
    actions.sweep(now=yellow)
    target = merge(older, newer, yellow + dt.timedelta(minutes=1))
    leg = open_leg(target)
    assert (leg.lateness, target.lateness, leg.sweep_at) == (Lateness.YELLOW, Lateness.YELLOW, leg.due_at)
    actions.sweep(now=leg.due_at)
    assert list(target.events.filter(move="warn").values_list("move", flat=True)) == ["warn"]


def test_a_registered_case_has_no_clock_to_hand_over_and_a_registered_target_takes_none():
    newer = reported(now=MORNING + HOUR)
    expected = marks(open_leg(newer))
    assert marks(open_leg(merge(case_at(State.REGISTERED), newer, MORNING + 2 * HOUR))) == expected
    registered = walk(reported(now=MORNING + HOUR), "register", now=MORNING + HOUR)
    expected = marks(open_leg(registered))
    assert marks(open_leg(merge(reported(), registered, MORNING + 2 * HOUR))) == expected


# Who checks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.CHECKING, State.HANDLED])
def test_who_was_drawn_and_becomes_a_reporter_is_replaced_at_once(state):
    target = case_at(state)
    old = open_leg(target)
    target = merge(reported(by=old.person), target)
    leg = open_leg(target)
    assert leg.pk != old.pk and leg.step == old.step and target.state == state
    assert leg.person_id is not None and leg.person_id not in target.reporters
    assert target.legs.get(pk=old.pk).outcome == Leg.Outcome.REDRAWN
    assert target.events.last().facts["drawn"] == leg.person_id
    assert f"抽派给{leg.person.name}" in text_of(people.clerk(), target)
    relay(now=MORNING + HOUR)
    assert leg.person.notices.filter(outbox__verb="并入接收", asks__startswith="请您").exists()


def test_who_was_drawn_and_reported_nothing_stays_drawn():
    target = case_at(State.HANDLED)
    leg = open_leg(target)
    target = merge(reported(by=people.clerk()), target)
    assert open_leg(target).pk == leg.pk


# One transaction, two chains --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", OPEN)
def test_what_a_merge_does_to_the_target_is_an_event_of_the_target(state):
    target, one = case_at(state), call()
    version = target.version
    target = merge(one, target)
    event = target.events.last()
    assert (event.move, event.before, event.after) == ("take_over", state, state)
    assert (event.by, event.at, event.sequence) == (people.clerk(), MORNING + HOUR, version + 1)
    assert target.version == version + 1
    assert event.facts["number"] == one.number
    assert target.legs.filter(stopped_at=None).count() == 1
    assert chain.broken(CaseEvent, CaseText) == []


def test_the_row_of_the_target_holds_nothing_that_its_last_event_did_not_bring():
    target = merge(call(), reported())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE cases_caseevent DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM cases_caseevent WHERE case_id = %s AND move = 'take_over'", [target.pk])
        cursor.execute("ALTER TABLE cases_caseevent ENABLE TRIGGER USER")
    assert chain.broken(CaseEvent, CaseText) == [target.pk]


def test_a_refused_merge_leaves_both_cases_as_they_were():
    one, target = call(), reported()
    Case.objects.filter(pk=target.pk).update(people=list(range(10**6, 10**6 + MOST_PEOPLE)))
    with pytest.raises(Unfit, match="上限"):
        merge(one, target)
    assert (fresh(one).version, fresh(target).version) == (1, 1)
    assert Contact.objects.get().case == one
    assert not fresh(target).is_from_resident


def test_a_case_with_as_many_people_as_merges_may_bring_goes_on():
    case, many = case_at(State.DISPATCHED), list(range(10**6, 10**6 + MOST_PEOPLE))
    Case.objects.filter(pk=case.pk).update(people=many, reporters=many)
    case = walk(case, "accept", "feedback")
    assert case.state == State.HANDLED and len(case.reporters) == MOST_PEOPLE


def test_nobody_takes_over_without_a_merge():
    case = reported()
    for user in (people.clerk(), people.worker(), User.objects.get(username="quling")):
        with pytest.raises(Forbidden):
            actions.perform(case.uuid, "take_over", by=user, now=MORNING, key=uuid.uuid4(), given={})
        assert page(user, f"/cases/{case.uuid}/moves/take_over/", key=uuid.uuid4()).status_code == 403
    assert fresh(case).version == 1


def test_the_same_merge_sent_again_gives_the_same_answer_and_one_event():
    one, target, key = call(), reported(), uuid.uuid4()
    given, clerk = {"target": target}, people.clerk()
    answers = [
        actions.perform(one.uuid, "merge", by=clerk, now=MORNING, key=key, given=given) for _ in range(2)
    ]
    assert [answer.is_repeat for answer in answers] == [False, True]
    assert target.events.filter(move="take_over").count() == 1


def asked_by_a_merge(one: Case, target: Case) -> list[str]:
    clerk = people.clerk()
    assert clerk.authority.posts  # known before, as in every request
    with CaptureQueriesContext(connection) as asked:
        actions.perform(
            one.uuid, "merge", by=clerk, now=MORNING + HOUR, key=uuid.uuid4(), given={"target": target}
        )
    return [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_a_merge_asks_little_of_the_database_though_it_writes_two_cases():
    """And one more for whoever hears of it: whether the case has a whistle."""
    asked = asked_by_a_merge(reported(), reported())
    assert len(asked) <= 12 + 1, "\n".join(asked)
    acceptor = User.objects.get(username="shouli")
    of_a_call = asked_by_a_merge(call(by=acceptor), reported())
    assert len(of_a_call) <= 12 + 1, "\n".join(of_a_call)
    for statements in (asked, of_a_call):
        assert sum("partybuilding_" in statement for statement in statements) == 1
