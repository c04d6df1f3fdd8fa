"""The auditor's desk: who looked at personal data, who took files along, who made which moves, how the chains stand."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from governance import modules
from governance.models import AccessLog, User
from governance.roles import Role
from records.histories import HISTORIES, History
from records.models import Event

#: How far back, in days.
SPANS = ((7, "近 7 天"), (30, "近 30 天"), (90, "近 90 天"), (365, "近一年"))
MOST_ROWS, MOST_PEOPLE = 100, 30
#: Beyond so many events nobody counts what waits for an anchor: the page is no count of the whole table.
MOST_COUNTED = 10_000
#: What a look was, and by which ends of its subject it is known (``log_access``).
KINDS = {"contact": "查看来电人", "print": "打印", "export": "导出", "asked": "申请导出"}
#: A file that is made behind the page is asked for first; it counts as taken when it is.
ENDS = {
    "contact": ("contact",),
    "print": ("print", "file"),
    "export": ("export",),
    "asked": ("export_asked",),
}


class AuditForm(forms.Form):
    """What the auditor looks at; a word that is not understood is as good as none."""

    days = forms.TypedChoiceField(label="时间", choices=SPANS, coerce=int, required=False, empty_value=30)
    kind = forms.ChoiceField(label="事项", choices=[("", "全部事项"), *KINDS.items()], required=False)
    who = forms.CharField(label="人员", max_length=60, required=False)


@dataclass(frozen=True)
class Made:
    """One move that somebody made, as a line."""

    at: dt.datetime
    label: str
    number: str
    address: str


@dataclass(frozen=True)
class ChainState:
    """How one history is anchored: the last line, and what came after it, counted to ``MOST_COUNTED``."""

    counted: str
    at: str
    last: int
    after: int
    problem: str

    @property
    def waiting(self) -> str:
        return f"{MOST_COUNTED:,} 条以上" if self.after > MOST_COUNTED else f"{self.after:,} 条"


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the auditor asks about the last days; one person where the address names one."""
    if not any(post.role == Role.AUDITOR for post in request.user.authority.posts):
        raise PermissionDenied("审计台由审计员使用。")
    form, now = AuditForm(request.GET), timezone.now()
    form.is_valid()
    asked = {"days": 30, "kind": "", "who": ""} | form.cleaned_data
    since = now - dt.timedelta(days=asked["days"])
    people = _people(asked["who"])
    looks = AccessLog.objects.filter(at__gte=since)
    if people is not None:
        looks = looks.filter(user__in=people)
    context: dict[str, Any] = {
        "wall": False,
        "form": AuditForm(initial=asked),
        "asked": asked,
        "kinds": _by_kind(looks),
        "by_person": _by_person(looks),
        "people": people,
        "made": [],
        "counted": [],
        "chains": [_chain(history) for history in HISTORIES],
    }
    if asked["kind"]:
        looks = looks.filter(_of_kind(asked["kind"]))
    context["looks"] = [(one, _kind(one)) for one in looks.select_related("user")[:MOST_ROWS]]
    if people is not None and len(people) == 1:
        context |= _moves(people[0], request.user, since)
    return render(request, "dashboard/audit.html", context)


def _people(who: str) -> list[User] | None:
    """Whom a name or a user name means; None where nobody was asked for."""
    if not who.strip():
        return None
    named = Q(name__icontains=who.strip()) | Q(username=who.strip())
    return list(User.objects.filter(named).order_by("username")[:MOST_PEOPLE])


def _by_kind(looks: QuerySet[AccessLog]) -> list[tuple[str, int]]:
    counted = looks.order_by().aggregate(**{name: Count("pk", filter=_of_kind(name)) for name in KINDS})
    return [(words, counted[name]) for name, words in KINDS.items()]


def _by_person(looks: QuerySet[AccessLog]) -> list[dict[str, Any]]:
    counted = looks.order_by().values("user__username", "user__name")
    each = {f"n_{name}": Count("pk", filter=_of_kind(name)) for name in KINDS}
    return list(
        counted.annotate(number=Count("pk"), **each).order_by("-number", "user__username")[:MOST_PEOPLE]
    )


def _of_kind(name: str) -> Q:
    found = Q()
    for end in ENDS[name]:
        found |= Q(subject__endswith=f":{end}")
    return found


def _kind(look: AccessLog) -> str:
    end = look.subject.rpartition(":")[2]
    return next((KINDS[name] for name, ends in ENDS.items() if end in ends), "查看")


def _moves(person: User, auditor: User, since: dt.datetime) -> dict[str, Any]:
    """The moves of a person on what the auditor sees: how many of each, and the last ones."""
    counted: Counter[str] = Counter()
    made: list[Made] = []
    for history in HISTORIES:
        if not modules.is_used(history.events._meta.app_label):
            continue  # there are no pages of its records here
        events = _seen(history.events, auditor).filter(by=person, at__gte=since)
        labels = dict(history.events._meta.get_field("move").choices or ())
        for move, number in events.order_by().values_list("move").annotate(number=Count("pk")):
            counted[labels.get(move, move)] += number
        made += _lines(events.order_by("-at", "-pk")[:MOST_ROWS], history.events.OF, labels, auditor)
    made.sort(key=lambda one: one.at, reverse=True)
    return {"made": made[:MOST_ROWS], "counted": counted.most_common()}


def _seen(events: type[Event], auditor: User) -> QuerySet:
    records = events._meta.get_field(events.OF).related_model._default_manager.visible_to(auditor)
    return events._default_manager.filter(**{f"{events.OF}__in": records})


def _lines(events: QuerySet, kind: str, labels: dict[str, str], auditor: User) -> list[Made]:
    found = list(events.values_list("at", "move", f"{kind}_id"))
    records = modules.shown(kind, auditor, [pk for *_, pk in found])
    return [
        Made(at, labels.get(move, move), records[pk].number, records[pk].address)
        for at, move, pk in found
        if pk in records
    ]


def _chain(history: History) -> ChainState:
    what = history.counted.removeprefix("件")
    try:
        lines = history.anchors.lines()
    except ValueError as problem:
        return ChainState(what, "", 0, 0, str(problem))
    at, last = (lines[-1].at, lines[-1].last) if lines else ("", 0)
    after = history.events._default_manager.filter(pk__gt=last).order_by("pk")
    return ChainState(what, at, last, after[: MOST_COUNTED + 1].count(), "")
