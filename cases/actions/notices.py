"""Who is told about a move, and in which words; the relay finds the people behind a duty."""

from typing import Any

from cases.models import Case
from cases.models.case import page_of
from cases.situations import Walk
from cases.waits import step_of
from cases.workflow import OPEN, STEP_VERBS, Clock, State
from governance.actions import tell
from governance.roles import Duty

#: Moves after which the reporters hear of it too.
TOLD_TO_REPORTERS = {"register", "decline", "merge", "close", "reopen", "grant_void", "escalate"}
#: Moves that change nothing for anybody else's next step.
SILENT = {"accept", "evaluate", "withdraw", "take_over"}
#: Moves that press whoever makes the next step, though the step is not new.
PRESSING = {"urge": "催您", "warn": "临期，请您", "overdue": "已超期，请您"}


def owner_of(walk: Walk) -> dict[str, Any] | None:
    """Who makes the next step, as an address of the outbox; of a suspended case the chief, who may resume it."""
    case, leg = walk.case, walk.leg
    if leg is None or case.state not in OPEN:
        return None
    steps = step_of(case, leg)
    return steps[0].address if steps else {"organization": leg.centre_id, "duty": Duty.CHIEF}


def asked_owner(walk: Walk) -> dict[str, Any] | None:
    """Who makes the next step, with what the move asks of them."""
    owner, asks = owner_of(walk), asks_of(walk)
    return owner | {"asks": asks} if owner and asks else owner


def asks_of(walk: Walk) -> str:
    """What a move asks of whoever makes the next step; nothing where it is news to them."""
    step = STEP_VERBS.get(State(walk.case.state))
    if step is None:
        return ""
    if walk.move.name in PRESSING:
        return f"{PRESSING[walk.move.name]}{step}"
    is_new = walk.leg is not None and walk.leg.opened_at == walk.now
    if not is_new:
        return ""
    return "派给您" if walk.case.state == State.DISPATCHED else f"请您{step}"


def _reporters(case: Case) -> list[dict[str, Any]]:
    """Staff who reported; for a resident without an account also the desk, which calls back, whoever of the staff joined."""
    staff: list[dict[str, Any]] = [{"user": person} for person in case.reporters]
    if case.source == Case.Source.RESIDENT or (case.is_from_resident and not staff):
        return [{"organization": case.centre_id, "duty": Duty.INTAKE}, *staff]
    return staff


def tell_about(walk: Walk) -> None:
    """One outbox row a move at most."""
    if not walk.is_told or (walk.move.name in SILENT and not walk.tell_also):
        return
    case, audience = walk.case, list(walk.tell_also)
    if walk.tell_owner and (owner := asked_owner(walk)):
        audience.insert(0, owner)
    if walk.move.name in TOLD_TO_REPORTERS or (not audience and walk.move.clock == Clock.ENDS):
        audience += _reporters(case)
    if walk.user:
        audience = [address for address in audience if address.get("user") != walk.user.pk]
    subject = f"{case.number} {case.address or '现场'}"
    # Only a desk where the case lies may read its address; somebody who has left may have had a post elsewhere.
    desk = {"organization": case.centre_id, "duty": Duty.INTAKE}
    url = page_of(case.uuid)
    tell(subject, url=url, audience=audience, now=walk.now, verb=walk.move.label, instead=desk)
