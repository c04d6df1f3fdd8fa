"""What all forms of moves do, whatever they ask for."""

import uuid

from django import forms

from records.forms import MoveForm, WordsField
from records.given import MOST_CHARACTERS


class Asking(MoveForm):
    SEEN = ("leg",)

    leg = forms.IntegerField(required=False)


def asking(**data: object) -> Asking:
    """A form that asks for one needed word and three that may be left out."""
    form = Asking({"key": uuid.uuid4(), **data})
    form.ask_for("words", WordsField(label="说明"))
    form.ask_for("amount", forms.DecimalField(label="多少"), is_needed=False)
    form.ask_for("stays_away", forms.BooleanField(label="不到场"), is_needed=False)
    form.ask_for("title", forms.CharField(label="任务"), is_needed=False)
    return form


def test_what_was_left_empty_is_not_given_and_zero_is_an_answer():
    form = asking(words="已到现场", amount="0")
    assert form.is_valid() and form.given == {"words": "已到现场", "amount": 0}


def test_what_the_person_had_before_the_eyes_is_no_answer():
    form = asking(words="已到现场", leg="7")
    assert form.is_valid() and "leg" not in form.given and form.seen == {"leg": 7}


def test_words_that_are_needed_are_asked_for_by_name_and_end_where_the_door_ends_them():
    form = asking(words="")
    assert form.errors == {"words": ["请填写说明。"]}
    assert not asking(words="长" * (MOST_CHARACTERS + 1)).is_valid()
    assert asking(words="长" * MOST_CHARACTERS).is_valid()
