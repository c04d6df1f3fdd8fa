"""What an arrangement would move, before anybody saves it; nothing is written here."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cases import deadlines
from cases.actions.recounting import WORKING, counted_across
from cases.calendar import calendar_for
from cases.deadlines import Calendar, Marks
from cases.holidays import Day
from cases.models import Case, Leg
from governance.models import User

#: Rows that a page shows, and legs that it counts again while somebody waits.
SHOWN, COUNTED = 50, 5_000


@dataclass
class Preview:
    """Which open deadlines would move; ``looked_at`` stops at ``COUNTED``, the soonest first."""

    moved: int = 0
    settled: int = 0  # no longer provisional
    looked_at: int = 0
    is_whole: bool = True
    first: list[tuple[Leg, Marks]] = field(default_factory=list)  # of the cases in the person's scope
    hidden: int = 0  # moved, but out of scope: no more is said of them


def preview(days: Mapping[dt.date, Day], *, complete: int | None, by: User, now: dt.datetime) -> Preview:
    """Count open legs again as if an arrangement were saved."""
    touched = list(days)
    if complete is not None:
        touched += [dt.date(complete, 1, 1), dt.date(complete, 12, 31)]
    found = Preview()
    if not touched:
        return found
    across = counted_across(min(touched), max(touched)).filter(limit_unit__in=WORKING)
    legs = list(across.select_related("case").order_by("due_at", "pk")[: COUNTED + 1])
    found.is_whole, legs = len(legs) <= COUNTED, legs[:COUNTED]
    found.looked_at = len(legs)
    since = min((leg.counted_from for leg in legs if leg.counted_from), default=now)
    calendars: dict[int, Calendar] = {}
    moved: list[tuple[Leg, Marks]] = []
    for leg in legs:
        district = leg.case.district_id
        if district not in calendars:
            calendars[district] = _with(calendar_for(district, now, since), days, complete)
        assert leg.basis is not None
        marks = deadlines.recount(leg.basis, leg.limit, calendars[district])
        found.settled += leg.is_provisional and not marks.is_provisional
        if marks.due_at != leg.due_at:
            moved.append((leg, marks))
    of_moved = Case.objects.visible_to(by).filter(pk__in=[leg.case_id for leg, _ in moved])
    visible = set(of_moved.values_list("pk", flat=True))
    shown = [(leg, marks) for leg, marks in moved if leg.case_id in visible]
    found.moved, found.hidden, found.first = len(moved), len(moved) - len(shown), shown[:SHOWN]
    return found


def _with(calendar: Calendar, days: Mapping[dt.date, Day], complete: int | None) -> Calendar:
    exceptions = {**calendar.exceptions, **{day: said.is_working for day, said in days.items()}}
    years = calendar.published | ({complete} if complete is not None else set())
    return replace(calendar, exceptions=exceptions, published=frozenset(years))
