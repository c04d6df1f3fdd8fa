"""What time does to cases: yellow, red, one loop up, drawn anew, resumed, lapsed; through the door like everybody."""

import datetime as dt
import logging
import uuid

from django.db import transaction

from cases.actions.door import perform
from cases.actions.refusals import Refused
from cases.models import Assignment
from cases.workflow import Lateness, Loop, Step

log = logging.getLogger(__name__)

#: The system's keys derive from the leg, so that two sweeps at once do a thing once.
NAMESPACE = uuid.UUID("6f1c2c1e-6a55-4d0e-9a3e-5f2b8c4d7e90")
#: How long the named leader has to answer a supervision order.
SUPERVISION_TIME = dt.timedelta(days=3)


def next_move(leg: Assignment, now: dt.datetime) -> tuple[str, dict] | None:
    """What time asks of an open leg: the move and what it is given; None when nothing is due."""
    if leg.step == Step.WAITING:
        return "resume", {}
    if leg.step == Step.EVALUATING:
        return "evaluate", {}
    if leg.lateness == Lateness.NONE and leg.warn_at < leg.due_at and now < leg.due_at:
        return "warn", {"lateness": Lateness.YELLOW, "sweep_at": leg.due_at}
    if leg.lateness != Lateness.RED:
        return "overdue", {"lateness": Lateness.RED, "sweep_at": leg.escalate_at}
    if now < leg.escalate_at:
        return None
    if leg.step in (Step.CHECKING, Step.VERIFYING) and leg.person_id is not None:
        return "draw_anew", {}
    if leg.step == Step.CLOSING and leg.centre_id == leg.case.centre_id and Loop(leg.case.loop).above:
        return "raise_closing", {}
    if leg.step not in (Step.VERIFYING, Step.CLOSING) and Loop(leg.case.loop).above:
        return "escalate", {"reason": f"{leg.get_step_display()}超过时限与宽限，自动上报上级。"}
    return "order_supervision", {
        "reason": "案件在最高一级仍超期，请负责人督办。",
        "deadline": now + SUPERVISION_TIME,
    }


def sweep(*, now: dt.datetime, most: int = 1000) -> int:
    """Do what is due on open legs, oldest first; returns the number of moves made.

    A leg that somebody moves meanwhile is left alone: the door says stale, and that is fine.
    """
    done = 0
    for leg in Assignment.objects.due_for_sweep(now).select_related("case")[:most]:
        try:
            with transaction.atomic():
                done += sweep_leg(leg, now=now)
        except Refused as refusal:
            log.info("leg %s left alone: %s", leg.pk, refusal)
        except Exception:  # one broken case must not stop the clocks of all others; it is logged and counted
            log.exception("sweep of leg %s failed", leg.pk)
    return done


def sweep_leg(leg: Assignment, *, now: dt.datetime) -> int:
    """Do all that is due on one leg."""
    done = 0
    while leg.sweep_at is not None and leg.sweep_at <= now and leg.stopped_at is None:
        due = next_move(leg, now)
        if due is None:
            break
        name, given = due
        key = uuid.uuid5(NAMESPACE, f"{leg.pk}:{name}:{leg.due_at.isoformat()}")
        perform(leg.case.uuid, name, by=None, now=now, key=key, given=given, leg=leg.pk)
        done += 1
        leg = Assignment.objects.select_related("case").get(pk=leg.pk)
    return done
