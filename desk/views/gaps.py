"""Grids that nobody covers, and who stands in."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from desk import queues
from governance.models import Level, Organization, Post
from governance.roles import Duty, Role
from grid.models import Grid


@login_required
@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Grids without a worker, supervisor or inspector, and who stands in."""
    territories = request.user.powers.territories
    if not territories:
        raise PermissionDenied("岗位在街道、社区或区的人员可以查看值守空缺。")
    today = timezone.localdate()
    below = Q()
    for place in territories:
        below |= Q(community__path__startswith=place.path)
    grids = Grid.objects.active(today).filter(below)
    streets = Organization.objects.territories(Level.STREET).filter(pk__in=grids.values("community__parent"))
    chosen = request.GET.get("street", "")
    street = next((one for one in streets if str(one.pk) == chosen), None)
    if street:
        grids = grids.filter(community__parent=street)
    lacking = grids.uncovered(today)
    figures = grids.with_gaps(today).aggregate(
        all=Count("pk"),
        worker=Count("pk", filter=Q(lacks_worker=True)),
        supervisor=Count("pk", filter=Q(lacks_supervisor=True)),
        inspector=Count("pk", filter=Q(lacks_inspector=True)),
    )
    figures["all_words"] = f"{figures['all']:,} 个网格"
    there = Post.objects.on_duty(today)
    clerks = there.filter(role=Role.CLERK).select_related("user")
    at_street = there.with_duty(Duty.ACCEPT).filter(organization=OuterRef("community__parent"))
    lacking = lacking.annotate(is_street_staffed=Exists(at_street)).select_related(
        "community__parent__parent"
    )
    lacking = lacking.prefetch_related(Prefetch("community__posts", queryset=clerks, to_attr="clerks"))
    page = Paginator(lacking.order_by("code"), queues.PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "figures": figures, "streets": streets, "chosen": chosen}
    return render(request, "desk/gaps.html", context)
