"""The form of a move: a field for each word that its table asks for, and how a page makes the move of it.

Which fields ask for the words an app says in its own ``forms.py``.
"""

import datetime as dt
from typing import Any, ClassVar, TypeVar

from django import forms

from governance.models import By
from governance.wording import ask_by_name
from records.door import Answer, Door
from records.given import MOST_CHARACTERS
from records.keyed import KeyedForm, PhotosField
from records.models import Record
from records.moves import Move
from records.refusals import Refused

R = TypeVar("R", bound=Record)
#: Answers that say nothing.
EMPTY: tuple[Any, ...] = (None, "", [])


class WordsField(forms.CharField):
    """What a person writes with a move."""

    def __init__(self, *, rows: int = 3, placeholder: str = "", **options: Any) -> None:
        attrs = {"rows": rows} | ({"placeholder": placeholder} if placeholder else {})
        super().__init__(max_length=MOST_CHARACTERS, widget=forms.Textarea(attrs), **options)


class MoveForm(KeyedForm):
    """The form of one move: what the table asks for, and the client's key."""

    #: Fields that say what the person had before the eyes, which is no answer.
    SEEN: ClassVar[tuple[str, ...]] = ()

    def ask_for(self, name: str, field: forms.Field, *, is_needed: bool = True) -> None:
        """Ask for a word by a field."""
        field.required = is_needed
        ask_by_name(field)
        self.fields[name] = field

    @property
    def given(self) -> dict[str, Any]:
        """The cleaned answers, as a door takes them; empty ones are left out."""
        answers = {
            name: value for name, value in self.cleaned_data.items() if name not in ("key", *self.SEEN)
        }
        return {name: value for name, value in answers.items() if value is not False and value not in EMPTY}

    @property
    def seen(self) -> dict[str, Any]:
        """What the person had before the eyes, as a door takes it."""
        return {name: self.cleaned_data[name] for name in self.SEEN}

    def typed(self) -> list[tuple[str, str]]:
        """What a person had put in, as label and words, where the form itself cannot be sent any more."""
        rows = []
        for field in self.visible_fields():
            value = field.value()
            if isinstance(value, list | tuple):
                value = (
                    ""
                    if isinstance(field.field, PhotosField)
                    else "，".join(str(one) for one in value if one)
                )
            if isinstance(field.field, forms.ChoiceField | forms.ModelChoiceField):
                choices: Any = field.field.choices
                names = {str(key): str(label) for key, label in choices}
                value = names.get(str(value), "") if value else ""
            elif isinstance(field.field, forms.BooleanField):
                value = "是" if value else ""
            if value:
                rows.append((str(field.label), str(value)))
        return rows


def made(
    form: MoveForm,
    door: Door[R, Any],
    record: R,
    move: Move,
    *,
    by: By,
    now: dt.datetime,
    part: int | None = None,
) -> Answer | None:
    """Make the move of a form that was sent; None where the form now says what is wrong (``form.refusal``: the door's no).

    One that does not fit any more because it was carried out before is answered as it was then.
    """
    if not form.is_valid():
        key = form.cleaned_data.get("key")
        return door.answered(key, move.name, by=by, record=record) if key else None
    try:
        return door.perform(
            record.uuid,
            move.name,
            by=by,
            now=now,
            key=form.cleaned_data["key"],
            given=form.given,
            part=part,
            **form.seen,
        )
    except Refused as refusal:
        form.refuse(refusal)
        return None
