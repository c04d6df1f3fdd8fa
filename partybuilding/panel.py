"""What the page of a case shows of its whistles: who has signed, who is there, who is late; or the way to blow one."""

import datetime as dt
import json
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Coalesce, JSONObject, Now
from django.http import HttpRequest
from django.utils import timezone

from cases.models import Case
from governance.models import Organization, User
from governance.roles import Duty
from governance.statements import ask_about
from partybuilding import addresses
from partybuilding.models import Call, CallClock, Whistle, WhistleRule
from partybuilding.models.whistles import number_of
from partybuilding.rules import who_blows, why_not_by_post
from partybuilding.situations import Situation
from partybuilding.workflow import RUNNING, TONES, CallState, ClockStep, State

#: How the units of a running whistle are put together, nearest to the spot first: by state, and whether they stay away.
GROUPS = (
    ("已报到", ((CallState.ARRIVED, False), (CallState.ARRIVED, True))),
    ("已签收，未到场", ((CallState.SIGNED, False), (CallState.CONTACTED, False))),
    ("远程办理", ((CallState.CONTACTED, True),)),
    ("未签收", ((CallState.CALLED, False),)),
    ("已办结", ((CallState.FINISHED, False), (CallState.FINISHED, True))),
)


def _whistles(user: User, case_id: int) -> ArraySubquery:
    """Whistles of the case within the scope, the newest first, with the open calls of each and their late clocks."""
    late = CallClock.objects.running().filter(call=OuterRef("pk"), red_at__lt=Now()).order_by("pk")
    calls = Call.objects.filter(whistle=OuterRef("pk"), refusal="").order_by("pk")
    calls = calls.values(
        json=JSONObject(
            name="unit__name", state="state", stays_away="stays_away", late=ArraySubquery(late.values("step"))
        )
    )
    rows = Whistle.objects.visible_to(user).filter(case=case_id).order_by("-pk")
    return ArraySubquery(
        rows.values(
            json=JSONObject(
                pk="pk",
                uuid="uuid",
                begun=Coalesce("asked_at", "blown_at"),
                state="state",
                label="label",
                calls=ArraySubquery(calls),
            )
        )
    )


def _rules(district_id: int) -> ArraySubquery:
    rows = WhistleRule.objects.in_force(timezone.localdate()).filter(district=district_id)
    return ArraySubquery(
        rows.order_by("pk").values(json=JSONObject(kind="kind", label="label", blowers="blowers"))
    )


def _asked(user: User, case_id: int, district_id: int, blows: bool) -> QuerySet:
    """Whistles of a case, and the rules in force for whoever may blow one."""
    columns = [_whistles(user, case_id), *([_rules(district_id)] if blows else [])]
    return Organization.objects.filter(pk=district_id).values_list(*columns)


def context(request: HttpRequest, case: Case) -> dict[str, Any] | None:
    """What the panel shows, in one statement; None for whoever sees no whistle of it and has none to blow."""
    user = request.user
    blows = user.authority.has(Duty.BLOW) and case.is_open
    found = ask_about(_asked, case.pk, user, case.district_id, blows)
    whistles, *rules = ([json.loads(one) for one in column] for column in found[0])
    shown: dict[str, Any] = {"whistles": [_shown(one) for one in whistles]}
    is_running = any(State(one["state"]) in (State.ASKED, *RUNNING, State.SETTLED) for one in whistles)
    if blows and not is_running:
        shown |= _way(case, user, rules[0])
    return shown if whistles or len(shown) > 1 else None


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    state = State(one["state"])
    groups = []
    for label, stands in GROUPS if state in RUNNING else ():
        units = [
            {"name": call["name"], "late": "、".join(ClockStep(step).label for step in call["late"])}
            for call in one["calls"]
            if (call["state"], call["stays_away"]) in stands
        ]
        if units:
            groups.append((label, units))
    return {
        "address": addresses.page_of(one["uuid"]),
        "number": number_of(one["pk"], dt.datetime.fromisoformat(one["begun"])),
        "label": one["label"],
        "state": state.label,
        "tone": TONES[state],
        "groups": groups,
    }


def _way(case: Case, user: User, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """The button, or the sentence that says who may blow; nothing where the place has no whistles."""
    blown, asked, first = [], [], None
    for values in rules:
        situation = Situation(Whistle(case=case, kind=values["kind"]), user, timezone.now())
        situation.rule = WhistleRule(**values)
        if why_not_by_post("blow", situation) is None:
            blown.append(values["label"])
        elif why_not_by_post("ask", situation) is None:
            asked.append(values["label"])
        else:
            first = first or values
    address = addresses.blow(case.uuid)
    if blown:
        more = f"；{'、'.join(asked)}可请街道吹哨" if asked else ""
        return {"blow_address": address, "blow_label": "吹哨", "hint": f"可吹：{'、'.join(blown)}{more}"}
    if asked:
        return {"blow_address": address, "blow_label": "请街道吹哨", "hint": "由街道决定召集哪些单位"}
    return {"why_not": f"{first['label']}由{who_blows(first['blowers'])}吹响。"} if first else {}
