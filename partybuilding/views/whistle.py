"""The page of a whistle, and its moves: find among the visible → form → door → page."""

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.kept_forms import keeps_form, kept
from partybuilding.actions import DOOR
from partybuilding.forms import WhistleMoveForm, move_form
from partybuilding.models import Call, Whistle
from partybuilding.photos import store_of_form
from partybuilding.reading import read, whistles_to_show
from partybuilding.situations import Situation
from partybuilding.workflow import CALLS, WHISTLES, CallState, State
from records.forms import made
from records.given import MOST_PHOTOS
from records.keyed import form_with_files, shown_again, with_uploads
from records.moves import Move

#: What is asked once more before it is done, and what follows from it.
CONFIRM = {
    "release": "解除后，该单位不再承办这件事，停止计时，单位会收到通知。",
    "leave": "离场时间会记录；解除之前离场的，记为提前离场。",
    "withdraw": "撤哨后，所有被召单位立即解除，不能恢复。",
    "decline": "不予吹哨后，这件哨单终止，提出人会收到通知。",
}


def visible_whistle(request: HttpRequest, whistle_uuid: uuid.UUID) -> Whistle:
    """The whistle with what its page names, or 404."""
    return get_object_or_404(whistles_to_show(request.user), uuid=whistle_uuid)


@login_required
@never_cache
@require_safe
def whistle_page(request: HttpRequest, whistle_uuid: uuid.UUID) -> HttpResponse:
    """The whole whistle."""
    whistle = visible_whistle(request, whistle_uuid)
    now = timezone.now()
    context = {"reading": read(whistle, request.user, now), "confirm": CONFIRM, "now": now}
    return render(request, "partybuilding/whistle.html", context)


# Moves ------------------------------------------------------------------------------------------------------------


#: A form may bring pictures of the log, also after the session had ended.
ROOM = {"photos": MOST_PHOTOS}
with_pictures = partial(form_with_files, room=ROOM, store=store_of_form)


@keeps_form(with_pictures)
@login_required
@never_cache
def move_page(request: HttpRequest, whistle_uuid: uuid.UUID, name: str) -> HttpResponse:
    """Any move of a whistle: its form on GET, the move itself on POST."""
    move = WHISTLES.by_name.get(name)
    if move is None or not move.sources:
        raise Http404("没有这个动作。")
    return _show(request, visible_whistle(request, whistle_uuid), None, move)


@keeps_form(with_pictures)
@login_required
@never_cache
def call_move_page(request: HttpRequest, whistle_uuid: uuid.UUID, call_id: int, name: str) -> HttpResponse:
    """Any move of a called unit."""
    move = CALLS.by_name.get(name)
    if move is None:
        raise Http404("没有这个动作。")
    whistle = visible_whistle(request, whistle_uuid)
    call = get_object_or_404(whistle.calls.select_related("unit"), pk=call_id)
    return _show(request, whistle, call, move)


def _show(request: HttpRequest, whistle: Whistle, call: Call | None, move: Move) -> HttpResponse:
    back = reverse("partybuilding:whistle", args=[whistle.uuid])
    if request.method == "POST":
        form, situation = posted_form(request, move, whistle, call)
        if answered := make(form, situation, move):
            messages.success(request, answered)
            return redirect(back)
        return shown_again(ask(request, form, situation, move, back), form)
    situation = Situation(whistle, request.user, timezone.now(), part=call)
    # Which task or unit it is about may stand in the address.
    preset = {"task": request.GET.get("task", ""), "call": request.GET.get("call", "")}
    initial = {name: value for name, value in preset.items() if value.isdecimal()}
    form = move_form(move, situation, kept(request), initial)
    return ask(request, form, situation, move, back)


def posted_form(
    request: HttpRequest, move: Move, whistle: Whistle, call: Call | None
) -> tuple[WhistleMoveForm, Situation]:
    """The form that came, its pictures stored and named by their ids, and the situation as it is after that.

    Rebuilding pictures takes seconds: a move is made at the moment after it, so that clocks do not stop in the past.
    """
    data, refused = with_uploads(request, ROOM, store_of_form)
    situation = Situation(whistle, request.user, timezone.now(), part=call)
    form = move_form(move, situation, data)
    form.refuse_photos(refused)
    return form, situation


def make(form: WhistleMoveForm, situation: Situation, move: Move) -> str:
    """Make the move of a form; returns what is said of it, or nothing where the form says what is wrong."""
    whistle, call = situation.whistle, situation.part
    part = call.pk if call else None
    answer = made(form, DOOR, whistle, move, by=situation.by, now=situation.now, part=part)
    if answer is None:
        return ""
    if call:
        return f"{call.unit.name}：“{move.label}”已办理，现为“{CallState(answer.state).label}”。"
    return f"{whistle.number}：“{move.label}”已办理，现为“{State(answer.state).label}”。"


def ask(
    request: HttpRequest,
    form: WhistleMoveForm,
    situation: Situation,
    move: Move,
    back: str,
    *,
    base: str = "partybuilding/base.html",
) -> HttpResponse:
    """The form of a move; a page that opens it in place takes the piece alone."""
    context: dict[str, Any] = {
        "whistle": situation.whistle,
        "call": situation.part,
        "move": move,
        "form": form,
        "confirm": CONFIRM.get(move.name, ""),
        "back": back,
        "base": base,
    }
    piece = request.htmx and not request.htmx.boosted
    return render(request, "partybuilding/_move.html" if piece else "partybuilding/move.html", context)
