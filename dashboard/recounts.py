"""Whether the events say the same as a number: at once where they are few, else in the background, followed on the page."""

import datetime as dt
from typing import Any

from appraisal.adjusting import excluded, is_adjustable, left_out_by_decisions, less
from appraisal.catalogue import Measure, counters
from appraisal.counting import Counts, counts
from appraisal.models import Recount
from appraisal.recounting import AT_ONCE, Recounted, one_moment, recount_at_once
from appraisal.recounts import ahead_of, ask, last_of
from cases.clocks import when
from cases.models import Category
from dashboard.filters import Chosen
from governance.models import User


def recount_context(measure: Measure, found: Chosen, *, at_once: bool = False) -> dict[str, Any]:
    """What the part of the page about recounts shows: the one just made, or the last that was asked for."""
    can_recount = not measure.is_now and bool(measure.counters)
    row = last_of(measure, found.period, found.slice) if can_recount else None
    return {
        "measure": measure,
        "can_recount": can_recount,
        "recount": _at_once(measure, found) if at_once and can_recount else None,
        "row": row,
        "row_lines": _named(row.lines) if row else [],
        "ahead": ahead_of(row) if row and row.state == Recount.State.WAITING else 0,
    }


def _at_once(measure: Measure, found: Chosen) -> dict[str, Any]:
    """What the events alone say of every counter of a measure, beside what the board says."""
    with one_moment():
        events = recount_at_once(measure.counters, found.period, found.slice)
        if events is None:
            return {"most": AT_ONCE}
        board = counts(measure.counters, [found.period], found.slice).get((0, None), {})
        lines = _compared(measure, board, events)
        left_out = excluded(measure.counters, [found.period], found.slice).get((0, None))
        if left_out is not None and is_adjustable(measure):
            cases = left_out_by_decisions()
            rest = recount_at_once(measure.counters, found.period, found.slice, without=cases)
            assert rest is not None  # there are fewer
            lines += _compared(measure, less(board, left_out.counts), rest, "剔除后")
    agrees = all(one["events"] in (None, one["board"]) for one in lines)
    return {"lines": _named(lines), "agrees": agrees, "records": events.records, "events": events.events}


def _compared(measure: Measure, board: Counts, events: Recounted, beside: str = "") -> list[dict[str, Any]]:
    """Every counter of a measure as the board counts it and as events tell it; ``beside`` says of what."""
    told = events.counts.get((0, None), {})
    return [
        {
            "counter": key,
            "beside": beside,
            "board": board.get(key, 0),
            "events": None if key in events.untold else told.get(key, 0),
        }
        for key in sorted(measure.counters)
    ]


def _named(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of a recount with the words of their counters; one that is no more has its key."""
    known = counters()
    return [
        one | {"label": known[one["counter"]].label if one["counter"] in known else one["counter"]}
        for one in lines
    ]


def ask_for(measure: Measure, found: Chosen, *, by: User, now: dt.datetime) -> tuple[bool, str]:
    """Ask for a recount in the background; whether it is new, and what is said of it. Raises ``Refused``."""
    row, is_new = ask(measure, found.period, found.slice, words=_words(found), by=by, now=now)
    if is_new:
        return True, "已排入后台复算，离开本页也会继续。"
    who = "您" if row.asked_by_id == by.pk else row.asked_by.name if row.asked_by else "系统"
    return False, f"同一复算已由{who}在{when(row.asked_at)} 提出，正在进行，不必再提。"


def _words(found: Chosen) -> str:
    """Place and filters, as the status page names them."""
    words = [found.place.name, *found.narrowed_words]
    if unit := found.places.by_pk.get(found.slice.unit or 0):
        words.append(unit.name)
    if found.slice.category:
        words += Category.objects.filter(pk=found.slice.category).values_list("name", flat=True)
    return " · ".join(words)
