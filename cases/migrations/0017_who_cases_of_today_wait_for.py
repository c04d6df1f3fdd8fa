"""Cases from before this say whom they wait for; what was asked or ordered on a case that has ended ends with it."""

from django.db import migrations
from django.db.models import Prefetch
from django.utils import timezone

from cases import waiting
from cases.waits import waits_for
from cases.workflow import OPEN


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
        order = next(iter(case.open_orders), None)
        leg = next(iter(case.open_legs), None)
        waits = waits_for(case, leg, case.open_requests, order)
        marks = waiting.marks(waits, has_order=order is not None)
        Case.objects.filter(pk=case.pk).update(waits_for=marks)


class Migration(migrations.Migration):
    dependencies = [("cases", "0016_whom_cases_wait_for")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
