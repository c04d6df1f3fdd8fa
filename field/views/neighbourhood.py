"""My building, courtyard or group on the phone: its open cases, what neighbours settled, and its small tasks."""

import datetime as dt
from functools import reduce
from operator import or_

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cases.models import Case, Category
from cases.names import with_names
from governance.models import User
from governance.modules import ToDo
from governance.roles import NEIGHBOUR_ROLES
from neighbourhoods import actions
from neighbourhoods.forms import AnswerForm
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, led_by
from records.keyed import shown_again
from records.refusals import Refused

#: Cards of a page, and cases of the squares around it that are looked at for them, the soonest due first.
MOST, LOOKED_AT = 50, 300
#: Small tasks that were answered lately.
ANSWERED = 10
#: All that a card says; neither the words nor who reported.
COLUMNS = (
    "id", "uuid", "source", "is_from_resident", "longitude", "latitude", "address", "state", "due_at", "lateness", "category_id",
    "community_id",
)  # fmt: skip


def _demand_leader(user: User) -> None:
    if not any(post.role in NEIGHBOUR_ROLES for post in user.authority.posts):
        raise PermissionDenied("“我的楼组”由楼栋长、庭院长和志愿者使用。")


def open_around(led: list[Neighbourhood], user: User) -> list[Case]:
    """Open cases within the neighbourhoods, the soonest due first, with ``metres``; ``address_shown`` as far as it is public.

    Whoever leads a neighbourhood is no party to what neighbours complain about: disputes are left out, words and photos
    are not read, a caller's address is not told, and ``is_visible`` says which cases the person may open.
    """
    if not led:
        return []
    around = reduce(
        or_,
        (
            Case.objects.open()
            .near(one.longitude, one.latitude, one.radius)
            .filter(community=one.grid.community_id)
            for one in led
        ),
    )
    rows = with_names(
        around.exclude(category__kind=Category.Kind.DISPUTE).order_by("due_at", "pk"), "category_name"
    )
    found = []
    for case in rows.only(*COLUMNS)[:LOOKED_AT]:
        near = [one for one in led if one.grid.community_id == case.community_id]
        reached = [one for one in near if one.reaches(case.longitude, case.latitude)]
        if reached:
            case.neighbourhood = min(reached, key=lambda one: one.metres_to(case.longitude, case.latitude))
            case.metres = case.neighbourhood.metres_to(case.longitude, case.latitude)
            found.append(case)
    visible = Case.objects.visible_to(user).filter(pk__in=[case.pk for case in found])
    opened = set(visible.values_list("pk", flat=True)) if found else set()
    for case in found:
        case.is_visible = case.pk in opened
        case.address_shown = case.address if case.is_visible or not case.is_from_resident else ""
    return found


def asked_of(led: list[Neighbourhood]) -> list[AskedNeighbourhood]:
    """Small tasks of the neighbourhoods: those without an answer by their day, then the last that were answered."""
    rows = AskedNeighbourhood.objects.filter(neighbourhood__in=[one.pk for one in led])
    rows = rows.select_related("task__given_by", "neighbourhood", "answered_by")
    waiting = rows.unanswered().order_by("task__due_on", "pk")
    return [*waiting, *rows.exclude(answer="").order_by("-answered_at")[:ANSWERED]]


def _show(request: HttpRequest, wrong: AnswerForm | None = None) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    led = led_by(user, today)
    cases = open_around(led, user)
    asked = asked_of(led) if led else []
    for one in asked:
        one.late = one.is_late(today)
        one.form = wrong if wrong and wrong.asked_id == one.pk else AnswerForm.of(one.pk)
    is_answered = wrong is not None and wrong.asked_id not in {one.pk for one in asked if not one.answer}
    context = {
        "refused": wrong if is_answered else None,
        "led": led,
        "cases": cases[:MOST],
        "count": len(cases),
        "asked": [one for one in asked if not one.answer],
        "answered": [one for one in asked if one.answer],
    }
    return render(request, "field/neighbourhood.html", context)


@login_required
@require_safe
def neighbourhood(request: HttpRequest) -> HttpResponse:
    """What is open around me, what I can settle with the neighbours, what the community asked."""
    _demand_leader(request.user)
    return _show(request)


@login_required
@require_POST
def answer(request: HttpRequest, asked_id: int) -> HttpResponse:
    """Say that a small task is done, or that it cannot be."""
    mine = AskedNeighbourhood.objects.visible_to(request.user, timezone.localdate())
    if not mine.filter(pk=asked_id).exists():
        raise Http404("没有这件小任务，或不是您的楼组。")
    form = AnswerForm.of(asked_id, request.POST)
    if not form.is_valid():
        return shown_again(_show(request, form), form)
    try:
        given = form.cleaned_data
        actions.answer(
            asked_id, by=request.user, now=timezone.now(), said=given["answer"], words=given["words"]
        )
    except Refused as refusal:
        form.refuse(refusal)
        return shown_again(_show(request, form), form)
    messages.success(request, "已回复，社区看得到。")
    return redirect("field:neighbourhood")


def to_do(user: User, now: dt.datetime, most: int) -> list[ToDo]:
    """Small tasks that wait for the answer of whoever leads a neighbourhood."""
    today = timezone.localdate(now)
    led = led_by(user, today)
    if not led:
        return []
    rows = AskedNeighbourhood.objects.filter(neighbourhood__in=[one.pk for one in led]).unanswered()
    rows = rows.select_related("task", "neighbourhood").order_by("task__due_on", "pk")[:most]
    return [
        ToDo(
            verb="小任务",
            title=f"{one.neighbourhood}：{one.task.words}",
            address=f"{actions.LEADERS_PAGE}#task-{one.pk}",
            due_at=_end_of(one.task.due_on),
            is_late=one.is_late(today),
        )
        for one in rows
    ]


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), timezone.get_default_timezone())
