"""Rows that a page of the admin is asked for by id: what is no id of any row is left out, never looked up."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import ModelChoiceField
from django.http import HttpRequest

from governance.wording import SaidAtField


def may_be_id(field: models.Field, value: Any) -> bool:
    """Whether a column of ids could hold a value: words and numbers beyond its range are errors to the database."""
    try:
        field.clean(value, None)
    except ValidationError:
        return False
    return True


class Autocomplete(AutocompleteSelect):
    """Django's own shows the chosen row by asking for whatever the address or the form says."""

    def optgroups(self, name: str, value: Sequence[Any], attr: dict | None = None) -> list[tuple]:
        target = self.field.target_field
        return super().optgroups(name, [one for one in value if not one or may_be_id(target, one)], attr)


class Choosing(BaseModelAdmin):
    """Takes the careful widget for every field that is searched in, and says at its field what does not fit."""

    form = SaidAtField

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **options: Any
    ) -> ModelChoiceField | None:
        if db_field.name in self.get_autocomplete_fields(request):
            options.setdefault("widget", Autocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **options)
