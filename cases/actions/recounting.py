"""After a change of the calendar: which legs are to be counted again, and what that does to each of them.

A change marks legs by one statement; the sweep counts them again, or the door does before a person's move. Marking
and counting are apart so that ten thousand cases do not hold up the page that saves a holiday.
"""

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from cases import deadlines
from cases.calendar import calendar_for
from cases.clocks import stamp
from cases.deadlines import SHANGHAI, Calendar, Marks, Unit
from cases.models import CalendarChange, Case, Leg
from cases.workflow import Lateness

#: Longer ago than the calendar of a move reaches.
LONG_AGO = dt.timedelta(days=50)
#: Marks that were set while a change was being saved may have been counted by the old calendar.
WHILE_SAVING = dt.timedelta(minutes=10)
WORKING = [unit for unit in Unit if unit.is_working]
SETTLED_AFTER = dt.timedelta(minutes=2)


def marks_of(case: Case, leg: Leg, calendar: Calendar, now: dt.datetime) -> Marks:
    """The marks of a leg by the calendar of now: counted again, or around its due date where no basis was kept."""
    if leg.basis is None:
        return deadlines.marks_around(leg.due_at, leg.limit, calendar)
    if leg.basis.since < now - LONG_AGO:
        calendar = calendar_for(case.district_id, now, leg.basis.since)
    return deadlines.recount(leg.basis, leg.limit, calendar)


def mark_outdated(change: CalendarChange, *, again: bool = False) -> int:
    """Mark the open legs whose counting went across the changed days; returns how many.

    ``again`` looks for those alone whose marks were set while the change was being saved.
    """
    legs = outdated_by(change.first_day, change.last_day, change.district_id)
    if again:
        made_at = change.made_at
        legs = legs.filter(
            counted_at__range=(made_at - WHILE_SAVING, made_at + SETTLED_AFTER), outdated_by=None
        )
    return legs.update(outdated_by=change)


def outdated_by(first_day: dt.date, last_day: dt.date, district_id: int | None) -> QuerySet[Leg]:
    """Open legs that a change of these days outdates: of the holidays, or of the office hours of a district."""
    legs = counted_across(first_day, last_day)
    if district_id is None:
        return legs.filter(limit_unit__in=WORKING)
    # A calendar day's yellow begins with the office hours.
    return legs.exclude(limit_unit=Unit.URGENT_HOUR).filter(case__district=district_id)


def counted_across(first_day: dt.date, last_day: dt.date) -> QuerySet[Leg]:
    """Open legs between whose beginning and grace a day of these lies."""
    first, end = _midnight(first_day), _midnight(last_day + dt.timedelta(days=1))
    return Leg.objects.open().filter(counted_from__lt=end, escalate_at__gte=first)


def look_again(now: dt.datetime) -> None:
    """Mark, once, the legs whose marks were set while a change was being saved."""
    for change in CalendarChange.objects.filter(is_settled=False, made_at__lte=now - SETTLED_AFTER):
        mark_outdated(change, again=True)
        CalendarChange.objects.filter(pk=change.pk).update(is_settled=True)


def still_right(case: Case, leg: Leg, calendar: Calendar, now: dt.datetime) -> bool:
    """Whether an outdated leg comes to the same marks, which is then noted without an event; the case is locked."""
    marks = marks_of(case, leg, calendar, now)
    if (marks.due_at, marks.warn_at, marks.escalate_at) != (leg.due_at, leg.warn_at, leg.escalate_at):
        return False
    settle(leg, is_provisional=marks.is_provisional)
    return True


def settle(leg: Leg, **counted: Any) -> bool:
    """Write what was counted and take the mark that was read off a leg.

    False, with nothing written, where a later change, committed meanwhile, has marked it again.
    """
    as_read = Leg.objects.filter(pk=leg.pk, outdated_by=leg.outdated_by_id)
    return bool(as_read.update(outdated_by=None, **counted))


def reason(leg: Leg) -> str:
    """Why a leg is counted again, for its event."""
    assert leg.outdated_by is not None and leg.counted_from is not None
    return f"工作日历有变（{leg.outdated_by.words}），时限从 {stamp(leg.counted_from)} 起重新计算。"


def lateness_after(leg: Leg, marks: Marks, now: dt.datetime) -> Lateness:
    """The colour that a leg keeps under new marks; a new colour is the sweep's to give."""
    if leg.lateness == Lateness.RED and now >= marks.due_at:
        return Lateness.RED
    if leg.lateness != Lateness.NONE and now >= marks.warn_at:
        return Lateness.YELLOW
    return Lateness.NONE


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), SHANGHAI)
