"""The rows that a case must have by its events: the columns of each grain, written a second time."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from appraisal.lives import GIVEN, Happened, Life, Order, Outcome, Stretch, Where
from cases.models import Case
from cases.workflow import OPEN, STAFF_GRADES, UNREGISTERED, Lateness, State, Step

#: Columns, moments, ``unit`` and ``loop`` by name; what may be added up stands under ``amounts``.
Row = dict[str, Any]
Rows = dict[str, list[Row]]

FROM_RESIDENTS = {Case.Source.PHONE, Case.Source.RESIDENT}
NOT_ANSWERED_FOR = {*UNREGISTERED, State.REGISTERED}
#: What a unit, or time, says to a dispatch.
ANSWERS = {"accept", "refuse", "escalate", "delegate", "grant_void"}
HOUR = 3_600_000_000


def rows_of_case(where: Where, events: Iterable[Happened]) -> Rows:
    """The rows of each grain of one case, of its events in their order."""
    life = Life(where)
    for event in events:
        life.take(event)
    last = life.events[-1]
    of_case = {"source": where["source"], "kind": where["kind"]}
    on_parts = of_case | {"case_state": last.after}
    return {
        "case": [_case(life) | of_case],
        "leg": [_leg(leg, life.legs[n:]) | on_parts for n, leg in enumerate(life.legs, 1)],
        "event": [_event(life.events, n) | on_parts for n in range(len(life.events))],
        "order": [_order(order) | of_case | {"loop": last.loop} for order in life.orders.values()],
    }


def _case(life: Life) -> Row:
    first, last, leg = life.events[0], life.events[-1], life.open
    moves = {event.move for event in life.events}
    hours = _hours(first.at, life.closed)
    score = int(life.grade) if life.grade in STAFF_GRADES else None
    return {
        "unit": last.unit if life.rounds else None,
        "loop": last.loop,
        "state": last.after,
        "lateness": leg.lateness if leg else Lateness.NONE,
        "was_late": life.was_late,
        "is_open": last.after in OPEN,
        "is_from_resident": life.has_caller or life.where["source"] in FROM_RESIDENTS,
        "refusals": life.refusals,
        "rounds": life.rounds,
        "extensions": life.extensions,
        "was_suspended": life.was_suspended,
        "was_delegated": life.was_delegated,
        "escalated_by_time": life.escalated_by_time,
        "grade": life.grade,
        "hours_to_close": hours,
        "has_grid": life.where["grid"] is not None,
        "hour_of_report": first.at.astimezone(timezone.get_default_timezone()).hour,
        "was_registered": "register" in moves,
        "was_escalated": "escalate" in moves,
        "was_reworked": "fail" in moves,
        "reported": first.at,
        "closed": life.closed,
        "due": leg.due if leg else None,
        "amounts": {"hours_to_close": _whole_hours(first.at, life.closed), "score": score},
    }


def _leg(leg: Stretch, later: list[Stretch]) -> Row:
    is_dispatching = leg.step in (Step.DISPATCHING, Step.ADJUDICATING) and leg.outcome == Outcome.DONE
    following = (one for one in later if one.step != Step.WAITING and one.outcome != Outcome.PAUSED)
    next_one = next(following, None)
    return {
        "unit": leg.unit if leg.step in (Step.HANDLING, Step.WAITING) else leg.centre,
        "loop": leg.loop,
        "step": leg.step,
        "outcome": leg.outcome,
        "is_late": leg.is_late,
        "is_open": leg.stopped is None,
        "lateness": leg.lateness,
        "hours": _hours(leg.opened, leg.stopped),
        "was_late": leg.is_late or leg.lateness == Lateness.RED,
        "was_extended": leg.is_extended,
        "is_last": leg.step == Step.HANDLING and all(one.step != Step.HANDLING for one in later),
        "answer": (next_one.outcome if next_one else None) if is_dispatching else "",
        "opened": leg.opened,
        "stopped": leg.stopped,
        "due": leg.due,
    }


def _event(events: list[Happened], number: int) -> Row:
    event, later = events[number], events[number + 1 :]
    answer = next((one for one in later if one.move in ANSWERS), None) if event.move in GIVEN else None
    is_first = event.move == "register" and all(one.move != "register" for one in events[:number])
    return {
        "unit": None if event.after in NOT_ANSWERED_FOR else event.unit,
        "loop": event.loop,
        "move": event.move,
        "before": event.before,
        "after": event.after,
        "by_system": event.by_system,
        "is_first_registering": is_first,
        "was_reopened": event.move == "close" and any(one.move == "reopen" for one in later),
        "answer": (answer.move if answer else None) if event.move in GIVEN else "",
        "hours_to_answer": _hours(event.at, answer.at) if answer else None,
        "at": event.at,
    }


def _order(order: Order) -> Row:
    return {
        "unit": order.unit,
        "is_replied": order.replied is not None,
        "replied_in_time": order.replied and order.replied <= order.deadline,
        "is_accepted": order.accepted is not None,
        "was_repeated": order.times > 1,
        "by_system": order.by_system,
        "ordered": order.ordered,
        "deadline": order.deadline,
        "replied": order.replied,
        "accepted": order.accepted,
    }


def _hours(begin: dt.datetime, end: dt.datetime | None) -> float | None:
    return (end - begin).total_seconds() / 3600 if end else None


def _whole_hours(begin: dt.datetime, end: dt.datetime | None) -> int | None:
    """Rounded as the database does: half an hour is one."""
    if end is None:
        return None
    return (2 * ((end - begin) // dt.timedelta(microseconds=1)) + HOUR) // (2 * HOUR)
