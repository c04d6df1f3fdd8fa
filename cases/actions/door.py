"""The one door: lock → table → duty → effect → version + 1 → event → outbox, in one transaction."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case as Choice
from django.db.models import CharField, Value, When
from django.utils import timezone

from cases import chain
from cases.actions import recounting
from cases.actions.notices import tell_about
from cases.calendar import calendar_for
from cases.deadlines import Calendar
from cases.models import Assignment, Case, CaseEvent, CaseText, Photo
from cases.permissions import duties_on
from cases.refusals import Forbidden, KeyReused, Refused, Stale, Unfit
from cases.workflow import MOVES, STATES, Clock, Lateness, Move, State, Step
from governance.models import User
from governance.roles import Duty


@dataclass(frozen=True)
class Answer:
    """What a write says: which case, in which state, at which version; the same again for a repeat."""

    uuid: uuid.UUID
    case_id: int
    number: str
    move: str
    state: str
    version: int
    is_repeat: bool = False

    @classmethod
    def again(cls, event: CaseEvent) -> "Answer":
        """The answer that was given when an event was written."""
        case = event.case
        return cls(case.uuid, case.pk, case.number, event.move, event.after, event.sequence, is_repeat=True)


@dataclass
class Walk:
    """One move under way: the locked case, its open leg, who does what, and what the effect adds.

    ``found`` is the row of the case as it was locked; nothing for a case that is being made.
    """

    case: Case
    leg: Assignment | None
    move: Move
    by: User | None
    now: dt.datetime
    given: dict[str, Any]
    held: frozenset[Duty] = frozenset()
    found: dict[str, Any] = field(default_factory=dict)
    others: dict[uuid.UUID, Case] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    tell_also: list[dict[str, Any]] = field(default_factory=list)
    tell_owner: bool = True

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_for(self.case.district_id, self.now)


Effect = Callable[[Walk], State | None]
#: Effect of each move by name: changes the case and its legs, may return the state it leads to.
EFFECTS: dict[str, Effect] = {}

RECOUNT = "recount"

#: Answers that are words; one text a move, kept apart from the event.
WORDS = ("words", "reason")
#: What the photos of a move show; elsewhere they show the site.
PHOTO_KINDS = {
    "feedback": Photo.Kind.AFTER,
    "found": Photo.Kind.CHECK,
    "not_found": Photo.Kind.CHECK,
    "pass": Photo.Kind.CHECK,
    "fail": Photo.Kind.CHECK,
}


def effect(*names: str) -> Callable[[Effect], Effect]:
    """Register the effect of one or more moves."""

    def register(function: Effect) -> Effect:
        for name in names:
            EFFECTS[name] = function
        return function

    return register


def perform(
    case: uuid.UUID,
    move: str,
    *,
    by: User | None,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any] | None = None,
    leg: int | None = None,
) -> Answer:
    """Make a move of the table.

    ``by=None`` is the system. ``key`` is the client's own; the same key and content give the same answer again.
    ``leg`` is the leg that the person saw; if another is open by now, the move is refused as stale.

    Raises ``Case.DoesNotExist`` out of scope, ``Stale``, ``Forbidden``, ``Unfit`` or ``KeyReused``.
    """
    given = given or {}
    wanted = chain.request_digests(by.pk if by else None, move, given)
    try:
        with transaction.atomic():
            return _walk(case, MOVES[move], by=by, now=now, key=key, given=given, leg_id=leg, wanted=wanted)
    except (Refused, IntegrityError):
        earlier = repeat_of(key, wanted, move)
        if earlier is None:
            raise
        if earlier.uuid != case:
            raise KeyReused("同一标识已用于另一案件，未重复办理。") from None
        return earlier


def repeat_of(key: uuid.UUID, wanted: tuple[str, ...], move: str) -> Answer | None:
    """The answer given before to this key, or None; raises ``KeyReused`` when the content differs."""
    event = CaseEvent.objects.filter(key=key).select_related("case").first()
    if event is None:
        return None
    if event.request_digest not in wanted or event.move != move:
        raise KeyReused("同一标识已用于另一内容，未重复办理。")
    return Answer.again(event)


def answered(key: uuid.UUID, move: str, *, by: User, case: Case | None = None) -> Answer | None:
    """The answer given before to a request whose content no longer fits because it has been carried out."""
    events = CaseEvent.objects.filter(key=key, move=move, by=by).select_related("case")
    event = (events.filter(case=case) if case else events).first()
    return Answer.again(event) if event else None


def _walk(
    case_uuid: uuid.UUID,
    move: Move,
    *,
    by: User | None,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any],
    leg_id: int | None,
    wanted: tuple[str, ...],
) -> Answer:
    locked = _lock(case_uuid, given.get("target"), by)
    case = locked.pop(case_uuid)
    found = columns(case)
    leg = _open_leg(case, move)
    if move.name != RECOUNT and leg is not None and leg.outdated_by_id is not None:
        if by is None:
            raise Stale("日历已变，时限待重算。")  # changed between the sweep's look and the lock
        # Whatever people do is judged by the deadline of today's calendar; then everything is read again.
        if not recounting.still_right(case, leg, now):
            recount(case, leg, now)
        return _walk(case_uuid, move, by=by, now=now, key=key, given=given, leg_id=leg_id, wanted=wanted)
    before = State(case.state)
    if before not in move.sources:
        raise Stale(f"案件现为“{before.label}”，不能{move.label}。")
    if leg_id is not None and (leg is None or leg.pk != leg_id):
        raise Stale("您看过之后，案件又办过一步。")
    if by is None and leg is not None and not _is_due(move, leg, now):
        raise Stale("时限已变，系统此时没有可办的事。")  # extended between the sweep's look and the lock
    held = duties_on(case, leg, by)
    if not held & set(move.duties):
        whose = "、".join(duty.label for duty in move.duties)
        raise Forbidden(f"{move.label}由{whose}办理。")
    demand(move, given, by)
    walk = Walk(case, leg, move, by, now, given, held, found, locked)
    after = EFFECTS[move.name](walk) or (move.targets[0] if move.targets else before)
    assert move.may_lead(before, after), (move.name, before, after)
    case.state = after
    case.version += 1
    return record(walk, before, key=key, wanted=wanted)


def recount(case: Case, leg: Assignment, now: dt.datetime) -> None:
    """Count the open leg again by a move of the system, which says what changed; the case is locked."""
    given = {"reason": recounting.reason(leg)}
    perform(
        case.uuid,
        RECOUNT,
        by=None,
        now=now,
        key=chain.own_key(f"{RECOUNT}:{leg.pk}:{case.version}"),
        given=given,
        leg=leg.pk,
    )


def _is_due(move: Move, leg: Assignment, now: dt.datetime) -> bool:
    """Whether time asks for a move of the system's.

    Counting again after a change of the calendar, and replacing a drawn person who has left, wait for no clock.
    """
    if move.name == RECOUNT:
        return True
    if leg.sweep_at is not None and leg.sweep_at <= now:
        return True
    return move.name == "draw_anew" and Assignment.objects.left(timezone.localdate(now)).contains(leg)


def _open_leg(case: Case, move: Move) -> Assignment | None:
    """The open leg, with what stopping it and opening the next one asks for."""
    legs = Assignment.objects.open().filter(case=case)
    if move.clock == Clock.UNCHANGED:
        return legs.first()
    if STATES[State(case.state)].step == Step.HANDLING:
        legs = legs.with_requests()  # they lapse when the handling ends
    leg = legs.select_related("responsibility").first()
    if leg is not None and leg.responsibility_id == case.responsibility_id:
        case.responsibility = leg.responsibility
    return leg


def columns(case: Case) -> dict[str, Any]:
    """The row of a case; lists are copied, because moves add people to them."""
    found = {name: getattr(case, name) for name in _COLUMNS}
    return {name: list(value) if isinstance(value, list) else value for name, value in found.items()}


_COLUMNS = [column.attname for column in Case._meta.concrete_fields if not column.generated]


def _lock(case_uuid: uuid.UUID, target: Case | None, by: User | None) -> dict[uuid.UUID, Case]:
    """Lock the case (and the target of a merge) in id order, within the scope of the person."""
    visible = Case.objects.all() if by is None else Case.objects.visible_to(by)
    wanted = [case_uuid] if target is None else [case_uuid, target.uuid]
    rows = visible.filter(uuid__in=wanted).order_by("pk").select_for_update(of=("self",))
    locked = {row.uuid: row for row in rows}
    if len(locked) < len(set(wanted)):
        raise Case.DoesNotExist("没有这个案件，或不在您的管辖范围内。")
    return locked


def demand(move: Move, given: dict[str, Any], by: User | None) -> None:
    """Everything the table asks of people must be there; the system gives what it knows."""
    if by is None:
        return
    for name in move.needs:
        if name not in given or given[name] in (None, "", []):
            raise Unfit(f"{move.label}需要填写：{FIELD_LABELS.get(name, name)}。", field=name)


FIELD_LABELS = {
    "words": "说明",
    "reason": "理由",
    "photos": "照片",
    "before_photo": "处置前照片",
    "after_photo": "处置后照片",
    "position": "现场位置",
    "unit": "单位",
    "right_unit": "认为应承办的单位",
    "refusal": "回退原因",
    "responsibility": "适用权责",
    "target": "并入的案件",
    "amount": "延长时间",
    "until": "挂账至",
    "deadline": "期限",
    "grade": "评价",
    "condition_met": "结案条件",
    "place": "位置",
    "category": "类别",
}


def record(walk: Walk, before: State | None, *, key: uuid.UUID, wanted: tuple[str, ...]) -> Answer:
    """Write what every move writes: the case row, words, photos, the chained event and the outbox."""
    case, given = walk.case, walk.given
    if walk.leg is None:
        case.due_at, case.lateness = None, Lateness.NONE
    body = next((given[name] for name in WORDS if given.get(name)), "")
    salt, digest = chain.text_digest(body) if body else ("", "")
    photos = _photos(walk)
    if photos:
        walk.facts["photos"] = sorted(str(uid) for uid in photos)
    if given.get("position"):
        walk.facts["position"] = given["position"]
    event = CaseEvent(
        key=key,
        request_digest=wanted[0],
        case=case,
        sequence=case.version,
        at=walk.now,
        move=walk.move.name,
        before=before or "",
        after=case.state,
        by=walk.by,
        loop=case.loop,
        centre_id=case.centre_id,
        unit_id=case.unit_id,
        data=chain.canonical(walk.facts),
        text_digest=digest,
        previous=case.chain_head,
    )
    event.digest = case.chain_head = chain.digest(event)
    if case.pk is None:
        case.save(force_insert=True)
    else:
        case.save(update_fields=[name for name, value in columns(case).items() if value != walk.found[name]])
    event.case = case  # again: a new case has its id only now
    event.save(force_insert=True)
    if walk.leg is not None and walk.leg.pk is None:
        walk.leg.case = case
        walk.leg.save(force_insert=True)
    if body:
        CaseText(case=case, sequence=case.version, body=body, salt=salt).save(force_insert=True)
    if photos:
        claim(photos, case=case, by=walk.by)
    tell_about(walk)
    return Answer(case.uuid, case.pk, case.number, walk.move.name, case.state, case.version)


def _photos(walk: Walk) -> dict[uuid.UUID, Photo.Kind]:
    """Photos given with a move, and what they show."""
    usual = PHOTO_KINDS.get(walk.move.name, Photo.Kind.SITE)
    fields = {"photos": usual, "before_photo": Photo.Kind.BEFORE, "after_photo": Photo.Kind.AFTER}
    return {uid: kind for name, kind in fields.items() for uid in walk.given.get(name) or []}


def claim(photos: dict[uuid.UUID, Photo.Kind], *, case: Case, by: User | None) -> None:
    """Give uploaded photos to the case; each must be the person's own and not taken yet."""
    # One statement for all kinds: two moves that want the same photos lock them in the same order.
    shows = [When(uuid=uid, then=Value(kind)) for uid, kind in photos.items()]
    free = Photo.objects.filter(uuid__in=photos, uploaded_by=by, case=None)
    taken = free.update(case=case, sequence=case.version, kind=Choice(*shows, output_field=CharField()))
    if taken != len(photos):
        raise Unfit("有照片未上传成功或已被使用，请重新拍照。", field="photos")
