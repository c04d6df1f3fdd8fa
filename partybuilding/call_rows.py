"""A called unit as the page of its whistle shows it: its clocks, who is there, what must be said of it, what may be done."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from cases.clocks import clock, due, duration, limit_in_words, when
from cases.workflow import Lateness
from governance.roles import Duty
from partybuilding.clocks import lateness_at
from partybuilding.models import Arrival, Call, CallClock, Score, WhistleEvent
from partybuilding.workflow import MOVES, TONES, CallState, ClockStep, Refusal, Rung
from records.moves import Move
from records.rules import Offer

#: The next step of a unit first.
NEXT_OF_CALL = (
    "answer_order",
    "arrive",
    "finish",
    "sign",
    "contact",
    "leave",
    "refuse",
    "release",
    "dismiss",
)
#: How far up the ladder is worth a word beside the clock.
TOLD_RUNGS = {Rung.HEAD: "已催单位负责人", Rung.LEADER: "已报分管领导", Rung.ORDER: "已督办"}


@dataclass
class Step:
    """One of the four clocks of a called unit, as people read it."""

    label: str
    limit: str
    tone: str  # done, late, waiting, yellow, red or none: the shape and colour of its mark
    words: str
    note: str = ""


@dataclass
class CallRow:
    """A called unit with its clocks, its people on the spot and what this person may do for it."""

    call: Call
    steps: list[Step]
    arrivals: list[Arrival]
    notes: list[str]
    offers: list[Offer]
    scores: list[Score]
    to_score: list[str] = field(default_factory=list)  # moves by which this person still scores

    @property
    def state(self) -> CallState:
        return CallState(self.call.state)

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def moves(self) -> list[Move]:
        """What this person may do now, the next step first."""
        allowed = {offer.move.name: offer.move for offer in self.offers if offer.is_allowed}
        return [allowed[name] for name in NEXT_OF_CALL if name in allowed]


def step_of(one: CallClock, call: Call, now: dt.datetime) -> Step:
    """How a clock stands: done with its time, released, or running."""
    label, limit = ClockStep(one.step).label, limit_in_words(one.limit)
    if one.stopped_at is None:
        late = lateness_at(one.yellow_at, one.red_at, now)
        rung = TOLD_RUNGS.get(Rung(one.rung), "") if one.rung else ""
        tone = "waiting" if late == Lateness.NONE else late.value
        return Step(label, limit, tone, clock(one.red_at), rung or f"截止 {due(one.red_at)}")
    if one.outcome != CallClock.Outcome.DONE:
        return Step(label, limit, "none", CallClock.Outcome(one.outcome).label)
    if one.step == ClockStep.ARRIVE and call.stays_away:
        return Step(label, limit, "none", "远程办理", "不须到场")
    over = (one.stopped_at - one.red_at).total_seconds()
    took = f"用时 {duration((one.stopped_at - one.opened_at).total_seconds())}"
    note = f"超 {duration(over)}" if over > 0 else took
    return Step(label, limit, "late" if over > 0 else "done", when(one.stopped_at), note)


def notes_of(
    call: Call, events: list[WhistleEvent], replaced_by: dict[int, Call], names: dict[int, str]
) -> list[str]:
    """What must be said of a call beside its clocks; ``events`` are those of its ladders, the newest first.

    ``names`` are those of the places that these name by number. That a unit refused, and whom it named, stands last.
    """
    found = []
    if call.replaces_id and call.replaces is not None:
        found.append(f"接替 {call.replaces.unit.name}，办结时限不重新起算")
    skipped = [
        f"{ClockStep(facts['clock']).label}“{Rung(facts['rung']).label}”"
        for facts in (event.facts for event in reversed(events))
        if facts.get("vacant") and facts["rung"] != Rung.ORDER
    ]
    if skipped:
        found.append(f"岗位空缺，已跳过：{'、'.join(skipped)}")
    if call.ordered_at:
        found.append(_order(call, events, names))
    if call.released_at:
        ended = "解除" if call.state == CallState.RELEASED else "同意离场"
        found.append(f"{when(call.released_at)} {ended}")
    if call.refusal:
        instead = replaced_by.get(call.pk)
        right = f"指认 {instead.unit.name}，已改召" if instead else "指认的单位已在召集之列"
        found.append(f"{when(call.ended_at)} 回退：{Refusal(call.refusal).label}；{right}")
    return found


def _order(call: Call, events: list[WhistleEvent], names: dict[int, str]) -> str:
    """The newest order: to whom it went, and whether it is answered."""
    order = next(event.facts for event in events if event.facts["rung"] == Rung.ORDER)
    told = told_of_order(order, names)
    if call.order_answered_at:
        then = f"{when(call.order_answered_at)} 已答复"
    elif CallState(call.state) not in MOVES["answer_order"].sources:
        then = "未答复"
    else:
        then = "待答复" if told else "待负责人答复"
    return "，".join(filter(None, (f"{when(call.ordered_at)} 督办", told, then)))


def told_of_order(facts: dict[str, Any], names: dict[int, str]) -> str:
    """To whom an order went where the unit had no head, from what its event says; empty where it went to the head."""
    if not facts["vacant"]:
        return ""
    if "to" not in facts:  # it reached nobody, or was given before this was written down
        return "单位负责人空缺"
    duty = Duty(facts["to"])
    if duty == Duty.ANSWER:
        return "单位负责人空缺，已交本单位经办人"
    return f"单位无人在岗，已报{names[facts['at']]}{duty.label}"
