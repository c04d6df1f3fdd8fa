"""All addresses: each app names its own, in the order of the floors."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("governance.urls")),
    path("", include("cases.urls")),
    path("", include("dashboard.urls")),
]
