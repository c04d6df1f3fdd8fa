"""Periodic tasks: the ladders, scores that lapse, the watchdog; the rules are in ``actions``, the state in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from governance.actions import heartbeat
from governance.models import Heartbeat
from partybuilding import actions, photos, rosters, watchdog


@shared_task
def sweep() -> int:
    done = actions.sweep(now=timezone.now())
    heartbeat(Heartbeat.Part.LADDERS, now=timezone.now())
    return done


@shared_task
def lapse() -> int:
    return actions.lapse(now=timezone.now())


@shared_task
def watch() -> int:
    return watchdog.write_down(now=timezone.now())


@shared_task
def look_at_rosters() -> int:
    return rosters.write_down(on=timezone.localdate())


@shared_task
def remove_orphans() -> int:
    return photos.remove_orphans(now=timezone.now())
