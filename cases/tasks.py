"""Periodic tasks: the sweep, the daily anchor, photo files without a row, uploads given up, marks; the rules are in ``cases``, the state in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from cases import actions, marking, photos, words
from governance.actions import heartbeat
from governance.models import Heartbeat
from records import parts
from records.histories import HISTORIES


@shared_task
def sweep() -> int:
    done = actions.sweep(now=timezone.now())
    heartbeat(Heartbeat.Part.SWEEP, now=timezone.now())
    return done


@shared_task
def anchor() -> int:
    return sum(history.anchors.write(timezone.now()) for history in HISTORIES)


@shared_task
def remove_orphans() -> int:
    return photos.remove_orphans(now=timezone.now()) + parts.remove_old(now=timezone.now())


@shared_task
def mark_photos() -> int:
    return marking.mark_due(now=timezone.now())


@shared_task
def learn_words() -> int:
    return len(words.learn(on=timezone.localdate()))
