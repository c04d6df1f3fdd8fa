"""WSGI entry point for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.input import ReadableContentType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SERVICE_NAME", "gridloop-web")  # the settings keep waits short for it

application = ReadableContentType(get_wsgi_application())

# A request creates some ten thousand objects and hardly any reference cycles: garbage collection at the default threshold
# of 700 objects, over the whole program each time, takes a seventh of a page's CPU.
get_resolver().url_patterns  # noqa: B018  (reads all views, forms and serializers)
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
