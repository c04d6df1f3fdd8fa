"""Say of the legs of open cases what their due dates were counted from, where counting comes to the stored date.

A leg where it does not (given back after a refusal, or counted under another calendar) keeps its date and is never
counted again; its yellow and its grace are those that belong to the date, which before were shifted along with it.
"""

import datetime as dt
from decimal import Decimal

from django.db import migrations
from django.db.models import Q

from cases.deadlines import DEFAULT_HOURS, Basis, Calendar, Limit, marks_around, recount
from cases.hours import read_windows

FIELDS = ["counted_from", "counted_amount", "added_amount", "extended_amount", "warn_at", "escalate_at", "sweep_at"]


def fill(apps, schema_editor) -> None:
    leg_model = apps.get_model("cases", "Assignment")
    days = dict(apps.get_model("cases", "WorkDay").objects.values_list("day", "is_working"))
    calendars, plain = _calendars(apps, days), Calendar(exceptions=days)
    legs = leg_model.objects.filter(Q(stopped_at=None) | Q(case__is_open=True, outcome="refused"))
    batch = []
    for leg in legs.select_related("case").order_by("pk").iterator(chunk_size=1000):
        _fill_leg(leg, calendars.get(leg.case.district_id, plain))
        batch.append(leg)
        if len(batch) == 1000:
            leg_model.objects.bulk_update(batch, FIELDS)
            batch = []
    leg_model.objects.bulk_update(batch, FIELDS)


def _calendars(apps, days: dict[dt.date, bool]) -> dict[int, Calendar]:
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
        due_at = None
    if due_at == leg.due_at:
        leg.counted_from, leg.counted_amount, leg.added_amount = basis.since, basis.amount, basis.added
    elif leg.stopped_at is None and leg.step not in ("waiting", "evaluating"):
        _set_around(leg, full, calendar)


def _set_around(leg, full: Limit, calendar: Calendar) -> None:
    marks = marks_around(leg.due_at, full, calendar)
    if leg.lateness == "none":
        leg.sweep_at = min(marks.warn_at, marks.due_at)
    elif leg.sweep_at == leg.escalate_at:  # otherwise it waits for its due date, or for the answer to an order
        leg.sweep_at = marks.escalate_at
    leg.warn_at, leg.escalate_at = marks.warn_at, marks.escalate_at


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
