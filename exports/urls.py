"""Addresses of files that are made in the background; a list's own address hands out the short ones."""

from django.urls import path

from exports import views

app_name = "exports"

urlpatterns = [
    path("exports/", views.own, name="own"),
    path("exports/new/<slug:name>/", views.new, name="new"),
    path("exports/<uuid:key>/", views.file, name="file"),
    path("exports/<uuid:key>/drop/", views.drop, name="drop"),
]
