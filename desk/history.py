"""A case told in words: its steps, what happened line by line, its legs and who must still be asked."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.dateparse import parse_datetime

from cases.clocks import due, duration, when
from cases.deadlines import Limit
from cases.models import Case, CaseEvent, Leg, Photo, Request
from cases.photos import ADDRESS
from cases.workflow import (
    CHECKS,
    MOVES,
    PHASES,
    ROUGH,
    STATES,
    Grade,
    Move,
    PositionSource,
    Refusal,
    State,
    Step,
)
from governance.models import Organization
from governance.profile import Phase, profile
from grid.tiles import metres_between, metres_in_words
from records.timeline import Line, line, picture_row

#: Events of these moves say that there are rows beside the case; without them nothing is looked up.
ASKS = ("ask_extension", "ask_suspension", "ask_void")
ORDERS = ("order_supervision",)
#: How a case looked, how it looks now, and what whoever checked saw, by what the photos show.
BEFORE = (Photo.Kind.SITE, Photo.Kind.BEFORE)
AFTER = (Photo.Kind.AFTER,)
CHECK = (Photo.Kind.CHECK,)
#: What a red mark means that an extension took back.
TAKEN_BACK = "延期系到期前申请，如期办结不计超期"


def step_line(case: Case, legs: list[Leg]) -> list[dict[str, str]]:
    """The steps of this place: done with its time, now with its due time, or still to come."""
    here = profile()
    ended: dict[int, dt.datetime] = {here.step_of[Phase.REPORT]: case.reported_at}
    for leg in legs:
        if leg.stopped_at and leg.outcome == Leg.Outcome.DONE and leg.step != Step.CHECKING:
            ended[_shown_as(leg.step)] = leg.stopped_at
    step = STATES[State(case.state)].step
    if step is None:
        now = len(here.steps) if case.state == State.EVALUATED else -1
        last = now if now > 0 else _shown_as(legs[-1].step) if legs else 0
    else:
        now = last = _shown_as(step)
    rows = []
    for index, label in enumerate(here.steps):
        state = "now" if index == now else "done" if index < last else ""
        time = when(ended[index]) if state == "done" and index in ended else ""
        if state == "now" and case.due_at:
            time = f"至 {due(case.due_at)}"
        rows.append({"label": label, "state": state, "when": time})
    return rows


def _shown_as(step: str) -> int:
    """The index of a leg's step in the line."""
    return profile().step_of[PHASES[Step(step)]]


def units_named_in(events: Iterable[CaseEvent]) -> set[int]:
    """Units that events mention by number alone."""
    return {event.facts.get("right_unit") for event in events if event.move == "refuse"} - {None}


def lines(
    case: Case,
    events: list[CaseEvent],
    legs: list[Leg],
    requests: list[Request],
    photos: list[Any],
    units: dict[int, Organization],
) -> list[Line]:
    """The timeline, newest first."""
    people = {leg.person_id: leg.person for leg in legs if leg.person_id}
    return [
        line(
            event,
            move_of(case, event),
            tone=STATES[State(event.after)].tone,
            facts=[*_facts(case, event, units, people, requests, legs), *_taken(event, photos)],
            photos=[],  # each photo is shown once, as evidence
        )
        for event in _folded(events)
    ]


def _taken(event: CaseEvent, photos: list[Any]) -> Iterable[str]:
    number = sum(photo.sequence == event.sequence for photo in photos)
    if number:
        yield f"照片 {number} 张"


def move_of(case: Case, event: CaseEvent) -> Move:
    """The move of an event; what neighbours settled has the name that they know."""
    move = MOVES[event.move]
    is_theirs = move.name == "report_handled" and case.source == Case.Source.NEIGHBOURS
    return replace(move, label=Case.Source.NEIGHBOURS.label) if is_theirs else move


def _folded(events: list[CaseEvent]) -> list[CaseEvent]:
    """Without the earlier times that the system gave the same order."""
    seen: set[int] = set()
    kept = []
    for event in events:  # newest first
        if event.move == "order_supervision" and event.by_id is None:
            order = event.facts["order"]
            if order in seen:
                continue
            seen.add(order)
        kept.append(event)
    return kept


def _facts(
    case: Case,
    event: CaseEvent,
    units: dict[int, Organization],
    people: dict[int, Any],
    requests: list[Request],
    legs: list[Leg],
) -> Iterable[str]:
    facts = event.facts
    if event.move in ("dispatch", "adjudicate") and event.unit:
        yield f"交{event.unit.name}处置"
    if facts.get("precedent"):
        yield "存为先例"
    if event.move == "refuse":
        yield f"回退原因：{Refusal(facts['refusal']).label}"
        right = units.get(facts["right_unit"])
        yield f"认为应由{right.name if right else '其他单位'}承办"
    if event.move == "register" and facts.get("version"):
        yield f"按权责清单第 {facts['version']} 版"
    if event.move in ("escalate", "delegate"):
        yield f"{'超时自动' if facts.get('by_time') else ''}转{event.centre.centre_name}"
    if facts.get("left"):
        yield "原抽派人员已不在岗"
    if facts.get("nobody_at"):
        yield f"下级坐席无人在岗，仍由{event.centre.centre_name}指挥"
    if facts.get("neighbourhood"):
        yield "邻里已办好，由社区坐席核查"
    if facts.get("drawn") in people:
        yield f"抽派给{people[facts['drawn']].name}"
    elif "drawn" in facts:
        yield "无人可抽，由坐席核实" if event.after == State.CHECKING else "无人可抽，由坐席核查"
    if event.move == "take_over":
        yield from _taken_over(facts)
    if event.move == "merge" and case.merged_into:
        yield f"并入 {case.merged_into.number}"
    if facts.get("times", 1) > 1:
        yield f"同一督办，第 {facts['times']} 次"
    if facts.get("order_ended"):
        yield "督办随案件销号"
    if facts.get("deadline"):
        yield f"答复期限 {due(parse_datetime(facts['deadline']))}"
    if event.move in ("grant_extension", "resume", "recount") and facts.get("due_at"):
        yield f"新的截止时间 {due(parse_datetime(facts['due_at']))}"
    if facts.get("due_before"):
        asked = f"，{when(parse_datetime(facts['asked_at']))} 申请" if facts.get("asked_at") else ""
        yield f"原截止 {due(parse_datetime(facts['due_before']))}{asked}"
    if facts.get("red_at"):
        yield f"{when(parse_datetime(facts['red_at']))} 曾标超期，{TAKEN_BACK}"
    if facts.get("held_until"):
        yield (
            f"截止 {due(parse_datetime(facts['due_at']))}，标记晚到，{when(parse_datetime(facts['held_until']))} 前不升级"
        )
    if event.move in ASKS:
        yield from filter(None, (asked_for(one, legs) for one in requests if one.asked_at == event.at))
    if facts.get("grade"):
        yield f"评价：{Grade(facts['grade']).label}"
    if facts.get("before"):  # a rough place was corrected
        moved = metres_between(tuple(facts["before"]), tuple(facts["position"]))
        yield f"{PositionSource(facts['position_source']).label}，与原来的大概位置相距 {metres_in_words(moved)}"
    elif facts.get("position"):
        metres = metres_between(tuple(facts["position"]), (case.longitude, case.latitude))
        source = facts.get("position_source")
        yield f"{PositionSource(source).label if source else '定位'}距上报位置 {metres_in_words(metres)}"
    elif facts.get("position_source") and event.move not in CHECKS:
        yield f"{PositionSource(facts['position_source']).label}，位置待补"
    if facts.get("is_far"):
        yield "没有现场定位" if facts.get("position_source") in ROUGH else "远距离核查"


def _taken_over(facts: dict[str, Any]) -> Iterable[str]:
    """What came with a case that was merged into this one."""
    yield f"并入 {facts['number']}"
    if facts.get("caller"):
        yield "接来电人，办结后由受理员回访"
    if facts.get("was_late"):
        yield "并入的案件曾超期，本案记为曾超期"
    if facts.get("clock_kept"):
        yield f"沿用较早上报的立案时限，截止 {due(parse_datetime(facts['clock_kept']))}"


def asked_for(request: Request, legs: Iterable[Leg]) -> str:
    """What a request asks for, in words, in the unit of the leg that was open then."""
    if request.amount is not None:
        leg = next((leg for leg in legs if _is_open_at(leg, request.asked_at)), None)
        return (
            f"延长 {Limit(request.amount, leg.limit.unit)}" if leg else f"延长 {request.amount.normalize():f}"
        )
    return f"挂账至 {request.until:%Y-%m-%d}" if request.until else ""


def picture_rows(photos: Iterable[Any]) -> list[dict[str, str]]:
    """Photos as the photo strip takes them: the marked copy where there is one, with the way to the picture itself."""
    return [_picture_row(photo) for photo in photos]


def evidence(case: Case, events: list[CaseEvent], photos: Sequence[Photo]) -> list[dict[str, Any]]:
    """Photos by what they show, each once; of several rounds the last comes first."""
    checked_at = {event.sequence: event.facts["position"] for event in events if event.facts.get("position")}
    groups = []
    for label, kinds in (("处置前", BEFORE), ("处置后", AFTER), ("核实核查", CHECK)):
        found = [photo for photo in photos if photo.kind in kinds]
        if kinds != BEFORE:
            found.sort(key=lambda photo: -(photo.sequence or 0))
        if found:
            rows = [_seen(case, photo, checked_at.get(photo.sequence)) for photo in found]
            groups.append({"label": label if len(photos) > len(found) else "现场", "pictures": rows})
    return groups


def _seen(case: Case, photo: Photo, checked_at: list[float] | None) -> dict[str, str]:
    """A photo with when it came, and how far from the reported position the check that it belongs to, or it, was made."""
    row, told = _picture_row(photo), when(photo.uploaded_at)
    longitude, latitude = checked_at or (photo.longitude, photo.latitude)
    if longitude is not None and latitude is not None:
        metres = metres_between((longitude, latitude), (case.longitude, case.latitude))
        told = f"{told} · 距上报位置 {metres_in_words(metres)}"
    return row | {"caption": told, "alt": f"{photo.get_kind_display()}，{told}"}


def _picture_row(photo: Any) -> dict[str, str]:
    row = picture_row(photo, ADDRESS, f"{photo.get_kind_display()} {when(photo.uploaded_at)}")
    if photo.marked_at is None:
        return row
    return row | {"url": f"{ADDRESS}{photo.uuid}-m.jpg", "original_url": row["url"]}


def leg_rows(legs: list[Leg], requests: list[Request], now: dt.datetime) -> list[dict[str, Any]]:
    """The ledger of clocks, newest first; an extended leg with every deadline it had before."""
    moved = [request for request in requests if request.due_before]
    return [
        {
            "step": leg.get_step_display(),
            "who": _hands(leg),
            "leg": leg,
            "limit": str(leg.limit),
            "moved": [one for one in moved if _falls_into(leg, one)],
            "took": duration(((leg.stopped_at or now) - leg.opened_at).total_seconds()),
        }
        for leg in reversed(legs)
    ]


def _falls_into(leg: Leg, request: Request) -> bool:
    return _is_open_at(leg, request.decided_at)


def _is_open_at(leg: Leg, moment: dt.datetime) -> bool:
    return leg.opened_at <= moment and (leg.stopped_at is None or moment <= leg.stopped_at)


def _hands(leg: Leg) -> str:
    """In whose hands a leg is: the person, the unit, or the desk of the centre."""
    unit = leg.unit.name if leg.unit and leg.step in (Step.HANDLING, Step.WAITING) else ""
    if leg.person:
        return f"{leg.person.name} · {unit}" if unit else leg.person.name
    if not unit and leg.step in (Step.CHECKING, Step.VERIFYING) and leg.unit:
        return f"{leg.unit.name}坐席"
    return unit or leg.centre.centre_name
