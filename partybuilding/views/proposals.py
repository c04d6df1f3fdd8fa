"""What whistles teach: how often a place blows, and changes of the responsibility list that repeated whistles propose."""

from collections.abc import Iterable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from appraisal.periods import Period
from governance.models import Level, Organization, User
from governance.responses import refused as as_refused
from governance.roles import Duty
from partybuilding import rates
from partybuilding.actions.proposing import MOST_CHARACTERS, decide, why_not_decide
from partybuilding.models import ListProposal, Whistle
from partybuilding.models.whistles import TERRITORIES
from partybuilding.nominating import YEAR
from partybuilding.rates import Rate, rate_of
from partybuilding.views.lists import pane
from records.keyed import KeyedForm, shown_again
from records.refusals import Refused

MOST = 50
ADOPTED, DISMISSED = ListProposal.State.ADOPTED, ListProposal.State.DISMISSED


class DecisionForm(KeyedForm):
    """What is decided about a proposal, with the reason.

    Sent twice it is done once by itself: a proposal is decided once (``actions.proposing.decide``).
    """

    decision = forms.ChoiceField(
        label="决定",
        choices=[(one.value, one.label) for one in (ADOPTED, DISMISSED)],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择采纳或不采纳。", "invalid_choice": "请选择采纳或不采纳。"},
    )
    note = forms.CharField(
        label="说明",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明理由。"},
    )


def _places(user: User) -> list[Organization]:
    """Territories for which a person leads or blows."""
    held = {*user.authority.places(Duty.BLOW), *user.authority.places(Duty.LEAD)}
    own = {post.organization_id: post.organization for post in user.authority.posts}
    return [
        place
        for pk, place in own.items()
        if pk in held and not place.function and Level(place.level) in TERRITORIES
    ]


def _rates(places: Iterable[Organization]) -> list[tuple[Organization, Rate]]:
    """The rate of the last year of each own place."""
    today = timezone.localdate()
    return [(place, rate_of(place, Period(today - YEAR, today))) for place in places]


def _page(request: HttpRequest, *, bad: DecisionForm | None = None, about: int | None = None) -> HttpResponse:
    """Proposals in sight, the open ones first, each with its evidence; ``bad`` is a form that comes back."""
    user = request.user
    places = _places(user)
    if not places:
        raise PermissionDenied("修订建议由书记和领导查看。")
    found = ListProposal.objects.visible_to(user).select_related("category", "street", "decided_by")
    rows = sorted(found.order_by("-pk")[:MOST], key=lambda one: one.state != ListProposal.State.OPEN)
    ids = {pk for row in rows for pk in row.whistles}
    whistles = {one.pk: one for one in Whistle.objects.visible_to(user).filter(pk__in=ids)}
    names = dict(
        Organization.objects.filter(pk__in={pk for row in rows for pk in row.units}).values_list("pk", "name")
    )
    shown = [
        {
            "proposal": row,
            "whistles": [whistles[pk] for pk in row.whistles if pk in whistles],
            "units": [names[pk] for pk in row.units if pk in names],
            "form": (bad if row.pk == about else DecisionForm())
            if why_not_decide(row, user) is None
            else None,
        }
        for row in rows
    ]
    context = {
        "groups": pane(user, "proposals"),
        "rows": shown,
        "rates": _rates(places),
        "fewest": rates.FEWEST_CASES,
    }
    return render(request, "partybuilding/proposals.html", context)


@login_required
@never_cache
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """How often the own places blow, and what their repeated whistles propose."""
    return _page(request)


@login_required
@never_cache
@require_POST
def decide_page(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Adopt or dismiss a proposal."""
    proposal = get_object_or_404(ListProposal.objects.visible_to(request.user), pk=proposal_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return shown_again(_page(request, bad=form, about=proposal.pk), form)
    try:
        decided = decide(
            proposal.pk,
            is_adopted=form.cleaned_data["decision"] == ADOPTED,
            note=form.cleaned_data["note"],
            by=request.user,
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return as_refused(_page(request), refusal)
    then = "请系统管理员在权责清单中修改。" if decided.state == ADOPTED else ""
    messages.success(request, f"{proposal.category.name}：{decided.get_state_display()}。{then}")
    return redirect("partybuilding:proposals")
