"""How a whistle ends: taken back, with its case, or by time."""

import datetime as dt
from typing import Any

from governance.models import SYSTEM
from partybuilding.actions.calling import call_unit, end_calls
from partybuilding.actions.door import DOOR, EFFECTS
from partybuilding.actions.notices import side, unit
from partybuilding.actions.proposing import propose_change
from partybuilding.models import Whistle
from partybuilding.situations import Walk
from partybuilding.workflow import CallState, State
from records.chain import own_key


@EFFECTS.of("withdraw", "end")
def withdraw(walk: Walk) -> None:
    for call in walk.calls:
        if call.is_open:
            walk.tell_also.append(unit(call.unit_id))
    end_calls(walk)


@EFFECTS.of("close")
def close(walk: Walk) -> State:
    """Closed with its case, which was verified; both sides score now."""
    end_calls(walk)
    whistle = walk.whistle
    whistle.closed_at, whistle.lapses_at = walk.now, walk.deadline_of_scores
    asked = {call.unit_id for call in walk.calls if call.state != CallState.REFUSED}
    walk.tell_also += [
        side(whistle, "请您评价部门"),
        *(unit(one, "请您评价哨令") for one in sorted(asked)),
    ]
    propose_change(whistle, now=walk.now)
    return State.CLOSED


@EFFECTS.of("failed")
def failed(walk: Walk) -> State:
    """The check found it unsettled: the unit that led is called once more."""
    walk.whistle.settled_at = None
    leads = [call for call in walk.calls if call.is_lead and call.state != CallState.REFUSED]
    last = leads[-1] if leads else None
    if last is not None:
        call_unit(walk, last.unit, why="核查不通过，继续处置", is_lead=True)
    return State.ON_SITE


# What moves of the case do ----------------------------------------------------------------------------------------


def _follow(case_walk: Any, move: str, *states: State) -> None:
    """Let the running whistle of a case make a move of the system, in the transaction of the case's move."""
    case = case_walk.case
    for whistle in Whistle.objects.filter(case=case, state__in=states):
        key = own_key(f"{move}:{whistle.pk}:{case.version}")
        DOOR.perform(whistle.uuid, move, by=SYSTEM, now=case_walk.now, key=key)


RUNNING = (State.BLOWN, State.ON_SITE, State.SETTLED)


def case_closed(case_walk: Any) -> None:
    """The case is closed: its whistle with it; one that nobody has blown yet ends."""
    _follow(case_walk, "close", *RUNNING)
    _follow(case_walk, "end", State.ASKED)


def case_ended(case_walk: Any) -> None:
    """The case ends without having been settled."""
    _follow(case_walk, "end", State.ASKED, *RUNNING)


def case_failed(case_walk: Any) -> None:
    """The check, or the duty chief, says that it is not settled."""
    _follow(case_walk, "failed", State.SETTLED)


def lapse(*, now: dt.datetime, most: int = 500) -> int:
    """Put away closed whistles whose time for scores is over; returns how many."""
    due = Whistle.objects.filter(state=State.CLOSED, lapses_at__lte=now).order_by("lapses_at")[:most]
    for whistle in due:
        DOOR.perform(whistle.uuid, "lapse", by=SYSTEM, now=now, key=own_key(f"lapse:{whistle.pk}"))
    return len(due)
