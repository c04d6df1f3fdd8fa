"""What stands above the form of a move on the phone: what the case is, how it looked and looks, where it is."""

from typing import Any

from cases.models import CaseText
from cases.situations import Situation
from cases.workflow import CHECKS, Move
from desk import history


def top_of(situation: Situation, move: Move) -> dict[str, Any]:
    """Words and photos of a case for whoever makes a move outdoors; of a check also what to measure it by."""
    case, leg = situation.case, situation.leg
    # Of whom a reason is asked: who was drawn for a check.
    is_drawn = (
        leg is not None
        and situation.user is not None
        and move.name in CHECKS
        and leg.person_id == situation.user.pk
    )
    photos = list(case.photos.all())
    row = case.responsibility
    condition = ""
    if row and move.name in CHECKS:
        condition = row.closing_condition if move.name in ("pass", "fail") else row.registering_condition
    return {
        "words": CaseText.objects.filter(case=case, sequence=1).values_list("body", flat=True).first() or "",
        "before": history.picture_rows(photo for photo in photos if photo.kind in history.BEFORE),
        # Of several rounds the last one counts.
        "after": history.picture_rows(photo for photo in reversed(photos) if photo.kind in history.AFTER),
        "condition": condition,
        "condition_label": "结案条件" if move.name in ("pass", "fail") else "立案条件",
        "is_drawn": is_drawn,
        # From how many metres on a reason is asked; a case that only roughly lies somewhere has no distance.
        "far_metres": situation.numbers.check_metres if is_drawn and not case.is_place_rough else None,
    }
