"""Periodic tasks: the tallies follow the moves."""

from celery import shared_task
from django.utils import timezone

from appraisal import tallying


@shared_task
def tally() -> int:
    """Count what moved, batch by batch, until the queue is short; a round ends so that others get the worker."""
    done = 0
    for _ in range(tallying.ROUNDS):
        some = tallying.tally(now=timezone.now())
        done += some
        if some < tallying.BATCH:
            break
    return done
