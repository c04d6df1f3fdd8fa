"""What figures may count of whistles: the whistle, the units it called, and the clocks of each call."""

from typing import Any

from django.db.models import Avg, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models import Case as Choice
from django.db.models.fields import CharField
from django.db.models.functions import TruncDate
from django.utils import timezone

from appraisal.grains import Grain, condition
from cases.workflow import Lateness, Loop
from governance.roles import Role
from partybuilding.models import Call, CallClock, Score, Whistle, WhistleEvent
from partybuilding.workflow import LIVE, OPEN_CALL, ClockStep, Side


def _loop(path: str) -> Choice:
    """The loop that the blowing side commands."""
    sides = [
        When(**{f"{path}side": F(f"{path}{loop.column}")}, then=Value(loop.value))
        for loop in (Loop.COMMUNITY, Loop.STREET)
    ]
    return Choice(*sides, default=Value(Loop.DISTRICT.value), output_field=CharField())


def _dimensions(path: str, unit: str) -> dict[str, Any]:
    """Of the whistle, as it was blown; where its case lies and who reported it never changes."""
    places = {name: f"{path}{name}_id" for name in ("district", "street", "community", "category")}
    of_case = {"grid": f"{path}case__grid_id", "source": f"{path}case__source"}
    return places | of_case | {"kind": f"{path}category__kind", "unit": unit, "loop": _loop(path)}


_JUDGED = (
    Score.objects.filter(call__whistle=OuterRef("pk"), side=Side.UNIT)
    .order_by()
    .values("call__whistle")
    .annotate(mean=Avg("first"))
    .values("mean")
)

WHISTLE = Grain(
    name="whistle",
    label="哨单",
    subject="whistle",
    record="pk",
    rows=Whistle.objects.all,
    dimensions=_dimensions("", "side_id"),
    columns={
        "state": "state",
        "lateness": "lateness",
        "is_open": condition(Q(state__in=LIVE)),
        "judged_need": Subquery(_JUDGED),
    },
    moments={"asked": "asked_at", "blown": "blown_at", "settled": "settled_at", "closed": "closed_at"},
    standing=Q(state__in=LIVE),
)

_DAY = TruncDate("at", tzinfo=timezone.get_default_timezone())
#: The head of the unit signed in person, by the posts of that day.
_SIGNED_BY_HEAD = WhistleEvent.objects.filter(
    Q(by__posts__ends_on=None) | Q(by__posts__ends_on__gt=_DAY),
    call=OuterRef("pk"),
    at=OuterRef("signed_at"),
    move__in=["sign", "contact", "arrive"],
    by__posts__organization=OuterRef("unit"),
    by__posts__role=Role.UNIT_HEAD,
    by__posts__starts_on__lte=_DAY,
)

CALL = Grain(
    name="call",
    label="召集",
    subject="whistle",
    record="whistle_id",
    rows=Call.objects.all,
    dimensions=_dimensions("whistle__", "unit_id"),
    columns={
        "state": "state",
        "is_lead": "is_lead",
        "is_open": condition(Q(state__in=OPEN_CALL)),
        "refusal": "refusal",
        "signed_by_head": Exists(_SIGNED_BY_HEAD),
    },
    moments={
        "called": "called_at",
        "signed": "signed_at",
        "arrived": "arrived_at",
        "finished": "finished_at",
        "refused": "ended_at",
        "released": "released_at",
        "ordered": "ordered_at",
    },
)

CLOCK = Grain(
    name="call_clock",
    label="召集时限",
    subject="whistle",
    record="call__whistle_id",
    rows=CallClock.objects.all,
    dimensions=_dimensions("call__whistle__", "call__unit_id"),
    columns={
        "step": "step",
        "outcome": "outcome",
        "lateness": "lateness",
        "is_running": condition(Q(stopped_at=None)),
        "was_late": condition(Q(lateness=Lateness.RED) | Q(stopped_at__gt=F("red_at"))),
        # Who helps from afar is not waited for on the spot.
        "is_remote": condition(Q(call__stays_away=True, step=ClockStep.ARRIVE)),
    },
    moments={"due": "red_at", "stopped": "stopped_at"},
    standing=Q(stopped_at=None),
)
