"""Everything that changes the calendar: holidays, years declared complete, office hours.

Each change is written down with who made it, and marks the open legs that were counted across its days.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from cases.actions.recounting import mark_outdated, outdated_by
from cases.deadlines import is_weekday
from cases.holidays import Day
from cases.models import CalendarChange, CalendarYear, Leg, WorkDay, WorkingHours
from cases.models.time import FIRST_DAY, LAST_DAY
from governance.models import User
from governance.refusals import Refused
from records import chain
from records.door import written_under


@transaction.atomic
def arrange(
    days: Mapping[dt.date, Day],
    *,
    words: str,
    by: User | None,
    now: dt.datetime,
    key: uuid.UUID | None = None,
    complete: int | None = None,
) -> CalendarChange | None:
    """Save what an arrangement says of some days and, with ``complete``, declare a year; the same key does it once.

    Days that nothing is said of stay as they are. Returns the change, or None where everything was so before; raises
    ``KeyReused`` when the key was used for another arrangement.
    """
    _one_at_a_time()
    said_of = [[f"{day}", said.is_working, said.note] for day, said in sorted(days.items())]
    given = {"days": said_of, "complete": complete, "words": words}
    wanted = chain.request_digests(by.pk if by else None, "arrange", given)
    if key is not None and (earlier := written_under(key, CalendarChange.objects.all(), wanted)):
        return earlier
    before = {row.day: row for row in WorkDay.objects.filter(day__in=days)}
    moved = [day for day, said in days.items() if _worked(day, before) != said.is_working]
    for day, said in days.items():
        row = before.get(day)
        if said.is_working == is_weekday(day):  # no row is needed to say so
            if row is not None:
                row.delete()
        elif row is None or (row.is_working, row.note) != (said.is_working, said.note):
            WorkDay.objects.update_or_create(
                day=day, defaults={"is_working": said.is_working, "note": said.note}
            )
    if complete is not None and declare_years([complete], words=words, by=by, now=now):
        moved += [dt.date(complete, 1, 1), dt.date(complete, 12, 31)]
    return changed(moved, words=words, by=by, now=now, key=key, request_digest=wanted[0])


def _worked(day: dt.date, rows: Mapping[dt.date, WorkDay]) -> bool:
    return rows[day].is_working if day in rows else is_weekday(day)


def declare_years(years: Iterable[int], *, words: str, by: User | None, now: dt.datetime) -> list[int]:
    """Declare years complete that nobody has declared yet; returns them. Marking legs is the caller's."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    fresh = [year for year in years if year not in known]
    CalendarYear.objects.bulk_create(
        CalendarYear(year=year, notice=words[:120], declared_by=by, declared_at=now) for year in fresh
    )
    return fresh


def changed(
    days: Iterable[dt.date],
    *,
    words: str,
    by: User | None,
    now: dt.datetime,
    key: uuid.UUID | None = None,
    request_digest: str = "",
    district_id: int | None = None,
) -> CalendarChange | None:
    """Write down a change of some days and mark the legs that were counted across them; None without a day."""
    days = list(days)
    if not days:
        return None
    change = CalendarChange.objects.create(
        key=key or uuid.uuid4(),
        request_digest=request_digest,
        made_at=now,
        made_by=by,
        words=words[:200],
        first_day=min(days),
        last_day=max(days),
        district_id=district_id,
    )
    mark_outdated(change)
    return change


@transaction.atomic
def save_day(row: WorkDay, *, by: User, now: dt.datetime) -> None:
    """Save one row of the calendar, which may have been moved from another day."""
    _one_at_a_time()
    days = moved_by(row)
    _demand_unlocked(days, now)
    row.save()
    changed(days, words=f"{row}", by=by, now=now)


@transaction.atomic
def remove_days(rows: Iterable[WorkDay], *, by: User, now: dt.datetime) -> None:
    """Remove rows of the calendar: their days are again what their weekday says."""
    _one_at_a_time()
    rows = list(rows)
    days = [row.day for row in rows if row.is_working != is_weekday(row.day)]
    _demand_unlocked(days, now)
    WorkDay.objects.filter(pk__in=[row.pk for row in rows]).delete()
    changed(days, words=f"取消{'、'.join(map(str, rows))}", by=by, now=now)


@transaction.atomic
def withdraw_years(rows: Iterable[CalendarYear], *, by: User, now: dt.datetime) -> None:
    """Take back that years are complete: limits that reach them are provisional again."""
    _one_at_a_time()
    rows = list(rows)
    if over := [row.year for row in rows if row.year < timezone.localdate(now).year]:
        raise Refused(f"{min(over)} 年已经过去，它的安排不能撤销：已办结的案件是按它计时的。")
    for row in rows:
        row.delete()
        days = [dt.date(row.year, 1, 1), dt.date(row.year, 12, 31)]
        changed(days, words=f"撤销“{row.year} 年安排已齐”", by=by, now=now)


@transaction.atomic
def save_hours(row: WorkingHours, *, by: User, now: dt.datetime) -> None:
    """Save office hours of a district, which hold from a day on. Raises ``Refused`` for a row that changes its district."""
    _one_at_a_time()
    before = WorkingHours.objects.filter(pk=row.pk).first() if row.pk else None
    if before and before.district_id != row.district_id:  # the district it leaves might be left with none
        raise Refused(
            f"这条工作时段是{before.district}的，不能改给别的区。请给{row.district}另加一条。", "district"
        )
    row.save()
    row.refresh_from_db()
    said = (row.valid_from, row.windows)
    if before is None or (before.valid_from, before.windows) != said:
        for one in (before, row) if before else (row,):
            _hours_changed(one, words=f"作息时间：{row}", by=by, now=now)


@transaction.atomic
def remove_hours(rows: Iterable[WorkingHours], *, by: User, now: dt.datetime) -> None:
    """Remove office hours: those before them hold on. Raises ``Refused`` for the last ones of a district."""
    _one_at_a_time()
    rows = list(rows)
    left = WorkingHours.objects.exclude(pk__in=[row.pk for row in rows])
    for row in rows:
        if not left.filter(district=row.district_id).exists():
            raise Refused(
                f"这是{row.district}最后一条工作时段，不能删除：没有它就数不出时限。要改，请另加一条，写明自哪天起。"
            )
    for row in rows:
        WorkingHours.objects.filter(pk=row.pk).delete()
        _hours_changed(row, words=f"取消作息时间：{row}", by=by, now=now)


def _hours_changed(row: WorkingHours, *, words: str, by: User | None, now: dt.datetime) -> None:
    changed([_first_of(row), LAST_DAY], words=words, by=by, now=now, district_id=row.district_id)


def _first_of(row: WorkingHours) -> dt.date:
    """The first day of office hours; the first hours of a district hold before their day as well."""
    earlier = WorkingHours.objects.filter(district=row.district_id, valid_from__lt=row.valid_from)
    return row.valid_from if earlier.exclude(pk=row.pk).exists() else FIRST_DAY


def is_locked(day: dt.date, *, today: dt.date) -> bool:
    """Whether a day is over in a year that was declared complete: what was settled by then was counted with it."""
    return day < today and CalendarYear.objects.filter(year=day.year).exists()


def _demand_unlocked(days: Iterable[dt.date], now: dt.datetime) -> None:
    today = timezone.localdate(now)
    if over := sorted(day for day in days if is_locked(day, today=today)):
        raise Refused(
            f"{over[0]} 已经过去，不能在这里改：已办结的案件是按它计时的。有公布的更正，请在“日历”页粘贴通知全文。",
            "day",
        )


def cases_of_days(days: Iterable[dt.date]) -> int:
    """How many open cases have a clock that is counted across one of these days."""
    days = list(days)
    return _cases(outdated_by(min(days), max(days), None)) if days else 0


def cases_of_hours(*rows: WorkingHours) -> int:
    """How many open cases have a clock that office hours count."""
    return max((_cases(outdated_by(_first_of(row), LAST_DAY, row.district_id)) for row in rows), default=0)


def _cases(legs: QuerySet[Leg]) -> int:
    return legs.order_by().values("case").distinct().count()


def moved_by(row: WorkDay) -> list[dt.date]:
    """The days that saving a row would make working or free."""
    before = WorkDay.objects.filter(pk=row.pk).first() if row.pk else None
    old, new = ({before.day: before} if before else {}), {row.day: row}
    return [day for day in {*old, *new} if _worked(day, old) != _worked(day, new)]


def _one_at_a_time() -> None:
    """Let changes of the calendar wait for each other until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cases.calendar'))")
