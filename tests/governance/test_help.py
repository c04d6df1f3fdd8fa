"""Help: a page for every role, the meaning of every word it uses, a way to it from every face."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from governance import help as helping
from governance.faces import FACES
from governance.models import User
from governance.roles import Role
from tests import people
from tests.access import WHO
from tests.test_shape import templates

pytestmark = pytest.mark.django_db

GLOSSARY = (Path(settings.BASE_DIR) / "docs" / "glossary.md").read_text(encoding="utf-8")
#: The home of each face, and who may open it.
HOMES = {"field": "/field/", "desk": "/desk/", "board": "/board/", "party": "/party/", "admin": "/admin/"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def somebody(role: Role, place: str) -> User:
    """Who holds a post; where nobody does yet, somebody new."""
    held = User.objects.filter(posts__role=role, posts__organization__code=place).exists()
    return people.someone(role, place) if held else people.newcomer("new_here", role=role, place=place)


@pytest.mark.parametrize("who", sorted(WHO))
def test_everybody_gets_the_page_of_the_own_post(who):
    role, place = WHO[who]
    page = signed_in(somebody(role, place)).get("/help/").content.decode()
    found = helping.pages()[role]
    assert found.does in page and all(step in page for step in found.order)
    assert all(word in page and meaning in page for word, meaning in found.words)
    assert "<kbd>J</kbd>" in page


def test_every_role_has_a_page_that_is_short_and_says_how_to_begin():
    assert set(helping.pages()) == set(Role)
    for page in helping.pages().values():
        assert 2 < len(page.order) < 8 and 3 < len(page.words) < 11, page.role
        assert all(text.endswith("。") and len(text) < 90 for text in (page.does, *page.order)), page.role


def test_every_word_is_used_once_on_a_page_and_known_to_the_glossary():
    words = dict(helping._texts()["words"])
    used = {word for page in helping.pages().values() for word, _ in page.words}
    assert used == set(words)
    unknown = [word for word in words if word not in GLOSSARY]
    assert unknown == []


@pytest.mark.parametrize("face", sorted(HOMES))
def test_a_way_leads_to_it_from_every_face(face):
    role = next(role for role, faces in FACES.items() if face in faces)
    place = next(place for other, place in WHO.values() if other == role)
    page = signed_in(somebody(role, place)).get(HOMES[face]).content.decode()
    assert re.search(r'href="/help/"', page), face


def test_there_is_no_page_of_a_role_that_nobody_has():
    client = signed_in(people.clerk())
    assert client.get("/help/emperor/").status_code == 404
    assert client.get("/help/auditor/").status_code == 200
    assert client.get("/help/words/").status_code == 200


def test_a_word_on_a_page_has_its_meaning_and_leads_to_all_words():
    named = {word for text in templates().values() for word in re.findall(r'ui\.word\("(.+?)"\)', text)}
    assert len(named) > 4 and all(helping.meaning(word) for word in named)
    client = signed_in(User.objects.get(username="jielingdao"))
    page = client.get("/board/walls/").content.decode()
    assert f'href="/help/words/#大屏" title="{helping.meaning("大屏")}"' in page
    assert 'id="大屏"' in client.get("/help/words/").content.decode()
