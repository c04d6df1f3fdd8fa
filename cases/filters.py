"""The filters of a list of cases, as they stand in its address."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cases.clocks import due_within
from cases.models import Case, Category
from cases.models.case import CaseQuerySet
from cases.workflow import Lateness, Loop, State
from governance.models import Level, Organization, User
from governance.statements import ask

SINCE = [("", "不限"), ("today", "今天"), ("7", "近 7 天"), ("30", "近 30 天")]
BASE = "base"
OTHERS = "others"
#: Self-handled cases 自处理 are counted apart, so that they inflate no rate.
BY_OTHERS = ~Q(source=Case.Source.SELF)


def since(word: str, now: dt.datetime) -> dt.datetime:
    """The beginning of today, or of the day 7 or 30 days ago: the same until midnight, for the list and the board."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return today if word == "today" else today - dt.timedelta(days=int(word))


def _places(user: User) -> QuerySet:
    prefixes = Q(pk=None)
    for post in user.powers.posts:
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


class FilterForm(forms.Form):
    """Filters of a list of cases; every one of them stands in the address."""

    queue = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label="搜索",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "编号、内容、地点", "data-key": "/"}),
    )
    street = FilterField(label="街道", required=False)
    lateness = FilterField(
        label="时限", required=False, choices=[("", "全部时限"), *reversed(Lateness.choices)]
    )
    community = FilterField(label="社区", required=False)
    loop = FilterField(
        label="闭环", required=False, choices=[("", "全部"), *Loop.choices, (BASE, "基层（社区、街道）")]
    )
    state = FilterField(label="状态", required=False, choices=[("", "全部"), *State.choices])
    kind = FilterField(label="类型", required=False, choices=[("", "全部"), *Category.Kind.choices])
    source = FilterField(
        label="来源", required=False, choices=[("", "全部"), *Case.Source.choices, (OTHERS, "不含自处理")]
    )
    category = forms.CharField(label="类别含", required=False, max_length=40)
    reported = FilterField(label="上报", required=False, choices=SINCE)
    closed = FilterField(label="结案", required=False, choices=SINCE)
    due = FilterField(label="到期", required=False, choices=[("", "不限"), ("today", "今天")])
    was_late = FilterField(
        label="曾超期", required=False, choices=[("", "不限"), ("yes", "是"), ("no", "否")]
    )

    #: Always in sight; the others are a click away.
    FIRST = ("q", "street", "lateness")

    def __init__(self, data: Any, places: list[dict[str, Any]]) -> None:
        super().__init__(data)
        streets = [(str(p["pk"]), p["name"]) for p in places if p["level"] == Level.STREET]
        # Communities of one street; without one, a hundred of them in a row would help nobody.
        parent = str(data.get("street") or "") if len(streets) > 1 else ""
        chosen = str(data.get("community") or "")
        communities = [
            (str(p["pk"]), p["name"])
            for p in places
            if p["level"] == Level.COMMUNITY
            and (str(p["parent_id"]) == parent if parent else len(streets) < 2 or str(p["pk"]) == chosen)
        ]
        self.fields["street"].choices = [("", "全部街道"), *streets]
        self.fields["community"].choices = [("", "全部社区"), *communities]
        if len(streets) < 2:
            self.fields["street"].widget = forms.HiddenInput()
        if len(communities) < 2 and not (chosen and communities):
            self.fields["community"].widget = forms.HiddenInput()

    def clean_q(self) -> str:
        text = self.cleaned_data["q"].strip()
        if text and not re.fullmatch(r"[\d-]+", text) and any(len(word) < 2 for word in text.split()):
            raise forms.ValidationError("每个词至少两个字。")
        return text

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST if not self[name].is_hidden]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.FIRST]

    @cached_property
    def chosen(self) -> dict[str, str]:
        """What was understood; what was not is left out and marked at its field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and name != "queue"}

    @cached_property
    def in_use(self) -> list[forms.BoundField]:
        """Filters that narrow the list now."""
        return [self[name] for name in self.chosen]

    @property
    def more_in_use(self) -> int:
        return len([name for name in self.chosen if name not in self.FIRST])

    @property
    def comes_again(self) -> bool:
        """Whether the very same question may be asked again, as one with the words of a search hardly is."""
        return not {"q", "category"} & set(self.chosen)

    @property
    def is_bounded(self) -> bool:
        """Whether a period says where the list ends."""
        return "reported" in self.chosen or "closed" in self.chosen


def narrow(cases: CaseQuerySet, chosen: Mapping[str, str], now: dt.datetime) -> CaseQuerySet:
    """A list with every filter applied; of ``now`` they ask the day alone."""
    if "state" in chosen:
        cases = cases.in_states([chosen["state"]])
    for name in ("street", "community", "lateness"):
        if name in chosen:
            cases = cases.filter(**{name: chosen[name]})
    if "loop" in chosen:
        base = [Loop.COMMUNITY, Loop.STREET]
        cases = cases.filter(loop__in=base if chosen["loop"] == BASE else [chosen["loop"]])
    if "source" in chosen:
        is_others = chosen["source"] == OTHERS
        cases = cases.filter(BY_OTHERS if is_others else Q(source=chosen["source"]))
    if "kind" in chosen or "category" in chosen:
        cases = cases.filter(category__in=_categories(chosen.get("kind"), chosen.get("category")))
    for name in ("reported", "closed"):
        if name in chosen:
            cases = cases.filter(**{f"{name}_at__gte": since(chosen[name], now)})
    if "due" in chosen:
        today = since("today", now)
        cases = cases.filter(**due_within(today, today + dt.timedelta(days=1)))
    if "was_late" in chosen:
        cases = cases.filter(was_late=chosen["was_late"] == "yes")
    return cases.search(chosen["q"]) if "q" in chosen else cases


def _categories(kind: str | None, text: str | None) -> QuerySet[Category]:
    found = Category.objects.filter(kind=kind) if kind else Category.objects.all()
    for word in (text or "").split():
        found = found.filter(Q(name__icontains=word) | Q(class_name__icontains=word) | Q(code=word))
    return found.values("pk")
