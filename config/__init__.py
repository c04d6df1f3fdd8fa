"""Wiring of GridLoop: settings, URLs, Celery and WSGI; nothing imports from here."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
