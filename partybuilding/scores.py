"""Whom each side of a whistle still has to score."""

from partybuilding.models import Call, Whistle
from partybuilding.workflow import CallState, Side


def scorable(whistle: Whistle) -> list[Call]:
    """The last call of every unit that took part, or should have.

    Not of those that refused, nor of those that were released before they had answered.
    """
    last = {}
    for call in whistle.calls.exclude(state=CallState.REFUSED).select_related("unit").order_by("pk"):
        was_let_go = call.released_at is not None and call.released_at != whistle.closed_at
        if call.signed_at or not was_let_go:
            last[call.unit_id] = call
    return list(last.values())


def to_score(whistle: Whistle) -> dict[Side, list[Call]]:
    """Calls that a side has not scored yet."""
    calls = scorable(whistle)
    done = set(whistle.calls.exclude(scores=None).values_list("pk", "scores__side"))
    return {side: [call for call in calls if (call.pk, side) not in done] for side in Side}
