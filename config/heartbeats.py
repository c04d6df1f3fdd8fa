"""Worker and beat write heartbeats into PostgreSQL; one that cannot goes on with its work."""

import logging
from time import monotonic
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection
from django.utils import timezone

from config.database.base import patience
from governance.actions import heartbeat
from governance.models import Heartbeat

EVERY = 15  # seconds; a part that was not heard of for four times as long is away (governance/health.py)
log = logging.getLogger(__name__)


class Pulse:
    """Writes at most every quarter of a minute; its connection is not kept, so that no child of a worker inherits it."""

    def __init__(self, part: Heartbeat.Part) -> None:
        self.part, self._next = part, 0.0

    def __call__(self) -> None:
        if monotonic() < self._next:
            return
        self._next = monotonic() + EVERY
        try:
            with patience(3):
                heartbeat(self.part, now=timezone.now())
        except Error as problem:
            log.warning("%s cannot say that it lives: %s", self.part, str(problem).strip().splitlines()[0])
        finally:
            connection.close()


worker = Pulse(Heartbeat.Part.WORKER)
beat = Pulse(Heartbeat.Part.BEAT)


class Scheduler(PersistentScheduler):
    """Celery's own, which says at every look at the schedule that it looks."""

    def tick(self, *args: Any, **options: Any) -> float:
        beat()
        return super().tick(*args, **options)
