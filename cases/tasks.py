"""Celery wakes the sweep and the daily anchor; the rules are in ``cases`` and the truth in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from cases import actions, anchors


@shared_task
def sweep() -> int:
    return actions.sweep(now=timezone.now())


@shared_task
def anchor() -> int:
    return anchors.write(timezone.now())
