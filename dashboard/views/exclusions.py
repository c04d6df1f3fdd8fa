"""Exclusions in public: the list of them, one with what people said, and the forms to ask, agree, refuse and end."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appraisal.exclusions import MOST_CHARACTERS, ask, decide, sayable, why_not_ask
from appraisal.models import Exclusion, ExclusionDecision
from cases.models import Case
from cases.models.case import page_of
from dashboard.exclusions import SHOWS, ExclusionFilters, ExclusionList, lines, sheet
from dashboard.frame import frame
from dashboard.paging import paged
from governance.actions import log_access
from governance.kept_forms import keeps_form, kept
from governance.models import User
from records.keyed import KeyedForm, shown_again
from records.refusals import Refused
from records.sheet import EXPORTED, said_where_cut


def _words(label: str, missing: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": missing},
    )


class AskForm(KeyedForm):
    """Why a case is to be left out; sent twice it is asked once by itself (``appraisal.exclusions.ask``)."""

    ground = forms.ChoiceField(
        label="事由",
        choices=Exclusion.Ground.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择事由。", "invalid_choice": "请选择事由。"},
    )
    words = _words("说明", "请写明发生了什么、有什么凭据。")


class DecisionForm(KeyedForm):
    """What somebody says about an exclusion; sent twice it is said once by itself (``appraisal.exclusions.decide``)."""

    verdict = forms.ChoiceField(
        label="意见",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择意见。", "invalid_choice": "请选择意见。"},
    )
    reason = _words("理由", "请写明理由。")

    def __init__(self, *args: Any, may: list[ExclusionDecision.Verdict], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["verdict"].choices = [(one.value, one.label) for one in may]
        if len(may) == 1:
            self.fields["verdict"].initial = may[0].value


# The list ----------------------------------------------------------------------------------------------------------


def _listed(request: HttpRequest) -> tuple[dict[str, Any], ExclusionList]:
    """Raises ``Http404`` for who has no place to look at."""
    context = frame(request, "measures", "剔除")
    return context, ExclusionList(context["chosen"], ExclusionFilters(request.GET))


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Exclusions of a place, or those that stand behind an adjusted figure."""
    context, found = _listed(request)
    rows = paged(request, found.rows)
    context |= {
        "kept": found.form.given,
        "found": found,
        "shows": [
            {
                "label": words,
                "url": found.address(state=name),
                "current": found.words.get("state", "") == name,
            }
            for name, (words, _) in SHOWS.items()
        ],
        "paged": rows,
        "lines": lines(rows.rows, request.user),
        "who": found.who_in(rows.rows) if "who" in found.words else "",
    }
    return render(request, "dashboard/exclusions.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list under the same filters as a file; who took it is written down."""
    context, found = _listed(request)
    rows = list(found.rows[: EXPORTED + 1])
    chosen, now = found.chosen, context["now"]
    what = f"“{found.measure.label}”的剔除" if found.measure else "剔除"
    notes = [
        f"{chosen.place.name}，{chosen.period_words}（{chosen.period.begin} 至 {chosen.period.end}），{what}，"
        f"{timezone.localtime(now):%Y-%m-%d %H:%M} 由{request.user.name}导出。"
    ]
    if len(rows) > EXPORTED:
        notes.append(said_where_cut(EXPORTED, "项"))
    file = sheet(lines(rows[:EXPORTED], request.user), notes)
    log_access("exclusions:export", by=request.user, reason=request.GET.urlencode()[:200], now=now)
    return FileResponse(file, as_attachment=True, filename=f"剔除-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx")


# One of them -------------------------------------------------------------------------------------------------------


def _one(request: HttpRequest, exclusion: Exclusion, bad: DecisionForm | None = None) -> HttpResponse:
    """What was asked and said, and the form for who may say something; ``bad`` is one that comes back."""
    may, refusal = sayable(exclusion, request.user)
    context = {
        "wall": False,
        "exclusion": exclusion,
        "case_url": page_of(exclusion.case.uuid),
        "form": bad or (DecisionForm(may=may) if may else None),
        "why_not": refusal.sentence if refusal and exclusion.is_decided_on else "",
    }
    return render(request, "dashboard/exclusion.html", context)


def _visible(user: User, pk: int) -> Exclusion:
    rows = Exclusion.objects.visible_to(user).select_related("case__category", "asked_by")
    return get_object_or_404(rows.prefetch_related("decisions__by"), pk=pk)


@login_required
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """An exclusion with everything that was said about it."""
    return _one(request, _visible(request.user, pk))


@login_required
@require_POST
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree, refuse or end."""
    exclusion = _visible(request.user, pk)
    may, refusal = sayable(exclusion, request.user)
    if refusal and refusal.status == 403:
        raise PermissionDenied(refusal.sentence)
    form = DecisionForm(request.POST, may=may or list(ExclusionDecision.Verdict))
    if form.is_valid():
        given = {"verdict": form.cleaned_data["verdict"], "reason": form.cleaned_data["reason"]}
        try:
            decision = decide(pk, **given, by=request.user, now=timezone.now())
        except Refused as no:
            messages.error(request, no.sentence)
            form.refuse(no)
        else:
            state = decision.exclusion.get_state_display()
            messages.success(request, f"{decision.get_verdict_display()}已记下，现在是：{state}。")
            return redirect("dashboard:exclusion", pk)
    return shown_again(_one(request, exclusion, form), form)


# Asking ------------------------------------------------------------------------------------------------------------


@keeps_form()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_page(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """Ask that a case is left out."""
    cases = Case.objects.visible_to(request.user).select_related("category", "street")
    case = get_object_or_404(cases, uuid=case_uuid)
    if (refusal := why_not_ask(case, request.user)) and refusal.status == 403:
        raise PermissionDenied(refusal.sentence)
    is_sent = request.method == "POST"
    form = AskForm(request.POST if is_sent else kept(request))
    if is_sent and form.is_valid():
        given = {"ground": form.cleaned_data["ground"], "words": form.cleaned_data["words"]}
        try:
            made = ask(case.pk, **given, by=request.user, now=timezone.now())
        except Refused as no:
            messages.error(request, no.sentence)
            form.refuse(no)
        else:
            messages.success(request, "申请已提交，两个人同意后才剔除。")
            return redirect("dashboard:exclusion", made.pk)
    running = case.exclusions.filter(state__in=Exclusion.RUNNING).first()
    context = {"wall": False, "case": case, "case_url": page_of(case.uuid), "form": form}
    context |= {"refusal": refusal, "running": running}
    response = render(request, "dashboard/exclusion_ask.html", context)
    return shown_again(response, form) if is_sent else response
