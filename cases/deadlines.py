"""Working-time arithmetic: when a limit warns, ends and escalates; pure, no query (rules: docs/deadlines.md).

Moments are whole seconds in Asia/Shanghai; 24:00 of a day is 00:00 of the next.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from django.db.models import TextChoices

# China keeps one offset and no summer time: a fixed offset is right and needs no zone files.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

HOUR = 3600
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
# Four decimals of an hour tell every second apart (0.36 s), so that a stored remainder loses nothing.
HOUR_STEP = Decimal("0.0001")
MOST_HOURS = 8760
MOST_DAYS = 3650

Windows = tuple[tuple[time, time], ...]
OfficeHours = tuple[tuple[date, Windows], ...]
DEFAULT_HOURS: OfficeHours = ((date.min, ((time(9), time(12)), (time(13), time(17)))),)


class Unit(TextChoices):
    """What a limit is counted in."""

    URGENT_HOUR = "urgent_hour", "紧急工作时"
    WORKING_HOUR = "working_hour", "工作时"
    WORKING_DAY = "working_day", "工作日"
    CALENDAR_DAY = "calendar_day", "自然日"

    @property
    def is_days(self) -> bool:
        """Whether whole days are counted, rather than hours."""
        return self in (Unit.WORKING_DAY, Unit.CALENDAR_DAY)

    @property
    def is_working(self) -> bool:
        """Whether holidays and make-up workdays matter."""
        return self in (Unit.WORKING_HOUR, Unit.WORKING_DAY)


UNIT_BY_LABEL = {str(unit.label): unit for unit in Unit}
LIMIT_TEXT = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*个?\s*({'|'.join(UNIT_BY_LABEL)})\s*")


@dataclass(frozen=True)
class Limit:
    """An amount in one unit; raises ValueError for part days, negative amounts, fractions of a second."""

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", Unit(self.unit))
        if not isinstance(self.amount, Decimal):
            object.__setattr__(self, "amount", Decimal(str(self.amount)))
        if not self.amount.is_finite() or self.amount < 0:
            raise ValueError("时限必须是不小于零的数。")
        if self.unit.is_days and self.amount % 1:
            raise ValueError(f"以{self.unit.label}计的时限必须是整数。")
        if self.amount % HOUR_STEP:
            raise ValueError("小时数最多保留四位小数。")

    @classmethod
    def parse(cls, text: str, *, may_be_zero: bool = False) -> "Limit":
        """Read "4 工作时" or "4工作时"; zero is refused unless it is a remainder that is read back."""
        match = LIMIT_TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"看不懂时限“{text}”，应写成“4 工作时”，单位为{'、'.join(UNIT_BY_LABEL)}之一。")
        limit = cls(amount=Decimal(match[1]), unit=UNIT_BY_LABEL[match[2]])
        if limit.amount > (MOST_DAYS if limit.unit.is_days else MOST_HOURS):
            raise ValueError(f"时限“{text}”过长，最多 {MOST_DAYS} 天或 {MOST_HOURS} 小时。")
        if not (limit.days if limit.unit.is_days else limit.seconds) and not may_be_zero:
            raise ValueError(f"时限“{text}”必须大于零，至少一秒。")
        return limit

    @classmethod
    def of_seconds(cls, seconds: int, unit: Unit) -> "Limit":
        """The limit in hours that counts so many seconds."""
        hours = (Decimal(seconds) / HOUR).quantize(HOUR_STEP, rounding=ROUND_HALF_UP)
        return cls(amount=hours, unit=unit)

    @property
    def seconds(self) -> int:
        """Counted seconds of a limit in hours."""
        return int((self.amount * HOUR).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    @property
    def days(self) -> int:
        """Counted days of a limit in days."""
        return int(self.amount)

    def __add__(self, other: "Limit") -> "Limit":
        if self.unit != other.unit:
            raise ValueError(f"原时限以{self.unit.label}计，不能与{other.unit.label}相加。")
        if self.unit.is_days:
            return Limit(amount=self.amount + other.amount, unit=self.unit)
        return Limit.of_seconds(self.seconds + other.seconds, self.unit)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit.label}"


def check_windows(windows: Iterable[tuple[time, time]]) -> None:
    """Raise ValueError unless the working windows of a day follow one another, each of some length."""
    edges = [edge for window in windows for edge in _span(window)]
    if not edges or edges != sorted(set(edges)):
        raise ValueError("每日作息时段必须按先后排列，首尾不得重叠。")


def is_weekday(day: date) -> bool:
    """Whether a day is worked where no arrangement says otherwise: Monday to Friday."""
    return day.weekday() < 5


@dataclass(frozen=True)
class Calendar:
    """Exceptions to the week, years published, and dated office hours (an end of 00:00 is 24:00)."""

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    published: frozenset[int] = frozenset()
    hours: OfficeHours = DEFAULT_HOURS

    def __post_init__(self) -> None:
        starts = [valid_from for valid_from, _ in self.hours]
        if not starts or starts != sorted(set(starts)):
            raise ValueError("作息时间必须按生效日期排列，且至少有一段。")
        for _, windows in self.hours:
            check_windows(windows)

    def is_working(self, day: date) -> bool:
        """Whether the day is worked; without an exception, and in a year not published, as its weekday says."""
        return self.exceptions.get(day, is_weekday(day))

    def is_published(self, day: date) -> bool:
        """Whether holidays and make-up workdays of the day's year are known."""
        return day.year in self.published

    def windows(self, day: date) -> Windows:
        """The working windows of a day, none on a day off."""
        return self.hours[self._regime(day)][1] if self.is_working(day) else ()

    def spans(self, day: date) -> tuple[tuple[int, int], ...]:
        """The office hours in force on a day, in seconds since midnight, whether the day is worked or not."""
        return self._spans[self._regime(day)][1]

    @cached_property
    def _spans(self) -> tuple[tuple[date, tuple[tuple[int, int], ...]], ...]:
        return tuple((valid_from, tuple(map(_span, windows))) for valid_from, windows in self.hours)

    def _regime(self, day: date) -> int:
        return max(bisect_right(self.hours, day, key=lambda regime: regime[0]) - 1, 0)


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a due date was counted from, so that it can be counted again: a moment and amounts in the limit's unit."""

    since: datetime
    amount: Decimal  # the limit, or what was left of it
    added: Decimal = Decimal(0)  # by extensions after that


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The three moments that matter of a running limit: yellow, red, one loop up; they follow from basis and limit."""

    due_at: datetime
    warn_at: datetime
    escalate_at: datetime
    limit: Limit
    is_provisional: bool
    basis: Basis | None


def start(now: datetime, limit: Limit, calendar: Calendar) -> Marks:
    """Open a clock with its whole limit."""
    return resume(now, limit, limit, calendar)


def remainder(clock_due: datetime, limit: Limit, now: datetime, calendar: Calendar) -> Limit:
    """What is left: counted time, or whole days after today (none on the last day); zero when late."""
    due_at, now = _local(clock_due), _local(now)
    if now >= due_at:
        return Limit(amount=Decimal(0), unit=limit.unit)
    if limit.unit.is_days:
        days = _days_between(now.date(), _last_day(due_at), limit.unit, calendar)
        return Limit(amount=Decimal(days), unit=limit.unit)
    if limit.unit == Unit.URGENT_HOUR:
        return Limit.of_seconds((due_at - now) // SECOND, limit.unit)
    return Limit.of_seconds(_seconds_between(now, due_at, calendar), limit.unit)


def resume(now: datetime, rest: Limit, full: Limit, calendar: Calendar) -> Marks:
    """Open a clock with the rest of a limit; it warns at once if 80 % of the full limit are used."""
    _check_unit(rest, full)
    return recount(Basis(since=_local(now), amount=rest.amount), full, calendar)


def extend(marks: Marks, amount: Limit, calendar: Calendar) -> Marks:
    """Move a due date by an amount in the unit of the limit; `limit` comes back with the amount added."""
    _check_unit(amount, marks.limit)
    due_at = _extended(_local(marks.due_at), amount, calendar)
    basis = marks.basis and replace(marks.basis, added=marks.basis.added + amount.amount)
    return marks_around(due_at, marks.limit + amount, calendar, basis=basis)


def recount(basis: Basis, full: Limit, calendar: Calendar) -> Marks:
    """Count a limit, extensions included, from where it was counted first: marks are never shifted."""
    rest, added = (Limit(amount=amount, unit=full.unit) for amount in (basis.amount, basis.added))
    due_at = _due(_local(basis.since), rest, calendar)
    if added.amount:
        due_at = _extended(due_at, added, calendar)
    return marks_around(due_at, full, calendar, basis=basis)


def marks_around(due_at: datetime, full: Limit, calendar: Calendar, *, basis: Basis | None = None) -> Marks:
    """Yellow and grace that belong to a due date, itself taken as it is; no yellow lies before the basis."""
    due_at = _local(due_at)
    warn_at, escalate_at = _warning(due_at, full, calendar), _escalation(due_at, full, calendar)
    if basis is not None:
        warn_at = max(warn_at, _local(basis.since))
    return Marks(
        due_at=due_at,
        warn_at=warn_at,
        escalate_at=escalate_at,
        limit=full,
        is_provisional=_is_provisional(basis.since if basis else warn_at, escalate_at, full.unit, calendar),
        basis=basis,
    )


def _due(opened_at: datetime, rest: Limit, calendar: Calendar) -> datetime:
    if rest.unit == Unit.URGENT_HOUR:
        return opened_at + timedelta(seconds=rest.seconds)
    if rest.unit == Unit.WORKING_HOUR:
        return _advance(opened_at, rest.seconds, calendar) if rest.seconds else opened_at
    if rest.days:
        return _close_of(_nth_day(opened_at.date(), rest.days, rest.unit, calendar), rest.unit, calendar)
    return _next_close(opened_at, rest.unit, calendar)


def _extended(due_at: datetime, amount: Limit, calendar: Calendar) -> datetime:
    """Counted on from the due date, which differs from counting the sum where the rest was no whole day."""
    if amount.unit.is_days:
        day = _nth_day(_last_day(due_at), amount.days, amount.unit, calendar)
        return _close_of(day, amount.unit, calendar)
    return _due(due_at, amount, calendar)


def _warning(due_at: datetime, full: Limit, calendar: Calendar) -> datetime:
    """Counted back from the due date, so that opening, resuming and extending share one rule."""
    if full.unit.is_days:
        last_fifth = max(full.days // 5, 1)
        day = _day_before(_last_day(due_at), last_fifth - 1, full.unit, calendar)
        return _at(day, calendar.spans(day)[0][0])
    if full.unit == Unit.URGENT_HOUR:
        return due_at - timedelta(seconds=_fifth(full))
    return _retreat(due_at, _fifth(full), calendar)


def _escalation(due_at: datetime, full: Limit, calendar: Calendar) -> datetime:
    if full.unit == Unit.URGENT_HOUR:
        return due_at
    if full.unit == Unit.WORKING_HOUR:
        return _advance(due_at, _fifth(full), calendar) if full.seconds else due_at
    grace = -(-full.days // 5)
    return _close_of(_nth_day(_last_day(due_at), grace, full.unit, calendar), full.unit, calendar)


def _is_provisional(since: datetime, until: datetime, unit: Unit, calendar: Calendar) -> bool:
    # Urgent hours and calendar days run through holidays: publishing a calendar can't move them.
    if not unit.is_working:
        return False
    return any(year not in calendar.published for year in range(since.year, _last_day(until).year + 1))


def _advance(moment: datetime, seconds: int, calendar: Calendar) -> datetime:
    """The earliest moment with so many working seconds counted: a close, never the opening after it."""
    day, second = moment.date(), _seconds_of(moment.time())
    while True:
        if calendar.is_working(day):
            for opens, closes in calendar.spans(day):
                begin = max(opens, second)
                if begin + seconds <= closes:
                    return _at(day, begin + seconds)
                seconds -= max(closes - begin, 0)
        day, second = day + DAY, 0


def _retreat(moment: datetime, seconds: int, calendar: Calendar) -> datetime:
    """The earliest moment from which so many working seconds are left, the mirror of _advance."""
    day, second = moment.date(), _seconds_of(moment.time())
    while True:
        if calendar.is_working(day):
            for opens, closes in reversed(calendar.spans(day)):
                end = min(closes, second)
                if opens < end - seconds:
                    return _at(day, end - seconds)
                seconds -= max(end - opens, 0)
        day, second = day - DAY, 24 * HOUR


def _seconds_between(since: datetime, until: datetime, calendar: Calendar) -> int:
    total, day, last = 0, since.date(), until.date()
    while day <= last:
        if calendar.is_working(day):
            first = _seconds_of(since.time()) if day == since.date() else 0
            final = _seconds_of(until.time()) if day == last else 24 * HOUR
            for opens, closes in calendar.spans(day):
                total += max(min(closes, final) - max(opens, first), 0)
        day += DAY
    return total


def _nth_day(day: date, count: int, unit: Unit, calendar: Calendar) -> date:
    """The n-th counted day after a day, which itself does not count."""
    return _step(day, count, DAY, unit, calendar)


def _day_before(day: date, count: int, unit: Unit, calendar: Calendar) -> date:
    return _step(day, count, -DAY, unit, calendar)


def _step(day: date, count: int, step: timedelta, unit: Unit, calendar: Calendar) -> date:
    if unit == Unit.CALENDAR_DAY:
        return day + count * step
    while count:
        day += step
        count -= calendar.is_working(day)
    return day


def _days_between(day: date, last: date, unit: Unit, calendar: Calendar) -> int:
    """Counted days after a day up to the last one, included."""
    days = (last - day).days
    if unit == Unit.CALENDAR_DAY:
        return days
    return sum(calendar.is_working(day + timedelta(days=ahead)) for ahead in range(1, days + 1))


def _close_of(day: date, unit: Unit, calendar: Calendar) -> datetime:
    return _at(day, 24 * HOUR if unit == Unit.CALENDAR_DAY else calendar.spans(day)[-1][1])


def _next_close(moment: datetime, unit: Unit, calendar: Calendar) -> datetime:
    """The first close at or after a moment: no whole day is left, but the day of resuming itself."""
    day = moment.date()
    if unit == Unit.CALENDAR_DAY or (calendar.is_working(day) and moment <= _close_of(day, unit, calendar)):
        return _close_of(day, unit, calendar)
    return _close_of(_nth_day(day, 1, unit, calendar), unit, calendar)


def _fifth(limit: Limit) -> int:
    """20 % of a limit in hours, in seconds, rounded up: the yellow time and the grace."""
    return -(-limit.seconds // 5)


def _last_day(due_at: datetime) -> date:
    """The day a due date belongs to, since 24:00 is written as 00:00 of the next day."""
    return (due_at - SECOND).date()


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("时间缺少时区，无法计算时限。")
    return moment.astimezone(SHANGHAI).replace(microsecond=0)


def _at(day: date, second: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(seconds=second)


def _seconds_of(moment: time) -> int:
    return moment.hour * HOUR + moment.minute * 60 + moment.second


def _span(window: tuple[time, time]) -> tuple[int, int]:
    opens, closes = window
    return _seconds_of(opens), _seconds_of(closes) or 24 * HOUR


def _check_unit(part: Limit, full: Limit) -> None:
    if part.unit != full.unit:
        raise ValueError(f"时限以{full.unit.label}计，不能按{part.unit.label}增减。")
