"""Changing the responsibility list: a row is never edited, a new version takes its place."""

import datetime as dt

from django.db import transaction
from django.db.models import Max

from cases.models import Responsibility
from records.refusals import Stale

#: What a row says, beside the category, condition and loop it speaks of.
CONTENT = (
    "lead",
    "helpers",
    "power",
    "registering_condition",
    "closing_condition",
    "limits",
    "remote_verification",
    "basis",
)


@transaction.atomic
def revise(row: Responsibility, *, on: dt.date) -> Responsibility:
    """Give a changed row the next version, valid from ``on``; the old one stays for cases registered under it.

    Raises ``Stale`` when another version is current by now; an unchanged row stays as it is.
    """
    current = Responsibility.objects.select_for_update().get(pk=row.pk)
    if not current.is_current:
        raise Stale("这条权责已有新版本，请打开现行版本再改。")
    if all(getattr(current, name) == getattr(row, name) for name in CONTENT):
        return current
    key = {"category": current.category_id, "condition": current.condition, "loop": current.loop}
    newest = Responsibility.objects.filter(**key).aggregate(newest=Max("version"))["newest"]
    retire(current, on=on)
    content = {name: getattr(row, name) for name in CONTENT}
    return Responsibility.objects.create(
        category_id=current.category_id,
        condition=current.condition,
        loop=current.loop,
        version=newest + 1,
        valid_from=on,
        **content,
    )


def retire(row: Responsibility, *, on: dt.date) -> None:
    """End a row: no new case is registered under it."""
    row.is_current, row.valid_until = False, on
    row.save(update_fields=["is_current", "valid_until"])
