"""What stands above the form of a move on the phone: what the case is, how it looked and looks, where it is."""

import datetime as dt
from typing import Any

from django.http import HttpRequest

from cases.models import Case, CaseText, Leg
from cases.situations import Situation
from cases.workflow import CHECKS, Move
from desk import history


def top_of(request: HttpRequest, case: Case, move: Move, now: dt.datetime) -> dict[str, Any]:
    """Words and photos of a case for whoever makes a move outdoors; of a check also what to measure it by."""
    photos = list(case.photos.all())
    row = case.responsibility
    condition = ""
    if row and move.name in CHECKS:
        condition = row.closing_condition if move.name in ("pass", "fail") else row.registering_condition
    leg = _drawn(request, case, move)
    return {
        "words": CaseText.objects.filter(case=case, sequence=1).values_list("body", flat=True).first() or "",
        "before": history.picture_rows(photo for photo in photos if photo.kind in history.BEFORE),
        # Of several rounds the last one counts.
        "after": history.picture_rows(photo for photo in reversed(photos) if photo.kind in history.AFTER),
        "condition": condition,
        "condition_label": "结案条件" if move.name in ("pass", "fail") else "立案条件",
        "is_drawn": leg is not None,
        # From how many metres on a reason is asked; a case that only roughly lies somewhere has no distance.
        "far_metres": Situation(case, request.user, now, leg=leg).numbers.check_metres
        if leg and not case.is_place_rough
        else None,
    }


def _drawn(request: HttpRequest, case: Case, move: Move) -> Leg | None:
    """The leg of a check that this person was drawn for: of whom a reason is asked."""
    leg = Leg.objects.open().filter(case=case).first() if move.name in CHECKS else None
    return leg if leg and leg.person_id == request.user.pk else None
