"""Events as pages read them: the same of every kind of record."""

import pytest

from cases.models import CaseEvent, CaseText
from cases.workflow import State
from partybuilding.models import WhistleEvent, WhistleText
from partybuilding.workflow import MOVES
from records.timeline import events_of, line
from tests.lives import case_at
from tests.partybuilding.blowing import settled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make", "events", "texts"),
    [(lambda: case_at(State.HANDLED), CaseEvent, CaseText), (settled, WhistleEvent, WhistleText)],
    ids=["case", "whistle"],
)
def test_events_come_newest_first_with_the_words_beside_them_in_one_statement(
    make, events, texts, django_assert_num_queries
):
    record = make()
    said = dict(texts.objects.filter(**{events.OF: record}).values_list("sequence", "body"))
    assert said
    with django_assert_num_queries(1):
        found = events_of(record, events, texts)
        assert [event.sequence for event in found] == list(range(record.version, 0, -1))
        assert {event.sequence: event.words for event in found if event.words} == said
        assert all(isinstance(event.facts, dict) and event.before is not None for event in found)


def test_a_line_says_who_when_and_what_and_words_are_never_none():
    whistle = settled()
    released = WhistleEvent.objects.select_related("by").get(whistle=whistle, move="release")
    released.words = None
    told = line(released, MOVES["release"], tone="void", facts=["现场已散"], photos=[])
    assert told["who"] == released.by.name and (told["what"], told["text"]) == ("解除", "")
    assert told["at"] == released.at and told["facts"] == ["现场已散"]
