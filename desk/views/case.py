"""The case page and its moves: find among the visible → form → action → page."""

import uuid
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, retarget

from cases.actions import DOOR, Stale, outcomes
from cases.deadlines import Limit
from cases.forms import CaseMoveForm, move_form, takes_photos
from cases.models import Case, CaseEvent, CaseText, Contact, Leg, Request
from cases.names import give_names
from cases.permissions import may_call_back
from cases.photos import store_of_form
from cases.phrases import phrases
from cases.routing import propose_unit
from cases.rules import offers
from cases.situations import Situation
from cases.units import units_in_reach
from cases.waiting import Matter, matters_of
from cases.waits import step_of
from cases.workflow import MOVES, STATES, Move, State
from desk import history
from desk.dispute import dispute_of
from desk.forms import CategoryForm, LookForm
from desk.listed import Place, is_list
from desk.move_top import top_of
from governance import modules, secrets, sessions, telephones
from governance.actions import log_access
from governance.faces import faces_of
from governance.kept_forms import keeps_form, kept
from governance.models import User
from governance.responses import wants_json
from records.forms import made
from records.given import MOST_PHOTOS
from records.keyed import (
    anothers,
    form_with_files,
    has_moved_on,
    refused_json,
    shown_again,
    taken_json,
    with_uploads,
)
from records.timeline import events_of

#: Moves in the order in which a person most likely wants them; the first allowed one is the biggest button.
NEXT = (
    "found", "not_found", "pass", "fail", "accept", "feedback", "register", "dispatch", "adjudicate", "close",
    "evaluate", "grant_extension", "deny_extension", "grant_suspension", "endorse_suspension", "deny_suspension",
    "grant_void", "deny_void", "reply_supervision", "accept_supervision", "resume",
)  # fmt: skip
#: The moves that answer what somebody is waited for: the big button is one of them.
ANSWERS: dict[Matter, tuple[str, ...]] = {
    Matter.STEP: (
        "send_to_check",
        "found",
        "not_found",
        "pass",
        "register",
        "dispatch",
        "adjudicate",
        "close",
    ),
    Matter.HANDLING: ("accept", "feedback"),
    Matter.EXTENSION: ("grant_extension",),
    Matter.SUSPENSION: ("grant_suspension", "endorse_suspension"),
    Matter.VOID: ("grant_void",),
    Matter.ORDER: ("reply_supervision", "accept_supervision"),
}
#: So many moves stand beside the big one; the others are a click away.
IN_SIGHT = 3
#: Django redirects to no longer address.
LONGEST_WAY = 2000
#: Shown in a row of quiet buttons rather than among the next steps.
ASIDE = ("comment", "also_report", "urge", "ask_void", "order_supervision", "withdraw")


def visible_case(request: HttpRequest, case_uuid: uuid.UUID) -> Case:
    """The case with its category and the row of the list that applies, or 404."""
    cases = Case.objects.visible_to(request.user).select_related("category", "responsibility")
    return get_object_or_404(cases, uuid=case_uuid)


def base_template(request: HttpRequest) -> str:
    """The frame of the face this session was last on; who has no desk is always outdoors."""
    faces = faces_of(post.role for post in request.user.authority.posts)
    outdoors = "field" in faces and (sessions.face(request) == "field" or "desk" not in faces)
    return "base_field.html" if outdoors else "base_desk.html"


def case_context(request: HttpRequest, case: Case) -> dict:
    """Everything the case page shows; what no event speaks of is not asked for."""
    events = events_of(case, CaseEvent, CaseText)
    moved = {event.move for event in events}
    legs = list(case.legs.all())
    leg = next((one for one in legs if one.stopped_at is None), None)
    pictures = list(case.photos.all()) if any('"photos"' in event.data for event in events) else []
    requests, supervisions = [], []
    if moved & set(history.ASKS):
        requests = list(case.requests.all())
    if moved & set(history.ORDERS):
        supervisions = list(case.supervisions.all())
    rows = [case, *legs, *events, *requests, *supervisions]
    units = give_names(rows, history.units_named_in(events))
    now = timezone.now()
    situation = Situation(case, request.user, now, leg=leg)
    situation.open_requests = {one.kind: one for one in requests if one.decided_at is None}
    situation.order = next((order for order in supervisions if order.accepted_at is None), None)
    found = offers(situation)
    next_moves, aside_moves = _in_order([offer.move for offer in found if offer.is_allowed], case, moved)
    first_move = _first(next_moves, case, request.user)
    proposed, proposed_why = None, ""
    if first_move and first_move.name == "dispatch":
        today = timezone.localdate(now)
        proposed, proposed_why = propose_unit(
            case.responsibility, units_in_reach(case, today), case.centre_id
        )
    report = events[-1] if events else None
    return {
        "case": case,
        "leg": leg,
        "leg_rows": history.leg_rows(legs, requests, now),
        "lines": history.lines(case, events, legs, requests, pictures, units),
        "steps": history.step_line(case, legs),
        "words": report.words if report else "",
        "reporter": report.actor if report else None,
        "pictures": history.picture_rows(pictures),
        "evidence": history.evidence(case, events, pictures),
        "requests": [(one, history.asked_for(one, legs)) for one in requests],
        "granted_until": _granted_until(situation),
        "supervisions": supervisions,
        "contacts": _callers(case) if case.is_from_resident else [],
        "may_call_back": may_call_back(case, leg, request.user),
        "next_moves": next_moves,
        "aside_moves": aside_moves,
        "first_move": first_move,
        **_beside(first_move, next_moves, aside_moves, has_unit=proposed is not None),
        "proposed": proposed,
        "proposed_why": proposed_why,
        "refused_offers": [offer for offer in found if not offer.is_allowed],
        "state_row": STATES[State(case.state)],
        "waiting_label": next((wait.duty.label for wait in step_of(case, leg)), "") if leg else "",
        "panels": modules.panels(request, case),
        "then": _way_back(request),
        "base": base_template(request),
    }


def _in_order(moves: list[Move], case: Case, moved: set[str]) -> tuple[list[Move], list[Move]]:
    """Likely moves first, and the quiet ones apart."""
    rank = {name: index for index, name in enumerate(NEXT)}
    if case.source in (Case.Source.PHONE, Case.Source.RESIDENT) and not moved & {"found", "not_found"}:
        rank["send_to_check"] = -1  # what residents say is looked at on site before it is registered
    ordered = sorted(moves, key=lambda move: rank.get(move.name, len(NEXT)))
    return [m for m in ordered if m.name not in ASIDE], [m for m in ordered if m.name in ASIDE]


def _granted_until(situation: Situation) -> str:
    """Until when the clock would run with the time that is asked of this person; nothing where it is not."""
    request = situation.open_requests.get(Request.Kind.EXTENSION)
    if request is None or situation.leg is None or situation.user is None:
        return ""
    if Matter.EXTENSION not in matters_of(situation.user, situation.case.waits_for):
        return ""
    return outcomes.extended(situation, Limit(request.amount, situation.leg.limit.unit))


def _first(moves: list[Move], case: Case, user: User) -> Move | None:
    """The big button: what this person is waited for to do, and never what ends a case badly."""
    answers = {name for matter in matters_of(user, case.waits_for) for name in ANSWERS[matter]}
    if case.state == State.CLOSED:
        answers.add("evaluate")  # waits for nobody's clock, and is offered to whoever may
    return next((move for move in moves if move.name in answers and not move.ends_badly), None)


def _beside(
    first: Move | None, moves: list[Move], aside: list[Move], *, has_unit: bool
) -> dict[str, list[Move]]:
    """The other moves: the few in sight, and the rest. Where a unit is proposed, another unit is one of them."""
    others = [move for move in moves if has_unit or move != first] + aside
    return {"moves_in_sight": others[:IN_SIGHT], "moves_hidden": others[IN_SIGHT:]}


def _way_back(request: HttpRequest) -> str:
    """The desk's address when the case stands in its pane: a move returns there."""
    here = request.htmx.current_url_abs_path if request.htmx else request.get_full_path()
    return here if here and is_list(here) and len(here) <= LONGEST_WAY else ""


def _callers(case: Case) -> list[dict]:
    """Who called about this case or one that was merged into it, masked; of a merged case, where they are called back."""
    found = Contact.objects.filter(Q(case=case) | Q(called_about=case)).select_related("case", "called_about")
    return [
        {
            "name": secrets.mask_name(secrets.unseal(one.name)),
            "phone": telephones.mask(secrets.unseal(one.phone)),
            "called_about": one.called_about if one.called_about_id != case.pk else None,
            "moved_to": one.case if one.case_id != case.pk else None,
        }
        for one in found.order_by("pk")
    ]


@login_required
def case_page(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """The whole case; the desk takes the piece alone."""
    case = visible_case(request, case_uuid)
    template = "desk/_case.html" if request.htmx else "desk/case.html"
    return render(request, template, case_context(request, case))


@keeps_form(partial(form_with_files, room={"photos": MOST_PHOTOS}, store=store_of_form))
@login_required
def move_page(request: HttpRequest, case_uuid: uuid.UUID, name: str) -> HttpResponse:
    """Any move of the table: its form on GET, the move itself on POST."""
    move = MOVES.get(name)
    if move is None or not move.sources:
        raise Http404("没有这个动作。")
    case = visible_case(request, case_uuid)
    if request.method == "POST":
        return _make(request, case, move)
    leg = _open_leg(case)
    chosen = CategoryForm(request.GET)
    category = chosen.cleaned_data["category"] if chosen.is_valid() else None
    form = move_form(move, case, request.user, kept(request), leg_id=leg and leg.pk, category=category)
    return _ask(request, case, move, form, leg)


def _open_leg(case: Case) -> Leg | None:
    return Leg.objects.open().filter(case=case).first()


def _make(request: HttpRequest, case: Case, move: Move) -> HttpResponse:
    """Make a move and go on, or show its form again with what was refused."""
    if refused := anothers(request):
        return refused
    room = {"photos": MOST_PHOTOS} if takes_photos(move) else {}
    data, refused = with_uploads(request, room, store_of_form)
    form = move_form(move, case, request.user, data)
    form.refuse_photos(refused)
    then = _then(request)
    place = Place.of(then, request.user) if is_list(then) else None
    answer = made(form, DOOR, case, move, by=request.user, now=timezone.now())
    if answer is None and wants_json(request):
        return refused_json(form, **({"now": _as_it_stands(request, case)} if has_moved_on(form) else {}))
    if isinstance(form.refusal, Stale):
        return _moved_on(request, case, move, form, form.refusal)
    if answer is None:
        return shown_again(_ask(request, case, move, form, _open_leg(case)), form)
    address, goes_on = then or reverse("desk:case", args=[case.uuid]), False
    if place:
        address, goes_on = place.next_of(case, request.user, before=case.state)
    said = f"{case.number} 已{move.label}，现为“{State(answer.state).label}”。"
    if goes_on:
        here = reverse("desk:case", args=[case.uuid])
        said = format_html('{} <a href="{}">看这件</a>', said, here)
    if not sessions.is_by_itself(request):  # nobody is looking
        messages.success(request, said)
    if wants_json(request):
        return taken_json(address, is_repeat=answer.is_repeat)
    return HttpResponseClientRedirect(address) if _is_piece(request) else redirect(address)


def _is_piece(request: HttpRequest) -> bool:
    """Whether the desk asked for a part of the page that stands."""
    return bool(request.htmx and not request.htmx.boosted)


def _then(request: HttpRequest) -> str:
    """Where the page wants to be after the move: an address of ours, or nothing."""
    then = request.POST.get("then", "")
    is_ours = url_has_allowed_host_and_scheme(then, allowed_hosts=None) and then.startswith("/")
    return then if is_ours and len(iri_to_uri(then)) <= LONGEST_WAY else ""


def _as_it_stands(request: HttpRequest, case: Case) -> dict[str, str]:
    """Where the case stands now, for a phone on which something was done meanwhile: its state, and who did what last."""
    context = case_context(request, visible_case(request, case.uuid))
    last = context["lines"][0]
    return {
        "state": context["case"].state_name,
        "waits_for": context["waiting_label"],
        "at": last["at"].isoformat(),
        **{name: last[name] for name in ("what", "who", "text")},
    }


def _moved_on(
    request: HttpRequest, case: Case, move: Move, form: CaseMoveForm, refusal: Stale
) -> HttpResponse:
    """The case as it is now, what may be done with it, and what had been typed: in its form if that may still be sent."""
    fresh = visible_case(request, case.uuid)
    context = case_context(request, fresh)
    data = form.data.copy()
    data["leg"] = context["leg"].pk if context["leg"] else ""
    may_again = move in (*context["next_moves"], *context["aside_moves"]) and form.visible_fields()
    context |= {
        "move": move,
        "refused": refusal.sentence,
        "typed": form.typed(),
        "form": move_form(move, fresh, request.user, data) if may_again else None,
        "category_form": None,
        "dispute": dispute_of(fresh, request.user) if move.name == "adjudicate" and may_again else None,
        "phrases": phrases().get(move.name, []),
        "outcome": _outcome(Situation(fresh, request.user, timezone.now(), leg=context["leg"]), move, form),
        "then": data.get("then", ""),
    }
    piece = _is_piece(request)
    page = render(request, "desk/_case.html" if piece else "desk/case.html", context, status=refusal.status)
    return retarget(page, "#main") if piece else page


def _outcome(situation: Situation, move: Move, form: CaseMoveForm) -> str:
    """What the move leads to: who gets the case, and until when."""
    unit = None
    if "unit" in form.fields:
        unit = form.fields["unit"].listed.get(str(form["unit"].value()))
    return outcomes.in_words(situation, move, unit=unit)


def _ask(request: HttpRequest, case: Case, move: Move, form: CaseMoveForm, leg: Leg | None) -> HttpResponse:
    """The form of a move: the piece alone where the case stands already, at a desk else with the case around it."""
    base = base_template(request)
    is_outdoors = base == "base_field.html"
    around = {} if _is_piece(request) or is_outdoors else case_context(request, case)
    situation = Situation(case, request.user, timezone.now(), leg=leg)
    context = around | {
        "case": case,
        "move": move,
        "form": form,
        "category_form": CategoryForm(request.GET or None) if move.name == "register" else None,
        "outcome": _outcome(situation, move, form),
        "dispute": dispute_of(case, request.user) if move.name == "adjudicate" else None,
        "phrases": phrases().get(move.name, []),
        "then": form.data.get("then", "") or _way_back(request),
        "base": base,
    }
    if _is_piece(request):
        return render(request, "desk/_move.html", context)
    if is_outdoors:
        context["top"] = top_of(situation, move)
        return render(request, "desk/move.html", context)
    return render(request, "desk/case.html", context)


@login_required
@require_POST
@never_cache
def contact_page(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """Show a caller's name and number: with a reason, and only after the look was written down."""
    case = visible_case(request, case_uuid)
    leg = Leg.objects.open().filter(case=case).first()
    if not may_call_back(case, leg, request.user):
        raise PermissionDenied("来电人信息只对正在办理本案的人员开放。")
    form, people = LookForm(request.POST), []
    if form.is_valid():
        log_access(
            f"case:{case.pk}:contact", by=request.user, reason=form.cleaned_data["reason"], now=timezone.now()
        )
        people = [
            {
                "name": secrets.unseal(one.name),
                "phone": secrets.unseal(one.phone),
                "called_about": one.called_about if one.called_about_id != case.pk else None,
            }
            for one in case.contacts.select_related("called_about").order_by("pk")
        ]
    context = {"case": case, "people": people, "form": form, "base": base_template(request)}
    return render(request, "desk/contact.html", context, status=200 if form.is_valid() else 422)
