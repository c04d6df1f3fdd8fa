"""What browsers may keep of an answer: every address of the access matrix, and what signing out clears."""

import pytest
from django.test import Client

from governance.models import User
from tests import people
from tests.access import ENDPOINTS
from tests.test_access import clients, things  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db

#: Pictures and outlines may be kept by the browser of the person; the worker's script is the same for everybody.
KEPT = {
    "cases:photo": "private, max-age=31536000, immutable",
    "cases:photo_small": "private, max-age=31536000, immutable",
    "partybuilding:photo": "private, max-age=31536000, immutable",
    "partybuilding:photo_small": "private, max-age=31536000, immutable",
    "cases:map_areas": "private, max-age=3600",
    "desk:category_words": "public, max-age=600",
    "field:worker": "no-cache",
    "field:earlier_worker": "no-cache",
}


def test_no_browser_keeps_a_page_or_an_answer(clients, things):  # noqa: F811
    wrong = []
    for endpoint in ENDPOINTS:
        for name in ("grid_worker", "leader", "system_admin", "anonymous"):
            answer = getattr(clients[name], endpoint.method)(endpoint.path.format(**things))
            if answer.streaming:
                list(answer)
            told = answer.get("Cache-Control", "")
            wanted = KEPT.get(endpoint.name) if answer.status_code in (200, 304) else None
            if told != wanted if wanted else "no-store" not in told:
                wrong.append((endpoint.name, name, answer.status_code, told))
    assert wrong == []


@pytest.mark.parametrize(("username", "path"), [("wangge", "/logout/"), ("anquan", "/admin/logout/")])
def test_signing_out_empties_the_cache_and_keeps_what_is_unsent(username, path):
    client = Client()
    client.force_login(User.objects.get(username=username))
    answer = client.post(path)
    assert answer["Location"] == "/login/"
    assert answer["Clear-Site-Data"] == '"cache"', "storage holds reports that are unsent"
    assert client.get("/inbox/").status_code == 302


def test_nothing_else_clears_anything():
    client = Client()
    client.force_login(people.clerk())
    assert "Clear-Site-Data" not in client.get("/desk/").headers
