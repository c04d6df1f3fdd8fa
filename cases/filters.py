"""What cases can be narrowed to: one set for lists, files, map, board and programs, under the names of their addresses."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cases.clocks import due_within
from cases.loops import base
from cases.models import Case, Category, Leg
from cases.models.case import CaseQuerySet
from cases.search import Words
from cases.workflow import SETTLED, Lateness, State, loops_here
from governance.models import Level, Organization, User
from governance.statements import ask

SINCE = (("today", "今天"), ("7", "近 7 天"), ("30", "近 30 天"))
BASE = "base"
OTHERS = "others"
#: The name of the search beside the filters, and how much is looked for.
SEARCH, MOST_CHARACTERS = "q", 60
FAR = "far"
#: What the map calls settled: closed within the last days.
SETTLED_NAME, SETTLED_DAYS = "settled", 7
#: What was settled on the spot is counted apart, so that it inflates no rate.
BY_OTHERS = ~Q(source__in=Case.ON_THE_SPOT)
NOT_ON_THE_SPOT = "不含自处理、楼栋自办"


def since(word: str, now: dt.datetime) -> dt.datetime:
    """The beginning of today, or of the day 7 or 30 days ago: the same until midnight, for the list and the board."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return today if word == "today" else today - dt.timedelta(days=int(word))


def _places(user: User) -> QuerySet:
    prefixes = Q(pk=None)
    for post in user.authority.posts:
        path = post.organization.path
        if post.organization.function:  # a unit looks over the territory it hangs on
            path = path.rstrip("/").rpartition("/")[0] + "/"
        prefixes |= Q(path__startswith=path)
    found = Organization.objects.active(timezone.localdate()).territories().filter(prefixes)
    found = found.filter(level__in=[Level.STREET, Level.COMMUNITY]).order_by("path")
    return found.values_list("pk", "name", "level", "parent_id")


def places_in_sight(user: User) -> list[dict[str, Any]]:
    """Streets and communities that a person may filter by."""
    columns = ("pk", "name", "level", "parent_id")
    return [dict(zip(columns, row, strict=True)) for row in ask(_places, user)]


class PlainSelect(forms.Select):
    """A select written at once: Django renders a template for every option, half the cost of a page of cases."""

    def render(self, name: str, value: Any, attrs: dict | None = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        options = (
            f'<option value="{escape(key)}"{" selected" if str(key) == chosen else ""}>{escape(label)}</option>'
            for key, label in self.choices
        )
        return mark_safe(f"<select{flatatt(attributes)}>{''.join(options)}</select>")


class FilterField(forms.ChoiceField):
    """One choice of a filter bar."""

    widget = PlainSelect

    def __deepcopy__(self, memo: dict) -> "FilterField":
        # Without the copy of every choice for every form: they are replaced at times, never changed.
        return forms.Field.__deepcopy__(self, memo)


class SearchField(forms.CharField):
    """A number of a case, or words: two characters at least, since one would find everything."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MOST_CHARACTERS, **options})

    def clean(self, value: Any) -> str:
        text = super().clean(value).strip()
        if text and not Words.of(text).words:
            raise forms.ValidationError("请再多写一个字：至少两个字才能搜索。")
        return text


# The set -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filter:
    """One way to narrow cases; ``now`` gives the day, and of settled cases the hour."""

    label: str
    narrow: Callable[[CaseQuerySet, Any, dt.datetime], CaseQuerySet]
    choices: tuple[tuple[str, str], ...] = ()


def _equal(column: str) -> Callable[[CaseQuerySet, Any, dt.datetime], CaseQuerySet]:
    return lambda cases, value, now: cases.filter(**{column: value})


def _state(cases: CaseQuerySet, value: str | list[str], now: dt.datetime) -> CaseQuerySet:
    if value == SETTLED_NAME:
        return cases.filter(closed_at__gte=now - dt.timedelta(days=SETTLED_DAYS), state__in=SETTLED)
    return cases.in_states([value] if isinstance(value, str) else value)


def _loop(cases: CaseQuerySet, value: str, now: dt.datetime) -> CaseQuerySet:
    return cases.filter(loop__in=base() if value == BASE else [value])


def _source(cases: CaseQuerySet, value: str, now: dt.datetime) -> CaseQuerySet:
    return cases.filter(BY_OTHERS if value == OTHERS else Q(source=value))


def _category_says(cases: CaseQuerySet, text: str, now: dt.datetime) -> CaseQuerySet:
    """Cases of categories whose name, class or code fits every word of a text."""
    found = Category.objects.all()
    for word in text.split():
        found = found.filter(Q(name__icontains=word) | Q(class_name__icontains=word) | Q(code=word))
    return cases.filter(category__in=found.values("pk"))


def _of_categories(column: str) -> Callable[[CaseQuerySet, Any, dt.datetime], CaseQuerySet]:
    return lambda cases, value, now: cases.filter(
        category__in=Category.objects.filter(**{column: value}).values("pk")
    )


def _since(column: str) -> Callable[[CaseQuerySet, Any, dt.datetime], CaseQuerySet]:
    return lambda cases, value, now: cases.filter(**{f"{column}__gte": since(value, now)})


def _due(cases: CaseQuerySet, value: str, now: dt.datetime) -> CaseQuerySet:
    today = since("today", now)
    return cases.filter(**due_within(today, today + dt.timedelta(days=1)))


#: A mark of a wait (``cases/waiting.py``), or its beginning for all people who were drawn.
_WAIT = re.compile(r"[a-z][A-Z](@|[0-9]{1,18})")


def _waits(cases: CaseQuerySet, mark: str, now: dt.datetime) -> CaseQuerySet:
    """Open cases that wait for somebody."""
    if not _WAIT.fullmatch(mark):
        return cases.none()
    if not mark.endswith("@"):
        return cases.open().filter(waits_for__contains=[mark])
    marks = Func(F("waits_for"), Value(" "), function="array_to_string", output_field=TextField())
    return cases.open().alias(marks=marks).filter(marks__contains=mark)


def _far(cases: CaseQuerySet, value: str, now: dt.datetime) -> CaseQuerySet:
    """Cases with a check that was made from further off than the rule has it."""
    return cases.filter(pk__in=Leg.objects.filter(is_far=True).values("case"))


# fmt: off
FILTERS: dict[str, Filter] = {
    "street":      Filter(Level.STREET.label, _equal("street")),
    "community":   Filter(Level.COMMUNITY.label, _equal("community")),
    "loop":        Filter("闭环", _loop, (*loops_here(), (BASE, f"基层（{'、'.join(loop.level.label for loop in base())}）"))),
    "state":       Filter("状态", _state, tuple(State.choices)),
    "is_open":     Filter("在办", _equal("is_open")),
    "lateness":    Filter("时限", _equal("lateness"), tuple(Lateness.choices)),
    "was_late":    Filter("曾超期", lambda cases, value, now: cases.filter(was_late=value == "yes"), (("yes", "是"), ("no", "否"))),
    "due":         Filter("到期", _due, (("today", "今天"),)),
    "reported":    Filter("上报", _since("reported_at"), SINCE),
    "closed":      Filter("结案", _since("closed_at"), SINCE),
    "source":      Filter("来源", _source, (*Case.Source.choices, (OTHERS, NOT_ON_THE_SPOT))),
    "kind":        Filter("类型", _of_categories("kind"), tuple(Category.Kind.choices)),
    "class_name":  Filter("大类", _of_categories("class_name")),
    "category":    Filter("类别含", _category_says),
    "category_id": Filter("类别", _equal("category")),
    "waits":       Filter("在等谁", _waits),
    "checked":     Filter("核查距离", _far, ((FAR, "远距离核查"),)),
}
# fmt: on


def narrow(cases: CaseQuerySet, chosen: Mapping[str, Any], now: dt.datetime) -> CaseQuerySet:
    """Cases with every filter of ``chosen`` applied; what is empty narrows nothing. Lists search among them (``cases.search``)."""
    for name, value in chosen.items():
        if value not in ("", None, []):
            cases = FILTERS[name].narrow(cases, value, now)
    return cases
