"""The list of whistles, and the first pane of the party half; the same list as a file: ``files.py``."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.models import User
from governance.roles import Duty
from partybuilding.filters import DEFAULT, GROUPS, WhistleFilters, counted, for_list
from partybuilding.reading import lateness_of
from partybuilding.workflow import TONES, State

PAGE = 30
#: Nobody turns more pages; the exact count beyond would grow with the years.
PAGES, COUNTED = 334, 10_000


def pane(user: User, current: str = "") -> list[dict[str, Any]]:
    """The first pane: what waits, then the lists with their counts; what grows without end is not counted."""
    counts, address = counted(user), reverse("partybuilding:whistles")
    lines = [
        {
            "label": label,
            "url": f"{address}?state={name}",
            "count": "" if name in ("ended", "all") else f"{counts[name][0]:,}",
            "late": counts[name][1] if name in ("open", "running") else 0,
            "current": name == current,
        }
        for name, (label, _) in GROUPS.items()
    ]
    home = {
        "label": "待我办",
        "url": reverse("partybuilding:home"),
        "count": "",
        "late": 0,
        "current": current == "home",
    }
    groups = [{"title": "等我的", "queues": [home]}, {"title": "哨单", "queues": lines}]
    if user.authority.has(Duty.BLOW) or user.authority.has(Duty.LEAD):
        learned = {
            "label": "吹哨率与修订建议",
            "url": reverse("partybuilding:proposals"),
            "count": "",
            "late": 0,
            "current": current == "proposals",
        }
        groups.append({"title": "研判", "queues": [learned]})
    return groups


def _number(text: str) -> int:
    return min(max(int(text[:6]), 1), PAGES) if text.isdecimal() else 1


@login_required
@never_cache
@require_safe
def whistles(request: HttpRequest) -> HttpResponse:
    """One page of the whistles in sight, filtered as the address says."""
    now = timezone.now()
    form = WhistleFilters(request.GET, request.user)
    found, number = form.found(now), _number(request.GET.get("page", ""))
    start = (number - 1) * PAGE
    rows = list(for_list(found)[start : start + PAGE + 1])
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    total = found.order_by()[: COUNTED + 1].count() if has_more or number > 1 else len(rows)
    for whistle in rows:
        whistle.tone, whistle.shown_lateness = TONES[State(whistle.state)], lateness_of(whistle, now)
    context = {
        "groups": pane(request.user, form.group),
        "form": form,
        "title": GROUPS[form.group][0],
        "whistles": rows,
        "total_words": f"超过 {COUNTED:,} 件" if total > COUNTED else f"共 {total:,} 件",
        "first": start + 1,
        "last": start + len(rows),
        "previous_page": number - 1 if number > 1 else None,
        "next_page": number + 1 if has_more and number < PAGES else None,
        "is_narrowed": bool(set(form.chosen) - {"state"}),
        "is_newest_first": form.group in ("ended", "all"),
        "default": DEFAULT,
    }
    return render(request, "partybuilding/list.html", context)
