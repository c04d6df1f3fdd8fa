"""What became of a place over a period: lines over time, six steps, hours and weekdays, categories that grow."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

from appraisal.catalogue import Measure, measures
from appraisal.counting import By, Counts, counts
from appraisal.figures import SMALL, figure
from appraisal.periods import DAY, Period
from cases.models import Category
from dashboard.cells import HOURS, WEEKDAYS
from dashboard.filters import COMPARED, Chosen
from dashboard.points import Point, count, point

STEPS = {"day": "按天", "week": "按周", "month": "按月"}
#: Up to so many days a line has a point a day, or a week.
DAILY, WEEKLY = 45, 200
#: Cases of the period by the step that they have reached; one after another, each a share of the first.
REACHED = {
    "派遣": "reached_dispatch_rate",
    "处置": "reached_handling_rate",
    "核查": "reached_verification_rate",
    "结案": "reached_closing_rate",
    "评价": "reached_evaluation_rate",
}
GROWING = 10
NOW, BEFORE = 0, 1


def step_of(period: Period, asked: str) -> str:
    """How a period is cut where the address does not say it."""
    if asked in STEPS:
        return asked
    return "day" if period.days <= DAILY else "week" if period.days <= WEEKLY else "month"


def cut(period: Period, step: str) -> list[Period]:
    """A period in days, in runs of seven days, or in months; the last may be shorter, and of months the first."""
    found, begin = [], period.begin
    while begin <= period.end:
        end = begin
        if step == "week":
            end = begin + 6 * DAY
        elif step == "month":
            end = (begin.replace(day=1) + 32 * DAY).replace(day=1) - DAY
        found.append(Period(begin, min(end, period.end)))
        begin = end + DAY
    return found


def days_in_words(period: Period) -> dict[str, Any]:
    """Words of an address for exactly these days."""
    return {"period": None, "begin": period.begin.isoformat(), "until": period.end.isoformat()}


class Trends:
    """Counts of every day of the period and of the one that it is compared with, in one statement."""

    def __init__(self, chosen: Chosen, wanted: Iterable[Measure], step: str, today: dt.date) -> None:
        self.chosen, self.step, self.today = chosen, step, today
        keys = {name for one in wanted for name in one.counters}
        periods = [chosen.period, chosen.earlier]
        self._days = counts(keys, periods, chosen.slice, By.DAY)

    def sum(self, within: Period, period: int = NOW) -> Counts:
        """Counts of some days together."""
        found: Counter[str] = Counter()
        for (number, day), day_counts in self._days.items():
            if number == period and isinstance(day, dt.date) and within.begin <= day <= within.end:
                found.update(day_counts)
        return dict(found)

    def labels(self) -> list[str]:
        """Words of the points of a line."""
        has_years = self.chosen.period.begin.year != self.chosen.period.end.year
        day = "%Y-%m-%d" if has_years and self.step != "month" else "%m-%d"
        if self.step == "month":
            return [f"{one.begin:%Y-%m}" if has_years else f"{one.begin.month} 月" for one in self._cut()]
        return [f"{one.begin:{day}}" + (" 起" if self.step == "week" else "") for one in self._cut()]

    def lines(self, measure: Measure) -> list[dict[str, Any]]:
        """This period, and the one that it is compared with, point by point."""
        return [
            {"name": "本期", "points": [self._point(measure, one, NOW) for one in self._cut()]},
            {
                "name": COMPARED[self.chosen.compare],
                "points": [self._before(measure, one) for one in self._cut()],
            },
        ]

    def _cut(self) -> list[Period]:
        return cut(self.chosen.period, self.step)

    def _point(self, measure: Measure, days: Period, period: int) -> Point:
        if days.begin > self.today:
            return Point()
        found = self.chosen.figure(measure, self.sum(days, period), days)
        return point(found, *self.chosen.lists(measure.key, **days_in_words(days)))

    def _before(self, measure: Measure, days: Period) -> Point:
        """The same days of the earlier period; a day that its month has not is a gap."""
        before = self.chosen.before(days)
        if self.chosen.compare in ("month", "year") and before.begin.day != days.begin.day:
            return Point()
        return self._point(measure, before, BEFORE)

    def funnel(self) -> list[dict[str, Any]]:
        """Of the cases that were reported in the period: how many have come how far by now."""
        whole, chosen = self.sum(self.chosen.period), self.chosen
        first = chosen.figure(measures()[REACHED["派遣"]], whole)
        number = int(first.denominator or 0)
        steps = [
            ("上报", count(number, chosen.counted(REACHED["派遣"], "denominator"), "100%" if number else ""))
        ]
        for name, key in REACHED.items():
            found = chosen.figure(measures()[key], whole)
            share = f"{found.shown}%" if found.value is not None and number >= SMALL else ""
            steps.append((name, count(int(found.numerator or 0), chosen.counted(key), share)))
        return [{"name": name, "url": one.url, "point": one} for name, one in steps] if number else []


def heat(chosen: Chosen) -> list[dict[str, Any]]:
    """Reports by weekday and hour, in one statement; nothing where there is none."""
    found = counts(measures()["reported"].counters, [chosen.period], chosen.slice, By.HOUR)
    if not found:
        return []
    numbers = [figure(measures()["reported"], found.get((NOW, hour))).numerator for hour in range(HOURS)]
    cells = [count(int(n or 0), chosen.counted("reported", hour=hour)) for hour, n in enumerate(numbers)]
    return [{"name": day, "points": cells[n * 24 : n * 24 + 24]} for n, day in enumerate(WEEKDAYS)]


# Categories --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """Categories by what more was reported of them; ``few`` are those of which too little was reported to be ranked."""

    rows: list[dict[str, Any]]
    few: int


def growth(chosen: Chosen) -> Growth:
    """Categories of which more is reported than in the earlier period, in two statements: counts and names."""
    reported, earlier = measures()["reported"], chosen.earlier
    found = counts(reported.counters, [chosen.period, earlier], chosen.slice, By.CATEGORY)
    numbers = {
        pk: [int(figure(reported, found.get((period, pk))).numerator or 0) for period in (NOW, BEFORE)]
        for pk in {group for _, group in found}
    }
    ranked = {pk: pair for pk, pair in numbers.items() if max(pair) >= SMALL}
    growing = sorted(
        (pk for pk, (now, before) in ranked.items() if now > before), key=lambda pk: _rank(ranked[pk])
    )
    shown = growing[:GROWING]
    names = Category.objects.in_bulk(shown)
    rows = []
    for pk in shown:
        now, before = ranked[pk]
        more = {"category": pk}
        rows.append(
            {
                "name": names[pk].name,
                "url": chosen.address("trends", **more),
                "before": count(
                    before, chosen.counted("reported", **more, **days_in_words(earlier)), is_ranked=True
                ),
                "now": count(now, chosen.counted("reported", **more), is_ranked=True),
                "change": change_in_words(now, before),
            }
        )
    return Growth(rows, len(numbers) - len(ranked))


def _rank(pair: list[int]) -> tuple[bool, int]:
    now, before = pair
    return is_noise(now, before), before - now


def is_noise(now: int, before: int) -> bool:
    """Whether two counts of the same thing differ so much by chance: twice the spread of their difference (Poisson)."""
    return abs(now - before) < 2 * sqrt(now + before)


def change_in_words(now: int, before: int) -> str:
    """+21，+18%; a share of few is not said, nor is chance taken for growth."""
    parts = [f"{now - before:+,}".replace("-", "−")]
    if before < SMALL:
        parts.append("上期样本少")
    elif is_noise(now, before):
        parts.append("波动以内")
    elif now >= 2 * before:
        parts.append(f"{now / before:.1f} 倍")
    else:
        parts.append(f"{100 * (now - before) / before:+.0f}%".replace("-", "−"))
    return "，".join(parts)
