"""Celery only triggers work that is stored in PostgreSQL; losing the broker delays it and loses nothing."""

import ctypes
import os
import signal
import sys

from celery import Celery
from celery.signals import heartbeat_sent, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gridloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def die_with_the_worker(**_kwargs: object) -> None:
    """Tie a pool process to its worker: a killed worker must not leave children that still run tasks."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


@heartbeat_sent.connect
def say_that_the_worker_lives(**_kwargs: object) -> None:
    """Every two seconds, while the worker is connected to its broker."""
    from config.heartbeats import worker  # needs the apps

    worker()
