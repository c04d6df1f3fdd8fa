"""Times and clocks in the words people use: 今天 14:05, 12-18 24:00, 剩 3 小时 20 分, 超 1 天."""

import datetime as dt

from django.utils import timezone

from cases.deadlines import Limit, Unit

MIDNIGHT = dt.time()
DAY = dt.timedelta(days=1)


def when(moment: dt.datetime | None) -> str:
    """今天 14:05, else 11-21 14:05, in another year 2025-11-21 14:05."""
    if moment is None:
        return ""
    local = _local(moment)
    return _words(local.date(), f"{local:%H:%M}")


def due(moment: dt.datetime | None) -> str:
    """``when`` for a deadline: 00:00 is 24:00 of the day before, on which it is due."""
    return "" if moment is None else _words(*_due(moment))


def due_stamp(moment: dt.datetime | None) -> str:
    """``stamp`` for a deadline: 2026-12-18 24:00."""
    if moment is None:
        return ""
    day, time = _due(moment)
    return f"{day} {time}"


def due_within(first: dt.datetime, end: dt.datetime) -> dict[str, dt.datetime]:
    """What a queryset is filtered by for deadlines from one midnight to another: 24:00 of the last day is within."""
    return {"due_at__gt": first, "due_at__lte": end}


def _due(moment: dt.datetime) -> tuple[dt.date, str]:
    local = _local(moment)
    if local.time() == MIDNIGHT:
        return local.date() - DAY, "24:00"
    return local.date(), f"{local:%H:%M}"


def _words(day: dt.date, time: str) -> str:
    today = _local(timezone.now()).date()
    if day == today:
        return f"今天 {time}"
    return f"{day:%m-%d} {time}" if day.year == today.year else f"{day:%Y-%m-%d} {time}"


def _local(moment: dt.datetime) -> dt.datetime:
    # The zone of the product: asking for the current one costs as much as the rest.
    return moment.astimezone(timezone.get_default_timezone())


def stamp(moment: dt.datetime) -> str:
    """2026-11-21 14:05: for whatever outlives the day, a file, a print or a screen on the wall."""
    return f"{_local(moment):%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "不到 1 分"
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} 天 {hours} 小时" if hours and days < 10 else f"{days} 天"
    if hours:
        return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
    return f"{rest} 分"


def limit_in_words(text: str) -> str:
    """A limit as people say it: 6 分钟 for "0.1 紧急工作时", 24 小时 for "24 紧急工作时"; working hours and days as they are.

    Raises ValueError for what ``Limit.parse`` cannot read.
    """
    limit = Limit.parse(text)
    if limit.unit.is_days or (limit.unit == Unit.WORKING_HOUR and limit.amount >= 1):
        return str(limit)
    seconds = limit.seconds
    if seconds < 60:
        return f"{seconds} 秒"
    return f"{seconds / 60:.3g} 分钟" if seconds < 3600 else f"{seconds / 3600:.4g} 小时"


def clock(due_at: dt.datetime | None) -> str:
    """剩 3 小时 20 分 or 超 1 天; empty without a clock."""
    if due_at is None:
        return ""
    left = (due_at - timezone.now()).total_seconds()
    return f"剩 {duration(left)}" if left >= 0 else f"超 {duration(-left)}"
