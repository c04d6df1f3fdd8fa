"""What can be counted, row by row: cases, legs, events; a module above declares grains of its own.

A grain names the columns that a counter may ask and the moments that it may count by; nothing else can be asked, and none
of them is personal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Case as Choice
from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, When
from django.db.models.expressions import BaseExpression
from django.db.models.fields import BooleanField
from django.db.models.functions import Extract

from cases.models import Case, CaseEvent, Leg, Supervision
from cases.workflow import UNREGISTERED, State, Step
from governance import modules

#: Where and what a row is: the dimensions of a tally. ``unit`` and ``loop`` may differ between rows of one record.
DIMENSIONS = ("district", "street", "community", "grid", "category", "kind", "source", "unit", "loop")
#: The dimensions that a record has only once.
OF_RECORD = DIMENSIONS[:7]


@dataclass(frozen=True)
class Grain:
    """Rows of one kind; columns, moments and amounts are paths or expressions of the queryset, by the name in a definition."""

    name: str
    label: str
    #: What the rows are part of: the record whose change asks for a new count, and the path to its id.
    subject: str
    record: str
    rows: Callable[[], QuerySet]
    dimensions: dict[str, str | BaseExpression]
    columns: dict[str, str | BaseExpression]
    moments: dict[str, str]
    #: Whole numbers that may be added up instead of counting rows.
    amounts: dict[str, str | BaseExpression] = field(default_factory=dict)

    def expression(self, name: str) -> Any:
        """A column, moment, amount or dimension as an expression."""
        for kind in (self.columns, self.moments, self.amounts, self.dimensions):
            if name in kind:
                found = kind[name]
                return F(found) if isinstance(found, str) else found
        raise LookupError(f"{self.label} has no {name!r}")


def _condition(q: Q) -> ExpressionWrapper:
    return ExpressionWrapper(q, output_field=BooleanField())


def _hours(begin: str, end: str) -> Any:
    """Hours between two moments, weekends and nights among them."""
    return ExpressionWrapper(Extract(F(end) - F(begin), "epoch") / 3600.0, output_field=FloatField())


#: Where a case or an event names a unit that was only proposed, nobody answers for it yet.
_UNIT_OF_CASE = Choice(When(rounds__gt=0, then=F("unit_id")), default=None)
_UNIT_OF_EVENT = Choice(When(after__in=[*UNREGISTERED, State.REGISTERED], then=None), default=F("unit_id"))


def _of_case(prefix: str = "", **others: Any) -> dict[str, Any]:
    """Dimensions that a row has of its case."""
    path = "case__" if prefix else ""
    places = {name: f"{path}{name}_id" for name in ("district", "street", "community", "grid", "category")}
    of_case = places | {"kind": f"{path}category__kind", "source": f"{path}source"}
    return of_case | others


CASE = Grain(
    name="case",
    label="案件",
    subject="case",
    record="pk",
    rows=Case.objects.all,
    dimensions=_of_case(unit=_UNIT_OF_CASE, loop="loop"),
    columns={
        "state": "state",
        "loop": "loop",
        "source": "source",
        "kind": "category__kind",
        "lateness": "lateness",
        "was_late": "was_late",
        "is_open": "is_open",
        "is_from_resident": "is_from_resident",
        "refusals": "refusals",
        "rounds": "rounds",
        "extensions": "extensions",
        "was_suspended": "was_suspended",
        "was_delegated": "was_delegated",
        "escalated_by_time": "escalated_by_time",
        "grade": "grade",
        "hours_to_close": _hours("reported_at", "closed_at"),
    },
    moments={"reported": "reported_at", "closed": "closed_at", "due": "due_at"},
)

#: Whoever is answerable for a leg: the unit that settles, else the desk that commands.
_ANSWERABLE = Choice(When(step__in=[Step.HANDLING, Step.WAITING], then=F("unit_id")), default=F("centre_id"))

LEG = Grain(
    name="leg",
    label="办理环节",
    subject="case",
    record="case_id",
    rows=Leg.objects.all,
    dimensions=_of_case("case", unit=_ANSWERABLE, loop="loop"),
    columns={
        "step": "step",
        "outcome": "outcome",
        "is_late": "is_late",
        "is_open": _condition(Q(stopped_at=None)),
        "lateness": "lateness",
        "loop": "loop",
        "source": "case__source",
        "kind": "case__category__kind",
        "hours": _hours("opened_at", "stopped_at"),
    },
    moments={"opened": "opened_at", "stopped": "stopped_at", "due": "due_at"},
)

EVENT = Grain(
    name="event",
    label="案件记录",
    subject="case",
    record="case_id",
    rows=CaseEvent.objects.all,
    dimensions=_of_case("case", unit=_UNIT_OF_EVENT, loop="loop"),
    columns={
        "move": "move",
        "before": "before",
        "after": "after",
        "loop": "loop",
        "source": "case__source",
        "kind": "case__category__kind",
        "by_system": _condition(Q(by=None, contact=None, program=None)),
    },
    moments={"at": "at"},
)

ORDER = Grain(
    name="order",
    label="督办",
    subject="case",
    record="case_id",
    rows=Supervision.objects.all,
    dimensions=_of_case("case", unit="unit_id", loop="case__loop"),
    columns={
        "is_replied": _condition(Q(replied_at__isnull=False)),
        "replied_in_time": _condition(Q(replied_at__lte=F("deadline"))),
        "is_accepted": _condition(Q(accepted_at__isnull=False)),
        "by_system": _condition(Q(ordered_by=None)),
        "loop": "case__loop",
        "source": "case__source",
        "kind": "case__category__kind",
    },
    moments={
        "ordered": "ordered_at",
        "deadline": "deadline",
        "replied": "replied_at",
        "accepted": "accepted_at",
    },
)

OF_CASES = (CASE, LEG, EVENT, ORDER)


@cache
def grains() -> dict[str, Grain]:
    """All grains of this installation by name."""
    declared = [grain for module in modules.installed() for grain in module.grains]
    return {grain.name: grain for grain in (*OF_CASES, *declared)}


def subjects() -> list[str]:
    """Kinds of records that are counted."""
    return list(dict.fromkeys(grain.subject for grain in grains().values()))


def records_of(subject: str) -> Grain:
    """The grain whose rows are the records themselves."""
    return next(grain for grain in grains().values() if grain.subject == subject and grain.record == "pk")
