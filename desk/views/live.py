"""What an open desk asks by itself: what is new in the list, and who else has the case open."""

import datetime as dt
import uuid

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.filters import places_in_sight
from cases.models import Leg, Request
from desk import presence, queues
from desk.forms import FilterForm
from desk.listed import wanted
from desk.views.case import visible_case
from governance.models import User
from governance.responses import answers_json, form_json

#: Beyond so many nobody counts.
MOST = 99
#: A page that has stood longer is asked for again anyway.
LONGEST = dt.timedelta(hours=12)


class LiveForm(forms.Form):
    """When the list was shown (seconds since 1970), and the case beside it."""

    since = forms.FloatField(label="自何时", min_value=0, max_value=1e11)
    case = forms.UUIDField(label="案件", required=False)


@answers_json
@login_required
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """``new``: cases that came to the list of the address since then; ``others``: who has the case open as well."""
    asked = LiveForm(request.GET)
    if not asked.is_valid():
        return form_json(asked)
    now = timezone.now()
    since = dt.datetime.fromtimestamp(asked.cleaned_data["since"], dt.UTC)
    case: uuid.UUID | None = asked.cleaned_data["case"]
    others = presence.see(visible_case(request, case), request.user, now=now) if case else []
    return JsonResponse({"new": _new(request, request.user, max(since, now - LONGEST)), "others": others})


def _new(request: HttpRequest, user: User, since: dt.datetime) -> int:
    """How many cases of the own queue of the address began to wait there after a moment; lists of others have no end."""
    groups = queues.groups_for(user)
    form = FilterForm(request.GET, places_in_sight(user))
    list_ = wanted(form, groups)
    own = {queue for group in groups for queue in group.queues if queue.name.startswith(("mine", "asked"))}
    if list_.queue not in own:
        return 0
    legs = Leg.objects.open().filter(case=OuterRef("pk"), opened_at__gt=since)
    asked = Request.objects.filter(case=OuterRef("pk"), decided_at=None, asked_at__gt=since)
    came = list_.held(user).filter(Exists(legs) | Exists(asked)).order_by()
    return came[:MOST].count()
