"""Cases for tests, made by the real moves: no test works on a case that cannot exist."""

import datetime as dt
from random import Random
from typing import Any

from django.utils import timezone

from cases.models import Case, Category, Leg, Responsibility
from cases.units import units_in_reach
from cases.workflow import Loop, State
from demo.hands import Hands
from governance.models import Organization
from grid.models import Grid
from tests import neighbours, people
from tests.photos import photo

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
#: A Wednesday in working time, far from any holiday.
MORNING = dt.datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)
#: What a case of a loop is about where the test does not care.
USUAL = {Loop.COMMUNITY: "楼道堆物", Loop.STREET: "占道经营", Loop.DISTRICT: "路灯井盖异常"}

#: Moves that lead to a state from the report on; the last one gets there.
_DISPATCHED = ("register", "dispatch")
_HANDLING = (*_DISPATCHED, "accept")
_HANDLED = (*_HANDLING, "feedback")
_VERIFIED = (*_HANDLED, "pass")
_CLOSED = (*_VERIFIED, "close")
PATHS: dict[State, tuple[str, ...]] = {
    State.REPORTED: (),
    State.CHECKING: ("send_to_check",),
    State.REGISTERED: ("register",),
    State.DISPATCHED: _DISPATCHED,
    State.HANDLING: _HANDLING,
    State.DISPUTED: (*_DISPATCHED, "refuse", "dispatch", "refuse"),
    State.SUSPENDED: (*_HANDLING, "ask_suspension", "endorse_suspension", "grant_suspension"),
    State.HANDLED: _HANDLED,
    State.VERIFIED: _VERIFIED,
    State.CLOSED: _CLOSED,
    State.EVALUATED: (*_CLOSED, "evaluate"),
    State.DECLINED: ("decline",),
    State.WITHDRAWN: ("withdraw",),
    State.MERGED: ("merge",),
    State.VOIDED: ("ask_void", "grant_void"),
}


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> dt.datetime:
    """A moment by the clock of Kunming."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def hands() -> Hands:
    """Finds whoever holds a duty, the same people in the same order every time."""
    return Hands(Random(1), photo)


def settled_by(loop: Loop, condition: str = "一般") -> Category:
    """A category whose lowest settling loop is the one asked for."""
    return Category.objects.get(name=USUAL[loop])


def inside(code: str | None = None) -> list[float]:
    """A position inside a grid (degrees, WGS-84); by default the grid of the stage's worker."""
    grid = Grid.objects.get(code=code or f"{people.COMMUNITY}001")
    ring = grid.rings.get().ring
    from shapely.geometry import Polygon

    point = Polygon(ring).representative_point()
    return [round(point.x, 6), round(point.y, 6)]


def reported(*, loop: Loop = Loop.COMMUNITY, now: dt.datetime = MORNING, **given: Any) -> Case:
    """A fresh report on the stage; ``by``, ``source`` and anything of the report may be given."""
    source = given.pop("source", Case.Source.FIELD)
    usual = neighbours.leader if source == Case.Source.NEIGHBOURS else people.worker
    by = given.pop("by", None) or usual()
    given.setdefault("position", inside())
    given.setdefault("category", settled_by(loop))
    given.setdefault("words", "单元门口堆放旧家具,影响通行。")
    given.setdefault("address", "拓东路 88 号门口")
    answer = hands().report(by=by, now=now, given=given, source=source)
    return Case.objects.get(uuid=answer.uuid)


def walk(case: Case, *moves: str, now: dt.datetime = MORNING, **given: Any) -> Case:
    """Make moves one after another, a minute apart, as people who may; ``given`` goes to the last one."""
    helpers = hands()
    for number, move in enumerate(moves, 1):
        last = given if number == len(moves) else {}
        helpers.step(case.uuid, move, now=now + dt.timedelta(minutes=number), **last)
    return Case.objects.get(pk=case.pk)


def case_at(
    state: State | str, *, loop: Loop = Loop.COMMUNITY, now: dt.datetime = MORNING, **given: Any
) -> Case:
    """A case in a state and loop, walked there by the real moves; ``now`` is the time of the report."""
    case = reported(loop=loop, now=now, **given)
    extra = {"target": reported(loop=loop, now=now)} if state == State.MERGED else {}
    case = walk(case, *PATHS[State(state)], now=now, **extra)
    assert (case.state, case.loop) == (state, loop), (case.state, case.loop)
    return case


def fresh(case: Case) -> Case:
    """The case as the database has it now."""
    return Case.objects.get(pk=case.pk)


def open_leg(case: Case) -> Leg:
    """The leg that runs."""
    return case.legs.get(stopped_at=None)


def words_of(case: Case, move: str) -> str:
    """What was written with the last move of a name."""
    return case.texts.get(sequence=case.events.filter(move=move).last().sequence).body


def eligible_units(case: Case) -> list[Organization]:
    """Units that the case can be given to today."""
    return list(units_in_reach(case, timezone.localdate()).filter(is_staffed=True))


def row_for(case: Case, loop: Loop | None = None) -> Responsibility:
    """The current row of the list for a case's category, in its loop or another one."""
    rows = Responsibility.objects.current().filter(category=case.category_id, condition="一般")
    return rows.get(loop=loop or case.loop)
