"""The file of a case on A4: what was reported, decided and seen, with what proves that nothing was changed since."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases.models import Case
from desk import history
from desk.views.case import case_context, visible_case
from governance.actions import log_access
from records.chain import digest

#: What ``records.chain.digest`` computes; of an earlier version only the link is looked at here.
COMPUTED = 2


def _chain(case: Case) -> list[dict[str, Any]]:
    """The events under the row that was read, in order, each with its digest and whether it fits what it is made of."""
    rows: list[dict[str, Any]] = []
    previous = ""
    for number, event in enumerate(case.events.filter(sequence__lte=case.version).order_by("sequence"), 1):
        event.case = case
        fits = event.sequence == number and event.previous == previous
        if event.digest_version == COMPUTED:
            fits = fits and digest(event) == event.digest
        rows.append({"event": event, "label": history.move_of(case, event).label, "fits": fits})
        previous = event.digest
    return rows


@login_required
@require_safe
def case_file(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """The file of a case; who took it is written down."""
    case, now = visible_case(request, case_uuid), timezone.now()
    chain, photos = _chain(case), list(case.photos.all())
    context = case_context(request, case) | {
        "photos": list(zip(history.picture_rows(photos), photos, strict=True)),
        "chain": chain,
        # The last one stands on the row too: what was cut off at the end is missed there.
        "is_whole": all(row["fits"] for row in chain) and chain[-1]["event"].digest == case.chain_head,
    }
    log_access(f"case:{case.pk}:file", by=request.user, reason=f"打印案卷 {case.number}", now=now)
    return render(request, "desk/file.html", context)
