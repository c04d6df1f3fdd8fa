"""Addresses of signing in and out, the inbox and the health checks."""

from django.urls import path

from governance import help, status, views

app_name = "governance"

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("account/password/", views.password, name="password"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<int:pk>/", views.open_notice, name="notice"),
    path("healthz", views.healthz, name="healthz"),
    path("healthz/ready", status.ready, name="ready"),
    path("status/", status.page, name="status"),
    path("help/", help.page, name="help"),
    path("help/words/", help.words, name="help_words"),
    path("help/<slug:role>/", help.page, name="help_of"),
    path("styleguide/", views.styleguide, name="styleguide"),
]
