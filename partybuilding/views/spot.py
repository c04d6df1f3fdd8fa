"""People of called units on their phones: my calls, and report-in by the code of the spot or by position."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.forms import PositionField
from governance import sessions
from governance.kept_forms import keeps_form, kept
from governance.responses import wants_json
from governance.roles import Duty
from partybuilding.actions import DOOR
from partybuilding.codes import SCAN_SECONDS, give_pass, is_good, keep_scan, pass_until, scan_time
from partybuilding.forms import move_form
from partybuilding.models import Arrival, Call, Whistle
from partybuilding.situations import Situation
from partybuilding.views.whistle import CONFIRM, ask, make, posted_form, with_pictures
from partybuilding.waiting import calls_of, next_step
from partybuilding.workflow import CALLS, OPEN_CALL, RUNNING, ClockStep
from records.forms import MoveForm, made
from records.keyed import anothers, has_moved_on, refused_json, shown_again, taken_json
from records.refusals import Refused

#: The move by which a unit does what a clock waits for.
MOVE_OF = {
    ClockStep.SIGN: "sign",
    ClockStep.CONTACT: "contact",
    ClockStep.ARRIVE: "arrive",
    ClockStep.SETTLE: "finish",
}
#: What a browser keeps of a scan while its person signs in.
COOKIE = "scan"


# My calls ---------------------------------------------------------------------------------------------------------


@login_required
@never_cache
@require_safe
def my_calls(request: HttpRequest) -> HttpResponse:
    """Open calls of my units with the next move as one button, and where I am on the spot still."""
    now, user = timezone.now(), request.user
    calls = calls_of(user)
    there = Arrival.objects.filter(
        person=user, left_at=None, call__unit__in=user.authority.places(Duty.ANSWER)
    )
    present = {one.call_id: one for one in there.select_related("call__unit", "call__whistle__category")}
    rows = []
    for call in calls:
        step = next_step(call)
        move = CALLS.by_name[MOVE_OF[step]]
        late = "red" if call.due_at and call.due_at < now else "none"
        rows.append({"call": call, "move": move, "step": step, "late": late, "is_there": call.pk in present})
    listed = {call.pk for call in calls}
    leaving = [one for one in present.values() if one.call_id not in listed]
    context = {"rows": rows, "leaving": leaving, "confirm": CONFIRM["leave"]}
    return render(request, "partybuilding/my_calls.html", context)


@keeps_form(with_pictures)
@login_required
@never_cache
def phone_move(request: HttpRequest, call_id: int, name: str) -> HttpResponse:
    """A move of a call on the phone: the form of the party's pages in the frame of the phone."""
    move = CALLS.by_name.get(name)
    if move is None or move.is_systems or name == "arrive":
        raise Http404("没有这个动作。")
    visible = Whistle.objects.visible_to(request.user)
    named = ("unit", "whistle__case", "whistle__category")
    call = get_object_or_404(Call.objects.filter(whistle__in=visible).select_related(*named), pk=call_id)
    back = reverse("partybuilding:my_calls")
    if request.method == "POST":
        if refused := anothers(request):
            return refused
        form, situation = posted_form(request, move, call.whistle, call)
        if answered := make(form, situation, move):
            return _taken(request, answered)
        if wants_json(request):
            return refused_json(form, **({"now": _as_it_stands(call)} if has_moved_on(form) else {}))
        return shown_again(ask(request, form, situation, move, back, base="base_field.html"), form)
    situation = Situation(call.whistle, request.user, timezone.now(), part=call)
    form = move_form(move, situation, kept(request))
    return ask(request, form, situation, move, back, base="base_field.html")


def _taken(request: HttpRequest, said: str) -> HttpResponse:
    """The way on after a move that was made, for people and for the phone's own script."""
    if not sessions.is_by_itself(request):  # nobody is looking
        messages.success(request, said)
    back = reverse("partybuilding:my_calls")
    return taken_json(back, is_repeat=False) if wants_json(request) else redirect(back)


def _as_it_stands(call: Call) -> dict[str, str]:
    """Where a call stands now, for a phone on which something was done meanwhile."""
    call.refresh_from_db(fields=["state"])
    return {"state": call.get_state_display()}


# Report-in --------------------------------------------------------------------------------------------------------


class ArriveForm(MoveForm):
    """Report-in for one of my units: with the pass of a scan, or by where the phone is."""

    call = forms.ModelChoiceField(Call.objects.none(), label="单位", empty_label=None)
    scanned = forms.CharField(required=False, widget=forms.HiddenInput, max_length=300)
    position = PositionField(label="现在的位置")
    #: What the phone's own clock says when its button is pressed.
    claimed_at = forms.DateTimeField(
        required=False,
        widget=forms.HiddenInput({"data-phone-time": ""}),
        error_messages={"invalid": "手机时间无法读取。"},
    )

    def __init__(self, calls: Any, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["call"].queryset = calls
        self.fields["call"].label_from_instance = lambda call: call.unit.name
        if len(calls) == 1:
            self.fields["call"].widget = forms.HiddenInput()
            self.fields["call"].initial = calls[0].pk
        for field in self.fields["position"].fields:
            field.required = False
        scanned = (self.data if self.is_bound else self.initial).get("scanned")
        self.fields["position"].required = not scanned

    def clean(self) -> dict[str, Any]:
        """Beside a scan nobody is asked for a position; where it is asked for, the door says what else would do."""
        given = super().clean()
        if given.get("scanned") or self.has_error("position", "required"):
            self.errors.pop("position", None)
        return given

    @property
    def given(self) -> dict[str, Any]:
        """What the door takes: the scan, the position, or both; and the phone's time, if it was sent."""
        names = {"scanned": "pass", "position": "position", "claimed_at": "claimed_at"}
        found = ((names[name], self.cleaned_data.get(name)) for name in names)
        return {name: value for name, value in found if value}

    def add_error(self, field: str | None, error: Any) -> None:
        """Nobody sees the phone's time: what is wrong with it stands above the form."""
        super().add_error(None if field == "claimed_at" else field, error)

    def refuse(self, refusal: Refused) -> None:
        """Nobody sees the pass of a scan: what is wrong with it stands above the form."""
        if refusal.field == "pass":
            self.refusal = refusal
            self.add_error(None, refusal.sentence)
        else:
            super().refuse(refusal)


@keeps_form()
@never_cache
def arrive(request: HttpRequest, whistle_uuid: uuid.UUID) -> HttpResponse:
    """Where the code of the spot leads: one button. Who has to sign in first does not lose the scan."""
    now = timezone.now()
    if not request.user.is_authenticated:
        response = redirect_to_login(request.get_full_path())
        if is_good(whistle_uuid, request.GET.get("code", ""), now):
            response.set_cookie(
                COOKIE,
                keep_scan(whistle_uuid, now),
                max_age=SCAN_SECONDS,
                path=request.path,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
        return response
    whistles = Whistle.objects.visible_to(request.user).select_related("category", "street", "side", "case")
    whistle = get_object_or_404(whistles, uuid=whistle_uuid)
    units = request.user.authority.places(Duty.ANSWER)
    calls = whistle.calls.filter(unit__in=units, state__in=OPEN_CALL).select_related("unit")
    if request.method == "POST":
        if refused := anothers(request):
            return refused
        form = ArriveForm(calls, request.POST)
        if said := _arrive(form, request, whistle, now):
            response = _taken(request, said)
            response.delete_cookie(COOKIE, path=request.path)
            return response
        if wants_json(request):
            return refused_json(
                form, **({"now": {"state": whistle.get_state_display()}} if has_moved_on(form) else {})
            )
        return shown_again(_ask(request, form, whistle, calls, now), form)
    form = ArriveForm(calls, kept(request), initial={"scanned": _pass_of(request, whistle_uuid, now)})
    response = _ask(request, form, whistle, calls, now)
    if request.COOKIES.get(COOKIE):  # a scan that waited gives one pass, to one person
        response.delete_cookie(COOKIE, path=request.path)
    return response


def _pass_of(request: HttpRequest, whistle: uuid.UUID, now: dt.datetime) -> str:
    """A pass for who has just scanned a good code, or had before they were sent to sign in; the time is that of the scan."""
    if is_good(whistle, request.GET.get("code", ""), now):
        return give_pass(whistle, request.user.pk, now)
    earlier = scan_time(request.COOKIES.get(COOKIE, ""), whistle, now)
    return give_pass(whistle, request.user.pk, earlier, seconds=SCAN_SECONDS) if earlier else ""


def _arrive(form: ArriveForm, request: HttpRequest, whistle: Whistle, now: dt.datetime) -> str:
    """Report in; returns what is said of it, or nothing where the form says what is wrong."""
    call = form.cleaned_data["call"] if form.is_valid() else None
    part = call.pk if call else None
    if made(form, DOOR, whistle, CALLS.by_name["arrive"], by=request.user, now=now, part=part) is None:
        return ""
    return f"{call.unit.name} 已报到，{timezone.localtime(now):%H:%M}。" if call else "已报到。"


def _ask(
    request: HttpRequest, form: ArriveForm, whistle: Whistle, calls: Any, now: dt.datetime
) -> HttpResponse:
    until = pass_until(form["scanned"].value() or "", whistle.uuid, request.user.pk, now)
    context = {
        "until": f"{timezone.localtime(until):%H:%M}" if until else "",
        "form": form,
        "whistle": whistle,
        "calls": calls,
        "has_code": bool(request.GET.get("code")),
        "is_running": whistle.state in RUNNING,
        "there": Arrival.objects.filter(call__in=calls, person=request.user, left_at=None).first(),
        "metres": whistle.rule["distance"],
    }
    return render(request, "partybuilding/arrive.html", context)
