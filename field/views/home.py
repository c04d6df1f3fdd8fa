"""The phone's first page: what I must do now, my grids and my own reports."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cases.models import Case
from cases.permissions import may_report
from cases.rows import with_row
from cases.waiting import outdoors
from cases.workflow import STEP_VERBS, State
from governance import modules
from governance.models import User
from governance.roles import Duty
from grid.models import GridDuty

PAGE = 20
#: So much of what waits in other modules stands above the cases.
OTHERS = 5
#: What a card names: the category, the grid and who holds the case now.
CARD = ("category_name", "grid_name", "holder_id", "holder_name")

#: What people do outdoors, in the order of the chips.
OUTDOORS = (State.CHECKING, State.HANDLED, State.DISPATCHED, State.HANDLING)
TO_DO = {state: STEP_VERBS[state] for state in OUTDOORS}


class CountedPaginator(Paginator):
    """Pages of a list whose length was counted already, for its tab."""

    def __init__(self, rows: QuerySet, per_page: int, count: int) -> None:
        self._count = count
        super().__init__(rows, per_page)

    @property
    def count(self) -> int:
        return self._count


def to_do(user: User) -> QuerySet[Case]:
    """Checks that were drawn for a person, and what the person's units have to accept or handle."""
    return Case.objects.visible_to(user).open().filter(outdoors(user))


def in_my_grids(user: User) -> QuerySet[Case]:
    """Whatever is open in the grids this person is on duty for."""
    grids = GridDuty.objects.current(timezone.localdate()).filter(user=user)
    return Case.objects.visible_to(user).open().filter(grid__in=grids.values("grid"))


def _page(request: HttpRequest, rows: QuerySet[Case], count: int) -> Page:
    return CountedPaginator(with_row(rows, CARD, characters=100), PAGE, count).get_page(
        request.GET.get("page")
    )


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What I must do now, by due date; beside it my grids and my own reports."""
    user = request.user
    works = user.authority.has(Duty.VERIFY) or user.authority.has(Duty.HANDLE)
    tab = request.GET.get("tab") or ("todo" if works else "mine")
    todo, mine, around = to_do(user), Case.objects.reported_by(user), in_my_grids(user)
    by_state = dict(todo.order_by().values_list("state").annotate(Count("pk"))) if works else {}
    counts = {"todo": sum(by_state.values()), "mine": mine.count()}
    lists = {"todo": todo.by_due_date(), "mine": mine.order_by("-pk")}
    if works and user.authority.has(Duty.VERIFY):
        counts["grid"] = around.count()
        lists["grid"] = around.by_due_date()
    tab = tab if tab in lists else "mine"
    step = request.GET.get("do", "")
    rows, count = lists[tab], counts[tab]
    if tab == "todo" and step in by_state:
        rows, count = rows.filter(state=step), by_state[step]
    page = _page(request, rows, count)
    for case in page:
        case.to_do = TO_DO.get(State(case.state), "") if tab == "todo" else ""
        case.held_by = f"由{case.holder_name}办理" if case.holder_id not in (None, user.pk) else ""
    context = {
        "tabs": _tabs(tab, counts, works),
        "tab": tab,
        "page_obj": page,
        "steps": _steps(by_state, step) if tab == "todo" else [],
        "others": modules.to_do(user, timezone.now(), OTHERS, besides="cases") if page.number == 1 else [],
        "may_report": may_report(user),
        "may_report_handled": may_report(user, "report_handled"),
    }
    return render(request, "field/home.html", context)


def _tabs(current: str, counts: dict[str, int], works: bool) -> list[dict[str, Any]]:
    labels = {"todo": "要我办", "grid": "本网格", "mine": "我报的"}
    return [
        {"label": label, "url": f"?tab={name}", "count": counts[name], "current": name == current}
        for name, label in labels.items()
        if name in counts and (works or name == "mine")
    ]


def _steps(by_state: dict[str, int], current: str) -> list[dict[str, Any]]:
    """Chips that narrow the list to one kind of work; none where there is only one kind."""
    if len(by_state) < 2:
        return []
    every = {"label": "全部", "url": "?tab=todo", "count": sum(by_state.values()), "current": not current}
    return [every] + [
        {
            "label": label,
            "url": f"?tab=todo&do={state}",
            "count": by_state[state],
            "current": current == state,
        }
        for state, label in TO_DO.items()
        if state in by_state
    ]
