"""The sign-in page of the demo: the same page, with the accounts printed on it."""

from django.urls import path

from demo.accounts import DEMO_PASSWORD, accounts
from governance.views import SignIn


def printed() -> list[dict[str, str]]:
    """Accounts as the page shows them; asked when the page is drawn."""
    return [
        {"role": f"{one.place} · {one.role}", "username": one.username, "password": DEMO_PASSWORD}
        for one in accounts()
    ]


urlpatterns = [path("login/", SignIn.as_view(extra_context={"demo_accounts": printed}))]
