"""Who is told about a move of a whistle, and in which words."""

from typing import Any

from governance.actions import tell
from governance.roles import Duty
from partybuilding.addresses import page_of
from partybuilding.models import Whistle
from partybuilding.situations import Walk
from partybuilding.workflow import MOVES


def unit(unit_id: int, asks: str = "", duty: Duty = Duty.ANSWER) -> dict[str, Any]:
    """A called unit, as an address of the outbox."""
    return {"organization": unit_id, "duty": duty} | ({"asks": asks} if asks else {})


def side(whistle: Whistle, asks: str = "") -> dict[str, Any]:
    """The side that blows, as an address of the outbox: all its posts where it is asked to act, else whoever blew."""
    if whistle.blown_by_id and not asks:
        return {"user": whistle.blown_by_id}
    return {"organization": whistle.side_id, "duty": Duty.BLOW} | ({"asks": asks} if asks else {})


#: Moves of a unit of which whoever blew hears.
TOLD_TO_SIDE = {"arrive", "finish", "refuse", "answer_order", "failed", "close", "end"}


def tell_about(walk: Walk) -> None:
    """One outbox row a move at most."""
    whistle, audience = walk.whistle, list(walk.tell_also)
    if walk.move.name in TOLD_TO_SIDE:
        audience.append(side(whistle))
    if walk.user:
        audience = [address for address in audience if address.get("user") != walk.user.pk]
    who = f"{walk.part.unit.name} " if walk.part else ""
    subject = f"{whistle.number} {who}{whistle.address or whistle.category.name}"
    tell(
        subject,
        url=page_of(whistle.uuid),
        audience=audience,
        now=walk.now,
        verb=MOVES[walk.move.name].label,
        instead={"organization": whistle.side_id, "duty": Duty.BLOW},
    )
