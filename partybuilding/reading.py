"""A whistle as its page shows it: who was called and how far each is, who is there, what happened, what may be done."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery

from cases.clocks import limit_in_words
from cases.models import Case, CaseText
from cases.names import give_names
from cases.workflow import Lateness
from governance.models import By, User
from governance.roles import Duty
from partybuilding.call_rows import CallRow, notes_of, step_of
from partybuilding.models import Arrival, Call, CallClock, Score, Task, Whistle, WhistleEvent, WhistleText
from partybuilding.models.whistles import WhistleQuerySet
from partybuilding.permissions import answers_for, blows_for
from partybuilding.rules import RULES, score_by
from partybuilding.situations import Situation
from partybuilding.timeline import SIDE_OF, lines
from partybuilding.workflow import (
    CALLS,
    CLOCKED,
    MOVES,
    OF_UNITS,
    TONES,
    WHISTLES,
    ClockStep,
    Demand,
    Side,
    State,
)
from records.moves import Move
from records.rules import Offer
from records.timeline import Line, events_of

#: Moves of a whistle in the order in which a person most likely wants them; the first allowed one is the big button.
NEXT = ("blow_asked", "settle", "call", "add_task", "note", "decline", "withdraw")
#: Moves of a whistle that stand beside what they are about: a task, a called unit.
ELSEWHERE = ("finish_task", "task_to_case", "score_unit", "score_whistle")


def whistles_to_show(by: By) -> WhistleQuerySet:
    """Whistles within the scope, with their case; ``case_words``, and ``sees_case``: whether this person may open the case.

    Names are asked for in a statement of their own (``cases.names``): as joins they cost the planner more than finding them.
    """
    words = CaseText.objects.filter(case=OuterRef("case"), sequence=1).values("body")[:1]
    cases = Case.objects.visible_to(by).filter(pk=OuterRef("case"))
    found = Whistle.objects.visible_to(by).select_related("case", "category")
    return found.annotate(case_words=Subquery(words), sees_case=Exists(cases))


@dataclass
class Reading:
    """Everything that a page, a print or a file of a whistle says."""

    whistle: Whistle
    rows: list[CallRow]
    tasks: list[Task]
    lines: list[Line]
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
    """How late a whistle is that runs, or is to be decided: its mark, or red as soon as the nearest deadline has passed."""
    if whistle.state not in CLOCKED or whistle.due_at is None:
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
    events = events_of(whistle, WhistleEvent, WhistleText)
    moved = {event.move for event in events}
    tasks = list(whistle.tasks.select_related("case")) if "add_task" in moved else []
    people = [row for rows in (*arrivals.values(), *scores.values()) for row in rows]
    places = {call.unit_id for call in calls} | {one.facts["at"] for one in events if one.facts.get("to")}
    named = give_names([whistle, *tasks, *people, *events], places)
    names = {pk: place.name for pk, place in named.items()}
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
            notes=notes_of(call, pressed, replaced_by, names),
            offers=RULES.offers(CALLS, call.state, part),
            scores=scores[call.pk],
        )
        row.to_score = owed.get(call.pk, [])
        rows.append(row)
    return Reading(
        whistle=whistle,
        rows=rows,
        tasks=tasks,
        lines=lines(events, by_id, names, photos, tasks, seen),
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
