"""The desk's queues, by duty: whose turn it is; and the filters of a list, as they stand in its address."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import BooleanField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models import Case as Choice
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from cases.models import Assignment, Case, Category, Request, Supervision
from cases.models.case import CaseQuerySet
from cases.workflow import OPEN, SETTLED, Lateness, Loop, State, Step
from governance.models import Level, Organization, User
from governance.roles import Duty

PAGE = 20
#: Lists without an end are counted up to here: an exact count of everything would grow with the years.
COUNTED = 10_000
DEFAULT = "mine"
NOBODY = Q(pk=None)


# Whose turn it is --------------------------------------------------------------------------------------------------


def turn_of(user: User) -> Q:
    """Open cases whose next step is this person's: the owner of the state, at the right centre or unit."""
    places = user.powers.places
    legs = Assignment.objects.open()
    turn = Q(pk__in=legs.checks_of(user).values("case"))
    if accepting := places(Duty.ACCEPT):
        at_desk = legs.filter(desk_allowed=True, unit__in=accepting, step__in=[Step.CHECKING, Step.VERIFYING])
        turn |= Q(state=State.REPORTED, centre__in=accepting) | Q(pk__in=at_desk.values("case"))
    if chief := places(Duty.CHIEF):
        # The leg knows who closes: a late closing goes to the centre above while the case stays where it is.
        to_close = legs.filter(step=Step.CLOSING, centre__in=chief)
        turn |= Q(state__in=[State.REPORTED, State.DISPUTED], centre__in=chief)
        turn |= Q(state=State.VERIFIED, pk__in=to_close.values("case"))
    if dispatching := places(Duty.DISPATCH):
        turn |= Q(state=State.REGISTERED, centre__in=dispatching)
    if handling := places(Duty.HANDLE):
        turn |= Q(state__in=[State.DISPATCHED, State.HANDLING], unit__in=handling)
    if user.powers.has(Duty.LEAD):
        orders = Supervision.objects.filter(accepted_at=None)
        mine = Q(leader=user) | Q(ordered_by=user, replied_at__isnull=False)
        turn |= Q(pk__in=orders.filter(mine).values("case"))
    return turn


def asked_of(user: User) -> Q:
    """Cases with a request that waits for this person's word."""
    places = user.powers.places
    waiting = Request.objects.filter(decided_at=None).exclude(asked_by=user)
    unendorsed = Q(kind=Request.Kind.SUSPENSION, endorsed_by=None)
    asked = NOBODY
    if dispatching := places(Duty.DISPATCH):
        asked |= Q(centre__in=dispatching, pk__in=waiting.filter(decider=Duty.DISPATCH).values("case"))
    if chief := places(Duty.CHIEF):
        for_chief = waiting.filter(Q(decider=Duty.CHIEF) | unendorsed)
        asked |= Q(centre__in=chief, pk__in=for_chief.values("case"))
    if leading := places(Duty.LEAD):
        for_leader = waiting.filter(decider=Duty.LEAD).exclude(unendorsed)
        commanded = (
            Q(district__in=leading)
            | Q(street__in=leading, loop__in=[Loop.STREET, Loop.COMMUNITY])
            | Q(community__in=leading, loop=Loop.COMMUNITY)
        )
        asked |= commanded & Q(pk__in=for_leader.values("case"))
    return asked


def _ordered() -> Q:
    return Q(pk__in=Supervision.objects.filter(accepted_at=None).values("case"))


def _rework() -> Q:
    failed = Assignment.objects.filter(
        case=OuterRef("pk"), step=Step.VERIFYING, outcome=Assignment.Outcome.FAILED
    )
    return Q(Exists(failed), state=State.HANDLING)


# Queues ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Queue:
    """A line of the first pane: states, and answers to the questions of ``flags``."""

    name: str
    label: str
    states: tuple[State, ...] = OPEN
    wants: tuple[tuple[str, bool], ...] = ()

    def holds(self, row: dict[str, Any]) -> bool:
        """Whether a row of the counts belongs here."""
        return row["state"] in self.states and all(row[flag] is wanted for flag, wanted in self.wants)


@dataclass(frozen=True)
class Group:
    title: str
    queues: tuple[Queue, ...]


OPEN_CASES = Queue("open", "全部在办")
ORDERED = Queue("ordered", "督办未销号", wants=(("ordered", True),))
CLOSED = Queue("closed", "已办结", SETTLED)
CALL_BACK = Queue("call-back", "待回访", (State.CLOSED,))
ALL = Queue("all", "全部案件", tuple(State))
#: Lists that are not counted in the first pane: their end is far away.
ENDLESS = (CLOSED, CALL_BACK, ALL)


def _mine(state: State, label: str = "", *more: tuple[str, bool]) -> Queue:
    return Queue(f"mine-{state.value}", label or state.label, (state,), (("turn", True), *more))


def own_queues(user: User) -> tuple[Queue, ...]:
    """What this person's duties have to do, in the order of the loop."""
    has = user.powers.has
    found = [Queue(DEFAULT, "全部待我办", wants=(("mine", True),))]
    if has(Duty.ACCEPT) or has(Duty.CHIEF):
        found.append(_mine(State.REPORTED))
    if has(Duty.VERIFY) or has(Duty.ACCEPT):
        found.append(Queue("mine-checks", "待我核实核查", (State.CHECKING, State.HANDLED), (("turn", True),)))
    if has(Duty.DISPATCH):
        found.append(_mine(State.REGISTERED))
    if has(Duty.CHIEF):
        found.append(_mine(State.DISPUTED))
    if has(Duty.HANDLE):
        found.append(_mine(State.DISPATCHED))
        found.append(_mine(State.HANDLING, "", ("rework", False)))
        found.append(Queue("mine-rework", "待返工", (State.HANDLING,), (("turn", True), ("rework", True))))
    if has(Duty.CHIEF):
        found.append(_mine(State.VERIFIED))
    if any(has(duty) for duty in (Duty.DISPATCH, Duty.CHIEF, Duty.LEAD)):
        found.append(Queue("asked", "申请待批", wants=(("asked", True),)))
    if has(Duty.ACCEPT):
        found.append(CALL_BACK)
    return tuple(found) if len(found) > 1 else ()


def _is_handler_only(user: User) -> bool:
    desk = (Duty.ACCEPT, Duty.CHIEF, Duty.DISPATCH, Duty.LEAD)
    return user.powers.has(Duty.HANDLE) and not any(user.powers.has(duty) for duty in desk)


def groups_for(user: User) -> list[Group]:
    """The first pane of the desk for this person."""
    elsewhere = [Queue(f"else-{s.value}", s.label, (s,), (("turn", False),)) for s in OPEN]
    if _is_handler_only(user):
        fed_back = (State.HANDLED, State.VERIFIED)
        elsewhere = [queue for queue in elsewhere if queue.states[0] not in fed_back]
        elsewhere.append(Queue("fed-back", "已反馈", fed_back, (("turn", False),)))
    own = own_queues(user)
    return [
        *([Group("我要办的", own)] if own else []),
        Group("在别处办的", tuple(elsewhere)),
        Group("查看", (ORDERED, OPEN_CASES, CLOSED, ALL)),
    ]


def flags(user: User) -> dict[str, Q]:
    """The questions that tell queues apart, as conditions on the case row."""
    turn, asked = turn_of(user), asked_of(user)
    return {
        "turn": turn,
        "asked": asked,
        "mine": turn | asked,
        "ordered": _ordered(),
        "rework": _rework() if user.powers.has(Duty.HANDLE) else NOBODY,
    }


def _answer(condition: Q) -> Choice:
    """A condition as true or false, never unknown."""
    return Choice(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def counted(user: User) -> list[dict[str, Any]]:
    """Open cases in sight by state, lateness and flags, in one statement on the case row."""
    asked = {name: _answer(condition) for name, condition in flags(user).items() if name != "mine"}
    rows = Case.objects.visible_to(user).open().annotate(**asked)
    found = list(rows.values("state", "lateness", *asked).order_by().annotate(n=Count("pk")))
    for row in found:
        row["mine"] = row["turn"] or row["asked"]
    return found


def totals(queue: Queue, rows: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """How many, and how many of them late."""
    held = [row for row in rows if queue.holds(row)]
    return sum(row["n"] for row in held), sum(row["n"] for row in held if row["lateness"] == Lateness.RED)


def find_queue(groups: list[Group], name: str) -> Queue:
    """The queue of a name; one that this person does not have is answered by everything."""
    known = {queue.name: queue for group in groups for queue in group.queues}
    return known.get(name) or (known.get(DEFAULT, OPEN_CASES) if not name else ALL)


def cases_in(queue: Queue, user: User) -> CaseQuerySet:
    """Cases of a queue in this person's sight, what breaks next first; finished ones newest first."""
    found = Case.objects.visible_to(user)
    if queue == ALL:
        return found.order_by("-pk")
    if queue == CLOSED:
        return found.filter(closed_at__isnull=False).order_by("-pk")
    if queue == CALL_BACK:
        mine = Q(state=State.CLOSED, source=Case.Source.PHONE, centre__in=user.powers.places(Duty.ACCEPT))
        return found.filter(mine).by_what_breaks_next()
    found = found.open()
    if queue.states != OPEN:
        found = found.filter(state__in=queue.states)
    asked = flags(user)
    for flag, wanted in queue.wants:
        found = (
            found.filter(asked[flag])
            if wanted
            else found.alias(**{flag: _answer(asked[flag])}).filter(**{flag: False})
        )
    return found.by_what_breaks_next()


# Filters -----------------------------------------------------------------------------------------------------------

SINCE = [("", "不限"), ("today", "今天"), ("7", "近 7 天"), ("30", "近 30 天")]
BASE = "base"
OTHERS = "others"
#: Self-handled cases 自处理 are counted apart, so that they inflate no rate.
BY_OTHERS = ~Q(source=Case.Source.SELF)


def since(word: str, now: dt.datetime) -> dt.datetime:
    """The beginning of today, or of the last 7 or 30 times 24 hours."""
    if word == "today":
        return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return now - dt.timedelta(days=int(word))


def places_in_sight(user: User) -> list[dict[str, Any]]:
    """Streets and communities that a person may filter by."""
    prefixes = Q(pk=None)
    for post in user.powers.posts:
        path = post.organization.path
        if post.organization.function:  # a unit looks over the territory it hangs on
            path = path.rstrip("/").rpartition("/")[0] + "/"
        prefixes |= Q(path__startswith=path)
    found = Organization.objects.active(timezone.localdate()).territories().filter(prefixes)
    found = found.filter(level__in=[Level.STREET, Level.COMMUNITY]).order_by("path")
    return list(found.values("pk", "name", "level", "parent_id"))


class PlainSelect(forms.Select):
    """A select written at once: Django renders a template for every option, half the cost of a page of cases."""

    def render(self, name: str, value: Any, attrs: dict | None = None, renderer: Any = None) -> SafeString:
        chosen = {str(one) for one in self.format_value(value)}
        options = (
            (value, mark_safe(" selected") if str(value) in chosen else "", label)
            for value, label in self.choices
        )
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        listed = format_html_join("", '<option value="{}"{}>{}</option>', options)
        return format_html("<select{}>{}</select>", flatatt(attributes), listed)


class FilterField(forms.ChoiceField):
    """One choice of a filter bar."""

    widget = PlainSelect


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
        chosen = str(data.get("street") or "")
        communities = [
            (str(p["pk"]), p["name"])
            for p in places
            if p["level"] == Level.COMMUNITY and (not chosen or str(p["parent_id"]) == chosen)
        ]
        self.fields["street"].choices = [("", "全部街道"), *streets]
        self.fields["community"].choices = [("", "全部社区"), *communities]
        if len(streets) < 2:
            self.fields["street"].widget = forms.HiddenInput()
        if len(communities) < 2:
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

    @property
    def in_use(self) -> list[forms.BoundField]:
        """Filters that narrow the list now."""
        return [self[name] for name in self.fields if name != "queue" and self.chosen.get(name)]

    @property
    def more_in_use(self) -> int:
        return len([field for field in self.in_use if field.name not in self.FIRST])

    @property
    def chosen(self) -> dict[str, str]:
        """What was understood; what was not is left out and marked at its field."""
        self.is_valid()
        return self.cleaned_data

    def narrow(self, cases: CaseQuerySet, now: dt.datetime) -> CaseQuerySet:
        """The list with every filter applied."""
        chosen = self.chosen
        if chosen.get("state"):
            cases = cases.in_states([chosen["state"]])
        for name in ("street", "community", "lateness"):
            if chosen.get(name):
                cases = cases.filter(**{name: chosen[name]})
        if chosen.get("loop"):
            base = [Loop.COMMUNITY, Loop.STREET]
            cases = cases.filter(loop__in=base if chosen["loop"] == BASE else [chosen["loop"]])
        if chosen.get("source"):
            is_others = chosen["source"] == OTHERS
            cases = cases.filter(BY_OTHERS if is_others else Q(source=chosen["source"]))
        if chosen.get("kind") or chosen.get("category"):
            cases = cases.filter(category__in=_categories(chosen.get("kind"), chosen.get("category")))
        for name in ("reported", "closed"):
            if chosen.get(name):
                cases = cases.filter(**{f"{name}_at__gte": since(chosen[name], now)})
        if chosen.get("due"):
            today = since("today", now)
            cases = cases.filter(due_at__gte=today, due_at__lt=today + dt.timedelta(days=1))
        if chosen.get("was_late"):
            cases = cases.filter(was_late=chosen["was_late"] == "yes")
        return _search(cases, chosen.get("q", ""))


def _categories(kind: str | None, text: str | None) -> QuerySet[Category]:
    found = Category.objects.filter(kind=kind) if kind else Category.objects.all()
    for word in (text or "").split():
        found = found.filter(Q(name__icontains=word) | Q(class_name__icontains=word) | Q(code=word))
    return found.values("pk")


def _search(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    if not text:
        return cases
    if re.fullmatch(r"(\d{6}-)?\d+", text):
        return cases.numbered(text)
    return cases.saying(text)


def count_up_to_limit(cases: QuerySet[Case]) -> int:
    """The number of cases, or one more than the limit."""
    return cases.order_by()[: COUNTED + 1].count()
