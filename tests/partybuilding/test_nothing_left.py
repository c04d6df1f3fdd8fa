"""Nothing is left undecided or unanswered: each order, a whistle that was asked for, words that may be erased."""

import pytest

from governance.models import Organization, Outbox, Post
from governance.roles import Role
from partybuilding import actions
from partybuilding.models import WhistleRule
from partybuilding.waiting import to_do
from partybuilding.workflow import ClockStep
from records.refusals import Forbidden, Refused
from tests import people
from tests.partybuilding.blowing import (
    DAY,
    HOUR,
    MANAGEMENT,
    MARKS,
    MORNING,
    NEED,
    POLICE,
    asked,
    blow,
    blown,
    call_of,
    clock_of,
    closed,
    do,
    stuck_case,
    unit,
    user,
)  # fmt: skip
from tests.partybuilding.test_pages import signed_in

pytestmark = pytest.mark.django_db


def verbs(username: str, now) -> list[str]:
    return [row.verb for row in to_do(user(username), now, 30)]


def test_each_order_of_a_unit_waits_for_an_answer_of_its_own():
    whistle = blown()
    first, second = (
        clock_of(whistle, MANAGEMENT, step).order_at for step in (ClockStep.SIGN, ClockStep.CONTACT)
    )
    actions.sweep(now=first)
    do(whistle, "answer_order", "chengguanju", of=MANAGEMENT, words="马上签收", now=first + HOUR)
    assert "答复督办" not in verbs("chengguanju", first + HOUR)
    actions.sweep(now=second)
    assert "答复督办" in verbs("chengguanju", second)
    do(whistle, "answer_order", "chengguanju", of=MANAGEMENT, words="已去联系", now=second + HOUR)
    assert call_of(whistle, MANAGEMENT).order_answered_at == second + HOUR


def test_an_order_is_answered_also_after_the_unit_has_finished():
    whistle = blown()
    due = clock_of(whistle, MANAGEMENT, ClockStep.ARRIVE).order_at
    actions.sweep(now=due)
    position = [whistle.longitude, whistle.latitude]
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, position=position, now=due + HOUR)
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清理", now=due + 2 * HOUR)
    assert "答复督办" in verbs("chengguanju", due + 2 * HOUR)
    do(whistle, "answer_order", "chengguanju", of=MANAGEMENT, words="已办结", now=due + 3 * HOUR)


def test_a_whistle_that_was_asked_for_can_be_declined_when_its_kind_is_gone():
    whistle = asked()
    WhistleRule.objects.filter(kind=whistle.kind).update(valid_until=MORNING.date())
    with pytest.raises(Refused, match="规则已终止"):
        do(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT), now=MORNING + DAY)
    do(whistle, "decline", "jieshuji", reason="规则已变，请另行提出", now=MORNING + DAY)
    assert blow(stuck_case(), now=MORNING + 2 * DAY, kind="priority")


def test_the_street_is_not_asked_for_a_kind_that_no_street_blows():
    with pytest.raises(Forbidden, match="不由街道吹响"):
        blow(stuck_case(), "sheshuji", move="ask", kind="community")


def test_a_whistle_keeps_its_number_when_it_is_blown_on_another_day():
    whistle = asked()
    number = whistle.number
    do(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT), now=MORNING + DAY)
    whistle.refresh_from_db()
    assert whistle.number == number


def test_what_has_no_deadline_stands_first_and_is_not_called_late():
    WhistleRule.objects.update(decide_limit="")
    asked()
    rows = to_do(user("jieshuji"), MORNING + 30 * DAY, 30)
    assert (rows[0].verb, rows[0].due_at, rows[0].is_late) == ("决定是否吹哨", None, False)


def test_the_successor_of_who_blew_is_told_to_score():
    whistle = closed()
    told = Outbox.objects.filter(url__contains=str(whistle.uuid)).latest("pk")
    side = {"organization": whistle.side_id, "duty": "B", "asks": "请您评价部门"}
    assert side in told.audience


def test_who_changed_sides_scores_neither_the_own_work_nor_the_own_whistle():
    whistle = blown()
    position = [whistle.longitude, whistle.latitude]
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, position=position)
    closed(whistle)
    street, management = Organization.objects.get(code=people.STREET), unit(MANAGEMENT)
    Post.objects.create(user=user("cg_lianluo"), organization=street, role=Role.DEPUTY_SECRETARY)
    Post.objects.create(user=user("jieshuji"), organization=management, role=Role.LIAISON)
    Post.objects.filter(user=user("cg_lianluo"), role=Role.LIAISON).update(ends_on="2026-11-01")
    Post.objects.filter(user=user("jieshuji"), role=Role.SECRETARY).update(ends_on="2026-11-01")
    later = MORNING + DAY
    with pytest.raises(Refused):
        do(whistle, "score_unit", "cg_lianluo", call=call_of(whistle, MANAGEMENT), now=later, **MARKS)
    with pytest.raises(Refused):
        do(whistle, "score_whistle", "jieshuji", call=call_of(whistle, MANAGEMENT), now=later, **NEED)
    do(whistle, "score_unit", "cg_lianluo", call=call_of(whistle, POLICE), now=later, **MARKS)


def test_what_a_task_says_stands_on_the_page_and_not_in_the_chain():
    whistle = blown()
    do(
        whistle,
        "add_task",
        "jieshuji",
        unit=unit(POLICE),
        title="联系三栋住户搬离杂物",
        deadline=MORNING + 3 * DAY,
    )
    do(whistle, "call", "jieshuji", unit=unit(f"{people.DISTRICT}-market"), reason="三栋一楼无照经营")
    said = " ".join(whistle.events.values_list("data", flat=True))
    assert "三栋" not in said and "三栋" not in call_of(whistle, f"{people.DISTRICT}-market").why
    page = signed_in("jieshuji").get(f"/party/whistles/{whistle.uuid}/").text
    assert page.count("联系三栋住户搬离杂物") == 2, "with the tasks and in the timeline"


def test_a_post_below_the_community_reads_no_rates_and_breaks_nothing():
    courtyard = Organization.objects.filter(level=4).first()
    secretary = people.newcomer("zubao", "组书记", Role.SECRETARY, courtyard.code)
    assert signed_in(secretary).get("/party/proposals/").status_code == 403
