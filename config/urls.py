"""All addresses: each app names its own, in the order of the floors."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    # While the apps are being written: an app without pages yet is left out.
    *(
        path("", include(f"{app}.urls"))
        for app in ("governance", "cases", "dashboard")
        if find_spec(f"{app}.urls")
    ),
]
