"""Rates of whistles: how often a place blows, as a band and never as a rank; how many were judged unneeded."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Q, TextChoices
from django.utils import timezone

from cases.models import Case
from governance.models import Organization
from governance.profile import Level
from partybuilding.models import Whistle, WhistleBand
from partybuilding.models.whistles import TERRITORIES, WhistleQuerySet
from partybuilding.workflow import Side

#: Below this mean of the mark 确有必要 the called units judge that a whistle was not needed (ours: the middle of 1 to 5).
NEEDED = 3
#: Of fewer closed cases a rate says nothing (ours).
FEWEST_CASES = 20


class Fit(TextChoices):
    """Where a rate lies; unknown where too little was closed, or the district has set no band."""

    UNKNOWN = "unknown", "数据不足"
    BELOW = "below", "低于区间"
    WITHIN = "within", "在区间内"
    ABOVE = "above", "高于区间"


@dataclass(frozen=True)
class Rate:
    """Whistles for 100 closed cases of a territory in a time, and the band that holds at its end."""

    whistles: int
    closed: int
    unneeded: int
    band: WhistleBand | None

    @property
    def rate(self) -> Decimal | None:
        if self.closed < FEWEST_CASES:
            return None
        return (Decimal(100 * self.whistles) / self.closed).quantize(Decimal("0.01"))

    @property
    def fit(self) -> Fit:
        if self.rate is None or self.band is None:
            return Fit.UNKNOWN
        if self.rate < self.band.low:
            return Fit.BELOW
        return Fit.ABOVE if self.rate > self.band.high else Fit.WITHIN


def rate_of(place: Organization, *, since: dt.datetime, until: dt.datetime) -> Rate:
    """The rate of a district, street or community between two moments, the second not included."""
    here = {TERRITORIES[Level(place.level)]: place.pk}
    blown = Whistle.objects.filter(blown_at__gte=since, blown_at__lt=until, **here)
    closed = Case.objects.filter(closed_at__gte=since, closed_at__lt=until, **here)
    band = WhistleBand.objects.filter(district__in=_line_of(place), valid_from__lte=timezone.localdate(until))
    return Rate(
        blown.count(), closed.count(), judged_unneeded(blown).count(), band.order_by("-valid_from").first()
    )


def judged_unneeded(whistles: WhistleQuerySet) -> WhistleQuerySet:
    """Those of which the called units say, on average, that they were not needed."""
    mean = Avg("calls__scores__first", filter=Q(calls__scores__side=Side.UNIT))
    return whistles.annotate(need=mean).filter(need__lt=NEEDED)


def _line_of(place: Organization) -> list[int]:
    """A place and the territories above it."""
    codes = [code for code in place.path.split("/") if code]
    return list(Organization.objects.filter(code__in=codes).values_list("pk", flat=True))
