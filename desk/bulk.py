"""One move on many cases: what it would do to each, as the list proposes it, and what became of each.

Each case is a move of its own through the same form and door as by hand; one that is refused holds no other back.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cases.actions import DOOR
from cases.forms import CaseMoveForm, move_form
from cases.models import Case, Leg
from cases.rules import offers
from cases.situations import Situation
from cases.workflow import MOVES, Move, State
from governance.models import User
from governance.responses import in_one
from records.forms import EMPTY, made

#: Moves whose answers the list proposes, and the queue of cases that wait for each.
QUEUES = {"register": "mine-reported", "dispatch": "mine-registered", "close": "mine-verified"}
#: So many at a time: what one page shows and one person has looked at; so many are looked through for them.
MOST, LOOKED_AT = 20, 60
BY_HAND = "权责清单没有建议，请逐件办理。"


@dataclass(frozen=True)
class Plan:
    """What a move would do to one case: the form as it would be sent, or why it cannot be made."""

    case: Case
    form: CaseMoveForm
    why_not: str = ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What would be given, as label and words."""
        return self.form.typed()

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """What the page sends back, so that what was seen is what is done."""
        return [(name_of(self.case, field.name), field.value()) for field in self.form if field.name != "key"]


def name_of(case: Case, field: str) -> str:
    return f"{case.uuid}-{field}"


def plan(move: Move, case: Case, leg: Leg | None, by: User, now: dt.datetime) -> Plan:
    """The move as the list proposes it for a case; nothing is written."""
    form = move_form(move, case, by, leg_id=leg.pk if leg else None)
    if "condition_met" in form.fields:  # ticking the case says so
        form.initial["condition_met"] = True
    offer = next((one for one in offers(Situation(case, by, now, leg=leg)) if one.move == move), None)
    if offer is None or not offer.is_allowed:
        return Plan(case, form, offer.why_not if offer else "现在不能办。")
    lacking = [field for field in form.visible_fields() if field.field.required and field.value() in EMPTY]
    return Plan(case, form, BY_HAND if lacking else "")


def plans(move: Move, cases: Iterable[Case], by: User, now: dt.datetime) -> list[Plan]:
    """The first ``MOST`` cases that the move can be made on, and those before them on which it cannot."""
    rows = list(cases)
    legs = {leg.case_id: leg for leg in Leg.objects.open().filter(case__in=rows)}
    found: list[Plan] = []
    for case in rows:
        found.append(plan(move, case, legs.get(case.pk), by, now))
        if sum(not one.why_not for one in found) == MOST:
            break
    return sorted(found, key=lambda one: bool(one.why_not))


#: Between the ids of cases that were left out, in an address.
_BETWEEN = "."


def left_out(text: str) -> list[uuid.UUID]:
    """Cases of the list that a person has chosen not to do together with others; what is no id is none."""
    found = []
    for one in text.split(_BETWEEN)[:LOOKED_AT]:
        try:
            found.append(uuid.UUID(one))
        except ValueError:
            continue
    return found


def in_address(cases: Iterable[uuid.UUID]) -> str:
    """The newest of them for an address."""
    return _BETWEEN.join(one.hex for one in list(dict.fromkeys(cases))[-LOOKED_AT:])


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    case: Case
    is_done: bool
    said: str


def carry_out(
    move: Move, cases: Iterable[Case], sent: Any, *, key: uuid.UUID, by: User, now: dt.datetime
) -> list[Result]:
    """Make the move on one case after another, each under a key of its own, so that a page sent twice does nothing twice."""
    results = []
    for case in cases:
        names = move_form(move, case, by).fields
        data = {name: sent[name_of(case, name)] for name in names if name_of(case, name) in sent}
        form = move_form(move, case, by, data | {"key": str(uuid.uuid5(key, str(case.uuid)))})
        answer = made(form, DOOR, case, move, by=by, now=now)
        said = f"现为“{State(answer.state).label}”" if answer else in_one(form.errors)
        results.append(Result(case, answer is not None, said))
    return results


def move_of(name: str) -> Move | None:
    return MOVES[name] if name in QUEUES else None
