"""Cells: an hour of a weekday, an age of open cases, whom they wait for, what lies outside all parts of a place.

The list of a number is narrowed to one by its address.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet

from appraisal.counting import in_slice
from appraisal.grains import CASE
from appraisal.slices import Slice
from cases.filters import FILTERS
from cases.models import Case
from cases.workflow import Lateness
from dashboard.filters import PageWords
from dashboard.places import GRID
from dashboard.waits import who

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
HOURS = 24 * len(WEEKDAYS)
#: Parts of a place that figures are shown by.
PARTS = {"street": "街道", "community": "社区", GRID: "网格"}


@dataclass(frozen=True)
class Age:
    """How long cases are open, counted from their report, in days: from one number on, below the other."""

    key: str
    label: str
    begin: int
    end: int | None

    def q(self, now: dt.datetime) -> Q:
        """Cases of this age."""
        found = Q(reported_at__lte=now - dt.timedelta(days=self.begin)) if self.begin else Q()
        return found & Q(reported_at__gt=now - dt.timedelta(days=self.end)) if self.end else found


AGES = (
    Age("0", "1 天内", 0, 1),
    Age("1", "1–3 天", 1, 3),
    Age("3", "3–7 天", 3, 7),
    Age("7", "7–30 天", 7, 30),
    Age("30", "30 天以上", 30, None),
)
LATENESS = (Lateness.NONE, Lateness.YELLOW, Lateness.RED)


def ageing(of: Slice, now: dt.datetime) -> dict[tuple[str, str], int]:
    """How many open cases there are by age and lateness, in one statement."""
    rows = in_slice(CASE, Case.objects.open(), of.within).order_by().values("lateness")
    counted = rows.annotate(**{f"age_{age.key}": Count("pk", filter=age.q(now)) for age in AGES})
    return {(age.key, row["lateness"]): row[f"age_{age.key}"] for row in counted for age in AGES}


class CellForm(PageWords):
    """What an address may say of a cell."""

    hour = forms.IntegerField(required=False, min_value=0, max_value=HOURS - 1)
    age = forms.ChoiceField(required=False, choices=[(age.key, age.label) for age in AGES])
    lateness = forms.ChoiceField(required=False, choices=[(one.value, one.label) for one in LATENESS])
    waits = forms.CharField(required=False, max_length=24)
    outside = forms.ChoiceField(required=False, choices=list(PARTS.items()))


@dataclass(frozen=True)
class Cell:
    """The cell that an address names: everything where it names none."""

    hour: int | None = None
    age: Age | None = None
    lateness: str = ""
    waits: str = ""
    outside: str = ""

    @classmethod
    def named(cls, data: Mapping[str, Any]) -> "Cell":
        """What can be read of an address."""
        form = CellForm(data)
        form.is_valid()
        good = form.cleaned_data
        age = next((one for one in AGES if one.key == good.get("age")), None)
        lateness, waits, outside = (good.get(name, "") for name in ("lateness", "waits", "outside"))
        return cls(good.get("hour"), age, lateness, waits, outside)

    @property
    def words(self) -> str:
        found = []
        if self.hour is not None:
            found.append(f"{WEEKDAYS[self.hour // 24]} {self.hour % 24} 时")
        if self.age:
            found.append(f"历时 {self.age.label}")
        if self.lateness:
            found.append({"none": "未临期", "yellow": "将到期", "red": "已超期"}[self.lateness])
        if self.waits:
            found.append(f"在等{who(self.waits)}")
        if self.outside:
            found.append(f"不在任何{PARTS[self.outside]}")
        return "，".join(found)

    def narrow(self, open_now: QuerySet, now: dt.datetime) -> QuerySet:
        """Open cases of this cell; other kinds of records have no such cells and stay as they are."""
        if open_now.model is not Case:
            return open_now
        if self.age:
            open_now = open_now.filter(self.age.q(now))
        if self.waits:
            open_now = FILTERS["waits"].narrow(open_now, self.waits, now)
        return open_now.filter(lateness=self.lateness) if self.lateness else open_now
