"""Many cases of a list at once: the page that shows what would become of each, and what became of it."""

import uuid

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases.models import Case
from desk import bulk
from desk.listed import wanted_by
from governance.kept_forms import keeps_form, kept
from records.keyed import KeyedForm, shown_again


class TickedField(forms.Field):
    """Ids of the ticked cases."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str]) -> list[uuid.UUID]:
        super().clean(value)
        try:
            return [uuid.UUID(one) for one in (value or [])[: bulk.MOST]]
        except ValueError:
            raise forms.ValidationError("请重新勾选案件。") from None


class BulkForm(KeyedForm):
    """Which cases; what is given with each stands beside it (``bulk.name_of``)."""

    case = TickedField(label="案件", error_messages={"required": "请勾选要办的案件。"})
    #: All that could be ticked.
    shown = TickedField(label="案件", required=False)


@keeps_form()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_page(request: HttpRequest, name: str) -> HttpResponse:
    """The first cases of a list with what a move would do to each; sent, the same with what became of it."""
    move, user, now = bulk.move_of(name), request.user, timezone.now()
    if move is None:
        raise Http404("没有这个批量动作。")
    is_sent = request.method == "POST"
    waiting_back = kept(request)
    form = BulkForm(request.POST if is_sent else waiting_back)
    visible = Case.objects.visible_to(user).select_related("category", "responsibility")
    list_ = wanted_by(user, request.GET)
    skipped = bulk.left_out(request.GET.get("skip", ""))
    context = {"move": move, "form": form, "queue": list_.queue, "most": bulk.MOST, "results": None}
    context |= {"skipped": skipped, "skip": bulk.in_address(skipped)}
    if is_sent and form.is_valid():
        found = {case.uuid: case for case in visible.filter(uuid__in=form.cleaned_data["case"])}
        cases = [found[one] for one in form.cleaned_data["case"] if one in found]
        key = form.cleaned_data["key"]
        results = bulk.carry_out(move, cases, request.POST, key=key, by=user, now=now)
        context |= {"results": results, "done": sum(one.is_done for one in results)}
        unticked = [one for one in form.cleaned_data["shown"] if one not in form.cleaned_data["case"]]
        context["skip"] = bulk.in_address([*skipped, *unticked])
        return render(request, "desk/bulk.html", context)
    open_to_it = list_.held(user, now=now).filter(state__in=move.sources).exclude(uuid__in=skipped)
    some = open_to_it.select_related("category", "responsibility")[: bulk.LOOKED_AT]
    plans = bulk.plans(move, some, user, now)
    data = request.POST if is_sent else waiting_back
    context |= {
        "plans": plans,
        "total": open_to_it.order_by()[: bulk.MOST + 1].count(),
        "able": sum(not one.why_not for one in plans),
        "ticked": data.getlist("case") if data else [str(one.case.uuid) for one in plans if not one.why_not],
    }
    response = render(request, "desk/bulk.html", context)
    return shown_again(response, form) if is_sent else response
