"""The one door: lock → table → duty → effect → version + 1 → event → outbox, in one transaction."""

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from cases.actions import legs, recounting
from cases.actions.once import Answer, written_under
from cases.actions.recording import record
from cases.actions.walk import EFFECTS, Walk, columns
from cases.given import demand
from cases.models import Case, CaseEvent, Leg
from cases.pace import one_at_a_time
from cases.rules import why_not
from cases.workflow import MOVES, OPEN, REPORTS, Clock, Move, State
from governance.models import SYSTEM, Actor, By, actor_of
from records import chain
from records.refusals import KeyReused, Refused, Stale

RECOUNT = "recount"
#: What was given was called otherwise when requests were first digested: a report that is sent again is still known.
FIRST_NAMES = {move.name: {"position": "place"} for move in REPORTS}


def perform(
    case: uuid.UUID | Case,
    move: str,
    *,
    by: By,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any] | None = None,
    leg: int | None = None,
) -> Answer:
    """Make a move of the table: on the case with this uuid, or with a new case that is not stored yet.

    ``by`` is a member of staff, a program's key, ``resident(…)`` or ``SYSTEM``. ``key`` is the client's own; the same key and content give the same answer again.
    ``leg`` is the leg that the person saw; if another is open by now, the move is refused as stale.

    Raises ``Case.DoesNotExist`` out of scope, ``Stale``, ``Forbidden``, ``Unfit`` or ``KeyReused``.
    """
    actor, given = actor_of(by), given or {}
    wanted = digests(actor, move, given)
    try:
        with transaction.atomic():
            one_at_a_time(
                actor.program
            )  # first of all locks, so that none of its moves waits for another of them
            if isinstance(case, Case):
                walk = _begin(case, MOVES[move], by=actor, now=now, given=given)
            else:
                walk = _enter(case, MOVES[move], by=actor, now=now, given=given, leg_id=leg)
            if not actor.is_system:  # the system gives what it knows
                demand(walk.move, given, walk)
            _take_effect(walk)
            return record(walk, key=key, wanted=wanted)
    except (Refused, IntegrityError):
        earlier = written_under(key, CaseEvent.objects.select_related("case"), wanted)
        if earlier is None:
            raise
        if earlier.case.uuid != (case.uuid if isinstance(case, Case) else case):
            raise KeyReused("同一标识已用于另一案件，未重复办理。") from None
        return Answer.again(earlier)


def digests(by: Actor, move: str, given: dict[str, Any]) -> tuple[str, ...]:
    """Digests of a request (``chain.request_digests``)."""
    first = FIRST_NAMES.get(move, {})
    return chain.request_digests(by.identity, move, {first.get(name, name): given[name] for name in given})


def _begin(case: Case, move: Move, *, by: Actor, now: dt.datetime, given: dict[str, Any]) -> Walk:
    """Look whether somebody may make a case: staff by all posts, since no duty is held on it yet."""
    assert not move.sources, move.name
    walk = Walk(case, None, by, now, move, given)
    if refusal := why_not(move, walk):
        raise refusal
    return walk


def _enter(
    case_uuid: uuid.UUID,
    move: Move,
    *,
    by: Actor,
    now: dt.datetime,
    given: dict[str, Any],
    leg_id: int | None,
) -> Walk:
    """Lock the case and ask the rules."""
    locked = _lock(case_uuid, given.get("target"), by)
    case = locked.pop(case_uuid)
    found = columns(case)
    leg = _open_leg(case, move)
    if leg is not None and leg.outdated_by_id is not None:
        if by.is_system:
            raise Stale("日历已变，时限待重算。")  # changed between the sweep's look and the lock
        # Whatever people do is judged by the deadline of today's calendar; then everything is read again.
        recount(case, leg, now)
        return _enter(case_uuid, move, by=by, now=now, given=given, leg_id=leg_id)
    walk = Walk(case, leg, by, now, move, given, found, locked)
    refusal = why_not(move, walk)
    if isinstance(refusal, Stale):
        raise refusal
    if leg_id is not None and (leg is None or leg.pk != leg_id):
        raise Stale("您看过之后，案件又办过一步。")
    if by.is_system and leg is not None and not _is_due(move, leg, now):
        raise Stale("时限已变，系统此时没有可办的事。")  # extended between the sweep's look and the lock
    if refusal is not None:
        raise refusal
    return walk


def _take_effect(walk: Walk) -> None:
    case, move, before = walk.case, walk.move, walk.before
    after = EFFECTS[move.name](walk) or (move.targets[0] if move.targets else before)
    assert after is not None and move.may_lead(before, after), (move.name, before, after)
    if before in OPEN and after not in OPEN:
        legs.end_with_case(walk)
    elif after != State.SUSPENDED:  # there a request for more time only pauses
        undecidable = [kind for kind in walk.open_requests if after not in MOVES[f"grant_{kind}"].sources]
        legs.lapse_requests(walk, *undecidable)
    case.state = after
    case.version += before is not None  # a new case begins with its first version


def recount(case: Case, leg: Leg, now: dt.datetime) -> bool:
    """Count the outdated open leg of a locked case again, by a move of the system whose event says what changed.

    False where its marks stay where they are, which needs no event.
    """
    walk = Walk(case, leg, SYSTEM, now, MOVES[RECOUNT], {"reason": recounting.reason(leg)}, columns(case))
    if recounting.still_right(case, leg, walk.calendar, now):
        return False
    key = chain.own_key(f"{RECOUNT}:{leg.pk}:{case.version}")
    _take_effect(walk)
    record(walk, key=key, wanted=chain.request_digests(SYSTEM.identity, RECOUNT, walk.given))
    return True


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


def _lock(case_uuid: uuid.UUID, target: Case | None, by: Actor) -> dict[uuid.UUID, Case]:
    """Lock the case (and the target of a merge) in id order, within the scope of who acts."""
    visible = Case.objects.visible_to(by)
    wanted = [case_uuid] if target is None else [case_uuid, target.uuid]
    rows = visible.filter(uuid__in=wanted).order_by("pk").select_for_update(of=("self",))
    locked = {row.uuid: row for row in rows}
    if len(locked) < len(set(wanted)):
        raise Case.DoesNotExist("没有这个案件，或不在您的管辖范围内。")
    return locked
