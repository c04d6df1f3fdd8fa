"""The phone's first page: what I must do now by when it is due, what I have done today, and my own reports."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Mod
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from cases.filters import since
from cases.models import Case, CaseEvent
from cases.models.case import plain_number
from cases.permissions import source_on_the_spot
from cases.rows import with_row
from cases.waiting import outdoors
from cases.workflow import CHECKS, STEP_VERBS, State
from governance import modules
from governance.models import User
from governance.roles import Duty

PAGE = 20
#: So much of what waits in other modules stands above the cases.
OTHERS = 5
#: What a card names: the category, the grid, who holds the case now and a first picture.
CARD = ("category_name", "grid_name", "holder_id", "holder_name", "picture")

#: What people do outdoors, in the order of the chips.
OUTDOORS = (State.CHECKING, State.HANDLED, State.DISPATCHED, State.HANDLING)
TO_DO = {state: STEP_VERBS[state] for state in OUTDOORS}
#: Duties for which something waits outdoors; clerks are drawn for checks too.
WORKS = (Duty.VERIFY, Duty.HANDLE, Duty.INTAKE)
#: Moves that make one thing less to do.
DONE = (*CHECKS, "accept", "feedback", "refuse")
#: The last figures of a number suffice, from so many on.
FIGURES = 3


class CountedPaginator(Paginator):
    """Pages of a list whose length was counted already, for its tab."""

    def __init__(self, rows: QuerySet, per_page: int, count: int) -> None:
        self._count = count
        super().__init__(rows, per_page)

    @property
    def count(self) -> int:
        return self._count


@dataclass(frozen=True)
class Part:
    """A part of the to-do list: overdue, today or later; with how many there are on all pages."""

    name: str
    label: str
    count: int


def to_do(user: User) -> QuerySet[Case]:
    """Checks that were drawn for a person, and what the person's units have to accept or handle."""
    return Case.objects.visible_to(user).open().filter(outdoors(user))


def done_today(user: User, now: dt.datetime) -> QuerySet[Case]:
    """Cases in which this person has done a step of work today."""
    moves = CaseEvent.objects.filter(by=user, at__gte=since("today", now), move__in=DONE)
    return Case.objects.visible_to(user).filter(pk__in=moves.values("case"))


def found_by_number(user: User, text: str) -> QuerySet[Case] | None:
    """Visible cases whose number ends with some figures, or is a whole one; None for what is no number."""
    number = plain_number(text)
    visible = Case.objects.visible_to(user)
    if re.fullmatch(rf"[0-9]{{{FIGURES},9}}", number):
        tail = Mod("pk", Value(10 ** len(number)), output_field=IntegerField())
        visible = visible.alias(tail=tail).filter(tail=int(number))
    elif re.fullmatch(r"[0-9]+-[0-9]+", number):
        visible = visible.numbered(number)
    else:
        return None
    return visible.order_by("-is_open", "-pk")


def _page(request: HttpRequest, rows: QuerySet[Case], count: int) -> Page:
    return CountedPaginator(with_row(rows, CARD, characters=100), PAGE, count).get_page(
        request.GET.get("page")
    )


def as_cards(cases: Any, user: User, *, is_to_do: bool) -> None:
    """Set what a card says beside the row: what is to be done, and who does it where that is somebody else."""
    for case in cases:
        case.to_do = TO_DO.get(State(case.state), "") if is_to_do else ""
        case.held_by = f"由{case.holder_name}办理" if case.holder_id not in (None, user.pk) else ""


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What I must do now, by due date; beside it what I did today and my own reports."""
    user, now = request.user, timezone.now()
    number = request.GET.get("q")
    if number is not None:
        return _found(request, number)
    works = any(user.authority.has(duty) for duty in WORKS)
    tab = request.GET.get("tab") or ("todo" if works else "mine")
    todo, mine = to_do(user), Case.objects.reported_by(user)
    midnight = since("today", now) + dt.timedelta(days=1)
    by_state = _counted(todo, now, midnight) if works else {}
    counts = {"todo": sum(sum(parts) for parts in by_state.values()), "mine": mine.count()}
    lists = {"todo": todo.by_due_date(), "mine": mine.order_by("-pk")}
    if works:
        done = done_today(user, now)
        counts["done"], lists["done"] = done.count(), done.order_by("-pk")
    tab = tab if tab in lists else "mine"
    step = request.GET.get("do", "")
    step = step if step in by_state else ""
    rows, count = lists[tab], counts[tab]
    if tab == "todo" and step:
        rows, count = rows.filter(state=step), sum(by_state[step])
    page = _page(request, rows, count)
    as_cards(page, user, is_to_do=tab == "todo")
    if tab == "todo":
        _in_parts(page, by_state, step, now, midnight)
    context = {
        "tabs": _tabs(tab, counts, works),
        "tab": tab,
        "page_obj": page,
        "steps": _steps(by_state, step) if tab == "todo" else [],
        "others": modules.to_do(user, now, OTHERS, besides="cases") if page.number == 1 else [],
        "may_report_handled": source_on_the_spot(user, on=timezone.localdate(now)) is not None,
    }
    return render(request, "field/home.html", context)


def _found(request: HttpRequest, text: str) -> HttpResponse:
    """The one case with a number, or a list to choose from."""
    rows = found_by_number(request.user, text)
    found = list(with_row(rows[:PAGE], CARD, characters=100)) if rows is not None else []
    if len(found) == 1:
        return redirect("desk:case", case_uuid=found[0].uuid)
    as_cards(found, request.user, is_to_do=False)
    context = {"found": found, "asked": text, "is_number": rows is not None, "figures": FIGURES}
    return render(request, "field/found.html", context)


# The to-do list in parts ------------------------------------------------------------------------------------------


def _counted(
    todo: QuerySet[Case], now: dt.datetime, midnight: dt.datetime
) -> dict[str, tuple[int, int, int]]:
    """By state: how many are overdue, due today, due later."""
    late = Count("pk", filter=Q(due_at__lt=now))
    today = Count("pk", filter=Q(due_at__gte=now, due_at__lte=midnight))
    rows = todo.order_by().values_list("state").annotate(late=late, today=today, every=Count("pk"))
    return {state: (late, today, every - late - today) for state, late, today, every in rows}


def _in_parts(
    page: Page, by_state: dict[str, tuple[int, int, int]], step: str, now: dt.datetime, midnight: dt.datetime
) -> None:
    """Set on the first case of each part of a page which part begins there."""
    counted = [by_state[step]] if step else list(by_state.values())
    totals = [sum(column) for column in zip(*counted, strict=True)] or [0, 0, 0]
    names = (("late", "已超时"), ("today", "今天"), ("later", "以后"))
    parts = [Part(name, label, total) for (name, label), total in zip(names, totals, strict=True)]
    before = None
    for case in page:
        part = parts[2] if case.due_at is None or case.due_at > midnight else parts[case.due_at >= now]
        case.part = part if part is not before else None
        before = part


def _tabs(current: str, counts: dict[str, int], works: bool) -> list[dict[str, Any]]:
    labels = {"todo": "要我办", "done": "今天办了", "mine": "我报的"}
    return [
        {"label": label, "url": f"?tab={name}", "count": counts[name], "current": name == current}
        for name, label in labels.items()
        if name in counts and (works or name == "mine")
    ]


def _steps(by_state: dict[str, tuple[int, int, int]], current: str) -> list[dict[str, Any]]:
    """Chips that narrow the list to one kind of work; none where there is only one kind."""
    if len(by_state) < 2:
        return []
    total = sum(sum(parts) for parts in by_state.values())
    every = {"label": "全部", "url": "?tab=todo", "count": total, "current": not current}
    return [every] + [
        {
            "label": label,
            "url": f"?tab=todo&do={state}",
            "count": sum(by_state[state]),
            "current": current == state,
        }
        for state, label in TO_DO.items()
        if state in by_state
    ]


# After a move -----------------------------------------------------------------------------------------------------


@login_required
def done(request: HttpRequest, case_uuid: Any) -> HttpResponse:
    """What was done, large, and the next thing to do."""
    user = request.user
    case = Case.objects.visible_to(user).filter(uuid=case_uuid)
    rows = list(with_row(case, CARD, characters=100))
    if not rows:
        raise Http404("没有这个案件，或不在您的管辖范围内。")
    following = list(with_row(to_do(user).exclude(pk=rows[0].pk).by_due_date()[:1], CARD, characters=100))
    as_cards(following, user, is_to_do=True)
    return render(request, "field/moved.html", {"case": rows[0], "following": following})
