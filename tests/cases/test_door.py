"""The door: what a move writes, what it demands, and what the table leaves to the effect."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction

from cases import actions
from cases.actions import Forbidden, Refused, Stale, Unfit
from cases.models import Case, CaseEvent, CaseText, Contact, Leg, Photo
from cases.workflow import MOVES, OPEN, Grade, Loop, State, Step
from governance import secrets
from governance.models import Organization, Outbox, User
from governance.roles import Role
from records import chain
from tests import people
from tests.lives import MORNING, case_at, fresh, inside, reported, row_for, settled_by, walk
from tests.photos import photo

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def do(case: Case, move: str, username: str, now: dt.datetime = MORNING + HOUR, **given):
    by = User.objects.get(username=username)
    return actions.perform(case.uuid, move, by=by, now=now, key=uuid.uuid4(), given=given)


# What every move writes -------------------------------------------------------------------------------------------


def test_a_move_writes_one_version_one_event_one_leg_and_tells_whose_turn_it_is():
    case = case_at(State.REGISTERED)
    told, legs = Outbox.objects.count(), case.legs.count()
    unit = Organization.objects.get(code=f"{people.COMMUNITY}-property")
    answer = do(case, "dispatch", "shequ", unit=unit)
    case = fresh(case)
    event = case.events.get(sequence=case.version)
    assert (answer.version, answer.state) == (case.version, State.DISPATCHED)
    assert (event.move, event.before, event.after, event.by) == (
        "dispatch",
        State.REGISTERED,
        State.DISPATCHED,
        people.clerk(),
    )
    assert (case.legs.count(), case.legs.filter(stopped_at=None).count()) == (legs + 1, 1)
    assert Outbox.objects.count() == told + 1
    reporter = people.worker().pk  # never handles what he reported
    audience = {"organization": unit.pk, "duty": "H", "never": [reporter], "asks": "派给您"}
    assert Outbox.objects.latest("pk").audience == [audience]
    assert case.chain_head == event.digest


def test_a_refused_move_writes_nothing_even_when_its_photo_is_the_last_thing_to_fail():
    case = case_at(State.HANDLING)
    before = (case.version, CaseEvent.objects.count(), Leg.objects.count(), Outbox.objects.count())
    somebody_elses = photo(by=people.clerk(), now=MORNING)
    with pytest.raises(Unfit, match="照片"):
        do(case, "feedback", "wuye", words="已清理", photos=[somebody_elses])
    after = fresh(case)
    assert (
        after.version,
        CaseEvent.objects.count(),
        Leg.objects.count(),
        Outbox.objects.count(),
    ) == before
    assert after.state == State.HANDLING


def test_a_photo_belongs_to_one_move_of_one_case():
    case, other, handler = case_at(State.HANDLING), case_at(State.HANDLING), User.objects.get(username="wuye")
    taken = photo(by=handler, now=MORNING)
    do(case, "feedback", "wuye", words="已清理", photos=[taken])
    assert Photo.objects.get(uuid=taken).kind == Photo.Kind.AFTER
    with pytest.raises(Unfit):
        do(other, "feedback", "wuye", words="已清理", photos=[taken])


@pytest.mark.parametrize("name", [name for name, move in MOVES.items() if move.sources and move.needs])
def test_a_move_without_what_it_demands_is_refused(name):
    state = next(state for state in MOVES[name].sources if state in (*OPEN, State.CLOSED))
    case = case_at(state)
    person = case.legs.get(stopped_at=None).person
    usernames = {
        "shequ",
        "jielingdao",
        "wangge",
        "wuye" if case.unit else "shequ",
        person and person.username,
    }
    for username in usernames - {None}:
        with pytest.raises(Refused) as refusal:
            do(case, name, username)
        assert not isinstance(refusal.value, Stale)
    assert fresh(case).version == case.version


def test_people_cannot_make_the_moves_of_time():
    case = reported()
    for name, move in MOVES.items():
        if [duty.name for duty in move.duties] == ["SYSTEM"] and State.REPORTED in move.sources:
            with pytest.raises(Forbidden):
                do(case, name, "shequ", lateness="red", sweep_at=MORNING)


def test_a_case_keeps_at_most_one_open_leg_whoever_writes():
    leg = reported().legs.get()
    leg.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        leg.save()


def test_an_open_case_without_a_clock_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=reported().pk).update(due_at=None)


# Turns ------------------------------------------------------------------------------------------------------------


def test_the_clock_of_handling_starts_at_dispatch_and_a_refusal_does_not_stop_it():
    case = case_at(State.DISPATCHED)
    unit, due_at = case.unit, case.due_at
    walk(case, "refuse", now=MORNING + HOUR)
    walk(case, "dispatch", unit=unit, now=MORNING + 2 * HOUR)
    assert fresh(case).due_at == due_at


def test_the_second_refusal_makes_a_dispute_and_its_decision_a_precedent():
    case = case_at(State.DISPUTED)
    assert case.refusals == 2
    with pytest.raises(Forbidden):
        do(case, "adjudicate", "wuye", unit=case.community, reason="应由居委会办理")
    do(case, "adjudicate", "shequ", unit=case.community, reason="应由居委会办理")
    event = case.events.get(move="adjudicate")
    assert (fresh(case).state, fresh(case).unit) == (State.DISPATCHED, case.community)
    assert '"precedent":true' in event.data and f'"category":{case.category_id}' in event.data


def test_a_failed_check_goes_back_to_the_same_hands_with_the_limit_of_rework():
    case = case_at(State.HANDLED)
    before = case.legs.filter(step=Step.HANDLING).get()
    walk(case, "fail")
    leg = case.legs.get(stopped_at=None)
    assert (leg.step, leg.unit, leg.person) == (Step.HANDLING, before.unit, before.person)
    assert leg.limit == fresh(case).responsibility.limit("rework")
    assert fresh(case).rounds == 2


def test_a_check_before_registering_pauses_the_registering_clock():
    case = reported()
    left = case.due_at - (MORNING + HOUR)
    walk(case, "send_to_check", now=MORNING + HOUR - dt.timedelta(minutes=1))
    walk(case, "found", now=MORNING + dt.timedelta(minutes=89))
    case = fresh(case)
    assert case.state == State.REPORTED
    assert case.due_at >= MORNING + dt.timedelta(minutes=90) + left - dt.timedelta(minutes=1)


def test_who_reported_does_not_handle():
    case = reported(by=User.objects.get(username="wuye"))
    walk(case, "register", "dispatch", unit=Organization.objects.get(code=f"{people.COMMUNITY}-property"))
    with pytest.raises(Refused, match="自己上报"):
        do(case, "accept", "wuye")


def test_a_case_is_sent_down_once():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    do(case, "delegate", "zhiban", reason="社区可办")
    case = fresh(case)
    assert (case.loop, case.centre, case.was_delegated) == (Loop.COMMUNITY, case.community, True)
    do(case, "escalate", "shequ", reason="无权办理")
    with pytest.raises(Refused, match="只能一次"):
        do(case, "delegate", "zhiban", reason="再请社区办理")


def test_a_merged_case_hands_its_reporters_to_the_other():
    one, two = reported(), reported(by=people.someone(Role.VOLUNTEER, people.COMMUNITY))
    do(one, "merge", "shequ", target=two)
    assert fresh(one).merged_into == two
    assert set(fresh(two).reporters) == {*one.reporters, *two.reporters}
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_case_is_not_merged_into_itself_or_into_one_that_ended():
    case, ended = reported(), case_at(State.WITHDRAWN)
    for target in (case, ended):
        with pytest.raises(Unfit):
            do(case, "merge", "shequ", target=target)


def test_reopening_ends_after_seven_days():
    case = case_at(State.CLOSED)
    with pytest.raises(Refused, match="7 天"):
        do(case, "reopen", "shequ", case.closed_at + dt.timedelta(days=7, seconds=1), reason="又堆上了")
    do(case, "reopen", "shequ", case.closed_at + dt.timedelta(days=7), reason="又堆上了")
    case = fresh(case)
    assert (case.state, case.closed_at) == (State.REGISTERED, None)


def test_urging_is_once_a_day_in_shanghai():
    case = case_at(State.DISPATCHED)
    do(case, "urge", "shequ", MORNING.replace(hour=1))
    with pytest.raises(Refused, match="每天一次"):
        do(case, "urge", "shequ", MORNING.replace(hour=23))
    do(case, "urge", "shequ", MORNING.replace(hour=1) + dt.timedelta(days=1))


def test_an_order_is_answered_by_the_unit_and_accepted_by_a_leader():
    case, until = case_at(State.HANDLING), MORNING + dt.timedelta(days=2)
    do(case, "order_supervision", "jielingdao", reason="群众反映强烈", deadline=until)
    with pytest.raises(Refused, match="未销号"):
        do(case, "order_supervision", "quling", reason="再督办", deadline=until)
    with pytest.raises(Refused, match="还没有答复"):
        do(case, "accept_supervision", "jielingdao")
    do(case, "reply_supervision", "wuye", words="今日清完")
    with pytest.raises(Refused, match="已经答复"):
        do(case, "reply_supervision", "quling", MORNING + 2 * HOUR, words="改为明日")
    do(case, "comment", "wuye", MORNING + 2 * HOUR, words="车辆已到")
    do(case, "accept_supervision", "jielingdao")
    order = case.supervisions.get()
    assert order.accepted_at
    assert (order.replied_by.username, order.replied_at) == ("wuye", MORNING + HOUR)
    assert fresh(case).due_at == case.due_at


def test_more_time_asked_for_one_round_is_not_granted_on_another():
    case = case_at(State.HANDLING)
    do(case, "ask_extension", "wuye", reason="缺车辆", amount=1)
    walk(case, "feedback", "fail", now=MORNING + HOUR)
    with pytest.raises(Refused):
        do(case, "grant_extension", "shequ", MORNING + 2 * HOUR)
    do(case, "ask_extension", "wuye", MORNING + 2 * HOUR, reason="缺车辆", amount=1)


# Reports ----------------------------------------------------------------------------------------------------------


def report(by: User, **more) -> Case:
    source = more.pop("source", Case.Source.FIELD)
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "有杂物"} | more
    answer = actions.report(by=by, now=MORNING, key=uuid.uuid4(), given=given, source=source)
    return Case.objects.get(uuid=answer.uuid)


@pytest.mark.parametrize("missing", ["position", "category", "words"])
def test_a_report_says_where_what_and_in_words(missing):
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "有杂物"}
    given.pop(missing)
    with pytest.raises(Unfit):
        actions.report(by=people.worker(), now=MORNING, key=uuid.uuid4(), given=given)
    assert not Case.objects.exists()


def test_administrators_and_auditors_report_nothing():
    for username in ("shenji", "xitong", "anquan"):
        with pytest.raises(Forbidden):
            report(User.objects.get(username=username))


def test_settled_on_the_spot_is_the_grid_workers_alone():
    with pytest.raises(Forbidden):
        report(people.clerk(), source=Case.Source.SELF)


def test_a_call_is_taken_by_an_acceptor_and_its_number_is_not_readable_in_the_database():
    with pytest.raises(Forbidden):
        report(people.worker(), source=Case.Source.PHONE)
    case = report(
        User.objects.get(username="shouli"),
        source=Case.Source.PHONE,
        contact_name="杨女士",
        contact_phone="13800000000",
    )
    contact = Contact.objects.get(case=case)
    assert b"13800000000" not in bytes(contact.phone)
    assert secrets.unseal(contact.phone) == "13800000000"
    assert "13800000000" not in case.events.get().data


def test_a_phones_clock_is_a_claim_and_the_servers_clock_counts():
    claimed = MORNING - dt.timedelta(days=300)
    answer = actions.report(
        by=people.worker(),
        now=MORNING,
        key=uuid.uuid4(),
        given={"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "有杂物"},
        device_time=claimed,
    )
    case = Case.objects.get(uuid=answer.uuid)
    assert (case.reported_at, case.device_time) == (MORNING, claimed)
    assert case.due_at > MORNING


def test_residents_answer_in_three_grades_and_staff_in_points():
    call = report(User.objects.get(username="shouli"), source=Case.Source.PHONE)
    assert call.is_from_resident
    case = walk(call, "register", "dispatch", "accept", "feedback", "pass", "close", "evaluate")
    assert case.grade == Grade.SATISFIED
    assert case_at(State.EVALUATED).grade == Grade.SCORE_5


def test_registering_needs_a_row_of_the_list():
    case = reported()
    with pytest.raises(Unfit):
        do(case, "register", "shequ")
    do(case, "register", "shequ", responsibility=row_for(case))
    assert fresh(case).state == State.REGISTERED
