"""The first screen of the party half: what waits for me, and the whistles by clock."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partybuilding.models import Whistle


@login_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open whistles within the scope, the next deadline first."""
    whistles = Whistle.objects.visible_to(request.user).live().by_due_date().select_related("category")[:50]
    return render(request, "partybuilding/home.html", {"whistles": list(whistles)})
