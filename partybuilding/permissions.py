"""Who holds which duty on a given whistle (the table says which duty a move asks for)."""

from collections.abc import Iterable

from governance.models import By, User, actor_of
from governance.roles import WITHOUT_POST, ActorKind, Duty
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CallState, State


def blows_for(user: User, whistle: Whistle) -> bool:
    """Whether somebody acts for the side that blows; whoever asked the street may take it back until it is blown."""
    if whistle.state == State.ASKED and whistle.asked_by_id == user.pk:
        return True
    return user.authority.holds(Duty.BLOW, whistle.side_id)


def answers_for(user: User, unit_id: int) -> bool:
    """Whether somebody acts for a called unit."""
    return any(user.authority.holds(duty, unit_id) for duty in (Duty.ANSWER, Duty.HEAD))


def duties_on(whistle: Whistle, calls: Iterable[Call], by: By) -> frozenset[Duty]:
    """Duties that somebody who sees this whistle holds on it now; of called units at those of these calls alone.

    A unit that refused, and was not called again, has no part in the whistle any more.
    """
    actor = actor_of(by)
    user = actor.user
    if user is None:
        return WITHOUT_POST[actor.kind] if actor.kind == ActorKind.SYSTEM else frozenset()
    units = {call.unit_id for call in calls if call.state != CallState.REFUSED}
    held = {
        duty for duty in (Duty.ANSWER, Duty.HEAD) if any(user.authority.holds(duty, unit) for unit in units)
    }
    return frozenset(held | ({Duty.BLOW} if blows_for(user, whistle) else set()))
