"""Periods: whole days, both ends in it, cut into months and days so that long ones read few rows."""

import calendar
import datetime as dt
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
#: Periods with a name, today among their days, the usual one first.
NAMED = {
    "30": "近 30 天",
    "today": "今天",
    "7": "近 7 天",
    "90": "近 90 天",
    "month": "本月",
    "last_month": "上月",
    "year": "今年",
}


@dataclass(frozen=True)
class Stretch:
    """Whole months, or single days, from ``first`` to ``last``; a month is named by its first day."""

    span: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Period:
    """From the beginning of one day to the end of another."""

    begin: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.begin > self.end:
            raise ValueError("a period ends before it begins")

    @classmethod
    def named(cls, name: str, today: dt.date) -> "Period":
        """A period by its name in an address; raises ``KeyError`` for an unknown one."""
        match name:
            case "month":
                return cls(today.replace(day=1), today)
            case "last_month":
                last = today.replace(day=1) - DAY
                return cls(last.replace(day=1), last)
            case "year":
                return cls(today.replace(month=1, day=1), today)
        days = {"today": 1}.get(name) or int(NAMED[name].split()[1])
        return cls(today - (days - 1) * DAY, today)

    @property
    def days(self) -> int:
        return (self.end - self.begin).days + 1

    def before(self) -> "Period":
        """The period of the same length that ends the day before this one begins."""
        return self.earlier(self.days)

    def earlier(self, days: int) -> "Period":
        """As long, so many days earlier."""
        return Period(self.begin - days * DAY, self.end - days * DAY)

    def a_week_earlier(self) -> "Period":
        return self.earlier(7)

    def a_month_earlier(self) -> "Period":
        """The same days of the month before; a day that it has not is its last."""
        return Period(_months_earlier(self.begin, 1), _months_earlier(self.end, 1))

    def a_year_earlier(self) -> "Period":
        return Period(_months_earlier(self.begin, 12), _months_earlier(self.end, 12))

    def stretches(self) -> list[Stretch]:
        """Whole months and the days around them, so that a year is read as twelve rows a cell."""
        first_month = self.begin if self.begin.day == 1 else _next_month(self.begin)
        end_month = (
            _next_month(self.end) if _next_month(self.end) == self.end + DAY else self.end.replace(day=1)
        )
        if first_month >= end_month:
            return [Stretch("day", self.begin, self.end)]
        parts = [Stretch("month", first_month, end_month - DAY)]
        if self.begin < first_month:
            parts.append(Stretch("day", self.begin, first_month - DAY))
        if end_month <= self.end:
            parts.append(Stretch("day", end_month, self.end))
        return parts


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def _months_earlier(day: dt.date, months: int) -> dt.date:
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
