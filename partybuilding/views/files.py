"""Whistles on paper and as files; who took one is written down."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.clocks import stamp
from exports.views import hand_out
from governance.actions import log_access
from partybuilding.reading import read
from partybuilding.sheet import of_whistle
from partybuilding.views.whistle import visible_whistle


@login_required
@never_cache
@require_safe
def print_page(request: HttpRequest, whistle_uuid: uuid.UUID) -> HttpResponse:
    """The file of a whistle for A4: everything that its page says, without buttons."""
    now = timezone.now()
    reading = read(visible_whistle(request, whistle_uuid), request.user, now)
    whistle = reading.whistle
    log_access(f"whistle:{whistle.pk}:print", by=request.user, reason=f"打印哨单 {whistle.number}", now=now)
    return render(request, "partybuilding/print.html", {"reading": reading, "now": now})


@login_required
@never_cache
@require_safe
def whistle_file(request: HttpRequest, whistle_uuid: uuid.UUID) -> HttpResponse:
    """One whistle as a workbook."""
    now = timezone.now()
    reading = read(visible_whistle(request, whistle_uuid), request.user, now)
    number = reading.whistle.number
    notes = [f"{stamp(now)} 由 {request.user.name} 导出。"]
    file = of_whistle(reading, notes)
    log_access(f"whistle:{reading.whistle.pk}:export", by=request.user, reason=f"导出哨单 {number}", now=now)
    return FileResponse(file, as_attachment=True, filename=f"哨单-{number}.xlsx")


@login_required
@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list with the same filters as a file; a long one is asked for and made in the background."""
    return hand_out(request, "whistles")
