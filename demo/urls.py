"""The sign-in page of the demo: the same page, with the accounts printed on it."""

from itertools import groupby
from typing import Any

from django.urls import path

from demo.accounts import DEMO_PASSWORD, accounts
from governance.views import SignIn


def printed() -> dict[str, Any]:
    """The password and the accounts, group after group, as the page shows them; asked when it is drawn."""
    groups = [
        {"name": name, "accounts": [(f"{one.place} · {one.role}", one.username) for one in rows]}
        for name, rows in groupby(accounts(), key=lambda one: one.group)
    ]
    return {"password": DEMO_PASSWORD, "groups": groups}


urlpatterns = [path("login/", SignIn.as_view(extra_context={"demo_accounts": printed}))]
