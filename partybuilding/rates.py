"""Rates of whistles: how often a place blows, as a band and never as a rank; how many were judged unneeded."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices

from appraisal.counting import counts
from appraisal.periods import Period
from appraisal.slices import Slice
from governance.models import Organization
from governance.profile import Level
from partybuilding.models import WhistleBand
from partybuilding.models.whistles import TERRITORIES

#: What the rate is made of (``partybuilding/measures``).
COUNTERS = ("whistles_blown", "whistles_unneeded", "closed", "self_handled", "neighbours_handled")
#: Of fewer closed cases no rate is counted (ours).
FEWEST_CASES = 20
#: Of fewer one whistle more moves the rate by more than a point: it is shown as a small base, and no band judges it (ours).
ENOUGH_CASES = 100


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
    def is_small(self) -> bool:
        return self.closed < ENOUGH_CASES

    @property
    def of_one(self) -> Decimal:
        """How much one whistle more would add."""
        return (Decimal(100) / self.closed).quantize(Decimal("0.1"))

    @property
    def fit(self) -> Fit:
        if self.rate is None or self.is_small or self.band is None:
            return Fit.UNKNOWN
        if self.rate < self.band.low:
            return Fit.BELOW
        return Fit.ABOVE if self.rate > self.band.high else Fit.WITHIN


def rate_of(place: Organization, period: Period) -> Rate:
    """The rate of a district, street or community in a period: the same counts as those of the measures."""
    here = Slice(TERRITORIES[Level(place.level)], place.pk)
    found = counts(COUNTERS, [period], here).get((0, None)) or dict.fromkeys(COUNTERS, 0)
    band = WhistleBand.objects.filter(district__in=_line_of(place), valid_from__lte=period.end)
    return Rate(
        found["whistles_blown"],
        found["closed"] + found["self_handled"] + found["neighbours_handled"],
        found["whistles_unneeded"],
        band.order_by("-valid_from").first(),
    )


def _line_of(place: Organization) -> list[int]:
    """A place and the territories above it."""
    codes = [code for code in place.path.split("/") if code]
    return list(Organization.objects.filter(code__in=codes).values_list("pk", flat=True))
