"""What is wrong with a form, in sentences that name the field and stand at it."""

from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError

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


TAKEN = "与刚保存的另一行相同，或同一行填了两次，没有保存。请核对后再提交。"


def said_by_constraint(problem: IntegrityError) -> tuple[str, str | None]:
    """The sentence and the field of the constraint that did not take a row; of our own tables' constraints each has both."""
    name = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
    for model in apps.get_models():
        for one in model._meta.constraints:
            if one.name == name:
                return str(one.get_violation_error_message()), one.violation_error_code
    return TAKEN, None


def refusing(shape: type[forms.ModelForm], sentence: str, field: str | None) -> type[forms.ModelForm]:
    """The same form, which says a sentence at a field where it finds nothing wrong itself."""

    class Refusing(shape):
        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound and not self.errors:
                self.add_error(field if field in self.fields else None, sentence)

    return Refusing
