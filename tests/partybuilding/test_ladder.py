"""The ladder of a clock: each rung once and in order, vacancies skipped and written down, nothing rings after its end."""

import json
from dataclasses import replace

import pytest
from celery import current_app

from cases.models import Case
from config.heartbeats import Scheduler
from governance import actions as governance
from governance import health, modules
from governance import profile as profiles
from governance.models import Notice, Outbox, Post
from governance.profile import profile
from governance.roles import Duty
from partybuilding import actions
from partybuilding.actions import ladder
from partybuilding.actions.trying import RETRY
from partybuilding.models import CallClock, Whistle
from partybuilding.reading import read, whistles_to_show
from partybuilding.watchdog import wrong
from partybuilding.workflow import ClockStep, Rung, State
from records.refusals import Forbidden
from tests import people
from tests.lives import MORNING, walk
from tests.partybuilding.blowing import (
    DAY,
    HOUR,
    MANAGEMENT,
    MARKET,
    MINUTE,
    POLICE,
    blown,
    call_of,
    clock_of,
    do,
    refuse,
    settled,
    take_key,
    unit,
    user,
    whistle_at,
)

pytestmark = pytest.mark.django_db
HERITAGE = f"{people.DISTRICT}-heritage"  # its head's post is vacant
SIGN, U, K, L = ClockStep.SIGN, Duty.ANSWER, Duty.HEAD, Duty.LEAD


def pressed(whistle: Whistle, code: str, step: str) -> list[tuple]:
    """What the ladder of a clock did: rung, when, whether nobody held the post."""
    events = whistle.events.filter(move="press", call=call_of(whistle, code)).order_by("sequence")
    facts = [(json.loads(event.data), event.at) for event in events]
    return [(one["rung"], at, one["vacant"]) for one, at in facts if one["clock"] == step]


def told_last(whistle: Whistle) -> list[dict]:
    row = Outbox.objects.filter(url__contains=str(whistle.uuid)).latest("pk")
    return row.audience


def place(code: str) -> int:
    return unit(code).pk


def leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    place = replace(profile(), without=frozenset({"partybuilding"}))
    monkeypatch.setattr(profiles, "read", lambda _: place)


def vacate(code: str, *duties: Duty) -> None:
    posts = Post.objects.filter(organization__code=code)
    for duty in duties:
        posts.filter(pk__in=Post.objects.with_duty(duty)).update(ends_on=MORNING.date())


def test_handler_head_leader_and_order_each_once_at_its_time():
    whistle = blown(helpers=[])
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    wanted = {Rung.YELLOW: (U, MANAGEMENT), Rung.RED: (U, MANAGEMENT), Rung.HEAD: (K, MANAGEMENT),
              Rung.LEADER: (L, people.DISTRICT), Rung.ORDER: (K, MANAGEMENT)}  # fmt: skip
    for rung, (duty, code) in wanted.items():
        moment = clock.at(rung)
        assert actions.sweep(now=moment - MINUTE / 60) == 0
        assert actions.sweep(now=moment) == 1
        assert actions.sweep(now=moment) == 0
        (told,) = told_last(whistle)
        assert (told["duty"], told["organization"]) == (duty, place(code)), rung
        assert "签收" in told["asks"]
    assert pressed(whistle, MANAGEMENT, SIGN) == [(rung, clock.at(rung), False) for rung in Rung]
    call = call_of(whistle, MANAGEMENT)
    assert call.ordered_at == clock.order_at
    assert wrong(now=clock.order_at) == []


def test_the_row_of_the_whistle_shows_the_next_deadline_and_the_worst_mark():
    whistle = blown()
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    marks = []
    for moment in (clock.yellow_at, clock.red_at):
        actions.sweep(now=moment)
        whistle.refresh_from_db()
        marks.append((whistle.lateness, whistle.due_at))
    assert marks == [("yellow", clock.red_at), ("red", clock.red_at)]
    for code, by in ((MANAGEMENT, user("cg_lianluo")), (POLICE, people.someone("liaison", POLICE))):
        whistle = do(whistle, "sign", by, of=code, now=clock.red_at + MINUTE)
    assert (whistle.lateness, whistle.due_at) == ("none", clock_of(whistle, MANAGEMENT, "contact").red_at)
    assert clock_of(whistle, MANAGEMENT, SIGN).lateness == "red", "what was late stays late"


def test_a_sweep_that_was_away_catches_up_on_every_rung_in_order():
    whistle = blown()
    before = Outbox.objects.count()
    back = MORNING + 60 * DAY
    assert actions.sweep(now=back) == 2 * 4 * 5
    assert actions.sweep(now=back) == 0
    for code in (MANAGEMENT, POLICE):
        for step in ClockStep:
            assert [rung for rung, *_ in pressed(whistle, code, step)] == list(Rung)
    assert wrong(now=back) == []
    late = Outbox.objects.filter(pk__gt=0).count() - before
    assert late == 2 * 4 * 4, "that something will soon be late is not said when it is late"


def test_a_clock_that_was_stopped_never_rings_again():
    whistle = blown(helpers=[])
    actions.sweep(now=clock_of(whistle, MANAGEMENT, SIGN).red_at)
    do(whistle, "sign", "cg_lianluo", of=MANAGEMENT, now=MORNING + HOUR + MINUTE)
    actions.sweep(now=MORNING + 90 * DAY)
    assert [rung for rung, *_ in pressed(whistle, MANAGEMENT, SIGN)] == [Rung.YELLOW, Rung.RED]
    assert len(pressed(whistle, MANAGEMENT, "contact")) == 5


@pytest.mark.parametrize("state", [State.SETTLED, State.CLOSED, State.WITHDRAWN, State.ENDED])
def test_a_whistle_that_is_over_wakes_nobody_months_later(state):
    whistle = whistle_at(state)
    assert not CallClock.objects.running().exists()
    assert actions.sweep(now=MORNING + 300 * DAY) == 0
    assert not whistle.events.filter(move="press").exists()


def test_a_whistle_of_a_case_that_ended_while_the_module_was_left_out_ends_before_it_rings(monkeypatch):
    whistle, other = blown(), blown()
    with monkeypatch.context() as without:
        leave_out(without)
        walk(whistle.case, "feedback", "pass", "close", now=MORNING)
        walk(other.case, "ask_void", "grant_void", now=MORNING)
    assert {one.state for one in Whistle.objects.all()} == {State.BLOWN}
    assert actions.sweep(now=MORNING + 100 * DAY) == 2
    assert [one.state for one in Whistle.objects.order_by("pk")] == [State.CLOSED, State.ENDED]


def test_left_over_whistles_that_cannot_be_ended_stand_back_for_the_others(monkeypatch, caplog):
    broken, other = blown(), blown()
    with monkeypatch.context() as without:
        leave_out(without)
        walk(broken.case, "ask_void", "grant_void", now=MORNING)
        walk(other.case, "ask_void", "grant_void", now=MORNING)
    take_key(f"end:{broken.pk}:{Case.objects.get(pk=broken.case_id).version}", of=other)
    assert (actions.sweep(now=MORNING, most=1), actions.sweep(now=MORNING, most=1)) == (0, 1)
    assert [one.state for one in Whistle.objects.order_by("pk")] == [State.BLOWN, State.ENDED]
    assert f"whistle {broken.pk} failed" in caplog.text


# Vacancies --------------------------------------------------------------------------------------------------------


def test_a_unit_without_a_head_goes_to_the_leader_at_once_and_the_vacancy_is_written():
    whistle = blown(lead=unit(HERITAGE), helpers=[])
    clock = clock_of(whistle, HERITAGE, SIGN)
    actions.sweep(now=clock.red_at)
    assert actions.sweep(now=clock.head_at) == 2
    assert pressed(whistle, HERITAGE, SIGN)[2:] == [
        (Rung.HEAD, clock.head_at, True),
        (Rung.LEADER, clock.head_at, False),
    ]
    assert told_last(whistle)[0]["organization"] == place(people.DISTRICT)
    assert actions.sweep(now=clock.leader_at) == 0
    assert actions.sweep(now=clock.order_at) == 1


def test_a_unit_that_nobody_is_at_is_not_waited_for_but_its_leader_is_told_when_it_is_late():
    vacate(MANAGEMENT, U, K)
    whistle = blown(helpers=[])
    clock = clock_of(whistle, MANAGEMENT, SIGN)
    assert actions.sweep(now=clock.yellow_at) == 1, "nobody is told, and nothing is late yet"
    assert actions.sweep(now=clock.red_at) == 3
    assert pressed(whistle, MANAGEMENT, SIGN) == [
        (Rung.YELLOW, clock.yellow_at, True),
        (Rung.RED, clock.red_at, True),
        (Rung.HEAD, clock.red_at, True),
        (Rung.LEADER, clock.red_at, False),
    ]


def test_a_rung_that_was_passed_over_is_said_and_the_order_which_never_is():
    whistle = blown(lead=unit(HERITAGE), helpers=[])
    clock = clock_of(whistle, HERITAGE, SIGN)
    actions.sweep(now=clock.order_at)
    secretary = user("jieshuji")
    reading = read(whistles_to_show(secretary).get(pk=whistle.pk), secretary, clock.order_at)
    said = "；".join(reading.rows[0].notes)
    assert "岗位空缺，已跳过：签收“催办单位负责人”" in said and "“督办”" not in said
    facts = [fact for line in reading.lines for fact in line["facts"]]
    assert "签收时限：督办" in facts


@pytest.mark.parametrize(
    ("vacant", "told"),
    [
        ((), ""),
        ((K,), "单位负责人空缺，已交本单位经办人"),
        ((U, K), "单位无人在岗，已报盘龙区领导"),
    ],
)
def test_of_an_order_it_is_said_to_whom_it_really_went(vacant, told):
    vacate(MANAGEMENT, *vacant)
    whistle = blown(helpers=[])
    ordered = clock_of(whistle, MANAGEMENT, SIGN).order_at
    governance.relay(now=MORNING)
    actions.sweep(now=ordered)
    secretary = user("jieshuji")
    reading = read(whistles_to_show(secretary).get(pk=whistle.pk), secretary, ordered)
    then = f"{told}，待答复" if told else "待负责人答复"
    assert reading.rows[0].notes[-1].endswith(f"督办，{then}")
    facts = [fact for line in reading.lines for fact in line["facts"]]
    assert (told in facts) == bool(told), "the timeline says it where it went elsewhere"
    order = Outbox.objects.filter(url__contains=str(whistle.uuid)).latest("pk")
    governance.relay(now=ordered)
    reached = Notice.objects.filter(outbox=order).values_list("user__posts__organization__code", flat=True)
    assert set(reached) == {people.DISTRICT if U in vacant else MANAGEMENT}


def test_of_a_unit_that_refused_the_page_says_whom_it_named_and_waits_for_no_answer_to_its_order():
    whistle = blown(helpers=[])
    ordered = clock_of(whistle, MANAGEMENT, SIGN).order_at
    actions.sweep(now=ordered)
    refuse(whistle, now=ordered + MINUTE)
    secretary = user("jieshuji")
    reading = read(whistles_to_show(secretary).get(pk=whistle.pk), secretary, ordered + HOUR)
    order, refused = reading.rows[0].notes
    assert order.endswith("督办，未答复") and refused.endswith("指认 盘龙区市场监督管理局，已改召")


def test_an_order_that_was_answered_says_so_instead():
    whistle = blown(lead=unit(HERITAGE), helpers=[])
    ordered = clock_of(whistle, HERITAGE, SIGN).order_at
    actions.sweep(now=ordered)
    liaison = people.someone("liaison", HERITAGE)
    do(whistle, "answer_order", liaison, of=HERITAGE, words="今天到场", now=ordered + HOUR)
    secretary = user("jieshuji")
    reading = read(whistles_to_show(secretary).get(pk=whistle.pk), secretary, ordered + HOUR)
    assert reading.rows[0].notes[-1].endswith(" 已答复")


def test_of_a_community_s_unit_the_leader_of_the_street_is_in_charge():
    property_company = unit(f"{people.COMMUNITY}-property")
    found = ladder.where_held(L, property_company, on=MORNING.date())
    assert found == place(people.STREET)
    vacate(people.STREET, L)
    assert ladder.where_held(L, property_company, on=MORNING.date()) == place(people.DISTRICT)
    vacate(people.DISTRICT, L)
    assert ladder.where_held(L, property_company, on=MORNING.date()) is None


def test_the_order_reaches_somebody_even_where_there_is_no_head():
    whistle = blown(lead=unit(HERITAGE), helpers=[])
    governance.relay(now=MORNING)
    actions.sweep(now=clock_of(whistle, HERITAGE, SIGN).order_at)
    order = Outbox.objects.filter(url__contains=str(whistle.uuid)).latest("pk")
    governance.relay(now=MORNING + DAY)
    reached = Notice.objects.filter(outbox=order).values_list("user__posts__organization__code", flat=True)
    assert set(reached) == {HERITAGE}
    assert [rung for rung, _, vacant in pressed(whistle, HERITAGE, SIGN) if vacant] == [Rung.HEAD, Rung.ORDER]
    liaison = people.someone("liaison", HERITAGE)
    do(whistle, "answer_order", liaison, of=HERITAGE, words="今天到场", now=MORNING + DAY)
    assert call_of(whistle, HERITAGE).order_answered_at == MORNING + DAY


def test_an_order_is_answered_by_the_head_where_there_is_one():
    whistle = blown(helpers=[])
    actions.sweep(now=clock_of(whistle, MANAGEMENT, SIGN).order_at)
    with pytest.raises(Forbidden, match="单位负责人"):
        do(whistle, "answer_order", "cg_lianluo", of=MANAGEMENT, words="马上到", now=MORNING + DAY)
    do(whistle, "answer_order", "chengguanju", of=MANAGEMENT, words="马上到", now=MORNING + DAY)


# Clocks that go on ------------------------------------------------------------------------------------------------


def test_whoever_comes_in_place_of_another_is_told_that_it_is_late_and_pressed_from_then_on():
    whistle = blown(kind="emergency", source="emergency", helpers=[])
    late = MORNING + 40 * MINUTE  # who should have arrived after half an hour
    actions.sweep(now=late)
    refuse(whistle, now=late)
    clock = clock_of(whistle, MARKET, "arrive")
    actions.sweep(now=late + MINUTE)
    assert [rung for rung, *_ in pressed(whistle, MARKET, "arrive")] == [Rung.YELLOW, Rung.RED]
    assert clock.head_at == late + 6 * MINUTE
    actions.sweep(now=clock.head_at)
    assert [rung for rung, *_ in pressed(whistle, MARKET, "arrive")][2:] == [Rung.HEAD]
    assert wrong(now=clock.head_at) == []


def test_a_matter_that_failed_its_check_has_a_ladder_again():
    whistle = settled()
    walk(whistle.case, "feedback", "fail", now=MORNING + 10 * MINUTE)
    again = clock_of(whistle, MANAGEMENT, SIGN)
    actions.sweep(now=again.red_at)
    assert [rung for rung, *_ in pressed(whistle, MANAGEMENT, SIGN)] == [Rung.YELLOW, Rung.RED]


def test_one_ladder_that_fails_does_not_stop_the_others_and_is_tried_again(monkeypatch):
    first, second = blown(helpers=[]), blown(lead=unit(POLICE), helpers=[])
    due, held = clock_of(first, MANAGEMENT, SIGN).yellow_at, ladder.where_held

    def failing(duty, of, *, on):
        if of.code == MANAGEMENT:
            raise RuntimeError("broken")
        return held(duty, of, on=on)

    with monkeypatch.context() as breaking:
        breaking.setattr(ladder, "where_held", failing)
        assert actions.sweep(now=due) == 1
    assert len(pressed(second, POLICE, SIGN)) == 1 and not pressed(first, MANAGEMENT, SIGN)
    assert [one.whistle for one in wrong(now=due + MINUTE)] == [first.pk]
    assert actions.sweep(now=due + MINUTE) == 0, "it stands back"
    assert actions.sweep(now=due + RETRY) == 1
    assert wrong(now=due + RETRY) == []


# A place without the module ---------------------------------------------------------------------------------------


def test_where_the_module_is_left_out_nothing_of_it_runs_or_is_shown(monkeypatch, tmp_path):
    def schedule() -> set[str]:
        beat = Scheduler(current_app, schedule_filename=str(tmp_path / "beat"), lazy=True)
        try:
            beat.setup_schedule()
            return {entry.task for entry in beat.schedule.values()}
        finally:
            beat.close()

    ours = {"partybuilding.tasks." + name for name in ("sweep", "watch", "lapse", "look_at_rosters")}
    assert ours <= schedule()
    leave_out(monkeypatch)
    assert not modules.is_used("partybuilding")
    assert not [task for task in schedule() if task.startswith("partybuilding")]
    assert "cases.tasks.sweep" in schedule()
    shown = {one.check.app for one in health.findings(now=MORNING)}
    assert "partybuilding" not in shown and {"governance", "cases"} <= shown
