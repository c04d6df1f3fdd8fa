"""The case page and its moves: find among the visible → form → action → page."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from cases import actions
from cases.actions import Refused
from cases.forms import move_form
from cases.models import Assignment, Case, CaseText, Category
from cases.permissions import offers
from cases.workflow import MOVES, STATES, State
from governance import secrets
from governance.actions import log_access
from governance.roles import Role

#: Moves in the order in which a person most likely wants them; the first allowed one is the biggest button.
NEXT = (
    "found", "not_found", "pass", "fail", "accept", "feedback", "register", "dispatch", "adjudicate", "close",
    "evaluate", "grant_extension", "grant_suspension", "endorse_suspension", "grant_void", "reply_supervision",
    "accept_supervision", "resume",
)  # fmt: skip
#: Shown in a row of quiet buttons rather than among the next steps.
ASIDE = ("comment", "urge", "ask_void", "order_supervision", "withdraw")


def visible_case(request: HttpRequest, case_uuid: uuid.UUID) -> Case:
    """The case with what its page needs beside the row, or 404."""
    related = (
        "category", "responsibility", "grid", "community", "street", "district", "centre", "unit", "merged_into",
    )  # fmt: skip
    return get_object_or_404(Case.objects.visible_to(request.user).select_related(*related), uuid=case_uuid)


def base_template(request: HttpRequest) -> str:
    """People outdoors get the phone's frame, everybody else the desk's."""
    outdoors = {Role.GRID_WORKER, Role.INSPECTOR, Role.SUPERVISOR, Role.VOLUNTEER}
    roles = {post.role for post in request.user.powers.posts}
    return "base_field.html" if roles and roles <= outdoors else "base_desk.html"


def case_context(request: HttpRequest, case: Case) -> dict:
    """Everything the case page shows, in a handful of statements."""
    words = CaseText.objects.filter(case=OuterRef("case"), sequence=OuterRef("sequence"))
    events = list(
        case.events.select_related("by", "unit", "centre")
        .annotate(words=Subquery(words.values("body")[:1]))
        .order_by("-sequence")
    )
    legs = list(case.legs.select_related("unit", "person", "centre"))
    leg = next((one for one in legs if one.stopped_at is None), None)
    pictures = list(case.photos.all())
    for event in events:
        event.pictures = [photo for photo in pictures if photo.sequence == event.sequence]
    requests = list(case.requests.select_related("asked_by", "decided_by"))
    supervisions = list(case.supervisions.select_related("leader", "unit", "ordered_by"))
    waiting = {one.kind for one in requests if one.decided_at is None}
    if any(order.accepted_at is None for order in supervisions):
        waiting.add("supervision")
    found = offers(case, leg, request.user, frozenset(waiting))
    rank = {name: place for place, name in enumerate(NEXT)}
    allowed = sorted(
        (offer.move for offer in found if offer.is_allowed), key=lambda move: rank.get(move.name, len(NEXT))
    )
    return {
        "case": case,
        "leg": leg,
        "legs": legs,
        "events": events,
        "words": events[-1].words if events else "",
        "photos": pictures,
        "requests": requests,
        "supervisions": supervisions,
        "contacts": [_masked(contact) for contact in case.contacts.all()] if case.is_from_resident else [],
        "next_moves": [move for move in allowed if move.name not in ASIDE],
        "aside_moves": [move for move in allowed if move.name in ASIDE],
        "refused_offers": [offer for offer in found if not offer.is_allowed],
        "place": STATES[State(case.state)],
        "fresh_key": uuid.uuid4(),
        "base": base_template(request),
    }


def _masked(contact) -> dict[str, str]:
    return {
        "name": secrets.mask_name(secrets.unseal(contact.name)),
        "phone": secrets.mask_phone(secrets.unseal(contact.phone)),
    }


@login_required
def case_page(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """The whole case; the desk takes the piece alone."""
    case = visible_case(request, case_uuid)
    template = "cases/_case.html" if request.htmx else "cases/case.html"
    return render(request, template, case_context(request, case))


@login_required
def move_page(request: HttpRequest, case_uuid: uuid.UUID, name: str) -> HttpResponse:
    """Any move of the table: its form on GET, the move itself on POST."""
    move = MOVES.get(name)
    if move is None or not move.sources:
        raise Http404("没有这个动作。")
    case = visible_case(request, case_uuid)
    if request.method == "POST":
        form = move_form(move, case, request.user, with_uploads(request))
    else:
        leg = Assignment.objects.open().filter(case=case).first()
        category = Category.objects.filter(pk=request.GET.get("category") or None).first()
        form = move_form(move, case, request.user, leg_id=leg.pk if leg else None, category=category)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                answer = actions.perform(
                    case.uuid,
                    name,
                    by=request.user,
                    now=timezone.now(),
                    key=form.cleaned_data["key"] or uuid.uuid4(),
                    given=form.given,
                    leg=form.cleaned_data["leg"],
                )
            except Refused as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
                status = refusal.status
            else:
                messages.success(request, f"{case.number} 已{move.label},现为“{State(answer.state).label}”。")
                return redirect(request.POST.get("then") or "cases:case", **_target(request, case))
    piece = request.htmx and not request.htmx.boosted
    context = {"case": case, "move": move, "form": form, "base": base_template(request)}
    return render(request, "cases/_move.html" if piece else "cases/move.html", context, status=status)


def _target(request: HttpRequest, case: Case) -> dict:
    return {} if request.POST.get("then") else {"case_uuid": case.uuid}


def with_uploads(request: HttpRequest):
    """The posted data with uploaded pictures stored and named by their ids; a bad picture is left to the field."""
    from cases import photos

    data = request.POST.copy()
    for name, files in request.FILES.lists():
        for file in files:
            try:
                photo = photos.store(file.read(), by=request.user, now=timezone.now())
            except Refused as refusal:
                messages.error(request, f"{file.name}:{refusal.sentence}")
            else:
                data.appendlist(name, str(photo.uuid))
    return data


@login_required
@require_POST
def contact_page(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """Show a caller's name and number: with a reason, and only after the look was written down."""
    case = visible_case(request, case_uuid)
    reason = request.POST.get("reason", "").strip()
    if len(reason) < 2:
        messages.error(request, "请写明查看事由。")
        return redirect("cases:case", case_uuid=case.uuid)
    log_access(f"case:{case.pk}:contact", by=request.user, reason=reason[:200], now=timezone.now())
    people = [
        {"name": secrets.unseal(one.name), "phone": secrets.unseal(one.phone)} for one in case.contacts.all()
    ]
    return render(
        request, "cases/contact.html", {"case": case, "people": people, "base": base_template(request)}
    )
