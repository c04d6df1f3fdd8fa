"""The code of the spot as a QR picture: on the wall or in somebody's hand, without a script."""

import uuid

import segno
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.models import User
from partybuilding.codes import WINDOW, code_at, opened_by, screen_ticket
from partybuilding.models import Whistle
from partybuilding.permissions import blows_for
from partybuilding.workflow import RUNNING


@login_required
@never_cache
@require_safe
def open_screen(request: HttpRequest, whistle_uuid: uuid.UUID) -> HttpResponse:
    """Open the screen for whoever blew; from there on it needs nobody who is signed in (docs/decisions/0030)."""
    whistle = get_object_or_404(Whistle.objects.visible_to(request.user), uuid=whistle_uuid)
    if not blows_for(request.user, whistle):
        raise PermissionDenied("报到二维码由吹哨方打开。")
    return redirect(
        "partybuilding:screen_code",
        whistle_uuid=whistle.uuid,
        ticket=screen_ticket(whistle.uuid, request.user.pk, timezone.now()),
    )


@never_cache
@require_safe
def screen(request: HttpRequest, whistle_uuid: uuid.UUID, ticket: str) -> HttpResponse:
    """The code of this half minute; the page asks for the next one by itself, as long as who opened it may blow."""
    now = timezone.now()
    opener = User.objects.filter(pk=opened_by(ticket, whistle_uuid, now), is_active=True).first()
    whistle = get_object_or_404(Whistle.objects.select_related("category", "street"), uuid=whistle_uuid)
    if opener is None or not blows_for(opener, whistle):
        raise Http404("这个报到屏已失效，请在哨单页重新打开。")
    if whistle.state not in RUNNING:  # whoever still has the address reads nothing of it
        return render(request, "partybuilding/screen.html", {"whistle": None})
    code = code_at(whistle.uuid, now)
    address = request.build_absolute_uri(
        f"{reverse('partybuilding:arrive', args=[whistle.uuid])}?code={code}"
    )
    picture = segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=2, svgclass=None)
    context = {
        "whistle": whistle,
        # Ours alone: lines and the address above, which holds a number and a code.
        "picture": mark_safe(picture),
        "seconds": WINDOW - int(now.timestamp()) % WINDOW,
    }
    return render(request, "partybuilding/screen.html", context)
