"""Periodic tasks: the tallies follow the moves, recounts prove them; nightly looks at what the cases of the last days say together."""

from celery import shared_task
from django.utils import timezone

from appraisal import missed, recounts, repeats, spot_checks, tallying, warnings


@shared_task
def tally() -> int:
    return tallying.work()


@shared_task
def find_warnings() -> int:
    return warnings.find_warnings(now=timezone.now())


@shared_task
def find_repeats() -> int:
    return repeats.find_repeats(now=timezone.now())


@shared_task
def find_missed() -> int:
    return missed.find_missed(now=timezone.now())


@shared_task
def recount() -> int:
    return recounts.work()


@shared_task
def ask_recounts() -> int:
    return spot_checks.ask_recounts(now=timezone.now())
