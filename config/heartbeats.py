"""Worker and beat write heartbeats into PostgreSQL; one that cannot goes on with its work."""

import logging
from time import monotonic
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection
from django.utils import timezone

from config.database.base import timeout
from governance.actions import heartbeat
from governance.models import Heartbeat
from governance.modules import is_used

INTERVAL = (
    15  # seconds; a part that wrote none for four times as long is reported as failing (governance/health.py)
)
log = logging.getLogger(__name__)


class HeartbeatWriter:
    """Writes at most every quarter of a minute; its connection is not kept, so that no child of a worker inherits it."""

    def __init__(self, part: Heartbeat.Part) -> None:
        self.part, self._next = part, 0.0

    def __call__(self) -> None:
        if monotonic() < self._next:
            return
        self._next = monotonic() + INTERVAL
        try:
            with timeout(3):
                heartbeat(self.part, now=timezone.now())
        except Error as problem:
            log.warning(
                "%s could not write its heartbeat: %s", self.part, str(problem).strip().splitlines()[0]
            )
        finally:
            connection.close()


worker = HeartbeatWriter(Heartbeat.Part.WORKER)
beat = HeartbeatWriter(Heartbeat.Part.BEAT)


def app_of(task: str) -> str:
    return task.partition(".")[0]


class Scheduler(PersistentScheduler):
    """Celery's own, without tasks of apps that the place leaves out; it writes a heartbeat whenever it looks at the schedule."""

    def merge_inplace(self, entries: dict[str, Any]) -> None:
        super().merge_inplace({name: one for name, one in entries.items() if is_used(app_of(one["task"]))})

    def tick(self, *args: Any, **options: Any) -> float:
        beat()
        return super().tick(*args, **options)
