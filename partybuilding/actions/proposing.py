"""Whistles that come again propose a change of the responsibility list."""

import datetime as dt

from partybuilding.models import Call, ListProposal, Whistle
from partybuilding.workflow import CallState, State

#: So many closed whistles of a category in a street within a year say that the list is wrong there (ours).
TIMES, YEAR = 3, dt.timedelta(days=365)


def propose_change(whistle: Whistle, *, now: dt.datetime) -> ListProposal | None:
    """Propose a change where this whistle, just being closed, is one of several alike; its evidence grows with each."""
    alike = Whistle.objects.filter(
        category=whistle.category_id,
        street=whistle.street_id,
        state__in=[State.CLOSED, State.SCORED],
        blown_at__gte=now - YEAR,
    ).exclude(pk=whistle.pk)
    ids = sorted([*alike.values_list("pk", flat=True), whistle.pk])
    if whistle.street_id is None or len(ids) < TIMES:
        return None
    came: dict[int, set[int]] = {}
    rows = Call.objects.filter(whistle__in=ids, state=CallState.FINISHED)
    for whistle_id, unit_id in rows.values_list("whistle", "unit"):
        came.setdefault(whistle_id, set()).add(unit_id)
    each_time = set.intersection(*came.values()) if came else set()
    proposal, _ = ListProposal.objects.update_or_create(
        category_id=whistle.category_id,
        street_id=whistle.street_id,
        state=ListProposal.State.OPEN,
        defaults={"whistles": ids, "units": sorted(each_time)},
        create_defaults={
            "whistles": ids,
            "units": sorted(each_time),
            "district_id": whistle.district_id,
            "opened_at": now,
        },
    )
    return proposal
