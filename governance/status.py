"""How the site itself is: for programs that watch over it, and for people."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance import health
from governance.faces import sees_status
from governance.responses import answers_json, with_status
from governance.roles import Role

#: Whoever watches the site may ask again after so many seconds.
RETRY_SECONDS = 15


@answers_json
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether everything works that the site needs, behind the pages too; for whoever watches over it."""
    found = health.findings(now=timezone.now())
    fine = health.is_ready(found)
    parts = {
        check.name: {
            "state": seen.state,
            "seconds": seen.seconds,
            "limit": seen.limit,
            "needed": check.is_needed,
        }
        for check, seen in found
    }
    answer = JsonResponse({"ready": fine, "parts": parts})
    return answer if fine else with_status(answer, 503, retry_after=RETRY_SECONDS)


@login_required
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The same in words: since when something does not work, and what to do."""
    roles = [post.role for post in request.user.authority.posts]
    if not sees_status(roles):
        raise PermissionDenied("系统状态由工作台和管理岗位查看。")
    now = timezone.now()
    context = {
        "findings": health.findings(now=now),
        "processes": health.processes(now),
        "sees_outbox": not {Role.SYSTEM_ADMIN, Role.AUDITOR}.isdisjoint(roles),
        "now": now,
    }
    return render(request, "governance/status.html", context)
