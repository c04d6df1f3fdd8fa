"""What time does to cases: yellow, red, one loop up, drawn anew, resumed, lapsed; through the door like everybody."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from functools import partial

from django.db import transaction
from django.utils import timezone

from cases import clocks
from cases.actions import recounting
from cases.actions.door import DOOR
from cases.actions.legs import QUIET
from cases.models import Case, Leg
from cases.rule_numbers import SEEN_FOR
from cases.workflow import Lateness, Loop, Step
from governance.actions import returned
from governance.health import SWEPT
from governance.models import SYSTEM, Heartbeat
from records import chain
from records.refusals import Stale

log = logging.getLogger(__name__)

#: A leg on which the sweep failed is left out for so long: the same ones must not be the first of every sweep.
RETRY = dt.timedelta(minutes=10)
MINUTE = dt.timedelta(minutes=1)
#: A red mark is on time when the sweep writes it so soon, and was not away meanwhile: the status page says the same.
ON_TIME = dt.timedelta(seconds=SWEPT)


def next_move(leg: Leg, now: dt.datetime, returned_at: dt.datetime | None = None) -> tuple[str, dict] | None:
    """What time asks of an open leg: the move and what it is given; None when nothing is due."""
    if now < leg.due_at:
        can_warn = leg.step not in QUIET and leg.lateness == Lateness.NONE and leg.warn_at <= now
        return ("warn", {"lateness": Lateness.YELLOW, "sweep_at": leg.due_at}) if can_warn else None
    if leg.step == Step.WAITING:
        return "resume", {}
    if leg.step == Step.EVALUATING:
        return "evaluate", {}
    if leg.lateness != Lateness.RED:
        return "overdue", {"lateness": Lateness.RED, **_after_red(leg, now, returned_at)}
    if now < leg.escalate_at:
        return None
    name, given = _after_grace(leg)
    if leg.held_until is not None and leg.sweep_at == leg.held_until:
        given["reason"] = given.get("reason", "") + _why_held(leg)
    return name, given


def _after_red(leg: Leg, now: dt.datetime, returned_at: dt.datetime | None) -> dict[str, dt.datetime]:
    """When the leg is looked at after its red mark: by its grace, but a mark written late is seen for a while first."""
    earliest = now + SEEN_FOR
    # A sweep that returns marks all at once, then finds more of them in its next rounds.
    was_away = returned_at is not None and leg.due_at < returned_at <= now
    is_late_mark = was_away or now > leg.due_at + ON_TIME or leg.counted_at >= leg.due_at
    if not is_late_mark or earliest <= leg.escalate_at:
        return {"sweep_at": leg.escalate_at}
    return {"sweep_at": earliest, "held_until": earliest}


def _why_held(leg: Leg) -> str:
    assert leg.held_until is not None
    if leg.opened_at >= leg.due_at:
        cause = "转来时已过期限"
    else:
        cause = "时限重算时已过期限" if leg.counted_at >= leg.due_at else "后台曾中断"
    marked = clocks.stamp(leg.held_until - SEEN_FOR)
    return f"{cause}，{marked} 才标为超期，故多留 {SEEN_FOR // MINUTE} 分钟后办理。"


def _after_grace(leg: Leg) -> tuple[str, dict]:
    """What follows when the grace is over."""
    if leg.step in (Step.CHECKING, Step.VERIFYING) and leg.person_id is not None:
        return "draw_anew", {}
    if leg.step == Step.CLOSING and leg.centre_id == leg.case.centre_id and Loop(leg.case.loop).above:
        return "raise_closing", {}
    if leg.step not in (Step.VERIFYING, Step.CLOSING) and Loop(leg.case.loop).above:
        return "escalate", {"reason": f"{leg.get_step_display()}超过时限与宽限，自动上报上级。"}
    return "order_supervision", {
        "reason": f"{leg.get_step_display()}超过时限与宽限，无法再上报，请负责人督办。",
    }


def sweep(*, now: dt.datetime, most: int = 1000) -> int:
    """Count again what the calendar changed, then do what is due, oldest first; returns the number of moves made.

    Checks that were drawn for somebody who is no longer there are drawn anew, whatever their clock says. A leg that
    somebody moves meanwhile is left alone: the door says stale, and that is fine.
    """
    returned_at = returned(Heartbeat.Part.SWEEP, now=now, pause=SWEPT)
    work = partial(sweep_leg, returned_at=returned_at)
    recounting.look_again(now)
    outdated = Leg.objects.outdated().select_related("case")[:most]  # before anything is found late
    done = sum(_tried(leg, work, now) for leg in outdated)
    due = Leg.objects.due_for_sweep(now).select_related("case")[:most]
    done += sum(_tried(leg, work, now) for leg in due)
    left = Leg.objects.left(timezone.localdate(now)).select_related("case").order_by("pk")[:most]
    return done + sum(_tried(leg, replace, now) for leg in left)


def _tried(leg: Leg, work: Callable[..., int], now: dt.datetime) -> int:
    """How many moves were made on a leg; one broken case must not stop the clocks of all others."""
    try:
        with transaction.atomic():
            return work(leg, now=now)
    except Stale as refusal:
        log.info("leg %s left alone: %s", leg.pk, refusal)
    except Exception:  # logged and counted
        log.exception("sweep of leg %s failed", leg.pk)
        # One that is not due, but outdated or left, keeps its time: it is tried again by the next sweep.
        due = Leg.objects.due_for_sweep(now).filter(pk=leg.pk, sweep_at=leg.sweep_at)
        due.update(sweep_at=now + RETRY)
    return 0


def replace(leg: Leg, *, now: dt.datetime) -> int:
    """Draw somebody else for a check whose drawn person has left."""
    DOOR.perform(leg.case.uuid, "draw_anew", by=SYSTEM, now=now, key=key_of(leg, "draw_anew"), leg=leg.pk)
    return 1


def key_of(leg: Leg, name: str) -> uuid.UUID:
    """The system's key for a move: the same for two sweeps at once."""
    return chain.own_key(f"sweep:{leg.pk}:{name}:{leg.due_at.isoformat()}:{leg.sweep_at}")


def sweep_leg(leg: Leg, *, now: dt.datetime, returned_at: dt.datetime | None = None) -> int:
    """Do all that is due on one leg, after counting it again where the calendar changed.

    ``returned_at``: when the sweep last came back from an outage.
    """
    done = 0
    if leg.outdated_by_id is not None:
        leg, is_moved = _recount(leg, now)
        done += is_moved
    while leg.sweep_at is not None and leg.sweep_at <= now and leg.stopped_at is None:
        due = next_move(leg, now, returned_at)
        if due is None:
            break
        name, given = due
        key = key_of(leg, name)
        answer = DOOR.perform(leg.case.uuid, name, by=SYSTEM, now=now, key=key, given=given, leg=leg.pk)
        if answer.is_repeat:  # done before: looking again at once would find the same
            break
        done += 1
        leg = Leg.objects.select_related("case").get(pk=leg.pk)
    return done


@transaction.atomic(savepoint=False)
def _recount(leg: Leg, now: dt.datetime) -> tuple[Leg, bool]:
    """Count an outdated leg again: the leg as it is then, and whether its marks moved."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=leg.case_id)
    found = Leg.objects.select_related("outdated_by").get(pk=leg.pk)
    found.case = case
    is_outdated = found.outdated_by is not None and found.stopped_at is None
    return found, is_outdated and DOOR.recount(case, found, now)
