"""What whistles can be narrowed to: the list, its file and every number that links to it."""

import datetime as dt
import re
from typing import Any

from django import forms
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Now
from django.utils import timezone

from cases.filters import FilterField, places_in_sight
from cases.workflow import Lateness
from governance.models import Level, Organization, User
from governance.roles import Duty
from governance.statements import ask
from partybuilding.models import Call, CallClock, DecisionClock, Whistle, WhistleRule
from partybuilding.models.whistles import WhistleQuerySet
from partybuilding.workflow import RUNNING, WHISTLES, CallState, ClockStep, State

#: Groups of states by a name of the address, in the order of the first pane.
GROUPS: dict[str, tuple[str, tuple[State, ...]]] = {
    "open": ("在办", (State.ASKED, *RUNNING, State.SETTLED)),
    "asked": (State.ASKED.label, (State.ASKED,)),
    "running": ("召集处置", RUNNING),
    "settled": (State.SETTLED.label, (State.SETTLED,)),
    "closed": (State.CLOSED.label, (State.CLOSED,)),
    "ended": ("已结束", tuple(state for state in State if state in WHISTLES.final)),
    "all": ("全部", tuple(State)),
}
DEFAULT = "open"
NUMBER = re.compile(r"(?i)(?:s?\d{6}-)?0*(\d{1,9})")


def mine(user: User) -> Q:
    """Whistles in which this person, the own unit or the own post has a part."""
    own = Q(people__contains=[user.pk])
    if places := user.authority.places(Duty.BLOW):
        own |= Q(side__in=places)
    if units := user.authority.places(Duty.ANSWER):
        own |= Q(units__overlap=units)
    return own


def late_at(step: str, now: dt.datetime) -> Q:
    """Whistles with a running clock of some step, or that of the decision, that is past its deadline."""
    clocks = CallClock.objects.running().filter(call__whistle=OuterRef("pk"), red_at__lt=now)
    decisions = DecisionClock.objects.running().filter(whistle=OuterRef("pk"), red_at__lt=now)
    if step == "any":
        return Q(Exists(clocks)) | Q(Exists(decisions))
    return Q(Exists(decisions if step == "decide" else clocks.filter(step=step)))


def _choices(user: User) -> QuerySet:
    """Kinds and units that a person may filter by, in one statement."""
    places, today = Q(pk=None), timezone.localdate()
    for post in user.authority.posts:
        path = post.organization.path
        places |= Q(path__startswith=path)
        if not post.organization.function:  # streets call the departments of the district above them
            parents = [code for code in path.split("/") if code][:-1]
            places |= Q(parent__code__in=parents)
    kinds = WhistleRule.objects.order_by().values_list(Value("kind"), "kind", "label").distinct()
    units = Organization.objects.active(today).units().filter(places).order_by()
    return kinds.union(units.values_list(Value("unit"), Cast("pk", CharField()), "name"))


class WhistleFilters(forms.Form):
    """Filters of the list of whistles; every one of them stands in the address."""

    q = forms.CharField(
        label="搜索",
        required=False,
        max_length=60,
        widget=forms.TextInput({"type": "search", "placeholder": "编号、地点", "data-key": "/"}),
    )
    state = FilterField(
        label="状态", required=False, choices=[(name, label) for name, (label, _) in GROUPS.items()]
    )
    kind = FilterField(label="哨种", required=False)
    street = FilterField(label="街道", required=False)
    unit = FilterField(label="单位", required=False)
    late = FilterField(
        label="超期",
        required=False,
        choices=[
            ("", "不论超期"),
            ("any", "任一时限超期"),
            ("decide", "决定超期"),
            *((s.value, f"{s.label}超期") for s in ClockStep),
        ],
    )
    mine = FilterField(label="与我有关", required=False, choices=[("", "全部范围"), ("yes", "与我有关")])

    def __init__(self, data: Any, user: User) -> None:
        super().__init__(data)
        self.user = user
        streets = [(str(p["pk"]), p["name"]) for p in places_in_sight(user) if p["level"] == Level.STREET]
        found = sorted(ask(_choices, user))
        self.fields["kind"].choices = [
            ("", "全部哨种"),
            *((key, name) for what, key, name in found if what == "kind"),
        ]
        self.fields["unit"].choices = [
            ("", "全部单位"),
            *((key, name) for what, key, name in found if what == "unit"),
        ]
        self.fields["street"].choices = [("", "全部街道"), *streets]
        if len(streets) < 2:
            self.fields["street"].widget = forms.HiddenInput()
        self.is_valid()

    @property
    def chosen(self) -> dict[str, str]:
        """What was understood; what was not is left out and marked at its field."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def group(self) -> str:
        return self.chosen.get("state", DEFAULT)

    def found(self, now: dt.datetime) -> WhistleQuerySet:
        """Whistles within the scope that every chosen filter fits; the next deadline first, finished ones newest first."""
        chosen = self.chosen
        found = Whistle.objects.visible_to(self.user)
        if self.group != "all":
            found = found.filter(state__in=GROUPS[self.group][1])
        for name in ("kind", "street"):
            if chosen.get(name):
                found = found.filter(**{name: chosen[name]})
        if chosen.get("unit"):
            found = found.filter(units__contains=[int(chosen["unit"])])
        if chosen.get("late"):
            found = found.filter(late_at(chosen["late"], now))
        if chosen.get("mine"):
            found = found.filter(mine(self.user))
        if words := chosen.get("q", "").strip():
            number = NUMBER.fullmatch(words)
            about = Q(address__icontains=words) | Q(category__name__icontains=words)
            found = found.filter(Q(pk=int(number[1])) if number else about)
        return found.order_by("-pk") if self.group in ("ended", "all") else found.by_due_date()


def for_list(found: WhistleQuerySet) -> WhistleQuerySet:
    """Whistles with what a row of the list says: names, and how many units were called, came and finished."""
    calls = Call.objects.filter(whistle=OuterRef("pk")).exclude(state=CallState.REFUSED).order_by()

    def how_many(part: QuerySet) -> QuerySet:
        return part.values("whistle").annotate(n=Count("pk")).values("n")

    return found.select_related("category", "street", "side").annotate(
        called=how_many(calls),
        came=how_many(calls.filter(arrived_at__isnull=False)),
        finished=how_many(calls.filter(finished_at__isnull=False)),
        lead_name=calls.filter(is_lead=True).order_by("-pk").values("unit__name")[:1],
    )


def _counting(user: User) -> QuerySet:
    # What has ended is not counted: it grows without end.
    rows = Whistle.objects.visible_to(user).filter(state__in=WHISTLES.open).order_by().values("state")
    late = Count("pk", filter=Q(lateness=Lateness.RED))
    return rows.annotate(n=Count("pk"), late=late).values_list("state", "n", "late")


def counted(user: User) -> dict[str, tuple[int, int]]:
    """How many whistles each group holds, and how many of them have a late clock, in one statement."""
    by_state = {state: (n, late) for state, n, late in ask(_counting, user)}
    return {
        name: (
            sum(by_state.get(state, (0, 0))[0] for state in states),
            sum(by_state.get(state, (0, 0))[1] for state in states),
        )
        for name, (_, states) in GROUPS.items()
    }


def open_and_late(user: User) -> tuple[int, dict[ClockStep, int]]:
    """How many whistles are open, and how many have a late clock of each step: what the lists of them hold."""
    numbers = dict(ask(_open_and_late, user))
    return numbers.get("", 0), {step: numbers.get(step.value, 0) for step in ClockStep}


def _open_and_late(user: User) -> QuerySet:
    """Steps with their numbers; the number of all open ones has no step."""
    found = Whistle.objects.visible_to(user).open().order_by()
    clocks = CallClock.objects.running().filter(red_at__lt=Now(), call__whistle__in=found)
    every = found.values(of=Cast(Value(""), CharField())).annotate(n=Count("*")).values_list("of", "n")
    late = clocks.order_by().values("step").annotate(n=Count(F("call__whistle"), distinct=True))
    return every.union(late.values_list("step", "n"), all=True)
