"""Celery wakes the relay; the truth is in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from governance import actions


@shared_task
def relay() -> int:
    return actions.relay(now=timezone.now())
