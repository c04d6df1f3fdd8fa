"""Figures as pictures take them: a number with its words, what it is counted from, and the list behind it."""

from dataclasses import dataclass

from appraisal.figures import SMALL, Figure


@dataclass(frozen=True)
class Point:
    """What a chart shows of a number (``templates/_components/charts.html``); without a value there is a gap."""

    value: float | None = None
    text: str = "无数据"
    url: str = ""
    base: str = ""
    is_small: bool = False
    #: The list of what it is a share of, where the base says that number.
    whole_url: str = ""


def point(found: Figure, url: str = "", whole_url: str = "") -> Point:
    """A figure with the lists of what it counts and of its denominator; zero has no list."""
    if found.value is None:
        return Point()
    unit = "%" if found.measure.unit == "%" else ""
    base = f"{found.numerator:,.0f} / {found.denominator:,.0f}" if found.measure.is_ratio else ""
    lists = (url if found.numerator else "", whole_url if base else "")
    return Point(round(found.value, 1), f"{found.shown}{unit}", lists[0], base, found.is_small, lists[1])


def count(number: int, url: str = "", base: str = "", *, is_ranked: bool = False) -> Point:
    """A plain count; where counts are ranked, few are said to be few."""
    return Point(number, f"{number:,}", url if number else "", base, is_ranked and number < SMALL)


def lateness_of(found: Figure) -> str:
    """The colour of a figure by its thresholds: red where it misses them, yellow between them."""
    if found.value is None or found.is_small or found.measure.thresholds is None:
        return ""
    return {"good": "", "bad": "red"}.get(found.tone, "yellow")
