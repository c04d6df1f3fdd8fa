"""A whistle as its page shows it: who was called and how far each is, who is there, what happened, what may be done."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from cases.clocks import clock, due, duration, limit_in_words, when
from cases.models import Case, CaseText
from cases.names import give_names
from cases.workflow import Lateness
from governance.models import By, User
from governance.roles import Duty
from partybuilding import addresses
from partybuilding.clocks import lateness_at
from partybuilding.models import (
    Arrival,
    Call,
    CallClock,
    Score,
    Task,
    Whistle,
    WhistleEvent,
    WhistlePhoto,
)
from partybuilding.models.whistles import WhistleQuerySet
from partybuilding.permissions import answers_for, blows_for
from partybuilding.rules import RULES, score_by
from partybuilding.situations import Situation
from partybuilding.workflow import (
    CALLS,
    MARK_NAMES,
    MOVES,
    OF_UNITS,
    RUNNING,
    TONES,
    WHISTLES,
    CallState,
    ClockStep,
    Demand,
    Refusal,
    Rung,
    Side,
    State,
)
from records.moves import Move
from records.rules import Offer

#: What happened, newest first, with the words beside it: a join of two columns, which models cannot say.
STORY = """
    SELECT event.id, event.whistle_id, event.call_id, event.sequence, event.at, event.move, event.before, event.after,
           event.by_id, event.data, text.body AS words, person.name AS person_name
    FROM partybuilding_whistleevent event
    LEFT JOIN partybuilding_whistletext text USING (whistle_id, sequence)
    LEFT JOIN governance_user person ON person.id = event.by_id
    WHERE event.whistle_id = %s ORDER BY event.sequence DESC
"""
#: Moves of a whistle in the order in which a person most likely wants them; the first allowed one is the big button.
NEXT = ("blow_asked", "settle", "call", "add_task", "note", "decline", "withdraw")
#: Moves of a whistle that stand beside what they are about: a task, a called unit.
ELSEWHERE = ("finish_task", "task_to_case", "score_unit", "score_whistle")
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
#: Which side gives a score by which move.
SIDE_OF = {"score_unit": Side.STREET, "score_whistle": Side.UNIT}
#: What is said of a score of the other side that is not in sight yet.
UNSEEN = "评分在双方都评价后，或归档后显示"
#: How far up the ladder is worth a word beside the clock.
TOLD_RUNGS = {Rung.HEAD: "已催单位负责人", Rung.LEADER: "已报分管领导", Rung.ORDER: "已督办"}


def whistles_to_show(by: By) -> WhistleQuerySet:
    """Whistles within the scope, with their case; ``case_words``, and ``sees_case``: whether this person may open the case.

    Names are asked for in a statement of their own (``cases.names``): as joins they cost the planner more than finding them.
    """
    words = CaseText.objects.filter(case=OuterRef("case"), sequence=1).values("body")[:1]
    cases = Case.objects.visible_to(by).filter(pk=OuterRef("case"))
    found = Whistle.objects.visible_to(by).select_related("case", "category")
    return found.annotate(case_words=Subquery(words), sees_case=Exists(cases))


# Called units -----------------------------------------------------------------------------------------------------


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


def _notes(call: Call, events: list[WhistleEvent], replaced_by: dict[int, Call]) -> list[str]:
    """What must be said of a call beside its clocks."""
    found = []
    if call.replaces_id and call.replaces is not None:
        found.append(f"接替 {call.replaces.unit.name}，办结时限不重新起算")
    if call.refusal:
        instead = replaced_by.get(call.pk)
        right = f"指认 {instead.unit.name}，已改召" if instead else "指认的单位已在召集之列"
        found.append(f"{when(call.ended_at)} 回退：{Refusal(call.refusal).label}；{right}")
    skipped = [
        f"{ClockStep(facts['clock']).label}“{Rung(facts['rung']).label}”"
        for facts in map(facts_of, reversed(events))
        if facts.get("vacant") and facts["rung"] != Rung.ORDER
    ]
    if skipped:
        found.append(f"岗位空缺，已跳过：{'、'.join(skipped)}")
    if call.ordered_at:
        answered = f"，{when(call.order_answered_at)} 已答复" if call.order_answered_at else "，待负责人答复"
        found.append(f"{when(call.ordered_at)} 督办{answered}")
    if call.released_at:
        ended = "解除" if call.state == CallState.RELEASED else "同意离场"
        found.append(f"{when(call.released_at)} {ended}")
    return found


# What happened ----------------------------------------------------------------------------------------------------


def facts_of(event: WhistleEvent) -> dict[str, Any]:
    return json.loads(event.data)


def _facts(event: WhistleEvent, calls: dict[int, Call], units: dict[int, str]) -> Iterable[str]:
    facts = facts_of(event)
    if event.call_id:
        yield calls[event.call_id].unit.name
    if facts.get("demands"):
        yield "需要：" + "、".join(Demand(one).label for one in facts["demands"])
    if facts.get("lead"):
        yield f"牵头 {units.get(facts['lead'], '')}"
        if facts.get("helpers"):
            yield "协同 " + "、".join(units.get(one, "") for one in facts["helpers"] if one != facts["lead"])
    if event.move in ("call", "add_task"):
        yield units.get(facts["unit"], "")
    if facts.get("proof"):
        far = f"，距现场 {facts['distance']} 米" if facts.get("distance") is not None else ""
        yield Arrival.Proof(facts["proof"]).label + far
    if facts.get("early"):
        yield "解除前离场"
    if facts.get("stays_away"):
        yield "远程办理"
    if facts.get("refusal"):
        yield f"{Refusal(facts['refusal']).label}，认为应由{units.get(facts['right_unit'], '其他单位')}承办"
    if facts.get("rung"):
        yield f"{ClockStep(facts['clock']).label}时限：{Rung(facts['rung']).label}"
        if facts.get("vacant"):
            yield "单位负责人空缺" if facts["rung"] == Rung.ORDER else "岗位空缺，已跳过"
    if facts.get("marks"):
        call = calls.get(facts["call"])
        named = zip(MARK_NAMES[SIDE_OF[event.move]].values(), facts["marks"], strict=True)
        yield (call.unit.name + "：" if call else "") + "、".join(f"{name} {mark} 分" for name, mark in named)


def story(
    events: list[WhistleEvent],
    calls: dict[int, Call],
    photos: list[WhistlePhoto],
    tasks: list[Task],
    scores: set[tuple[int, str]],
) -> list[dict[str, Any]]:
    """The timeline, newest first, as ``ui.timeline_item`` takes it; how far a ladder went at once is one line.

    ``scores`` are those in sight (call, side); of the others it is said that they were given and no more.
    """
    units = {call.unit_id: call.unit.name for call in calls.values()}
    titles = {("add_task", task.given_at): task.title for task in tasks}
    return [
        {
            "at": event.at,
            "when": when(event.at),
            "what": MOVES[event.move].label,
            "who": event.person_name or "系统",
            "tone": TONES[CallState(event.after) if event.call_id else State(event.after)],
            "text": "" if _is_blind(event, scores) else event.words,
            "facts": [UNSEEN]
            if _is_blind(event, scores)
            else [
                fact
                for fact in (*_facts(event, calls, units), titles.get((event.move, event.at), ""))
                if fact
            ],
            "photos": [picture(photo) for photo in photos if photo.sequence == event.sequence],
        }
        for event in _folded(events)
    ]


def _is_blind(event: WhistleEvent, scores: set[tuple[int, str]]) -> bool:
    """Whether a move gave a score that is not in sight yet."""
    side = SIDE_OF.get(event.move)
    return side is not None and (facts_of(event)["call"], side) not in scores


def _folded(events: list[WhistleEvent]) -> list[WhistleEvent]:
    """Without the lower rungs of a clock where a higher one followed right after."""
    kept: list[WhistleEvent] = []
    for event in events:  # newest first
        if event.move == "press" and kept and kept[-1].move == "press":
            later = kept[-1]
            if (later.call_id, facts_of(later)["clock"]) == (event.call_id, facts_of(event)["clock"]):
                continue
        kept.append(event)
    return kept


def picture(photo: WhistlePhoto) -> dict[str, str]:
    """A photo as the photo strip takes it."""
    return {
        "url": addresses.photo(photo.uuid),
        "thumb_url": addresses.photo(photo.uuid, is_small=True),
        "caption": f"现场 {when(photo.uploaded_at)}",
    }


# The whole page ---------------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """Everything that a page, a print or a file of a whistle says."""

    whistle: Whistle
    rows: list[CallRow]
    tasks: list[Task]
    lines: list[dict[str, Any]]
    offers: list[Offer]
    lateness: str
    blows: bool
    works_tasks: bool
    words: str

    @property
    def state(self) -> State:
        return State(self.whistle.state)

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def demands(self) -> list[str]:
        return [Demand(one).label for one in self.whistle.demands]

    @property
    def limits(self) -> list[tuple[str, str]]:
        """The four limits of the rule that was frozen."""
        return [(step.label, limit_in_words(self.whistle.rule["limits"][step])) for step in ClockStep]

    @property
    def moves(self) -> list[Move]:
        allowed = {offer.move.name: offer.move for offer in self.offers if offer.is_allowed}
        return [allowed[name] for name in NEXT if name in allowed]

    @property
    def refused(self) -> list[Offer]:
        """What may not be done now, and why; the steps of units stand at the units."""
        return [one for one in self.offers if not one.is_allowed and one.move.name not in ELSEWHERE]

    @property
    def here(self) -> int:
        """How many people are on the spot now."""
        return sum(one.left_at is None for row in self.rows for one in row.arrivals)

    @property
    def came(self) -> int:
        """How many called units have reported in."""
        return sum(row.call.arrived_at is not None for row in self.rows)


def lateness_of(whistle: Whistle, now: dt.datetime) -> str:
    """How late a whistle is that runs: its mark, or red as soon as the nearest deadline has passed."""
    if whistle.state not in RUNNING or whistle.due_at is None:
        return ""
    return Lateness.RED.value if now > whistle.due_at else whistle.lateness


def read(whistle: Whistle, user: User, now: dt.datetime) -> Reading:
    """Read a whistle of ``whistles_to_show`` for a person, in eight statements and one more where there are photos."""
    calls = list(whistle.calls.select_related("unit"))
    by_id = {call.pk: call for call in calls}
    clocks, arrivals, scores = defaultdict(list), defaultdict(list), defaultdict(list)
    for one in CallClock.objects.filter(call__whistle=whistle):
        clocks[one.call_id].append(one)
    for there in Arrival.objects.filter(call__whistle=whistle):
        arrivals[there.call_id].append(there)
    given = list(Score.objects.filter(call__whistle=whistle)) if whistle.closed_at else []
    seen = _scores_in_sight(whistle, calls, given, user)
    for score in given:
        if (score.call_id, score.side) in seen:
            scores[score.call_id].append(score)
    events = list(WhistleEvent.objects.raw(STORY, [whistle.pk]))
    moved = {event.move for event in events}
    tasks = list(whistle.tasks.select_related("case")) if "add_task" in moved else []
    people = [row for rows in (*arrivals.values(), *scores.values()) for row in rows]
    give_names([whistle, *tasks, *people])
    has_photos = any('"photos"' in event.data for event in events)
    photos = list(whistle.photos.all()) if has_photos else []
    replaced_by = {}
    for call in calls:
        if call.replaces_id is not None:
            call.replaces = by_id[call.replaces_id]
            replaced_by[call.replaces_id] = call
    situation = Situation(whistle, user, now)
    situation.calls = calls
    situation.worked_for = {one.call_id for one in events if one.by_id == user.pk and one.move in OF_UNITS}
    rows, owed = [], _to_score(situation)
    for call in calls:
        part = Situation(whistle, user, now, part=call)
        mine = (one for one in arrivals[call.pk] if one.person_id == user.pk and one.left_at is None)
        part.calls, part.presence = calls, next(mine, None)
        pressed = [one for one in events if one.call_id == call.pk and one.move == "press"]
        row = CallRow(
            call=call,
            steps=[step_of(one, call, now) for one in clocks[call.pk]],
            arrivals=arrivals[call.pk],
            notes=_notes(call, pressed, replaced_by),
            offers=RULES.offers(CALLS, call.state, part),
            scores=scores[call.pk],
        )
        row.to_score = owed.get(call.pk, [])
        rows.append(row)
    return Reading(
        whistle=whistle,
        rows=rows,
        tasks=tasks,
        lines=story(events, by_id, photos, tasks, seen),
        offers=RULES.offers(WHISTLES, whistle.state, situation),
        lateness=lateness_of(whistle, now),
        blows=Duty.BLOW in situation.held,
        works_tasks=RULES.why_not(MOVES["finish_task"], situation) is None,
        words=next((event.words for event in reversed(events) if event.words), ""),
    )


def _scores_in_sight(
    whistle: Whistle, calls: list[Call], scores: list[Score], user: User
) -> set[tuple[int, str]]:
    """Which scores (call, side) somebody may read: until the whistle is put away neither side reads the other's first."""
    given = {(score.call_id, score.side) for score in scores}
    if whistle.state == State.SCORED:
        return given
    own = {(call.pk, Side.UNIT) for call in calls if answers_for(user, call.unit_id)}
    if blows_for(user, whistle):
        own |= {(call.pk, Side.STREET) for call in calls}
    by_both = {one for one in given if all((one[0], side) in given for side in Side)}
    return given & (own | by_both)


def _to_score(situation: Situation) -> dict[int, list[str]]:
    """Scores that this person has still to give, by call."""
    found = defaultdict(list)
    if situation.whistle.state == State.CLOSED:
        for name, side in SIDE_OF.items():
            if RULES.why_not(MOVES[name], situation) is None:
                for call in score_by(situation, side):
                    found[call.pk].append(name)
    return found
