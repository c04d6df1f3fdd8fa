"""Addresses of the board."""

from django.urls import path

from dashboard import views

app_name = "dashboard"

urlpatterns = [path("board/", views.board, name="board")]
