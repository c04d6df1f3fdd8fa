"""Say of the legs of open cases what their due dates were counted from, where counting comes to the stored date.

A leg where it does not (counted under another calendar, say) keeps its date and is never counted again.
"""

import datetime as dt
from decimal import Decimal

from django.db import migrations
from django.db.models import Q

from cases.deadlines import DEFAULT_HOURS, Basis, Calendar, Limit, recount
from cases.hours import read_windows

FIELDS = ["counted_from", "counted_amount", "added_amount", "extended_amount"]


def fill(apps, schema_editor) -> None:
    leg_model = apps.get_model("cases", "Assignment")
    calendars = _calendars(apps)
    plain = Calendar()
    legs = leg_model.objects.filter(Q(stopped_at=None) | Q(case__is_open=True, outcome="refused"))
    batch = []
    for leg in legs.select_related("case").order_by("pk").iterator(chunk_size=1000):
        _fill_leg(leg, calendars.get(leg.case.district_id, plain))
        batch.append(leg)
        if len(batch) == 1000:
            leg_model.objects.bulk_update(batch, FIELDS)
            batch = []
    leg_model.objects.bulk_update(batch, FIELDS)


def _calendars(apps) -> dict[int, Calendar]:
    days = dict(apps.get_model("cases", "WorkDay").objects.values_list("day", "is_working"))
    regimes: dict[int, list] = {}
    for row in apps.get_model("cases", "WorkingHours").objects.order_by("valid_from"):
        try:
            regimes.setdefault(row.district_id, []).append((row.valid_from, read_windows(row.windows)))
        except ValueError:
            continue  # nothing was ever counted with this row: whoever tried got an error
    return {
        district: Calendar(exceptions=days, hours=tuple(hours) or DEFAULT_HOURS)
        for district, hours in regimes.items()
    }


def _fill_leg(leg, calendar: Calendar) -> None:
    full = Limit(amount=leg.limit_amount, unit=leg.limit_unit)
    stood = _stood(leg)
    added = Decimal(0)
    if leg.step == "handling" and leg.case.extensions:
        granted = leg.case.requests.filter(kind="extension", is_granted=True)
        if leg.stopped_at is not None:
            granted = granted.filter(decided_at__lte=leg.stopped_at)
        leg.extended_amount = _sum(granted.filter(decided_at__gte=(stood[-1] if stood else leg).opened_at))
        added = _sum(granted.filter(decided_at__gte=leg.opened_at))
    basis = Basis(
        since=leg.opened_at.astimezone(dt.UTC).replace(microsecond=0),
        amount=stood[0].rest_amount if stood else full.amount - added,
        added=added,
    )
    try:
        due_at = recount(basis, full, calendar).due_at
    except ValueError:
        return
    if due_at == leg.due_at:
        leg.counted_from, leg.counted_amount, leg.added_amount = basis.since, basis.amount, basis.added


def _stood(leg) -> list:
    """The legs before this one whose clock it continues, the nearest first."""
    if not (leg.case.was_suspended or leg.step == "registering"):
        return []
    stood = []
    for earlier in leg.case.legs.filter(pk__lt=leg.pk).exclude(step__in=["waiting", "checking"]).order_by("-pk"):
        if (earlier.step, earlier.outcome) != (leg.step, "standing"):
            break
        stood.append(earlier)
    return stood


def _sum(requests) -> Decimal:
    return sum((request.amount for request in requests), Decimal(0))


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_legs_know_what_they_were_counted_from")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
