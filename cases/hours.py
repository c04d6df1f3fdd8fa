"""Working windows as people write them: one reader, one spelling that is stored, refused where they cannot be counted."""

import datetime as dt
import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from cases.deadlines import Windows, check_windows

DASHES = re.compile(r"\s*[-‐‑‒–—―−~〜∼至到]+\s*")
BETWEEN = re.compile(r"[\s,、;/和及]+")
WINDOW = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
HELP = "应写成“09:00-12:00 13:00-17:00”，时段之间空一格，用 24 小时制。"


def read_windows(text: str) -> Windows:
    """Read ``09:00-12:00 13:00-17:00`` in its usual variants (full-width, ～, 至, 9:00); an end of 24:00 is 00:00.

    Raises ``ValueError`` with a sentence for what is no time, or out of order.
    """
    plain = DASHES.sub("-", unicodedata.normalize("NFKC", text).strip().strip("。."))
    plain = re.sub(r"\s*:\s*", ":", plain)
    windows = [_window(part) for part in BETWEEN.split(plain) if part]
    check_windows(windows)
    return tuple(windows)


def _window(text: str) -> tuple[dt.time, dt.time]:
    match = WINDOW.fullmatch(text)
    if match is None:
        raise ValueError(f"看不懂工作时段“{text[:40]}”，{HELP}")
    opens, closes = ((int(match[n]), int(match[n + 1])) for n in (1, 3))
    if closes == (24, 0):
        closes = (0, 0)
    try:
        return dt.time(*opens), dt.time(*closes)
    except ValueError:
        raise ValueError(f"“{text}”里没有这样的钟点，{HELP}") from None


def write_windows(windows: Windows) -> str:
    """The one spelling that is stored: two digits, ASCII, one blank; midnight at the end is 24:00."""
    return " ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in windows).replace("-00:00", "-24:00")


class WindowsField(models.CharField):
    """Working windows in their stored spelling; whatever cannot be counted with is refused by every way of saving."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return text
        try:
            return write_windows(read_windows(text))
        except ValueError as problem:
            raise ValidationError(str(problem)) from problem

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))
