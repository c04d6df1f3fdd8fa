"""What grids may have missed, and what people found about it; nobody is ranked, and workers see what was confirmed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from appraisal.missed import MOST_CHARACTERS, decide, why_not_decide, workers_now
from appraisal.models import Looked, MissedDecision, MissedReport
from appraisal.models.looks import MissedReportQuerySet, oversees_missed
from cases.models import CaseEvent
from dashboard.looks import Look, look_at
from dashboard.paging import paged
from governance.models import User
from governance.roles import Role
from records.keyed import KeyedForm, shown_again
from records.refusals import Refused

OPEN = "open"
SHOWS = {OPEN: "待认定", "confirmed": "确认漏报", "rejected": "不是漏报"}
#: What a grid worker is shown.
OF_WORKERS = {"confirmed": SHOWS["confirmed"]}


class DecisionForm(KeyedForm):
    """What is found, with the reason; sent twice it is done once by itself (``appraisal.missed.decide``)."""

    verdict = forms.ChoiceField(
        label="认定",
        choices=MissedDecision.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是不是漏报。", "invalid_choice": "请选择是不是漏报。"},
    )
    reason = forms.CharField(
        label="理由",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明理由。"},
    )


def _visible(user: User) -> MissedReportQuerySet:
    found = MissedReport.objects.visible_to(user)
    return found.select_related("case__category", "grid", "community", "decision__by")


def _look(request: HttpRequest) -> Look:
    """Raises ``PermissionDenied`` for whoever neither oversees anything nor covers a grid."""
    roles = {Role(post.role) for post in request.user.authority.posts}
    oversees = any(oversees_missed(role) for role in roles)
    if not oversees and Role.GRID_WORKER not in roles:
        raise PermissionDenied("疑似漏报由社区坐席、街道监督员、值班长和领导查看。")
    look = look_at(request, Looked.What.MISSED, SHOWS if oversees else OF_WORKERS)
    if look is None:
        raise PermissionDenied("您的岗位没有要看的区域。")
    return look


def _page(request: HttpRequest, *, bad: DecisionForm | None = None, about: int | None = None) -> HttpResponse:
    """The reports in sight; ``bad`` is a form that comes back."""
    user, look = request.user, _look(request)
    rows = _visible(user).below(look.place.path)
    if look.show == OPEN:
        rows = rows.filter(decision=None).order_by("day", "pk")
    else:
        rows = rows.filter(decision__verdict=look.show).order_by("-decision__at", "-pk")
    found = paged(request, rows)
    if bad is not None and about not in [one.pk for one in found.rows]:
        found.rows.insert(0, _visible(user).get(pk=about))
    found.rows = _shown(found.rows, user, bad, about)
    return render(request, "dashboard/missed.html", look.context | {"paged": found})


def _shown(
    reports: list[MissedReport], user: User, bad: DecisionForm | None, about: int | None
) -> list[dict[str, Any]]:
    ids = [pk for one in reports for pk in one.events]
    events = CaseEvent.objects.select_related("case").in_bulk(ids) if ids else {}
    undecided = [one for one in reports if not hasattr(one, "decision")]
    workers = workers_now(undecided, timezone.localdate()) if undecided else {}
    return [
        {
            "report": one,
            "events": [events[pk] for pk in one.events],
            "form": (bad if one.pk == about else DecisionForm())
            if why_not_decide(one, user, workers.get(one.pk, set())) is None
            else None,
            "is_bad": bad is not None and one.pk == about,
        }
        for one in reports
    ]


@login_required
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Reports that were perhaps missed, those not decided first."""
    return _page(request)


@login_required
@never_cache
@require_POST
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or reject."""
    user = request.user
    report = get_object_or_404(_visible(user), pk=pk)
    workers = workers_now([report], timezone.localdate())[report.pk]
    if (refusal := why_not_decide(report, user, workers)) and refusal.status == 403:
        raise PermissionDenied(refusal.sentence)
    form = DecisionForm(request.POST)
    if form.is_valid():
        given = {"verdict": form.cleaned_data["verdict"], "reason": form.cleaned_data["reason"]}
        try:
            decision = decide(pk, **given, by=user, now=timezone.now())
        except Refused as no:
            messages.error(request, no.sentence)
            form.refuse(no)
        else:
            messages.success(request, f"{report.case.number}：{decision.get_verdict_display()}。")
            return redirect("dashboard:missed")
    return shown_again(_page(request, bad=form, about=pk), form)
