"""Grids that nobody covers, and who stands in."""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases import waiting
from cases.loops import top
from cases.models import Case
from cases.routing import Location
from desk import queues
from governance.models import Level, Organization, Post, User
from governance.profile import profile
from governance.roles import Duty, Role
from grid.models import Grid, lacks

#: Cases that wait for nobody are shown up to here, the most urgent first; the figure counts all of them.
MOST = 50


def _waiting_for_nobody(user: User, street: Organization | None, on: dt.date) -> dict[str, Any]:
    """Open cases that wait for a post that nobody holds, or for somebody who has left: which, and for whom."""
    cases = Case.objects.visible_to(user).open()
    if street:
        cases = cases.filter(street=street)
    missing = waiting.gaps(map(waiting.Row._make, cases.values_list(*waiting.Row._fields)), on)
    rows = list(cases.filter(pk__in=missing).select_related("category").by_due_date()[:MOST])
    every = [wait for case in rows for wait in missing[case.pk]]
    places = Organization.objects.in_bulk({wait.place for wait in every if wait.place})
    people = User.objects.in_bulk({wait.person for wait in every if wait.person})
    for case in rows:
        case.missing = [
            f"{people[w.person].name}（已不在岗）" if w.person else f"{places[w.place].name} {w.duty.label}"
            for w in missing[case.pk]
        ]
    return {"rows": rows, "count": len(missing)}


@login_required
@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Grids that lack somebody whom a grid needs here, and who stands in."""
    territories = request.user.authority.territories
    if not territories:
        raise PermissionDenied("岗位在街道、社区或区的人员可以查看值守空缺。")
    today = timezone.localdate()
    below = Q()
    for place in territories:
        below |= Q(community__path__startswith=place.path)
    needed = profile().needed
    grids = Grid.objects.active(today).filter(below)
    streets = Organization.objects.territories(Level.STREET).filter(pk__in=grids.values("community__parent"))
    chosen = request.GET.get("street", "")
    street = next((one for one in streets if str(one.pk) == chosen), None)
    if street:
        grids = grids.filter(community__parent=street)
    lacking = grids.uncovered(today)
    figures = grids.with_gaps(today).aggregate(
        all=Count("pk"),
        **{cover.value: Count("pk", filter=Q(**{lacks(cover): True})) for cover in needed},
    )
    figures["all_words"] = f"{figures['all']:,} 个网格"
    there = Post.objects.on_duty(today)
    clerks = there.filter(role=Role.CLERK).select_related("user")
    at_street = there.with_duty(Duty.INTAKE).filter(organization=OuterRef("community__parent"))
    lacking = lacking.annotate(is_street_staffed=Exists(at_street)).select_related(
        "community__parent__parent"
    )
    lacking = lacking.prefetch_related(Prefetch("community__posts", queryset=clerks, to_attr="clerks"))
    page = Paginator(lacking.order_by("code"), queues.PAGE).get_page(request.GET.get("page"))
    for grid in page:
        grid.highest = Location.of(grid.community).territory(top())
    context = {
        "page_obj": page,
        "figures": figures,
        "needed": needed,
        "desk": f"{Level.COMMUNITY.label}{profile().centres.get(Level.COMMUNITY, '')}",
        "streets": streets,
        "chosen": chosen,
        "waiting": _waiting_for_nobody(request.user, street, today),
    }
    return render(request, "desk/gaps.html", context)
