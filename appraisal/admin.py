"""Configuration of figures: which denominators districts use."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from appraisal.denominators import choosable
from appraisal.models import DenominatorChoice
from governance.by_role import ByRole
from governance.models import Level, Organization
from governance.roles import Role
from governance.wording import SaidAtField


class DenominatorChoiceForm(SaidAtField):
    district = forms.ModelChoiceField(label="区", queryset=Organization.objects.territories(Level.DISTRICT))
    denominator = forms.ChoiceField(label="指标与分母")

    class Meta:
        model = DenominatorChoice
        fields = ["district", "denominator", "valid_from", "basis"]

    def __init__(self, *args: Any, instance: DenominatorChoice | None = None, **options: Any) -> None:
        if instance is not None:
            usual = {"denominator": f"{instance.measure}:{instance.alternative}"}
            options["initial"] = usual | (options.get("initial") or {})
        super().__init__(*args, instance=instance, **options)
        known = [(f"{key}:{name}", words) for (key, name), words in choosable().items()]
        self.fields["denominator"].choices = [("", "请选择"), *known]

    def clean_denominator(self) -> str:
        """Before the constraints of the row are looked at."""
        chosen = self.cleaned_data["denominator"]
        self.instance.measure, _, self.instance.alternative = chosen.partition(":")
        return chosen


@admin.register(DenominatorChoice)
class DenominatorChoiceAdmin(ByRole):
    """From its day on; what was shown for days before stays as it was."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    may_delete = True
    form = DenominatorChoiceForm
    list_display = ["district", "words", "valid_from", "basis", "set_by", "set_at"]
    list_select_related = ["district", "set_by"]

    @admin.display(description="指标与分母")
    def words(self, row: DenominatorChoice) -> str:
        return choosable().get((row.measure, row.alternative), row.measure)

    def save_model(
        self, request: HttpRequest, obj: DenominatorChoice, form: forms.ModelForm, change: bool
    ) -> None:
        obj.set_by, obj.set_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)
