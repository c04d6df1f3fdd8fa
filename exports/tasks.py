"""Periodic tasks: files that somebody waits for are made, and old ones deleted."""

from celery import shared_task
from django.utils import timezone

from exports import actions, making


@shared_task
def make() -> int:
    return making.work(now=timezone.now())


@shared_task
def forget_old() -> int:
    return actions.forget_old(now=timezone.now())
