"""The desk: queues, a list and the case beside it; the same list as a file."""

import math
import uuid
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.calendar import gap_for
from cases.filters import places_in_sight
from cases.models import Case
from cases.permissions import may_keep_calendar
from cases.rows import COLUMNS, NAMES, with_row
from desk import queues
from desk.bulk import QUEUES
from desk.forms import FilterForm
from desk.listed import PAGES, Wanted, page_number, wanted
from desk.views.case import case_context, visible_case
from exports.views import hand_out
from governance import modules
from governance.models import User
from governance.roles import Duty
from governance.statements import ask, count
from neighbourhoods.models import gives_in

#: A row at the desk names these too, and shows a picture.
SHOWN = (*NAMES, "picture")
#: What rows say beside their own matter; what is the same in all of them is said once, above the list.
SAID = ("street_name", "community_name", "category_name", "state_name", "hands")
#: So much of what waits in other modules stands in the first pane.
OTHERS = 5


# The list ----------------------------------------------------------------------------------------------------------


def _columns(cases: QuerySet[Case]) -> QuerySet:
    return with_row(cases, SHOWN).values_list(*COLUMNS, "words", *SHOWN)


def _page(user: User, list_: Wanted, start: int) -> QuerySet:
    return _columns(list_.found(user))[start : start + queues.PAGE + 1]


def _up_to(user: User, list_: Wanted, limit: int) -> QuerySet:
    return list_.found(user).order_by().values("pk")[: limit + 1]


def _case(row: tuple) -> Case:
    case = Case.from_db(None, COLUMNS, row[: len(COLUMNS)])
    for name, value in zip(("words", *SHOWN), row[len(COLUMNS) :], strict=True):
        setattr(case, name, value)
    case.hands = case.unit_name or case.centre_name
    return case


def _common(cases: list[Case]) -> dict[str, str]:
    """What is the same in every row of a page, by name."""
    if len(cases) < 2:
        return {}
    values = {name: {str(getattr(case, name) or "") for case in cases} for name in SAID}
    return {name: one for name, (one, *more) in values.items() if one and not more}


def _list(request: HttpRequest) -> dict:
    """One page of the chosen queue, filtered as the address says."""
    user = request.user
    groups = queues.groups_for(user)
    form = FilterForm(request.GET, places_in_sight(user))
    list_ = wanted(form, groups)
    counts = queues.counted(user)
    number = page_number(request.GET.get("page"))
    shown = _list_page if list_.text == "" else _hits_page
    page = shown(user, list_, form, counts, number)
    cases = [_case(row) for row in page.rows]
    return {
        "groups": _linked(groups, list_.queue, counts),
        "queue": list_.queue,
        "is_newest_first": list_.text != "" or list_.queue in (queues.ALL, queues.CLOSED),
        "day": queues.day_of(groups, counts),
        "form": form,
        "cases": cases,
        "common": (common := _common(cases)),
        "common_words": list(dict.fromkeys(one for one in common.values() if one != list_.queue.label)),
        "total": page.total,
        "total_words": f"超过 {page.limit:,} 件" if page.total > page.limit else f"共 {page.total:,} 件",
        "first": page.start + 1,
        "last": page.start + len(cases),
        "previous_page": page.number - 1 if page.number > 1 else None,
        "next_page": page.number + 1 if page.has_more and page.number < PAGES else None,
    }


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, and how many the list has, counted up to a limit."""

    number: int
    rows: list[tuple]
    has_more: bool
    total: int
    limit: int

    @property
    def start(self) -> int:
        return (self.number - 1) * queues.PAGE


def _list_page(user: User, list_: Wanted, form: FilterForm, counts: queues.Counts, number: int) -> Page:
    start = (number - 1) * queues.PAGE
    rows = ask(_page, user, list_, start, keep=form.comes_again)
    if not rows and number > 1:  # the list has become shorter: its last page answers
        held = count(_up_to, user, list_, queues.COUNTED, keep=form.comes_again)
        number = max(1, math.ceil(held / queues.PAGE))
        start = (number - 1) * queues.PAGE
        rows = ask(_page, user, list_, start, keep=form.comes_again)
    has_more = len(rows) > queues.PAGE
    rows = rows[: queues.PAGE]
    total, limit = _total(user, list_, form, counts, None if has_more else start + len(rows))
    return Page(number, rows, has_more, total, limit)


def _hits_page(user: User, list_: Wanted, form: FilterForm, counts: queues.Counts, number: int) -> Page:
    """A page of a search: what one pass finds, up to where hits are counted, is its count too."""
    limit = queues.COUNTED_ENDLESS
    search = list_.search(user, limit)
    number = min(number, limit // queues.PAGE)
    rows, total = search.page(_columns, (number - 1) * queues.PAGE, queues.PAGE)
    if not rows and number > 1:
        number = max(1, math.ceil(min(total, limit) / queues.PAGE))
        rows, total = search.page(_columns, (number - 1) * queues.PAGE, queues.PAGE)
    return Page(number, rows, min(total, limit) > number * queues.PAGE, total, limit)


def _total(
    user: User, list_: Wanted, form: FilterForm, counts: queues.Counts, end: int | None
) -> tuple[int, int]:
    """How many cases the list has, and up to where they are counted; asked for only where nobody knows it."""
    limit = queues.COUNTED
    if end is not None:
        total = end
    elif not form.chosen and list_.queue not in queues.ENDLESS:
        total = queues.totals(list_.queue, counts)[0]
    else:
        if list_.queue in queues.ENDLESS and not form.is_bounded:
            limit = queues.COUNTED_ENDLESS
        total = count(_up_to, user, list_, limit, keep=form.comes_again)
    return total, limit


def _linked(groups: list[queues.Group], current: queues.Queue, counts: queues.Counts) -> list[dict]:
    """The first pane: every queue with its address and counts; an empty one elsewhere is left out."""
    shown, desk_url = [], reverse("desk:list")
    for group in groups:
        lines = []
        for queue in group.queues:
            held, late = queues.totals(queue, counts)
            endless = queue in queues.ENDLESS
            is_quiet = queue.name.startswith(("else-", "ordered")) and not held and queue != current
            if is_quiet:
                continue
            lines.append(
                {
                    "label": queue.label,
                    "url": f"{desk_url}?queue={queue.name}",
                    "count": "" if endless else f"{held:,}",
                    "late": 0 if endless else late,
                    "current": queue == current,
                }
            )
        if lines:
            shown.append({"title": group.title, "queues": lines})
    return shown


@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Three panes: queues, list, case; the address alone says what is shown."""
    since = timezone.now()  # before the list is read: what comes meanwhile is new
    context = _list(request)
    context["since"] = f"{since.timestamp():.3f}"
    context["can_take_calls"] = request.user.authority.has(Duty.INTAKE)
    context["can_see_gaps"] = bool(request.user.authority.territories)
    context["gives_tasks"] = bool(gives_in(request.user))
    context["keeps_calendar"] = may_keep_calendar(request.user)
    context["bulk"] = next((move for move, queue in QUEUES.items() if queue == context["queue"].name), "")
    context["gap"] = gap_for(request.user, timezone.now())
    context["others"] = modules.to_do(request.user, timezone.now(), OTHERS, besides="cases")
    chosen = request.GET.get("case", "")
    if chosen:
        try:
            case = visible_case(request, uuid.UUID(chosen))
        except ValueError:
            pass
        else:
            context |= case_context(request, case)
    return render(request, "desk/list.html", context)


# The list as a file ------------------------------------------------------------------------------------------------


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list with the same filters as a file; a long one is asked for and made in the background."""
    return hand_out(request, "cases")
