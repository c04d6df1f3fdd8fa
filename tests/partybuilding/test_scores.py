"""Both sides score, nobody the own unit or the own whistle; what recurs proposes a change; a rate is a band, not a rank."""

import datetime as dt
from decimal import Decimal

import pytest

from appraisal.periods import Period
from cases.models import Case
from governance.models import Organization, User
from governance.roles import Role
from partybuilding import rates
from partybuilding.actions import lapse
from partybuilding.actions.proposing import decide
from partybuilding.actions.trying import RETRY
from partybuilding.models import ListProposal, Whistle, WhistleBand
from partybuilding.nominating import nominees
from partybuilding.workflow import State
from records.refusals import Forbidden, Refused, Stale, Unfit
from tests import people
from tests.cases.walks import appoint
from tests.lives import MORNING, walk
from tests.partybuilding.blowing import (
    DAY,
    HOUR,
    MANAGEMENT,
    MARKET,
    MARKS,
    MINUTE,
    NEED,
    POLICE,
    arrived,
    blown,
    call_of,
    closed,
    do,
    refuse,
    settled,
    stuck_case,
    take_key,
    unit,
    user,
)

pytestmark = pytest.mark.django_db


def police() -> User:
    return people.someone("liaison", POLICE)


def scored(whistle: Whistle, **need: int) -> Whistle:
    """By both sides, of every unit."""
    for call, by in ((MANAGEMENT, user("cg_lianluo")), (POLICE, police())):
        whistle = do(whistle, "score_unit", "jieshuji", call=call_of(whistle, call), **MARKS)
        whistle = do(whistle, "score_whistle", by, call=call_of(whistle, call), **(NEED | need))
    return whistle


def test_a_whistle_is_put_away_when_both_sides_of_every_unit_have_scored():
    assert scored(closed()).state == State.SCORED


def test_each_side_scores_once():
    whistle = closed()
    call = call_of(whistle, MANAGEMENT)
    do(whistle, "score_unit", "jieshuji", call=call, **MARKS)
    with pytest.raises(Unfit):
        do(whistle, "score_unit", "jielingdao", call=call, **MARKS)
    do(whistle, "score_whistle", "cg_lianluo", call=call, **NEED)
    with pytest.raises(Refused, match="已评价"):
        do(whistle, "score_whistle", "chengguanju", call=call, **NEED)


def test_a_unit_does_not_score_for_another_and_not_other_units():
    whistle = closed()
    with pytest.raises(Unfit):
        do(whistle, "score_whistle", "cg_lianluo", call=call_of(whistle, POLICE), **NEED)
    with pytest.raises(Forbidden):
        do(whistle, "score_unit", "cg_lianluo", call=call_of(whistle, POLICE), **MARKS)


def test_somebody_with_posts_on_both_sides_scores_neither_the_own_unit_nor_the_own_whistle():
    whistle = closed()
    appoint(user("jieshuji"), Role.UNIT_HEAD, POLICE)
    with pytest.raises(Unfit):
        do(whistle, "score_unit", "jieshuji", call=call_of(whistle, POLICE), **MARKS)
    with pytest.raises(Forbidden, match="自己的哨单"):
        do(whistle, "score_whistle", "jieshuji", call=call_of(whistle, POLICE), **NEED)
    do(whistle, "score_unit", "jieshuji", call=call_of(whistle, MANAGEMENT), **MARKS)
    with pytest.raises(Forbidden, match="不能评价本单位"):
        do(whistle, "score_unit", "jieshuji", call=call_of(whistle, POLICE), **MARKS)
    do(whistle, "score_unit", "jielingdao", call=call_of(whistle, POLICE), **MARKS)


def test_a_call_of_another_whistle_is_not_scored():
    whistle, other = closed(), closed()
    with pytest.raises(Unfit):
        do(whistle, "score_unit", "jieshuji", call=call_of(other, MANAGEMENT), **MARKS)


def test_who_refused_or_was_let_go_before_an_answer_is_not_scored():
    whistle = blown()
    refuse(whistle)
    do(whistle, "release", "jieshuji", of=POLICE)
    whistle = closed(whistle, now=MORNING + 10 * MINUTE)
    for code in (MANAGEMENT, POLICE):
        with pytest.raises(Unfit):
            do(whistle, "score_unit", "jieshuji", call=call_of(whistle, code), **MARKS)
    whistle = do(whistle, "score_unit", "jieshuji", call=call_of(whistle, MARKET), **MARKS)
    liaison = people.someone("liaison", MARKET)
    assert do(whistle, "score_whistle", liaison, call=call_of(whistle, MARKET), **NEED).state == State.SCORED


def test_who_never_answered_until_the_end_is_scored():
    whistle = closed(arrived(blown()))
    do(whistle, "score_unit", "jieshuji", call=call_of(whistle, POLICE), speed=1, attitude=1, result=1)


def test_a_unit_that_was_called_twice_is_scored_once():
    whistle = settled()
    walk(whistle.case, "feedback", "fail", "feedback", "pass", "close", now=MORNING + 10 * MINUTE)
    whistle.refresh_from_db()
    assert whistle.calls.filter(unit__code=MANAGEMENT).count() == 2
    call = call_of(whistle, MANAGEMENT)
    first = whistle.calls.filter(unit__code=MANAGEMENT).earliest("pk")
    with pytest.raises(Unfit):
        do(whistle, "score_unit", "jieshuji", call=first, **MARKS)
    whistle = do(whistle, "score_unit", "jieshuji", call=call, **MARKS)
    assert do(whistle, "score_whistle", "cg_lianluo", call=call, **NEED).state == State.SCORED


def test_where_nobody_took_part_nothing_is_scored():
    whistle = blown()
    for code in (MANAGEMENT, POLICE):
        do(whistle, "release", "jieshuji", of=code)
    assert closed(whistle, now=MORNING + 10 * MINUTE).state == State.SCORED


def test_a_whistle_that_cannot_be_put_away_does_not_keep_the_others(caplog):
    broken, other = closed(), closed()
    take_key(f"lapse:{broken.pk}", of=other)
    assert lapse(now=broken.lapses_at) == 1
    assert f"whistle {broken.pk} failed" in caplog.text
    assert Whistle.objects.get(pk=broken.pk).state == State.CLOSED
    assert Whistle.objects.get(pk=other.pk).state == State.SCORED


def test_broken_whistles_stand_back_so_that_the_next_run_begins_with_others(caplog):
    broken, other = closed(), closed()
    take_key(f"lapse:{broken.pk}", of=other)
    due = broken.lapses_at
    assert (lapse(now=due, most=1), lapse(now=due + MINUTE, most=1)) == (0, 1)
    assert Whistle.objects.get(pk=other.pk).state == State.SCORED
    assert (lapse(now=due + RETRY - MINUTE), caplog.text.count("failed")) == (0, 1), "it stands back"
    assert (lapse(now=due + RETRY), caplog.text.count("failed")) == (0, 2), "and is tried again"


def test_scores_are_waited_for_two_weeks():
    whistle, done = closed(), scored(closed())
    assert lapse(now=whistle.closed_at + dt.timedelta(days=14) - MINUTE) == 0
    assert lapse(now=whistle.closed_at + dt.timedelta(days=14)) == 1
    whistle.refresh_from_db()
    done.refresh_from_db()
    assert (whistle.state, whistle.version) == (State.SCORED, whistle.events.count())
    assert done.events.last().move != "lapse"
    with pytest.raises(Stale):
        do(whistle, "score_unit", "jieshuji", call=call_of(whistle, MANAGEMENT), **MARKS)


# What recurs ------------------------------------------------------------------------------------------------------


def finished(now: dt.datetime) -> Whistle:
    """One more whistle alike, to which urban management came; settled, checked and closed."""
    whistle = blown(now=now)
    arrived(whistle, now=now + MINUTE)
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清理", now=now + 2 * MINUTE)
    walk(whistle.case, "feedback", "pass", "close", now=now)
    return whistle


def test_the_third_whistle_alike_in_a_year_proposes_a_change_and_the_evidence_grows():
    found = [finished(MORNING), finished(MORNING + HOUR)]
    assert not ListProposal.objects.exists()
    found.append(finished(MORNING + 2 * HOUR))
    proposal = ListProposal.objects.get()
    assert (proposal.state, proposal.whistles) == ("open", [one.pk for one in found])
    assert proposal.units == [unit(MANAGEMENT).pk], "the police never finished"
    found.append(finished(MORNING + 3 * HOUR))
    proposal.refresh_from_db()
    assert proposal.whistles == [one.pk for one in found] and ListProposal.objects.count() == 1


def test_what_was_blown_more_than_a_year_ago_is_no_evidence():
    for days in (0, 10, 374):
        finished(MORNING + days * DAY)
    assert not ListProposal.objects.exists()


def test_a_proposal_is_decided_once_by_the_secretary_or_leader_of_the_district():
    for hour in range(3):
        finished(MORNING + hour * HOUR)
    pk, later = ListProposal.objects.get().pk, MORNING + DAY
    given = {"is_adopted": True, "note": "占道夜市改由区城管局牵头", "now": later}
    stranger = people.someone("secretary", people.ELSEWHERE[:9])
    for who in (stranger, user("cg_lianluo"), user("xitong"), people.worker()):
        with pytest.raises(ListProposal.DoesNotExist):
            decide(pk, by=who, **given)
    for who in (user("jieshuji"), people.someone("deputy_secretary", people.DISTRICT)):
        with pytest.raises(Forbidden, match="区书记或区领导"):
            decide(pk, by=who, **given)
    for note in ("", "  ", "长" * 201):
        with pytest.raises(Unfit) as refusal:
            decide(pk, by=user("qushuji"), **(given | {"note": note}))
        assert refusal.value.field == "note"
    proposal = decide(pk, by=user("qushuji"), **given)
    assert (proposal.state, proposal.decided_by, proposal.decided_at) == ("adopted", user("qushuji"), later)
    with pytest.raises(Stale, match="已采纳"):
        decide(pk, by=user("quling"), **(given | {"is_adopted": False}))


def test_what_was_weighed_once_is_not_proposed_again():
    for hour in range(3):
        finished(MORNING + hour * HOUR)
    decide(
        ListProposal.objects.get().pk, is_adopted=False, note="今年特例", by=user("quling"), now=MORNING + DAY
    )
    for hour in range(2):
        finished(MORNING + 2 * DAY + hour * HOUR)
    assert ListProposal.objects.count() == 1
    finished(MORNING + 3 * DAY)
    again = ListProposal.objects.latest("pk")
    assert (again.state, len(again.whistles)) == ("open", 3), "three more, blown after the decision"


def test_who_came_before_is_proposed_with_the_reason():
    finished(MORNING)
    case = stuck_case(MORNING + DAY)
    (management,) = [one for one in nominees(case, (MORNING + DAY).date()) if one.unit.code == MANAGEMENT]
    assert any("先例：近一年同类哨令到场办结 1 次" in reason for reason in management.reasons)


# Figures ----------------------------------------------------------------------------------------------------------


def rate(place: str = people.STREET) -> rates.Rate:
    found = Organization.objects.get(code=place)
    return rates.rate_of(found, Period((MORNING - 30 * DAY).date(), (MORNING + 30 * DAY).date()))


def test_whistles_that_the_called_units_judge_unneeded_are_counted():
    scored(closed(), needed=2)
    scored(closed(), needed=3)
    closed()
    assert (rate().whistles, rate().unneeded) == (3, 1)


def test_a_rate_is_below_within_or_above_the_band_of_the_district_and_unknown_without_enough_cases():
    band = WhistleBand.objects.get(district__code=people.DISTRICT)
    assert (band.low, band.high) == (Decimal("0.50"), Decimal("5.00"))
    closed()
    assert rate().fit == rates.Fit.UNKNOWN and rate().rate is None
    assert rates.Rate(1, 19, 0, band).fit == rates.Fit.UNKNOWN
    assert rates.Rate(0, 100, 0, band).fit == rates.Fit.BELOW
    assert rates.Rate(1, 200, 0, band).fit == rates.Fit.WITHIN
    assert rates.Rate(5, 100, 0, band).fit == rates.Fit.WITHIN
    assert rates.Rate(6, 100, 0, band).fit == rates.Fit.ABOVE
    assert rates.Rate(6, 100, 0, None).fit == rates.Fit.UNKNOWN


def test_of_few_cases_a_rate_is_said_to_be_a_small_base_and_no_band_judges_it():
    band = WhistleBand.objects.get(district__code=people.DISTRICT)
    few, enough = rates.Rate(28, 46, 0, band), rates.Rate(28, 100, 0, band)
    assert (few.rate, few.is_small, few.of_one, few.fit) == (
        Decimal("60.87"),
        True,
        Decimal("2.2"),
        rates.Fit.UNKNOWN,
    )
    assert (enough.is_small, enough.fit) == (False, rates.Fit.ABOVE)


def test_a_rate_counts_what_lies_in_the_place_alone():
    closed()
    assert rate(people.ELSEWHERE[:9]).whistles == 0
    assert (rate(people.DISTRICT).whistles, rate(people.COMMUNITY).whistles) == (1, 1)
    assert Case.objects.exclude(closed_at=None).count() == rate(people.DISTRICT).closed == 1
