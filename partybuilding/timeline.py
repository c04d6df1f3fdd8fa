"""What happened on a whistle, line by line, in its own words."""

from collections.abc import Iterable

from cases.clocks import when
from partybuilding import addresses
from partybuilding.call_rows import told_of_order
from partybuilding.models import Arrival, Call, Task, WhistleEvent, WhistlePhoto
from partybuilding.workflow import (
    MARK_NAMES,
    MOVES,
    TONES,
    CallState,
    ClockStep,
    Demand,
    Refusal,
    Rung,
    Side,
    State,
)
from records.timeline import Line, line, picture_row

#: Which side gives a score by which move.
SIDE_OF = {"score_unit": Side.STREET, "score_whistle": Side.UNIT}
#: The rungs of the clock of a decision.
TO_DECIDE = {Rung.YELLOW: "临期提醒吹哨方", Rung.RED: "超期催促吹哨方", Rung.LEADER: "报区书记、领导"}
#: What is said of a score of the other side that is not in sight yet.
UNSEEN = "评分在双方都评价后，或归档后显示"


def _facts(event: WhistleEvent, calls: dict[int, Call], names: dict[int, str]) -> Iterable[str]:
    facts = event.facts
    if event.call_id:
        yield calls[event.call_id].unit.name
    if facts.get("demands"):
        yield "需要：" + "、".join(Demand(one).label for one in facts["demands"])
    if facts.get("lead"):
        yield f"牵头 {names.get(facts['lead'], '')}"
        if facts.get("helpers"):
            yield "协同 " + "、".join(names.get(one, "") for one in facts["helpers"] if one != facts["lead"])
    if event.move in ("call", "add_task"):
        yield names.get(facts["unit"], "")
    if facts.get("proof"):
        far = f"，距现场 {facts['distance']} 米" if facts.get("distance") is not None else ""
        yield Arrival.Proof(facts["proof"]).label + far
    if facts.get("early"):
        yield "解除前离场"
    if facts.get("stays_away"):
        yield "远程办理"
    if facts.get("refusal"):
        yield f"{Refusal(facts['refusal']).label}，认为应由{names.get(facts['right_unit'], '其他单位')}承办"
    if event.move == "hurry":
        yield f"决定时限：{TO_DECIDE[Rung(facts['rung'])]}" + ("，岗位空缺" if facts["vacant"] else "")
    elif facts.get("rung"):
        yield f"{ClockStep(facts['clock']).label}时限：{Rung(facts['rung']).label}"
        if facts.get("vacant"):
            yield told_of_order(facts, names) if facts["rung"] == Rung.ORDER else "岗位空缺，已跳过"
    if facts.get("marks"):
        call = calls.get(facts["call"])
        named = zip(MARK_NAMES[SIDE_OF[event.move]].values(), facts["marks"], strict=True)
        yield (call.unit.name + "：" if call else "") + "、".join(f"{name} {mark} 分" for name, mark in named)


def lines(
    events: list[WhistleEvent],
    calls: dict[int, Call],
    names: dict[int, str],
    photos: list[WhistlePhoto],
    tasks: list[Task],
    scores: set[tuple[int, str]],
) -> list[Line]:
    """The timeline, newest first; how far a ladder went at once is one line; ``names`` are those of places by number.

    ``scores`` are those in sight (call, side); of the others it is said that they were given and no more.
    """
    given = {
        ("add_task", task.given_at): [task.person.name if task.person else "", task.title] for task in tasks
    }
    found = []
    for event in _folded(events):
        told = line(
            event,
            MOVES[event.move],
            tone=TONES[CallState(event.after) if event.call_id else State(event.after)],
            facts=filter(None, (*_facts(event, calls, names), *given.get((event.move, event.at), ()))),
            photos=picture_rows(photo for photo in photos if photo.sequence == event.sequence),
        )
        found.append(told | {"text": "", "facts": [UNSEEN]} if _is_blind(event, scores) else told)
    return found


def _is_blind(event: WhistleEvent, scores: set[tuple[int, str]]) -> bool:
    """Whether a move gave a score that is not in sight yet."""
    side = SIDE_OF.get(event.move)
    return side is not None and (event.facts["call"], side) not in scores


def _folded(events: list[WhistleEvent]) -> list[WhistleEvent]:
    """Without the lower rungs of a clock where a higher one followed right after."""
    kept: list[WhistleEvent] = []
    for event in events:  # newest first
        if event.move == "press" and kept and kept[-1].move == "press":
            later = kept[-1]
            if (later.call_id, later.facts["clock"]) == (event.call_id, event.facts["clock"]):
                continue
        kept.append(event)
    return kept


def picture_rows(photos: Iterable[WhistlePhoto]) -> list[dict[str, str]]:
    """Photos as the photo strip takes them."""
    return [picture_row(photo, addresses.PHOTOS, f"现场 {when(photo.uploaded_at)}") for photo in photos]
