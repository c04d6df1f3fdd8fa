"""What whoever adjudicates reads first: who sent the case back and why, whom they named, and how like cases were decided."""

from typing import Any

from cases.models import Case, CaseEvent, CaseText
from cases.names import give_names
from cases.workflow import Refusal
from desk.history import units_named_in
from governance.models import User
from records.timeline import events_of

#: More precedents than these nobody reads before deciding.
PRECEDENTS = 3


def dispute_of(case: Case, user: User) -> dict[str, Any]:
    """``refusals`` in their order, the units that were ``named`` as the right ones, and ``precedents`` in sight, newest first."""
    told = events_of(case, CaseEvent, CaseText)[::-1]
    units = give_names(told, units_named_in(told))
    refusals, sent_to = [], None
    for event in told:
        if event.move == "refuse":
            right = units.get(event.facts["right_unit"])
            refusals.append(
                {
                    "unit": sent_to.name if sent_to else "",
                    "at": event.at,
                    "why": Refusal(event.facts["refusal"]).label,
                    "words": event.words,
                    "right": right.name if right else "",
                }
            )
        sent_to = event.unit
    return {
        "refusals": refusals,
        "named": list(dict.fromkeys(one["right"] for one in refusals if one["right"])),
        "precedents": _precedents(case, user),
    }


def _precedents(case: Case, user: User) -> list[dict[str, Any]]:
    """The last decisions about the same category among the cases that this person sees."""
    seen = Case.objects.visible_to(user).filter(category=case.category_id).exclude(pk=case.pk)
    events = CaseEvent.objects.filter(move="adjudicate", case__in=seen.order_by().values("pk"))
    found = list(events.select_related("case", "unit").order_by("-at")[:PRECEDENTS])
    words = {
        (text.case_id, text.sequence): text.body
        for text in CaseText.objects.filter(case__in=[event.case_id for event in found])
    }
    return [
        {
            "case": event.case,
            "unit": event.unit.name if event.unit else "",
            "at": event.at,
            "words": words.get((event.case_id, event.sequence), ""),
        }
        for event in found
    ]
