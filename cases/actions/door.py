"""The door of cases: what is their own beside the general one (``records/door.py``)."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import Case as Choice
from django.db.models import CharField, Value, When
from django.utils import timezone

from cases import waiting
from cases.actions import legs, recounting
from cases.actions.notices import tell_about
from cases.given import WORDS
from cases.models import Case, CaseEvent, CaseText, Leg, Photo
from cases.pace import one_at_a_time
from cases.rules import RULES
from cases.situations import Walk
from cases.waits import waits_for
from cases.workflow import MOVES, OPEN, REPORTS, Clock, Lateness, Move, State
from governance import modules
from governance.models import SYSTEM, Actor
from records import moves as tables
from records.chain import own_key
from records.door import Door
from records.refusals import Stale, Unfit
from records.situations import Effects, columns

EFFECTS = Effects()
RECOUNT = "recount"
#: What was given was called otherwise when requests were first digested: a report that is sent again is still known.
FIRST_NAMES = {move.name: {"position": "place"} for move in REPORTS}
#: What the photos of a move show; elsewhere they show the site.
PHOTO_KINDS = {
    "feedback": Photo.Kind.AFTER,
    "found": Photo.Kind.CHECK,
    "not_found": Photo.Kind.CHECK,
    "pass": Photo.Kind.CHECK,
    "fail": Photo.Kind.CHECK,
}


class CaseDoor(Door[Case, Walk]):
    """Knows of the leg that a person saw: if another is open by now, the move is refused as stale."""

    noun = "案件"
    model, walk, events, texts = Case, Walk, CaseEvent, CaseText
    moves, rules, words, effects = MOVES, RULES, WORDS, EFFECTS

    def digests(
        self, by: Actor, move: str, given: dict[str, Any], part: int | None = None
    ) -> tuple[str, ...]:
        first = FIRST_NAMES.get(move, {})
        return super().digests(by, move, {first.get(name, name): given[name] for name in given}, part)

    def begin(
        self, record: Case, move: tables.Move, *, by: Actor, now: dt.datetime, given: dict[str, Any]
    ) -> Walk:
        one_at_a_time(by.program)
        return super().begin(record, move, by=by, now=now, given=given)

    def enter(
        self,
        record_uuid: uuid.UUID,
        move: tables.Move,
        *,
        by: Actor,
        now: dt.datetime,
        given: dict[str, Any],
        part: int | None = None,
        leg: int | None = None,
    ) -> Walk:
        """Lock the case, and the target of a merge with it; ask the rules, by the calendar of today."""
        one_at_a_time(by.program)  # before all other locks: none of its moves waits for another of them
        line = MOVES[move.name]
        case, open_leg, others = _locked(record_uuid, line, given, by)
        while open_leg is not None and open_leg.outdated_by_id is not None:
            if by.is_system:
                raise Stale("日历已变，时限待重算。")  # changed between the sweep's look and the lock
            # Whatever people do is judged by the deadline of today's calendar; then everything is read again.
            self.recount(case, open_leg, now)
            case, open_leg, others = _locked(record_uuid, line, given, by)
        walk = Walk(case, by, now, line, given, columns(case), leg=open_leg, others=others)
        refusal = self.rules.why_not(line, walk)
        if isinstance(refusal, Stale):
            raise refusal
        if leg is not None and (open_leg is None or open_leg.pk != leg):
            raise Stale("您看过之后，案件又办过一步。")
        if by.is_system and open_leg is not None and not _is_due(line, open_leg, now):
            raise Stale("时限已变，系统此时没有可办的事。")  # extended between the sweep's look and the lock
        if refusal is not None:
            raise refusal
        return walk

    def recount(self, case: Case, leg: Leg, now: dt.datetime) -> bool:
        """Count the outdated open leg of a locked case again, by a move of the system whose event says what changed.

        False where its marks stay where they are, which needs no event.
        """
        given = {"reason": recounting.reason(leg)}
        walk = Walk(case, SYSTEM, now, MOVES[RECOUNT], given, columns(case), leg=leg)
        if recounting.still_right(case, leg, walk.calendar, now):
            return False
        key = own_key(f"{RECOUNT}:{leg.pk}:{case.version}")
        self.carry_out(walk, key=key, wanted=self.digests(SYSTEM, RECOUNT, given))
        return True

    def after_effect(self, walk: Walk, after: State) -> None:
        """What was asked and can no longer be decided lapses."""
        if walk.before in OPEN and after not in OPEN:
            legs.end_with_case(walk)
        elif after != State.SUSPENDED:  # there a request for more time only pauses
            undecidable = [kind for kind in walk.open_requests if after not in MOVES[f"grant_{kind}"].sources]
            legs.lapse_requests(walk, *undecidable)

    def before_writing(self, walk: Walk) -> None:
        case = walk.case
        if walk.leg is None:
            case.due_at, case.lateness = None, Lateness.NONE
        waits = waits_for(case, walk.leg, walk.open_requests.values(), walk.order, walk.giver_level)
        case.waits_for = waiting.marks(waits, has_order=walk.order is not None)
        walk.photos = _photos(walk)
        if walk.photos:
            walk.facts["photos"] = sorted(str(uid) for uid in walk.photos)
        if walk.given.get("position") and walk.before is not None:  # where a new case lies is on its row
            walk.facts["position"] = walk.given["position"]

    def event_columns(self, walk: Walk) -> dict[str, Any]:
        case = walk.case
        return {"loop": case.loop, "centre_id": case.centre_id, "unit_id": case.unit_id}

    def after_writing(self, walk: Walk) -> None:
        if walk.photos:
            _claim(walk)
        tell_about(walk)
        modules.heard(walk.move.name, walk)


def _is_due(move: Move, leg: Leg, now: dt.datetime) -> bool:
    """Whether time asks for a move of the system's; replacing a drawn person who has left waits for no clock."""
    if leg.sweep_at is not None and leg.sweep_at <= now:
        return True
    return move.name == "draw_anew" and Leg.objects.left(timezone.localdate(now)).contains(leg)


def _open_leg(case: Case, move: Move) -> Leg | None:
    """The open leg, with what stopping it and opening the next one asks for."""
    legs = Leg.objects.open().filter(case=case)
    if move.clock == Clock.UNCHANGED:
        return legs.first()
    leg = legs.select_related("responsibility").first()
    if leg is not None and leg.responsibility_id == case.responsibility_id:
        case.responsibility = leg.responsibility
    return leg


def _locked(
    case_uuid: uuid.UUID, move: Move, given: dict[str, Any], by: Actor
) -> tuple[Case, Leg | None, dict[uuid.UUID, Case]]:
    """The case with its open leg, and the target of a merge: locked in id order, within the scope of who acts."""
    visible, target = Case.objects.visible_to(by), given.get("target")
    wanted = [case_uuid] if target is None else [case_uuid, target.uuid]
    rows = visible.filter(uuid__in=wanted).order_by("pk").select_for_update(of=("self",))
    locked = {row.uuid: row for row in rows}
    if len(locked) < len(set(wanted)):
        raise Case.DoesNotExist("没有这个案件，或不在您的管辖范围内。")
    case = locked.pop(case_uuid)
    return case, _open_leg(case, move), locked


def _photos(walk: Walk) -> dict[uuid.UUID, Photo.Kind]:
    """Photos given with a move, and what they show."""
    usual = PHOTO_KINDS.get(walk.move.name, Photo.Kind.SITE)
    fields = {"photos": usual, "before_photo": Photo.Kind.BEFORE, "after_photo": Photo.Kind.AFTER}
    return {uid: kind for name, kind in fields.items() for uid in walk.given.get(name) or []}


def _claim(walk: Walk) -> None:
    """Give uploaded photos to the case; each must be the actor's own and not taken yet."""
    # One statement for all kinds: two moves that want the same photos lock them in the same order.
    shows = [When(uuid=uid, then=Value(kind)) for uid, kind in walk.photos.items()]
    free = Photo.objects.filter(uuid__in=walk.photos, case=None, **walk.actor.columns)
    kinds = Choice(*shows, output_field=CharField())
    if free.update(case=walk.case, sequence=walk.case.version, kind=kinds) != len(walk.photos):
        raise Unfit("有照片未上传成功或已被使用，请重新拍照。", field="photos")


DOOR = CaseDoor()
