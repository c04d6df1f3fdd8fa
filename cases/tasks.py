"""Celery wakes the sweep; the rules are in ``cases.actions`` and the truth in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from cases import actions


@shared_task
def sweep() -> int:
    return actions.sweep(now=timezone.now())
