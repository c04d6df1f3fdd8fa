"""How a whistle ends: taken back, with its case, or by time."""

import datetime as dt
from typing import Any

from django.db import transaction

from cases.models import Case
from cases.workflow import SETTLED
from governance.models import SYSTEM
from partybuilding.actions.calling import call_unit, end_calls
from partybuilding.actions.door import DOOR, EFFECTS
from partybuilding.actions.notices import side, unit
from partybuilding.actions.proposing import propose_change
from partybuilding.actions.trying import tried
from partybuilding.models import Whistle
from partybuilding.models.whistles import WhistleQuerySet
from partybuilding.nominating import units_to_call
from partybuilding.scores import scorable
from partybuilding.situations import Walk
from partybuilding.workflow import CallState, State
from records.chain import own_key


@EFFECTS.of("withdraw", "end")
def withdraw(walk: Walk) -> None:
    for call in walk.calls:
        if call.is_open:
            walk.tell_also.append(unit(call.unit_id))
    if walk.before == State.ASKED and walk.whistle.asked_by_id:
        walk.tell_also.append({"user": walk.whistle.asked_by_id})
    end_calls(walk)


@EFFECTS.of("close")
def close(walk: Walk) -> State:
    """Closed with its case, which was verified; both sides score now, where any unit took part."""
    end_calls(walk)
    whistle = walk.whistle
    whistle.closed_at, whistle.lapses_at = walk.now, walk.deadline_of_scores
    propose_change(whistle, now=walk.now)
    asked = [call.unit_id for call in scorable(whistle)]
    if not asked:
        return State.SCORED
    walk.tell_also += [side(whistle, "请您评价部门"), *(unit(one, "请您评价哨令") for one in asked)]
    return State.CLOSED


@EFFECTS.of("failed")
def failed(walk: Walk) -> State:
    """The check found it unsettled: the unit that led is called once more, if it is still there."""
    walk.whistle.settled_at = None
    leads = [call for call in walk.calls if call.is_lead and call.state != CallState.REFUSED]
    last = leads[-1] if leads else None
    if last is not None and units_to_call(walk.case, walk.today).filter(pk=last.unit_id).exists():
        call_unit(walk, last.unit, why="核查不通过，继续处置", is_lead=True)
        walk.facts["called"] = last.unit_id
    return State.ON_SITE


# What moves of the case do ----------------------------------------------------------------------------------------


def _open_whistle(case: Case) -> Whistle | None:
    """The whistle that is open on a case, locked before its state is read: people may be moving it."""
    return Whistle.objects.open().filter(case=case).select_for_update(of=("self",)).first()


def _make(whistle: Whistle, move: str, case: Case, now: dt.datetime) -> None:
    DOOR.perform(whistle.uuid, move, by=SYSTEM, now=now, key=own_key(f"{move}:{whistle.pk}:{case.version}"))


def _end_with(case: Case, now: dt.datetime) -> int:
    """Let the open whistle of a case that is no longer open end with it; returns the number of moves."""
    whistle = _open_whistle(case)
    if whistle is None:
        return 0
    is_settled = case.state in SETTLED and whistle.state != State.ASKED
    _make(whistle, "close" if is_settled else "end", case, now)
    return 1


def case_ended(case_walk: Any) -> None:
    """The case is closed, and its whistle with it; one that nobody has blown yet, or of a case not settled, ends."""
    _end_with(case_walk.case, case_walk.now)


def case_failed(case_walk: Any) -> None:
    """The check, or the duty chief, says that it is not settled."""
    whistle = _open_whistle(case_walk.case)
    if whistle is not None and whistle.state == State.SETTLED:
        _make(whistle, "failed", case_walk.case, case_walk.now)


def left_over(now: dt.datetime) -> WhistleQuerySet:
    """Open whistles of cases that ended while the place left this module out: their ladders must not go on."""
    return Whistle.objects.open().to_try(now).filter(case__is_open=False).order_by("pk")


@transaction.atomic
def follow_case(whistle: Whistle, *, now: dt.datetime) -> int:
    """End a whistle that was left over; returns the number of moves."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=whistle.case_id)
    return 0 if case.is_open else _end_with(case, now)


def lapse(*, now: dt.datetime, most: int = 500) -> int:
    """Put away closed whistles whose time for scores is over; returns how many."""
    due = Whistle.objects.to_try(now).filter(state=State.CLOSED, lapses_at__lte=now)
    return sum(tried(put_away, whistle, now) for whistle in due.order_by("lapses_at", "pk")[:most])


def put_away(whistle: Whistle, *, now: dt.datetime) -> int:
    """Put a closed whistle away by time; raises ``Stale`` where the last score came meanwhile."""
    DOOR.perform(whistle.uuid, "lapse", by=SYSTEM, now=now, key=own_key(f"lapse:{whistle.pk}"))
    return 1
