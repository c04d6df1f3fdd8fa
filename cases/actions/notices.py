"""Who is told about a move, and in which words; the relay finds the people behind a duty."""

from typing import Any

from cases.actions.walk import Walk
from cases.models.case import page_of
from cases.waits import step_of
from cases.workflow import OPEN, Clock, State
from governance.actions import tell
from governance.roles import Duty

#: Moves after which the reporters hear of it too.
TOLD_TO_REPORTERS = {"register", "decline", "merge", "close", "reopen", "grant_void", "escalate"}
#: Moves that change nothing for anybody else's next step.
SILENT = {"accept", "evaluate", "withdraw", "take_over"}


def owner_of(walk: Walk) -> dict[str, Any] | None:
    """Who makes the next step, as an address of the outbox; of a suspended case the chief, who may resume it."""
    case, leg = walk.case, walk.leg
    if leg is None or case.state not in OPEN:
        return None
    steps = step_of(case, leg)
    return steps[0].address if steps else {"organization": leg.centre_id, "duty": Duty.CHIEF}


def tell_about(walk: Walk) -> None:
    """One outbox row a move at most."""
    if not walk.is_told or (walk.move.name in SILENT and not walk.tell_also):
        return
    case, audience = walk.case, list(walk.tell_also)
    if walk.tell_owner and (owner := owner_of(walk)):
        audience.append(owner)
    if walk.move.name in TOLD_TO_REPORTERS or (not audience and walk.move.clock == Clock.ENDS):
        audience += [{"user": person} for person in case.reporters]
    if walk.by is not None:
        audience = [address for address in audience if address != {"user": walk.by.pk}]
    state = State(case.state).label
    subject = f"{case.number} {walk.move.label} · {case.address or '现场'}（{state}）"
    # Only a desk where the case lies may read its address; somebody who has left may have had a post elsewhere.
    desk = {"organization": case.centre_id, "duty": Duty.ACCEPT}
    tell(subject, url=page_of(case.uuid), audience=audience, now=walk.now, instead=desk)
