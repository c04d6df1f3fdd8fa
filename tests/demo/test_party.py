"""The whistles of the demo world: every state and every kind of lateness, the full story, and work for each account."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from demo import party, world
from demo.staff import WITHOUT_ANYBODY
from governance.models import Notice, Outbox, User
from partybuilding import rosters
from partybuilding.models import (
    Arrival,
    Call,
    CallClock,
    DecisionClock,
    ListProposal,
    Whistle,
    WhistleEvent,
    WhistlePhoto,
    WhistleText,
)
from partybuilding.nominating import nominees
from partybuilding.waiting import to_do
from partybuilding.workflow import CALLS, CallState, ClockStep, Rung, Side, State
from records import chain
from tests import people
from tests.photos import file, photo

NOW = dt.datetime(2026, 11, 20, 7, 0, tzinfo=dt.UTC)  # a Friday, 15:00 in Kunming


@pytest.fixture
def demo_world(db):
    return world.World(NOW, 1, SimpleNamespace(take=photo, file=file))


def make(demo_world, *, first=False, earlier=False):
    return party.make_party(demo_world, lambda done, total: None, first=first, earlier=earlier)


def beside_the_door():
    """Whistles and calls that stand otherwise than their last event says."""
    wrong = []
    for whistle in Whistle.objects.prefetch_related("events", "calls"):
        events = sorted(whistle.events.all(), key=lambda event: event.sequence)
        of_calls = {move.name for move in CALLS}
        own = [event for event in events if event.move not in of_calls]
        came = any(event.move == "arrive" for event in events)  # the first arrival begins the joint work
        stands = State.ON_SITE if came and own[-1].after == State.BLOWN else own[-1].after
        moments = [event.at for event in events]
        if (whistle.version, whistle.chain_head) != (len(events), events[-1].digest):
            wrong.append((whistle, "version"))
        if moments != sorted(moments) or moments[-1] > NOW:
            wrong.append((whistle, "times"))
        if stands != whistle.state and whistle.state != State.ON_SITE:
            wrong.append((whistle, stands))
        for call in whistle.calls.all():
            last = [event.after for event in events if event.call_id == call.pk][-1:]
            if call.state not in (*last, CallState.CALLED, CallState.RELEASED):
                wrong.append((call, last))
    return wrong


def late_clocks():
    return set(CallClock.objects.running().filter(lateness="red").values_list("step", flat=True))


def asked_of(username):
    """What the to-do list of an account asks for."""
    return {row.verb for row in to_do(User.objects.get(username=username), NOW, 100)}


def test_what_the_site_shows_first_is_made_by_real_moves(demo_world):
    made = make(demo_world, first=True)
    assert made == Whistle.objects.count() >= 22
    assert beside_the_door() == []
    assert chain.broken(WhistleEvent, WhistleText) == []
    assert late_clocks() == set(ClockStep)
    assert DecisionClock.objects.running().filter(lateness="red", rung=Rung.LEADER).exists()
    live = {State.ASKED, State.BLOWN, State.ON_SITE, State.SETTLED, State.CLOSED}
    assert live | {State.SCORED} <= set(Whistle.objects.values_list("state", flat=True))
    # Each printed account has its next step.
    assert {"决定是否吹哨", "确认处置完毕", "评价部门"} <= asked_of("jieshuji")
    assert {"确认处置完毕", "评价部门"} <= asked_of("sheshuji")
    assert {"确认处置完毕", "评价部门"} <= asked_of("qushuji")
    assert {"答复督办", "评价哨令"} <= asked_of("chengguanju")
    assert {"签收", "联系", "报到", "办结"} <= asked_of("cg_lianluo")
    # Nobody is left at one of the called units: every rung but the leader's and the order was passed over.
    nobody = Call.objects.get(unit__code=WITHOUT_ANYBODY)
    assert nobody.ordered_at and nobody.state == CallState.CALLED
    pressed = WhistleEvent.objects.filter(move="press", call=nobody)
    passed_over = {event.facts["rung"] for event in pressed if event.facts["vacant"]}
    assert passed_over == {Rung.YELLOW, Rung.RED, Rung.HEAD, Rung.ORDER}
    assert any(gap.unit == nobody.unit.name for gap in rosters.gaps(on=NOW.date()))
    # The same category came again in one street: the list is proposed to be changed, with evidence.
    proposal = ListProposal.objects.get()
    assert proposal.street.code == people.STREET and len(proposal.whistles) == 3 and proposal.units
    # What the relay would have sent is sent, and nobody is flooded.
    assert Outbox.objects.exists() and not Outbox.objects.filter(done_at=None).exists()
    assert not Notice.objects.filter(read_at=None, at__lt=NOW - world.UNREAD).exists()


def test_the_full_story_is_told_from_the_stuck_case_to_the_precedent(demo_world):
    job = party.Party(demo_world).story()[-1]
    assert demo_world.make(job, world.Numbers(1))
    whistle = Whistle.objects.get()
    assert (whistle.state, whistle.source, whistle.street.code) == (
        State.SCORED,
        "refused_twice",
        people.STREET,
    )
    assert whistle.blown_by.username == "jieshuji" and whistle.case.refusals >= 2
    refused = whistle.calls.get(state=CallState.REFUSED)
    assert refused.replaced_by.unit == refused.right_unit and refused.replaced_by.finished_at
    late = whistle.calls.get(is_lead=True)
    pressed = whistle.events.filter(move="press", call=late).values_list("data", flat=True)
    assert all(any(f'"rung":"{rung}"' in data for data in pressed) for rung in Rung)
    assert late.ordered_at
    assert not Call.objects.exclude(ordered_at=None).filter(order_answered_at=None).exists()
    skipped = whistle.events.filter(move="press", data__contains='"vacant":true')
    assert {event.call.unit.code for event in skipped} == {f"{people.DISTRICT}-heritage"}
    assert set(Arrival.objects.values_list("proof", flat=True)) == {"code", "position"}
    assert Arrival.objects.filter(left_early=True).exists()
    assert WhistlePhoto.objects.filter(whistle=whistle).count() == 4
    assert [bool(task.case) for task in whistle.tasks.filter(done_at__isnull=False)] == [False, True]
    assert whistle.case.events.filter(move="pass").exists()
    for call in Call.objects.exclude(state=CallState.REFUSED):
        assert {score.side for score in call.scores.all()} == set(Side)
    again = demo_world.report(
        next(topic for topic in demo_world.words.topics if topic.category == "占道经营"),
        NOW,
        among=[f"{people.COMMUNITY}001"],
    )
    assert any("先例" in one.why for one in nominees(again, NOW.date()))


def test_the_year_before_ends_in_every_way(demo_world, monkeypatch):
    monkeypatch.setattr(party, "ARCHIVED", 2)
    made = make(demo_world, earlier=True)
    assert made == Whistle.objects.count() >= 14
    ends = {State.SCORED, State.DECLINED, State.WITHDRAWN, State.ENDED}
    assert ends <= set(Whistle.objects.values_list("state", flat=True))
    assert WhistleEvent.objects.filter(move="lapse").exists()
    assert Call.objects.exclude(replaces=None).exists()
    assert beside_the_door() == []
    assert chain.broken(WhistleEvent, WhistleText) == []


def test_nothing_is_made_twice(demo_world, monkeypatch):
    monkeypatch.setattr(party, "ENOUGH", 1)
    one = party.Party(demo_world).on_stage()[0]
    assert demo_world.make(one, world.Numbers(1))
    assert make(demo_world, first=True, earlier=True) == 0


def test_a_site_without_cases_gets_no_whistles(db, capsys):
    call_command("demo", only="party")
    assert "不再生成哨单" in capsys.readouterr().out
    assert not Whistle.objects.exists()
