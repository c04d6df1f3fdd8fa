"""Cases from before this say whom they wait for; what was asked or ordered on a case that has ended ends with it.

The rule of then (``cases/waits.py``), written down here once more: a migration must not change with it.
"""

from django.db import migrations
from django.db.models import Prefetch
from django.utils import timezone

OPEN = (
    "reported", "checking", "registered", "dispatched", "handling", "disputed", "suspended", "handled", "verified",
)  # fmt: skip
LETTERS = {"extension": "e", "suspension": "s", "void": "v"}
COMMAND = {"district": 1, "street": 2, "community": 3}


def commanding(case) -> list[int]:
    places = [case.district_id, case.street_id, case.community_id][: COMMAND[case.loop]]
    return [place for place in places if place]


def marks(case, leg, requests, order) -> list[str]:
    """What stands on the row, as ``waiting.marks`` wrote it then."""
    if leg is None:
        return []
    centre, desk = leg.centre_id, leg.unit_id or leg.centre_id
    found = {
        "reported": [f"tC{centre}", f"tA{centre}"],
        "registered": [f"tD{centre}"],
        "disputed": [f"tC{centre}"],
        "verified": [f"tC{centre}"],
        "dispatched": [f"hH{case.unit_id}"],
        "handling": [f"hH{case.unit_id}"],
    }.get(case.state, [])
    if case.state in ("checking", "handled"):
        found = [f"tV@{leg.person_id}"] if leg.person_id else []
        found += [f"tA{desk}"] if leg.desk_allowed else []
    for request in requests:
        letter = LETTERS[request.kind]
        unendorsed = request.kind == "suspension" and request.endorsed_by_id is None
        duty = "C" if unendorsed else request.decider
        places = commanding(case) if duty == "L" else [centre]
        found += [f"{letter}{duty}{place}" for place in places]
        found += [f"-{letter}{person}" for person in {request.asked_by_id, request.endorsed_by_id} - {None}]
    if order is not None:
        found += ["o", *_order(case, centre, order)]
    return sorted(set(found))


def _order(case, centre, order) -> list[str]:
    if order.replied_at is None:
        if order.leader_id:
            return [f"oL@{order.leader_id}"]
        return [f"oH{case.unit_id}" if case.unit_id else f"oC{centre}"]
    if order.ordered_by_id and order.ordered_by_id != order.replied_by_id:
        return [f"oL@{order.ordered_by_id}"]
    return [f"-o{order.replied_by_id}", *(f"oL{place}" for place in commanding(case))]


def fill(apps, schema_editor) -> None:
    Case, Assignment, Request, Supervision = (
        apps.get_model("cases", name) for name in ("Case", "Assignment", "Request", "Supervision")
    )
    ended, now = Case.objects.exclude(state__in=OPEN), timezone.now()
    Request.objects.filter(case__in=ended, decided_at=None).update(decided_at=now, is_granted=False)
    Supervision.objects.filter(case__in=ended, accepted_at=None).update(
        accepted_at=now, note="案件早已办结，督办随案件销号"
    )
    beside = [
        Prefetch("legs", Assignment.objects.filter(stopped_at=None), "open_legs"),
        Prefetch("requests", Request.objects.filter(decided_at=None), "open_requests"),
        Prefetch("supervisions", Supervision.objects.filter(accepted_at=None), "open_orders"),
    ]
    for case in Case.objects.filter(state__in=OPEN).prefetch_related(*beside).iterator(chunk_size=1000):
        leg, order = next(iter(case.open_legs), None), next(iter(case.open_orders), None)
        Case.objects.filter(pk=case.pk).update(waits_for=marks(case, leg, case.open_requests, order))


class Migration(migrations.Migration):
    dependencies = [("cases", "0016_whom_cases_wait_for")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
