"""All addresses: each app names its own, in the order of the floors; what the place leaves out has none."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from governance import modules

APPS = ("governance", "exports", "cases", "desk", "field", "dashboard", "partybuilding")

handler400, handler403 = "config.failures.bad_request", "config.failures.forbidden"
handler404, handler500 = "config.failures.not_found", "config.failures.failed"

urlpatterns = [
    path("admin/", admin.site.urls),
    # First, because it puts its own sign-in page before the usual one.
    *([path("", include("demo.urls"))] if "demo" in settings.INSTALLED_APPS else []),
    *(path("", include(f"{app}.urls")) for app in APPS if modules.is_used(app)),
]
