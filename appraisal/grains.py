"""What can be counted, row by row: cases, legs, events; a module above declares grains of its own.

A grain names the columns that a counter may ask and the moments that it may count by; nothing else can be asked, and none
of them is personal.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Case as Choice
from django.db.models import (
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression
from django.db.models.fields import BooleanField
from django.db.models.functions import Cast, Extract, Round
from django.utils import timezone

from appraisal.models import MissedDecision, Repeat
from cases.models import Case, CaseEvent, Leg, Supervision
from cases.workflow import STAFF_GRADES, UNREGISTERED, Lateness, State, Step
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
    #: Columns that depend on the moment of asking: for what stands now alone, no counter may ask them.
    columns_now: dict[str, Callable[[dt.datetime], Any]] = field(default_factory=dict)
    #: Of a dimension that is worked out, what rows have of which it is one of some values: an index finds them by it.
    with_one_of: dict[str, Callable[[tuple], Q]] = field(default_factory=dict)
    #: What all rows have that a stock may count, in words that indexes of open rows know.
    standing: Q = field(default_factory=Q)
    #: Whether the record's events tell these rows, so that they are recounted from events alone.
    is_told: bool = True

    def expression(self, name: str) -> Any:
        """A column, moment or dimension as an expression."""
        for kind in (self.columns, self.moments, self.dimensions):
            if name in kind:
                return _expression(kind[name])
        raise LookupError(f"{self.label} has no {name!r}")

    def amount(self, name: str) -> Any:
        """An amount as an expression; a column may have its name."""
        return _expression(self.amounts[name])


def _expression(found: str | BaseExpression) -> Any:
    return F(found) if isinstance(found, str) else found


def condition(q: Q) -> ExpressionWrapper:
    """A column that is true or false."""
    return ExpressionWrapper(q, output_field=BooleanField())


def _hours(begin: Any, end: Any) -> Any:
    """Hours between two moments, weekends and nights among them."""
    begin, end = (
        F(one) if isinstance(one, str) else Value(one) if isinstance(one, dt.datetime) else one
        for one in (begin, end)
    )
    return ExpressionWrapper(Extract(end - begin, "epoch") / 3600.0, output_field=FloatField())


def _whole_hours(begin: str, end: str) -> Any:
    return Cast(Round(_hours(begin, end)), IntegerField())


def _only_for(condition: Q, found: Any, otherwise: Any = None) -> Any:
    """What asks other rows is asked of the rows that need it alone."""
    return Choice(When(condition, then=found), default=Value(otherwise))


#: Where a case or an event names a unit that was only proposed, nobody answers for it yet.
_UNIT_OF_CASE = Choice(When(rounds__gt=0, then=F("unit_id")), default=None)
_PROPOSED = [*UNREGISTERED, State.REGISTERED]
_UNIT_OF_EVENT = Choice(When(after__in=_PROPOSED, then=None), default=F("unit_id"))


def _of_case(prefix: str = "", **others: Any) -> dict[str, Any]:
    """Dimensions that a row has of its case."""
    path = "case__" if prefix else ""
    places = {name: f"{path}{name}_id" for name in ("district", "street", "community", "grid", "category")}
    of_case = places | {"kind": f"{path}category__kind", "source": f"{path}source"}
    return of_case | others


def _has_event(move: str) -> Exists:
    return Exists(CaseEvent.objects.filter(case=OuterRef("pk"), move=move))


#: Scores that staff give, as numbers.
_SCORE = Choice(
    *(When(grade=grade, then=Value(int(grade))) for grade in STAFF_GRADES), output_field=IntegerField()
)

CASE = Grain(
    name="case",
    label="案件",
    subject="case",
    record="pk",
    rows=Case.objects.all,
    dimensions=_of_case(unit=_UNIT_OF_CASE, loop="loop"),
    with_one_of={"unit": lambda units: Q(rounds__gt=0, unit_id__in=units)},
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
        "has_grid": condition(Q(grid__isnull=False)),
        "hour_of_report": Cast(
            Extract("reported_at", "hour", tzinfo=timezone.get_default_timezone()), IntegerField()
        ),
        "was_registered": _has_event("register"),
        "was_escalated": _has_event("escalate"),
        "was_reworked": _has_event("fail"),
    },
    moments={"reported": "reported_at", "closed": "closed_at", "due": "due_at"},
    amounts={"hours_to_close": _whole_hours("reported_at", "closed_at"), "score": _SCORE},
    columns_now={"hours_open": lambda now: _hours("reported_at", now)},
    standing=Q(is_open=True),
)

#: Whoever is answerable for a leg: the unit that settles, else the desk that commands.
_OF_UNITS = [Step.HANDLING, Step.WAITING]
_ANSWERABLE = Choice(When(step__in=_OF_UNITS, then=F("unit_id")), default=F("centre_id"))

_DISPATCHING = Q(step__in=[Step.DISPATCHING, Step.ADJUDICATING], outcome=Leg.Outcome.DONE)
#: The next leg in which something came of the one before: neither a pause nor what waits in it.
_NEXT = (
    Leg.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"))
    .exclude(step=Step.WAITING)
    .exclude(outcome=Leg.Outcome.PAUSED)
    .order_by("pk")
)
_HANDLED_AGAIN = Leg.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"), step=Step.HANDLING)

LEG = Grain(
    name="leg",
    label="办理环节",
    subject="case",
    record="case_id",
    rows=Leg.objects.all,
    dimensions=_of_case("case", unit=_ANSWERABLE, loop="loop"),
    with_one_of={
        "unit": lambda units: (
            Q(step__in=_OF_UNITS, unit_id__in=units) | ~Q(step__in=_OF_UNITS) & Q(centre_id__in=units)
        )
    },
    columns={
        "step": "step",
        "outcome": "outcome",
        "is_late": "is_late",
        "is_open": condition(Q(stopped_at=None)),
        "lateness": "lateness",
        "loop": "loop",
        "source": "case__source",
        "kind": "case__category__kind",
        "hours": _hours("opened_at", "stopped_at"),
        # Late whether or not it was done in the end: nobody escapes by handing on what is late.
        "was_late": condition(Q(is_late=True) | Q(lateness=Lateness.RED)),
        "was_extended": condition(Q(extended_amount__gt=0)),
        "case_state": "case__state",
        # Of the legs of handling a case, the last: what is counted by cases is counted once.
        "is_last": _only_for(Q(step=Step.HANDLING), ~Exists(_HANDLED_AGAIN), False),
        # What came of a dispatch: the outcome of the unit's leg.
        "answer": _only_for(_DISPATCHING, Subquery(_NEXT.values("outcome")[:1]), ""),
    },
    moments={"opened": "opened_at", "stopped": "stopped_at", "due": "due_at"},
    standing=Q(stopped_at=None),
)

#: What a unit, or time, says to a dispatch.
_ANSWERS = ("accept", "refuse", "escalate", "delegate", "grant_void")
_GIVEN = Q(move__in=["dispatch", "adjudicate"])
_SAME_CASE = CaseEvent.objects.filter(case=OuterRef("case"))
_LATER = _SAME_CASE.filter(sequence__gt=OuterRef("sequence")).order_by("sequence")
_ANSWER = _LATER.filter(move__in=_ANSWERS)
_REGISTERED_BEFORE = _SAME_CASE.filter(sequence__lt=OuterRef("sequence"), move="register")

EVENT = Grain(
    name="event",
    label="案件记录",
    subject="case",
    record="case_id",
    rows=CaseEvent.objects.all,
    dimensions=_of_case("case", unit=_UNIT_OF_EVENT, loop="loop"),
    with_one_of={"unit": lambda units: ~Q(after__in=_PROPOSED) & Q(unit_id__in=units)},
    columns={
        "move": "move",
        "before": "before",
        "after": "after",
        "loop": "loop",
        "source": "case__source",
        "kind": "case__category__kind",
        "by_system": condition(Q(by=None, contact=None, program=None)),
        "case_state": "case__state",
        # A case that was sent up or back is registered again, and still one case.
        "is_first_registering": _only_for(Q(move="register"), ~Exists(_REGISTERED_BEFORE), False),
        "was_reopened": _only_for(Q(move="close"), Exists(_LATER.filter(move="reopen")), False),
        "answer": _only_for(_GIVEN, Subquery(_ANSWER.values("move")[:1]), ""),
        "hours_to_answer": _only_for(_GIVEN, _hours("at", Subquery(_ANSWER.values("at")[:1]))),
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
        "is_replied": condition(Q(replied_at__isnull=False)),
        "replied_in_time": condition(Q(replied_at__lte=F("deadline"))),
        "is_accepted": condition(Q(accepted_at__isnull=False)),
        "was_repeated": condition(Q(times__gt=1)),
        "by_system": condition(Q(ordered_by=None)),
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
    columns_now={"hours_to_deadline": lambda now: _hours(now, "deadline")},
    standing=Q(accepted_at=None),
)

_UNIT_OF_ITS_CASE = Choice(When(case__rounds__gt=0, then=F("case__unit_id")), default=None)


def _units_of_its_case(units: tuple) -> Q:
    return Q(case__rounds__gt=0, case__unit_id__in=units)


_OF_ITS_CASE = {"state": "case__state", "source": "case__source", "kind": "case__category__kind"}

REPEAT = Grain(
    name="repeat",
    label="重复上报",
    subject="case",
    record="case_id",
    rows=Repeat.objects.all,
    dimensions=_of_case("case", unit=_UNIT_OF_ITS_CASE, loop="case__loop"),
    with_one_of={"unit": _units_of_its_case},
    columns=_OF_ITS_CASE,
    moments={"reported": "case__reported_at"},
    is_told=False,
)

MISSED = Grain(
    name="missed",
    label="漏报认定",
    subject="case",
    record="case_id",
    rows=MissedDecision.objects.all,
    dimensions=_of_case("case", unit=_UNIT_OF_ITS_CASE, loop="case__loop"),
    with_one_of={"unit": _units_of_its_case},
    columns={"verdict": "verdict", **_OF_ITS_CASE},
    moments={"reported": "case__reported_at", "decided": "at"},
    is_told=False,
)

OF_CASES = (CASE, LEG, EVENT, ORDER, REPEAT, MISSED)


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
