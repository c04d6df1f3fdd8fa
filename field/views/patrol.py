"""Patrols on the phone: begun and ended there, kept here; each person sees the own ones and nobody else's."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cases.models import Case
from cases.rows import with_row
from field.patrol_form import PatrolForm
from field.views.home import CARD
from governance.models import User
from governance.responses import answers_json, form_json, refusal_json
from patrols.actions import KEPT, forget_patrol, keep_patrol, may_patrol
from patrols.models import Patrol, PatrolledGrid
from records.keyed import anothers, taken_json
from records.refusals import Refused

PAGE = 20
#: A line on a phone needs no more points.
DRAWN = 500
#: What a list of patrols shows: the way itself is only read where it is drawn.
LISTED = ("uuid", "begun_at", "ended_at", "metres", "findings")


def _demand(user: User) -> None:
    if not may_patrol(user):
        raise PermissionDenied("您的岗位没有巡查。")


def _patrols(user: User) -> Any:
    _demand(user)
    grids = PatrolledGrid.objects.select_related("grid").order_by("grid__code")
    return Patrol.objects.visible_to(user).prefetch_related(Prefetch("grids", grids))


def _found(user: User, patrols: list[Patrol]) -> set[uuid.UUID]:
    """Which of the findings have arrived as cases."""
    keys = [key for patrol in patrols for key in patrol.findings]
    if not keys:
        return set()
    return set(Case.objects.reported_by(user).filter(uuid__in=keys).values_list("uuid", flat=True))


@login_required
def patrols(request: HttpRequest) -> HttpResponse:
    """Begin a patrol, or end the one under way; below the own ones, the newest first."""
    rows = _patrols(request.user).only(*LISTED).order_by("-begun_at", "-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    arrived = _found(request.user, list(page))
    for patrol in page:
        patrol.found = len(arrived.intersection(patrol.findings))
    return render(request, "field/patrols.html", {"page_obj": page, "days": KEPT.days})


@login_required
def patrol(request: HttpRequest, patrol_uuid: uuid.UUID) -> HttpResponse:
    """One patrol of one's own: where it went, through which grids, and what was found."""
    one = get_object_or_404(_patrols(request.user), uuid=patrol_uuid)
    cases = Case.objects.reported_by(request.user).filter(uuid__in=one.findings).order_by("pk")
    found = list(with_row(cases, CARD, characters=100))
    for case in found:
        case.to_do = case.held_by = ""
    way = [point[1:3] for point in one.points[:: len(one.points) // DRAWN + 1]]
    return render(
        request, "field/patrol.html", {"patrol": one, "found": found, "way": way, "days": KEPT.days}
    )


@answers_json
@login_required
@never_cache
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Take a patrol that is over; the same sent again is answered as before."""
    _demand(request.user)
    if refused := anothers(request):
        return refused
    form = PatrolForm(request.POST)
    if not form.is_valid():
        return form_json(form)
    try:
        kept, is_new = keep_patrol(
            by=request.user, now=timezone.now(), key=form.cleaned_data["key"], told=form.told
        )
    except Refused as refusal:
        return refusal_json(refusal)
    return taken_json(reverse("field:patrol", args=[kept.uuid]), is_repeat=not is_new)


@login_required
@require_POST
def forget(request: HttpRequest, patrol_uuid: uuid.UUID) -> HttpResponse:
    """Remove one of one's own before its time."""
    forget_patrol(get_object_or_404(_patrols(request.user), uuid=patrol_uuid), by=request.user)
    return redirect("field:patrols")
