"""The template environment: what was forgotten raises, an attribute of None prints nothing."""

import pytest
from django.template import engines
from django.test import RequestFactory
from jinja2 import UndefinedError

from cases.models import Case
from cases.workflow import State


def drawn(text: str, address: str = "/", **given: object) -> str:
    return engines["jinja2"].from_string(text).render(given, RequestFactory().get(address))


@pytest.mark.parametrize("text", ["{{ lable }}", "{% if lable %}{% endif %}", "{{ case.lable }}"])
def test_a_name_that_nobody_gave_is_a_mistake(text):
    with pytest.raises(UndefinedError):
        drawn(text, case=Case())


def test_of_nothing_there_is_nothing():
    assert drawn("[{{ case.grid.community.name }}{{ figures.none }}]", case=Case(), figures={}) == "[]"
    assert drawn("{{ case.grid.name or '网格以外' }}", case=Case()) == "网格以外"


def test_a_forgotten_call_is_told():
    with pytest.raises(TypeError, match="a call is missing"):
        drawn("{{ case.get_state_display }}", case=Case())
    assert drawn("{{ case.get_state_display() }}", case=Case(state=State.HANDLING)) == State.HANDLING.label


def test_words_of_people_are_escaped():
    assert drawn("<p>{{ words }}</p>", words="<b>'\"&") == "<p>&lt;b&gt;&#39;&#34;&amp;</p>"
    assert drawn("{{ words|linebreaksbr }}", words="<b>\n") == "&lt;b&gt;<br>"


@pytest.mark.parametrize(
    ("address", "expected"),
    [("/?q=a&page=2", "?q=a&amp;page=3"), ("/?case=1", "?page=3"), ("/", "?page=3")],
)
def test_a_query_keeps_what_is_not_changed(address, expected):
    assert drawn("{{ querystring(page=3, case=none) }}", address) == expected


def test_an_emptied_query_still_leads_away_from_this_one():
    assert drawn("{{ querystring(show=none) }}", "/?show=red") == "?"
    assert drawn("{{ querystring(show=none) }}", "/") == ""
