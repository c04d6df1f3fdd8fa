"""A whistle from the stuck case to the last score: what each move writes, who may make it, what the case does to it."""

import pytest

from partybuilding.models import Call, CallClock, Whistle, WhistleEvent, WhistleText
from partybuilding.workflow import CallState, ClockStep, State
from records import chain
from records.refusals import Forbidden, Refused
from tests import people
from tests.lives import MORNING, inside, walk
from tests.partybuilding.blowing import MANAGEMENT, MINUTE, POLICE, blown, do, unit

pytestmark = pytest.mark.django_db


def test_a_whistle_calls_each_unit_with_four_clocks_of_its_own():
    whistle = blown()
    assert (whistle.state, whistle.side.code) == (State.BLOWN, people.STREET)
    assert [call.unit.code for call in whistle.calls.all()] == [MANAGEMENT, POLICE]
    for call in whistle.calls.all():
        assert [clock.step for clock in call.clocks.all()] == list(ClockStep)
        assert {clock.stopped_at for clock in call.clocks.all()} == {None}
    assert whistle.due_at == CallClock.objects.filter(step="sign").first().red_at
    assert chain.broken(WhistleEvent, WhistleText) == []


def test_a_unit_signs_contacts_arrives_and_finishes_and_the_street_settles():
    whistle = blown()
    for move, given in (
        ("sign", {}),
        ("contact", {"words": "明早八点到"}),
        ("arrive", {"position": inside()}),
    ):
        whistle = do(whistle, move, "cg_lianluo", of=MANAGEMENT, **given)
    assert whistle.state == State.ON_SITE
    whistle = do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清理并处罚三户")
    with pytest.raises(Refused, match="还有单位没有办结"):
        do(whistle, "settle", "jieshuji", words="完成")
    whistle = do(whistle, "release", "jieshuji", of=POLICE)
    whistle = do(whistle, "settle", "jieshuji", words="夜市已入市场")
    assert whistle.state == State.SETTLED
    call = whistle.calls.get(unit__code=MANAGEMENT)
    assert call.state == CallState.FINISHED
    assert not CallClock.objects.running().exists()
    assert chain.broken(WhistleEvent, WhistleText) == []


def test_closing_the_case_ends_the_whistle_and_both_sides_score():
    whistle = blown()
    walk(whistle.case, "feedback", "pass", "close", now=MORNING)
    whistle = Whistle.objects.get(pk=whistle.pk)
    assert whistle.state == State.CLOSED
    assert set(whistle.calls.values_list("state", flat=True)) == {CallState.RELEASED}
    marks = {"speed": 5, "attitude": 4, "result": 4}
    for call in whistle.calls.all():
        whistle = do(whistle, "score_unit", "jieshuji", call=call, **marks)
    marks = {"needed": 5, "clear": 4, "prepared": 3}
    call = whistle.calls.get(unit__code=MANAGEMENT)
    whistle = do(whistle, "score_whistle", "chengguanju", call=call, **marks)
    assert whistle.state == State.CLOSED
    police = people.someone("liaison", POLICE)
    whistle = do(whistle, "score_whistle", police, call=whistle.calls.get(unit__code=POLICE), **marks)
    assert whistle.state == State.SCORED


def test_a_unit_that_refuses_names_who_is_right_and_the_clock_of_the_matter_goes_on():
    whistle = blown()
    due = CallClock.objects.get(call__unit__code=MANAGEMENT, step="settle").red_at
    market = unit(f"{people.DISTRICT}-market")
    do(
        whistle,
        "refuse",
        "cg_lianluo",
        of=MANAGEMENT,
        now=MORNING + 30 * MINUTE,
        refusal="not_ours",
        reason="属市场监管职责",
        right_unit=market,
    )
    call = Call.objects.get(unit=market)
    assert call.is_lead and call.replaces.unit.code == MANAGEMENT
    assert call.clocks.get(step="settle").red_at == due
    assert call.clocks.get(step="sign").red_at > MORNING + 30 * MINUTE


def test_who_has_no_right_to_blow_is_told_who_has():
    with pytest.raises(Forbidden, match="街道书记"):
        blown(by="sheshuji")
