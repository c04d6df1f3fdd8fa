"""Addresses of the party half."""

from django.urls import path

from partybuilding.views import home

app_name = "partybuilding"

urlpatterns = [
    path("party/", home.home, name="home"),
]
