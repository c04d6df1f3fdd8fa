"""The first screen of the party half: what waits for me, and the whistles by clock."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.roles import Duty
from partybuilding.filters import counted, open_and_late
from partybuilding.views.lists import pane
from partybuilding.waiting import to_do

MOST = 30


@login_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me first; then how many whistles run, and how many are late by which clock."""
    now, user = timezone.now(), request.user
    context = {
        "groups": pane(user, "home"),
        "rows": to_do(user, now, MOST),
        "counts": counted(user),
        "late": open_and_late(user)[1],
        "blows": user.authority.has(Duty.BLOW),
        "answers": user.authority.has(Duty.ANSWER),
    }
    return render(request, "partybuilding/home.html", context)
