"""The door of whistles: what is their own beside the general one (``records/door.py``)."""

import datetime as dt
from typing import Any

from django.db.models import Min, Q

from cases.models import Case
from cases.workflow import Lateness
from governance.models import Actor
from partybuilding.actions.notices import tell_about
from partybuilding.given import WORDS
from partybuilding.models import (
    Call,
    CallClock,
    Clock,
    DecisionClock,
    Whistle,
    WhistleEvent,
    WhistlePhoto,
    WhistleText,
)
from partybuilding.rules import RULES
from partybuilding.situations import Walk
from partybuilding.workflow import MOVES, CallState, State
from records.door import Door
from records.moves import Move
from records.refusals import Unfit
from records.situations import Effects

EFFECTS = Effects()


class WhistleDoor(Door[Whistle, Walk]):
    noun = "哨单"
    model, walk, events, texts = Whistle, Walk, WhistleEvent, WhistleText
    moves, rules, words, effects = MOVES, RULES, WORDS, EFFECTS

    def begin(
        self, record: Whistle, move: Move, *, by: Actor, now: dt.datetime, given: dict[str, Any]
    ) -> Walk:
        """Lock the case first, as its own moves do: two whistles, or a whistle and the end of the case, take turns."""
        case = Case.objects.visible_to(by).filter(pk=record.case_id).select_for_update(of=("self",)).first()
        if case is None:
            raise Case.DoesNotExist("没有这个案件，或不在您的管辖范围内。")
        record.case, record.kind = case, given.get("kind") or ""
        return super().begin(record, move, by=by, now=now, given=given)

    def part_of(self, record: Whistle, part: int | None) -> Call:
        return record.calls.select_related("unit").get(pk=part or 0)

    def event_columns(self, walk: Walk) -> dict[str, Any]:
        return {"call": walk.part}

    def after_effect(self, walk: Walk, after: State | CallState) -> None:
        """What ends the waiting for a decision stops its clock; one that is past its deadline stays red."""
        if walk.before == State.ASKED and after != State.ASKED:
            running = DecisionClock.objects.running().filter(whistle=walk.whistle)
            running.filter(red_at__lt=walk.now).update(lateness=Lateness.RED)
            running.update(stopped_at=walk.now, next_at=None)

    def before_writing(self, walk: Walk) -> None:
        """Who has a part sees the whistle from now on."""
        user = walk.user
        if user is not None and user.pk not in walk.whistle.people:
            walk.whistle.people.append(user.pk)
        if walk.given.get("photos"):
            walk.facts["photos"] = sorted(str(one) for one in walk.given["photos"])
        _mark(walk)

    def after_writing(self, walk: Walk) -> None:
        if walk.given.get("photos"):
            _take_photos(walk)
        tell_about(walk)


def _take_photos(walk: Walk) -> None:
    """Give uploaded photos to the log; each must be the person's own and not taken yet."""
    wanted = set(walk.given["photos"])
    free = WhistlePhoto.objects.filter(uuid__in=wanted, whistle=None, **walk.actor.columns)
    if free.update(whistle=walk.whistle, sequence=walk.whistle.version) != len(wanted):
        raise Unfit("有照片未上传成功或已被使用，请重新拍照。", field="photos")


def _mark(walk: Walk) -> None:
    """The clock that is due next, and the worst mark of those that run: for lists.

    Before the row is written: a row that is updated twice in a transaction has its foreign keys checked, which would wait
    for a move of the case that waits for this whistle.
    """
    whistle, begun = walk.whistle, [row.red_at for row in walk.rows if isinstance(row, Clock)]
    seen: dict[str, Any] = {"due": None, "red": None, "yellow": None}
    if walk.found:
        running = (
            DecisionClock.objects.running().filter(whistle=whistle)
            if whistle.state == State.ASKED
            else CallClock.objects.running().filter(call__whistle=whistle)
        )
        seen = running.aggregate(
            due=Min("red_at"),
            red=Min("pk", filter=Q(lateness=Lateness.RED)),
            yellow=Min("pk", filter=Q(lateness=Lateness.YELLOW)),
        )
    whistle.due_at = min([*begun, *([seen["due"]] if seen["due"] else [])], default=None)
    whistle.lateness = Lateness.RED if seen["red"] else Lateness.YELLOW if seen["yellow"] else Lateness.NONE


DOOR = WhistleDoor()
