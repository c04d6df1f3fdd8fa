"""What a form would have refused, given to the door itself: refused at the right field, and nothing is written."""

import datetime as dt
import uuid
from contextlib import suppress
from itertools import product

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from cases.models import Case, Category
from cases.workflow import State as CaseState
from governance.models import Organization
from partybuilding.actions import DOOR
from partybuilding.codes import SCAN_SECONDS, code_at, give_pass, is_good, pass_until
from partybuilding.forms import BlowForm
from partybuilding.models import Whistle, WhistleEvent, WhistleRule
from partybuilding.workflow import CallState, State
from records.refusals import Forbidden, Refused, Unfit
from tests import people
from tests.lives import MORNING, case_at, fresh, inside, settled_by, walk
from tests.partybuilding.blowing import (
    DAY,
    MANAGEMENT,
    MARKET,
    MARKS,
    MINUTE,
    NEED,
    POLICE,
    answers,
    arrived,
    asked,
    blow,
    blown,
    call_of,
    closed,
    do,
    refuse,
    snapshot,
    stuck_case,
    unit,
    user,
    whistle_at,
)

pytestmark = pytest.mark.django_db
NOW, SECOND = MORNING + 5 * MINUTE, dt.timedelta(seconds=1)
ELSEWHERE = f"{people.ELSEWHERE[:9]}-police"


def ended_unit() -> Organization:
    Organization.objects.filter(code=f"{people.DISTRICT}-water").update(active_until=MORNING.date())
    return unit(f"{people.DISTRICT}-water")


BLOWING = {
    "a kind that the place does not have": ("kind", lambda: {"kind": "solemn"}),
    "a source that the kind does not have": ("source", lambda: {"source": "emergency"}),
    "refused twice, which it was not": ("source", lambda: {"source": "refused_twice"}),
    "no power, which nobody said": ("source", lambda: {"source": "no_power"}),
    "escalated by time, which it was not": ("source", lambda: {"source": "escalated"}),
    "a demand that is not listed": ("demands", lambda: {"demands": ["on_site", "applause"]}),
    "no demand": ("demands", lambda: {"demands": []}),
    "no words": ("words", lambda: {"words": ""}),
    "blank words": ("words", lambda: {"words": "  "}),
    "too many words": ("words", lambda: {"words": "长" * 1001}),
    "no lead": ("lead", lambda: {"lead": None}),
    "a lead of another street": ("lead", lambda: {"lead": unit(ELSEWHERE)}),
    "a territory as lead": ("lead", lambda: {"lead": unit(people.STREET)}),
    "a lead that has ended": ("lead", lambda: {"lead": ended_unit()}),
    "a helper of another street": ("helpers", lambda: {"helpers": [unit(ELSEWHERE)]}),
    "a note that is too long": ("source_note", lambda: {"source_note": "号" * 61}),
}


def test_a_whistle_that_does_not_fit_is_not_blown():
    case = stuck_case()
    before = snapshot()
    for what, (field, wrong) in BLOWING.items():
        with pytest.raises(Unfit) as refusal:
            blow(case, **wrong())
        assert (refusal.value.field, snapshot()) == (field, before), what


#: What units said when they refused a case, and the sources it bears out of those that a case can contradict.
REFUSED = {
    "never": ((), set()),
    "once": (("not_ours",), set()),
    "once without power": (("no_power",), {"no_power"}),
    "twice": (("no_power", "not_ours"), {"no_power", "refused_twice"}),
}


@pytest.mark.parametrize("times", REFUSED)
def test_the_page_offers_the_sources_that_the_door_takes(times):
    said, borne_out = REFUSED[times]
    case = stuck_case()
    for number, refusal in enumerate(said):
        again = ("dispatch",) if number else ()
        case = walk(
            case, *again, "refuse", refusal=refusal, now=MORNING - dt.timedelta(minutes=30 - 5 * number)
        )
    form = BlowForm(case, user("jieshuji"), now=MORNING)
    offered = {source for source, _ in form.fields["source"].choices}
    rule = WhistleRule.objects.get(kind="enforcement", district=case.district_id)
    taken = set()
    for source in rule.sources:
        with suppress(Unfit), transaction.atomic():
            blow(case, source=source)
            taken.add(source)
            transaction.set_rollback(True)
    assert taken & {"refused_twice", "no_power", "escalated"} == borne_out
    assert offered & set(rule.sources) == taken


def test_a_place_without_rules_says_so():
    case = stuck_case()
    WhistleRule.objects.all().delete()
    with pytest.raises(Refused, match="还没有现行的吹哨规则"):
        blow(case)


def test_nobody_blows_on_a_case_out_of_sight_or_over():
    case = stuck_case()
    stranger = people.someone("secretary", people.ELSEWHERE[:9])
    with pytest.raises(Case.DoesNotExist):
        blow(case, stranger.username)
    over = case_at(CaseState.CLOSED, loop="street", now=MORNING - dt.timedelta(hours=1))
    with pytest.raises(Refused, match="案件已结束"):
        blow(over)


def test_one_whistle_runs_on_a_case_at_a_time_and_a_new_one_may_follow():
    whistle = blown()
    with pytest.raises(Refused, match=whistle.number):
        blow(whistle.case)
    do(whistle, "withdraw", "jieshuji", reason="已撤离")
    assert blown(fresh(whistle.case)).state == State.BLOWN


def test_a_unit_that_is_named_twice_is_called_once():
    whistle = blown(helpers=[unit(POLICE), unit(POLICE), unit(MANAGEMENT)])
    assert [call.unit.code for call in whistle.calls.all()] == [MANAGEMENT, POLICE]


# On the way -------------------------------------------------------------------------------------------------------


def other_task():
    other = blown()
    return do(
        other, "add_task", "jieshuji", unit=unit(MANAGEMENT), title="清运", deadline=NOW + DAY
    ).tasks.get()


def category_ended() -> Category:
    found = settled_by("street")
    Category.objects.filter(pk=found.pk).update(is_active=False)
    return Category.objects.get(pk=found.pk)


ON_THE_WAY = {
    "call: of another street": ("call", "unit", lambda w: {"unit": unit(ELSEWHERE), "reason": "缺人"}),
    "call: ended": ("call", "unit", lambda w: {"unit": ended_unit(), "reason": "缺人"}),
    "call: called already": ("call", "unit", lambda w: {"unit": unit(POLICE), "reason": "缺人"}),
    "call: without a reason": ("call", "reason", lambda w: {"unit": unit(MARKET)}),
    "task: of a unit that is not called": ("add_task", "unit", lambda w: {"unit": unit(MARKET), "title": "清运", "deadline": NOW + DAY}),
    "task: until yesterday": ("add_task", "deadline", lambda w: {"unit": unit(POLICE), "title": "清运", "deadline": NOW - DAY}),
    "task: until this moment": ("add_task", "deadline", lambda w: {"unit": unit(POLICE), "title": "清运", "deadline": NOW}),
    "task: until the year after next": ("add_task", "deadline", lambda w: {"unit": unit(POLICE), "title": "清运", "deadline": NOW + 800 * DAY}),
    "task: a title too long": ("add_task", "title", lambda w: {"unit": unit(POLICE), "title": "清" * 121, "deadline": NOW + DAY}),
    "done: a task of another whistle": ("finish_task", "task", lambda w: {"task": other_task(), "words": "已清"}),
    "to a case: a task of another whistle": ("task_to_case", "task", lambda w: {"task": other_task(), "words": "已清", "position": inside(), "category": settled_by("street")}),
    "note: no words": ("note", "words", lambda w: {}),
    "note: a photo of nobody": ("note", "photos", lambda w: {"words": "见图", "photos": [uuid.uuid4()]}),
    "note: no photo at all": ("note", "photos", lambda w: {"words": "见图", "photos": ["picture.jpg"]}),
    "withdraw: no reason": ("withdraw", "reason", lambda w: {"reason": ""}),
}  # fmt: skip


def test_what_the_blower_gives_must_fit():
    whistle = blown()
    for what, (move, field, given) in ON_THE_WAY.items():
        answers = given(whistle)
        before = snapshot(whistle)
        with pytest.raises(Unfit) as refusal:
            do(whistle, move, "jieshuji", now=NOW, **answers)
        assert (refusal.value.field, snapshot(whistle)) == (field, before), what


OF_A_UNIT = {
    "refuse: names itself": ("refuse", "right_unit", {"refusal": "not_ours", "reason": "否", "right_unit": MANAGEMENT}),
    "refuse: names a unit of elsewhere": ("refuse", "right_unit", {"refusal": "not_ours", "reason": "否", "right_unit": ELSEWHERE}),
    "refuse: names nobody": ("refuse", "right_unit", {"refusal": "not_ours", "reason": "否"}),
    "refuse: for no listed reason": ("refuse", "refusal", {"refusal": "too_far", "reason": "否", "right_unit": MARKET}),
    "refuse: no reason": ("refuse", "reason", {"refusal": "not_ours", "right_unit": MARKET}),
    "contact: no words": ("contact", "words", {}),
    "contact: stays away where all must come": ("contact", "stays_away", {"words": "远程", "stays_away": True}),
    "arrive: no proof": ("arrive", "position", {}),
    "arrive: too far away": ("arrive", "position", {"position": [102.9, 25.2]}),
    "arrive: nowhere on earth": ("arrive", "position", {"position": [902.9, 25.2]}),
    "arrive: a position of words": ("arrive", "position", {"position": ["here", "there"]}),
    "arrive: a pass of nobody": ("arrive", "pass", {"pass": "let me in"}),
    "arrive: a time of words": ("arrive", "claimed_at", {"position": "inside", "claimed_at": "noon"}),
}  # fmt: skip


def test_what_a_unit_gives_must_fit():
    whistle = blown()
    before = snapshot(whistle)
    for what, (move, field, given) in OF_A_UNIT.items():
        given = given | ({"right_unit": unit(given["right_unit"])} if "right_unit" in given else {})
        given = given | ({"position": inside()} if given.get("position") == "inside" else {})
        with pytest.raises(Unfit) as refusal:
            do(whistle, move, "cg_lianluo", of=MANAGEMENT, now=NOW, **given)
        assert (refusal.value.field, snapshot(whistle)) == (field, before), what


def test_a_call_of_another_whistle_is_not_there():
    whistle, other = blown(), blown()
    call, before = call_of(other, MANAGEMENT), snapshot(whistle)
    for part in (call.pk, None, 0, 10**9):
        with pytest.raises(ObjectDoesNotExist):
            DOOR.perform(whistle.uuid, "sign", by=user("cg_lianluo"), now=NOW, key=uuid.uuid4(), part=part)
    assert snapshot(whistle) == before


def test_a_pass_is_one_persons_of_one_whistle_for_two_minutes_after_the_scan():
    whistle, other, liaison = blown(), blown(), user("cg_lianluo")
    assert is_good(whistle.uuid, code_at(whistle.uuid, NOW), NOW + dt.timedelta(seconds=29))
    for wrong in (
        give_pass(other.uuid, liaison.pk, NOW),
        give_pass(whistle.uuid, user("chengguanju").pk, NOW),
        give_pass(whistle.uuid, liaison.pk, NOW - 2 * MINUTE - SECOND),
        give_pass(whistle.uuid, liaison.pk, NOW - 10 * MINUTE - SECOND, seconds=SCAN_SECONDS),
        give_pass(whistle.uuid, liaison.pk, NOW + 6 * SECOND),
        "no pass",
    ):
        with pytest.raises(Unfit, match="二维码已失效"):
            do(whistle, "arrive", liaison, of=MANAGEMENT, now=NOW, **{"pass": wrong})
    for at in (NOW + 5 * SECOND, NOW - 2 * MINUTE):  # clocks of two servers differ a little
        assert pass_until(give_pass(whistle.uuid, liaison.pk, at), whistle.uuid, liaison.pk, NOW)
    good = {"pass": give_pass(whistle.uuid, liaison.pk, NOW - 10 * MINUTE, seconds=SCAN_SECONDS)}
    whistle = do(whistle, "arrive", liaison, of=MANAGEMENT, now=NOW, **good)
    there = call_of(whistle, MANAGEMENT).arrivals.get()
    assert (whistle.state, there.proof, there.distance) == (State.ON_SITE, "code", None)


def test_how_far_a_phone_says_it_is_stands_beside_a_code_and_refuses_nothing():
    whistle, liaison = blown(), user("cg_lianluo")
    longitude, latitude = inside()
    far = {"pass": give_pass(whistle.uuid, liaison.pk, NOW), "position": [longitude, latitude + 0.09]}
    do(whistle, "arrive", liaison, of=MANAGEMENT, now=NOW, **far)
    there = call_of(whistle, MANAGEMENT).arrivals.get()
    assert there.proof == "code" and 9_000 < there.distance < 11_000


def test_a_claimed_time_stands_beside_the_servers():
    whistle = arrived(blown(), now=NOW, claimed_at=NOW - 40 * MINUTE)
    there = call_of(whistle, MANAGEMENT).arrivals.get()
    assert (there.came_at, there.claimed_at) == (NOW, NOW - 40 * MINUTE)
    assert call_of(whistle, MANAGEMENT).arrived_at == NOW, "the clock follows the server"


def test_who_leaves_before_the_release_is_written_down_and_who_leaves_after_it_is_not():
    whistle = arrived(blown())
    whistle = do(whistle, "leave", "cg_lianluo", of=MANAGEMENT, now=NOW)
    assert call_of(whistle, MANAGEMENT).arrivals.get().left_early
    whistle = arrived(whistle, now=NOW + MINUTE)
    whistle = do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清", now=NOW + 2 * MINUTE)
    whistle = do(whistle, "dismiss", "jieshuji", of=MANAGEMENT, now=NOW + 3 * MINUTE)
    whistle = do(whistle, "leave", "cg_lianluo", of=MANAGEMENT, now=NOW + 4 * MINUTE)
    assert [one.left_early for one in call_of(whistle, MANAGEMENT).arrivals.all()] == [True, False]
    released = arrived(blown())
    do(released, "release", "jieshuji", of=MANAGEMENT, now=NOW)
    do(released, "leave", "cg_lianluo", of=MANAGEMENT, now=NOW + MINUTE)
    assert not call_of(released, MANAGEMENT).arrivals.get().left_early


# Tasks ------------------------------------------------------------------------------------------------------------


def with_task(code: str = POLICE) -> Whistle:
    return do(blown(), "add_task", "jieshuji", unit=unit(code), title="疏导车辆", deadline=NOW + DAY)


def test_a_unit_finishes_its_own_tasks_and_the_blower_any():
    whistle = with_task()
    with pytest.raises(Unfit, match="另一个单位"):
        do(whistle, "finish_task", "cg_lianluo", task=whistle.tasks.get(), words="完成")
    do(whistle, "finish_task", people.someone("liaison", POLICE), task=whistle.tasks.get(), words="完成")
    with pytest.raises(Unfit, match="没有完成的任务"):
        do(whistle, "finish_task", "jieshuji", task=whistle.tasks.get(), words="完成")


def test_a_matter_is_not_settled_while_tasks_are_open():
    whistle = with_task()
    for code in (MANAGEMENT, POLICE):
        do(whistle, "release", "jieshuji", of=code)
    with pytest.raises(Refused, match="还有任务没有完成：疏导车辆"):
        do(whistle, "settle", "jieshuji", words="完成")
    do(whistle, "finish_task", "jieshuji", task=whistle.tasks.get(), words="交警代办")
    assert do(whistle, "settle", "jieshuji", words="完成").state == State.SETTLED


def test_a_task_becomes_a_case_of_its_own():
    whistle = with_task(MANAGEMENT)
    given = {"category": settled_by("community"), "position": inside(), "words": "楼道还有堆物"}
    whistle = do(whistle, "task_to_case", "cg_lianluo", task=whistle.tasks.get(), **given)
    task = whistle.tasks.get()
    assert task.case.state == CaseState.REPORTED and task.case_id != whistle.case_id
    assert task.case.number in whistle.events.latest("sequence").data
    with pytest.raises(Unfit):
        do(whistle, "task_to_case", "cg_lianluo", task=task, **given)


def test_a_case_of_an_ended_category_does_not_come_of_a_task():
    whistle = with_task(MANAGEMENT)
    given = {"category": category_ended(), "position": inside(), "words": "楼道还有堆物"}
    before = snapshot(whistle)
    with pytest.raises(Unfit) as refusal:
        do(whistle, "task_to_case", "cg_lianluo", task=whistle.tasks.get(), **given)
    assert (refusal.value.field, snapshot(whistle)) == ("category", before)


# Refusals in turn -------------------------------------------------------------------------------------------------


def test_a_unit_that_refused_no_longer_writes_into_the_joint_log_until_it_is_called_again():
    whistle = refuse(blown())
    with pytest.raises(Forbidden):
        do(whistle, "note", "cg_lianluo", now=NOW, words="不归我管")
    do(whistle, "note", people.someone("liaison", MARKET), now=NOW, words="已到现场")
    do(whistle, "call", "jieshuji", now=NOW, unit=unit(MANAGEMENT), reason="需要执法")
    do(whistle, "note", "cg_lianluo", now=NOW, words="再次到场")


def test_after_two_refusals_in_turn_the_third_unit_takes_the_call():
    whistle = blown()
    refuse(whistle)
    refuse(whistle, of=MARKET, by=people.someone("liaison", MARKET), right=f"{people.DISTRICT}-fire")
    with pytest.raises(Refused, match="已回退两次"):
        refuse(whistle, of=f"{people.DISTRICT}-fire", by=people.someone("liaison", f"{people.DISTRICT}-fire"))


def test_who_names_a_unit_that_is_called_already_hands_over_the_lead():
    whistle = blown()
    refuse(whistle, right=POLICE)
    assert whistle.calls.count() == 2
    assert call_of(whistle, POLICE).is_lead and not call_of(whistle, MANAGEMENT).is_lead


# With its case ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moves", [("ask_void", "grant_void"), ("merge",)])
def test_a_whistle_ends_with_a_case_that_ends_unsettled(moves):
    at = CaseState.REGISTERED if moves == ("merge",) else CaseState.HANDLING
    case = case_at(at, loop="street", now=MORNING - dt.timedelta(hours=1))
    whistle = blown(case)
    more = {"target": case_at(CaseState.REPORTED, loop="street")} if moves == ("merge",) else {}
    walk(case, *moves, now=MORNING, **more)
    whistle.refresh_from_db()
    assert whistle.state == State.ENDED
    assert set(whistle.calls.values_list("state", flat=True)) == {CallState.RELEASED}


@pytest.mark.parametrize("move", ["decline", "withdraw"])
def test_a_whistle_on_a_report_that_is_not_taken_up_ends(move):
    case = case_at(CaseState.REPORTED, loop="street", now=MORNING - dt.timedelta(hours=1))
    whistle = blown(case)
    walk(case, move, now=MORNING)
    whistle.refresh_from_db()
    assert whistle.state == State.ENDED


def test_one_that_was_only_asked_for_ends_with_the_case_even_a_settled_one():
    whistle = closed(asked())
    assert whistle.state == State.ENDED


def test_a_case_that_is_given_up_or_down_keeps_its_whistle():
    case = case_at(CaseState.REGISTERED, loop="street", now=MORNING - dt.timedelta(hours=1))
    whistle = blown(case)
    walk(case, "escalate", now=MORNING)
    whistle.refresh_from_db()
    assert (whistle.state, fresh(case).loop) == (State.BLOWN, "district")
    assert do(whistle, "call", "jieshuji", unit=unit(MARKET), reason="加一家").calls.count() == 3


def test_a_failed_check_calls_the_lead_again_with_fresh_clocks():
    whistle = whistle_at(State.SETTLED)
    walk(whistle.case, "feedback", "fail", now=MORNING + 10 * MINUTE)
    whistle.refresh_from_db()
    again = call_of(whistle, MANAGEMENT)
    assert (whistle.state, again.state, again.is_lead) == (State.ON_SITE, CallState.CALLED, True)
    assert set(again.clocks.values_list("stopped_at", flat=True)) == {None}
    assert again.clocks.get(step="sign").opened_at > MORNING + 10 * MINUTE


def test_a_reopened_case_may_get_another_whistle():
    whistle = closed()
    walk(whistle.case, "reopen", now=MORNING + DAY)
    assert blown(fresh(whistle.case), now=MORNING + DAY + 10 * MINUTE).state == State.BLOWN
    whistle.refresh_from_db()
    assert whistle.state == State.CLOSED, "the first one still waits for its scores"


def test_the_same_key_with_the_same_content_blows_once():
    case, key = stuck_case(), uuid.uuid4()
    given = answers()
    for _ in range(2):
        one = DOOR.perform(
            Whistle(uuid=key, case=case), "blow", by=user("jieshuji"), now=MORNING, key=key, given=given
        )
    assert one.is_repeat and Whistle.objects.count() == 1
    events = WhistleEvent.objects.count()
    sign = uuid.uuid4()
    whistle = Whistle.objects.get()
    for _ in range(2):
        part = call_of(whistle, MANAGEMENT).pk
        DOOR.perform(whistle.uuid, "sign", by=user("cg_lianluo"), now=NOW, key=sign, part=part)
    assert WhistleEvent.objects.count() == events + 1


# Scores -----------------------------------------------------------------------------------------------------------


def test_marks_are_whole_numbers_from_1_to_5():
    whistle = closed()
    call, before = call_of(whistle, MANAGEMENT), snapshot(whistle)
    for move, by, marks in (("score_unit", "jieshuji", MARKS), ("score_whistle", "cg_lianluo", NEED)):
        for name, mark in product(marks, (0, 6, -1, "5", 4.5)):
            with pytest.raises(Unfit) as refusal:
                do(whistle, move, by, call=call, **(marks | {name: mark}))
            assert (refusal.value.field, snapshot(whistle)) == (name, before)
