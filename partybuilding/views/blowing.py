"""A whistle is blown on a case, or the street is asked to."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from cases.models import Case
from governance.kept_forms import keeps_form, kept
from partybuilding.actions import DOOR, perform
from partybuilding.forms import BlowForm
from partybuilding.models import Whistle
from records.door import Answer
from records.keyed import shown_again
from records.refusals import Refused


@keeps_form()
@login_required
@never_cache
def blow(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """Kind, reason, demand and units on one page; whoever may only ask the street sees no units."""
    cases = Case.objects.visible_to(request.user).select_related("category", "street", "community")
    case = get_object_or_404(cases, uuid=case_uuid)
    now = timezone.now()
    form = BlowForm(case, request.user, request.POST if request.method == "POST" else kept(request), now=now)
    if not form.ways:
        raise PermissionDenied("您的岗位不能在这件案件上吹哨，也不能请街道吹哨。")
    if request.method == "POST":
        if answer := _blow(form, request):
            whistle = Whistle.objects.get(uuid=answer.uuid)
            called = f"，已通知 {len(whistle.units)} 个单位签收" if whistle.units else "，已报街道决定"
            messages.success(request, f"{whistle.number} {whistle.get_state_display()}{called}。")
            return redirect("partybuilding:whistle", whistle_uuid=whistle.uuid)
        return shown_again(_ask(request, form), form)
    return _ask(request, form)


def _blow(form: BlowForm, request: HttpRequest) -> Answer | None:
    """Blow or ask; nothing where the form says what is wrong."""
    if not form.is_valid():
        key = form.cleaned_data.get("key")
        found = (DOOR.answered(key, name, by=request.user) for name in ("blow", "ask")) if key else ()
        return next((answer for answer in found if answer), None)
    way, key = form.way, form.cleaned_data["key"]
    assert way is not None
    try:
        return perform(
            Whistle(uuid=key, case=form.case, kind=way.rule.kind),
            way.move.name,
            by=request.user,
            now=timezone.now(),
            key=key,
            given=form.given,
        )
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _ask(request: HttpRequest, form: BlowForm) -> HttpResponse:
    context = {
        "form": form,
        "case": form.case,
        "blows": any(way.move.name == "blow" for way in form.ways),
        "asks": any(way.move.name == "ask" for way in form.ways),
        "running": Whistle.objects.open().filter(case=form.case).first(),
    }
    return render(request, "partybuilding/blow.html", context)
