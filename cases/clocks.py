"""Times and clocks in the words people use: 今天 14:05, 剩 3 小时 20 分, 超 1 天."""

import datetime as dt

from django.utils import timezone


def when(moment: dt.datetime | None) -> str:
    """今天 14:05, else 11-21 14:05, in another year 2025-11-21 14:05."""
    if moment is None:
        return ""
    # The one of the product: asking for the current one costs as much as the rest.
    zone = timezone.get_default_timezone()
    local, today = moment.astimezone(zone), timezone.now().astimezone(zone).date()
    if local.date() == today:
        return f"今天 {local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def stamp(moment: dt.datetime) -> str:
    """2026-11-21 14:05: for whatever outlives the day, a file, a print or a screen on the wall."""
    return f"{moment.astimezone(timezone.get_default_timezone()):%Y-%m-%d %H:%M}"


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


def clock(due_at: dt.datetime | None) -> str:
    """剩 3 小时 20 分 or 超 1 天; empty without a clock."""
    if due_at is None:
        return ""
    left = (due_at - timezone.now()).total_seconds()
    return f"剩 {duration(left)}" if left >= 0 else f"超 {duration(-left)}"
