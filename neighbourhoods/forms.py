"""Forms of small tasks."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from neighbourhoods.models import MOST_CHARACTERS, AskedNeighbourhood, Neighbourhood
from records.keyed import KeyedForm

_LONG = {"max_length": f"最多 {MOST_CHARACTERS} 个字。"}


class ChosenField(forms.ModelMultipleChoiceField):
    """Neighbourhoods by name, with who leads them."""

    def label_from_instance(self, one: Neighbourhood) -> str:
        return f"{one.name}（{'、'.join(leading.user.name for leading in one.leading)}）"


class GiveForm(KeyedForm):
    """A small task for some or all neighbourhoods of a community."""

    words = forms.CharField(
        label="要做的事",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请填写要做的事。", **_LONG},
    )
    due_on = forms.DateField(
        label="截止日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请选择截止日期。", "invalid": "请填写日期，例如 2026-12-01。"},
    )
    every = forms.BooleanField(label="本社区全部楼组", required=False)
    neighbourhoods = ChosenField(
        Neighbourhood.objects.none(),
        label="或者选几个",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "没有这个楼组，请重新选择。",
            "invalid_pk_value": "没有这个楼组，请重新选择。",
        },
    )

    def __init__(self, *args: Any, here: QuerySet[Neighbourhood], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["neighbourhoods"].queryset = self.here = here

    @property
    def asked(self) -> list[Neighbourhood]:
        """The neighbourhoods that were chosen."""
        return list(self.here if self.cleaned_data["every"] else self.cleaned_data["neighbourhoods"])


class AnswerForm(KeyedForm):
    """The one answer to a small task."""

    asked_id: int

    @classmethod
    def of(cls, asked_id: int, data: Any = None) -> "AnswerForm":
        """The form of one small task, beside others on a page."""
        form = cls(data, auto_id=f"id_{asked_id}_%s")
        form.asked_id = asked_id
        return form

    answer = forms.ChoiceField(
        label="回复",
        choices=AskedNeighbourhood.Answer.choices,
        error_messages={"required": "请选择已办或办不了。", "invalid_choice": "请选择已办或办不了。"},
    )
    words = forms.CharField(
        label="说明",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写一句：怎么办的，或为什么办不了。", **_LONG},
    )
