"""Periodic tasks: deliver the outbox, remove what has expired; their state is in PostgreSQL."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from governance import actions, kept_forms, signing_in


@shared_task
def relay() -> int:
    return actions.relay(now=timezone.now())


@shared_task
def tidy() -> None:
    for forget_old in (signing_in.forget_old, kept_forms.forget_old):
        forget_old(now=timezone.now())
    call_command("clearsessions")
