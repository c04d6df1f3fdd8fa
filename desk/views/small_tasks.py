"""Small tasks 小任务: the community gives them to its neighbourhoods and reads the answers."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from governance.kept_forms import keeps_form, kept
from governance.models import Organization
from neighbourhoods import actions
from neighbourhoods.forms import GiveForm
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, SmallTask, gives_in, with_leaders
from records.keyed import shown_again
from records.refusals import Refused

PAGE = 20


def _community(request: HttpRequest) -> Organization:
    """The community that is asked for, of those in which the person gives small tasks; else the first."""
    mine = gives_in(request.user)
    if not mine:
        raise PermissionDenied("小任务由社区坐席和社区工作者布置。")
    chosen = request.GET.get("community", "")
    return next((one for one in mine if str(one.pk) == chosen), mine[0])


@keeps_form()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def small_tasks(request: HttpRequest) -> HttpResponse:
    """One page: give a small task; below it those that were given, with what each neighbourhood answered."""
    community, now = _community(request), timezone.now()
    today = timezone.localdate(now)
    here = Neighbourhood.objects.led(today).filter(grid__community=community)
    here = with_leaders(here.order_by("kind", "name", "pk"), today)
    if request.method != "POST":
        return _show(request, community, GiveForm(kept(request), here=here), today)
    form = GiveForm(request.POST, here=here)
    if not form.is_valid():
        return shown_again(_show(request, community, form, today), form)
    try:
        given = form.cleaned_data
        task = actions.give(
            by=request.user,
            now=now,
            key=given["key"],
            community=community,
            words=given["words"],
            due_on=given["due_on"],
            neighbourhoods=form.asked,
        )
    except Refused as refusal:
        form.refuse(refusal)
        return shown_again(_show(request, community, form, today), form)
    messages.success(request, f"已交给 {task.asked.count()} 个楼组，负责人会在手机上看到。")
    return redirect(f"{reverse('desk:tasks')}?community={community.pk}")


def _show(request: HttpRequest, community: Organization, form: GiveForm, today: dt.date) -> HttpResponse:
    given = SmallTask.objects.visible_to(request.user).filter(community=community)
    late = given.late(today).count()
    is_late = request.GET.get("show") == "late"
    rows = (given.late(today) if is_late else given).select_related("given_by").order_by("-pk")
    asked = AskedNeighbourhood.objects.select_related("neighbourhood", "answered_by").order_by("pk")
    page = Paginator(rows.prefetch_related(Prefetch("asked", asked)), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "community": community,
        "unled": Neighbourhood.objects.active(today)
        .filter(grid__community=community)
        .exclude(pk__in=Neighbourhood.objects.led(today).values("pk"))
        .order_by("kind", "name", "pk"),
        "others": [one for one in gives_in(request.user) if one.pk != community.pk],
        "form": form,
        "tabs": [
            {
                "label": "全部",
                "url": f"?community={community.pk}",
                "count": given.count(),
                "current": not is_late,
            },
            {
                "label": "逾期未回",
                "url": f"?community={community.pk}&show=late",
                "count": late,
                "current": is_late,
            },
        ],
        "is_late": is_late,
        "page_obj": page,
        "today": today,
        "tomorrow": today + dt.timedelta(days=1),
    }
    return render(request, "desk/small_tasks.html", context)
