"""What all pages of the board are narrowed to: place, period, loop, kind, source; the same words stand in every address."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from appraisal.catalogue import Measure
from appraisal.counting import Counts
from appraisal.denominators import choices_of, chosen_on
from appraisal.figures import Figure, figure
from appraisal.models import DenominatorChoice
from appraisal.periods import NAMED, Period
from appraisal.slices import Slice
from cases.filters import BASE, NOT_ON_THE_SPOT, OTHERS, FilterField
from cases.models import Case, Category
from cases.workflow import loops_here
from dashboard.places import GRID, Place, Places, grids_of
from grid.models import Grid

USUAL = "30"
OWN = "own"
#: What a period is compared with.
COMPARED = {"before": "上一期", "week": "上周同期", "month": "上月同期", "year": "去年同期"}
#: Figures begin and end within these: days beyond cannot be compared with what was before them.
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
LARGEST = 2**63 - 1  # an id of the database
NO_PLACE = "没有这个地方，或不在您的范围内。"


class BoardFilters(forms.Form):
    """The bar of filters; what cannot be read is said at its field and narrows nothing."""

    period = FilterField(label="时间", choices=[*NAMED.items(), (OWN, "自定时间")], required=False)
    begin = forms.DateField(label="从", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="到", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    compare = FilterField(
        label="对比", choices=[(name, f"比{words}") for name, words in COMPARED.items()], required=False
    )
    loop = FilterField(
        label="闭环", choices=[("", "全部闭环"), *loops_here(), (BASE, "基层")], required=False
    )
    kind = FilterField(label="类型", choices=[("", "全部类型"), *Category.Kind.choices], required=False)
    source = FilterField(
        label="来源",
        choices=[("", "全部来源"), *Case.Source.choices, (OTHERS, NOT_ON_THE_SPOT)],
        required=False,
    )
    category = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    unit = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    grid = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    place = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any]) -> None:
        """``data``: the words of an address; what they do not say is shown as it is understood."""
        period = OWN if data.get("begin") else USUAL
        super().__init__({"period": period, **{name: data[name] for name in data}})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        begin, until = cleaned.get("begin"), cleaned.get("until")
        if (begin or until) and not self.errors:
            if not begin or not until:
                self.add_error("begin" if not begin else "until", "请填写起止两个日期。")
            elif begin > until:
                self.add_error("until", "结束日期不能早于开始日期。")
            elif begin < EARLIEST or until > LATEST:
                self.add_error("begin" if begin < EARLIEST else "until", "只能看 2000 年到 2100 年之间的。")
            elif (until - begin).days > 3660:
                self.add_error("begin", "一次最多看十年。")
        return cleaned


@lru_cache(1000)
def _path(name: str, arguments: tuple) -> str:
    """The path of a page: an overview has some two hundred addresses, of a few pages."""
    return reverse(f"dashboard:{name}", args=arguments)


class PageWords(forms.Form):
    """Words of one page of the board beside the filters of all pages."""

    @property
    def given(self) -> dict[str, str]:
        """Those that the address says, as it says them: they stay when a filter changes."""
        return {name: self.data[name] for name in self.fields if self.data.get(name)}


@dataclass(frozen=True)
class Chosen:
    """What a board page is about: a place in sight, a period and what it is compared with."""

    places: Places
    place: Place
    period: Period
    form: BoardFilters
    words: dict[str, str]
    compare: str = "before"

    @cached_property
    def choices(self) -> dict[str, list[DenominatorChoice]]:
        """The denominators that the district has chosen so far, by measure."""
        return choices_of(self.place.path)

    @cached_property
    def alternatives(self) -> dict[str, str]:
        """Those that held when the period ended, by measure."""
        return chosen_on(self.choices, self.period.end)

    def alternative(self, measure: Measure, days: Period | None = None) -> str:
        """The denominator that the district had chosen at the end of some days, those of the page as a rule; the usual one has no name."""
        if not measure.alternatives:
            return ""
        return chosen_on(self.choices, (days or self.period).end).get(measure.key, "")

    def figure(self, measure: Measure, counts: Counts | None, days: Period | None = None) -> Figure:
        """A figure of some days (those of the page as a rule) with the denominator that the district had chosen then.

        The list behind it is asked for by the same days, and so counts by the same denominator.
        """
        return figure(measure, counts, self.alternative(measure, days))

    @property
    def slice(self) -> Slice:
        words = self.words
        return replace(
            self.place.slice,
            loop=words.get("loop", ""),
            kind=words.get("kind", ""),
            source=words.get("source", ""),
            category=int(words["category"]) if "category" in words else None,
            unit=int(words["unit"]) if "unit" in words else None,
        )

    @property
    def earlier(self) -> Period:
        """What the period is compared with."""
        return self.before(self.period)

    def before(self, days: Period) -> Period:
        """The days that some days of the period are compared with."""
        match self.compare:
            case "week":
                return days.a_week_earlier()
            case "month":
                return days.a_month_earlier()
            case "year":
                return days.a_year_earlier()
        return days.earlier(self.period.days)

    @property
    def compared_words(self) -> str:
        """What the period is compared with, in words."""
        return COMPARED[self.compare]

    @property
    def narrowed_words(self) -> list[str]:
        """The choices of the bar that narrow the page, in words: 街道闭环, 事项."""
        choices = {name: dict(self.form.fields[name].choices) for name in ("loop", "kind", "source")}
        return [words[self.words[name]] for name, words in choices.items() if name in self.words]

    @cached_property
    def period_words(self) -> str:
        """近 30 天, or the two days."""
        if "begin" in self.words:
            return f"{self.period.begin:%Y-%m-%d} 至 {self.period.end:%Y-%m-%d}"
        return NAMED[self.words.get("period", USUAL)]

    def query(self, **more: Any) -> dict[str, Any]:
        """The words of an address of a board page; ``None`` takes a word away."""
        return {name: value for name, value in (self.words | more).items() if value not in (None, "")}

    def address(self, name: str, *arguments: Any, **more: Any) -> str:
        """The address of a page of the board (``dashboard:…``) under the same filters, with some changed."""
        query = urlencode(self.query(**more))
        return _path(name, arguments) + (f"?{query}" if query else "")

    def at(self, place: Place, **more: Any) -> dict[str, Any]:
        """Words that lead to another place."""
        if place.dimension == GRID:
            return {"place": place.parent, "grid": place.pk, **more}
        return {"place": place.pk, "grid": None, "unit": None, **more}

    def counted(self, measure: str, part: str = "numerator", **more: Any) -> str:
        """The address of the list that a number counts."""
        return self.address("counted", measure=measure, part=part, **more)

    def lists(self, measure: str, **more: Any) -> tuple[str, str]:
        """Addresses of the lists of a numerator and of its denominator."""
        return self.counted(measure, **more), self.counted(measure, "denominator", **more)


def chosen(form: BoardFilters, places: Places) -> Chosen:
    """Read the filters of an address for whoever has these places in sight; raises ``Http404`` for any other place.

    ``places`` must have a root: a page for those without a duty comes before.
    """
    form.is_valid()
    good = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    named = good.get("place") or _by_old_name(form.data)
    place = places.find(named)
    if place is None:
        raise Http404(NO_PLACE)
    if "grid" in good:
        place = _grid(good["grid"], place)
    today = timezone.localdate()
    words = {name: str(value) for name, value in good.items()}
    if named:
        words["place"] = str(named)
    if "begin" in good and "until" in good and good.get("period") not in NAMED:
        period = Period(good["begin"], good["until"])
        words.pop("period", None)
    else:
        words = {name: value for name, value in words.items() if name not in ("begin", "until")}
        period = Period.named(_name(words), today)
    return Chosen(places, place, period, form, words, words.get("compare", "before"))


def _by_old_name(data: Any) -> int | None:
    """The place in addresses from before boards knew more than streets and communities."""
    found = data.get("community") or data.get("street") or ""
    return int(found) if found.isdecimal() and len(found) < len(str(LARGEST)) else None


def _name(words: dict[str, str]) -> str:
    """The period that an address names; the usual one lengthens no address."""
    if words.get("period") not in NAMED or words["period"] == USUAL:
        words.pop("period", None)
    return words.get("period", USUAL)


def _grid(pk: int, community: Place) -> Place:
    """A grid of the community that the address names."""
    if community.dimension == "community" and Grid.objects.filter(pk=pk, community=community.pk).exists():
        return next(one for one in grids_of(community) if one.pk == pk)
    raise Http404(NO_PLACE)
