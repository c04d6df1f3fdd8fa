"""What is wrong with a form, in sentences that name the field and stand at it."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

_NOBODYS = forms.Field.default_error_messages["required"]


def ask_by_name(field: forms.Field) -> None:
    """Let a field without a sentence of its own ask for what is missing by its label."""
    if field.error_messages.get("required") is _NOBODYS and field.label:
        verb = "选择" if isinstance(field, (forms.ChoiceField, forms.ModelChoiceField)) else "填写"
        field.error_messages["required"] = f"请{verb}{field.label}。"


class SaidAtField(forms.ModelForm):
    """A form of a row: a constraint of the table says its sentence at the field that its code names."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            ask_by_name(field)

    def validate_unique(self) -> None:
        """Look at all constraints of the row once more: Django leaves out those with a field that is read only here."""
        super().validate_unique()
        try:
            self.instance.validate_constraints(exclude=set(self.errors))
        except ValidationError as problem:
            self.add_error(None, problem)

    def add_error(self, field: str | None, error: Any) -> None:
        """Put what a constraint says at its field, once."""
        if field is not None or not hasattr(error, "error_dict"):
            return super().add_error(field, error)
        placed: dict[str, dict[str, ValidationError]] = {}
        for name, problems in error.error_dict.items():
            for one in problems:
                at = one.code if name == NON_FIELD_ERRORS and one.code in self.fields else name
                if one.messages[0] not in self.errors.get(at, ()):
                    placed.setdefault(at, {})[one.messages[0]] = one
        return super().add_error(None, {name: list(problems.values()) for name, problems in placed.items()})
