"""Periodic task: patrols do not stay longer than they may."""

from celery import shared_task
from django.utils import timezone

from patrols import actions


@shared_task
def forget_old() -> int:
    return actions.forget_old(now=timezone.now())
