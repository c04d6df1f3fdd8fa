"""Configuration of whistles: their rules and the band of their rate. Whistles are not here: there is no way around the door."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from cases.admin import LimitField, OfADistrict
from governance.admin import ByRole
from governance.roles import DUTIES, Duty, Role
from partybuilding.actions import ruling
from partybuilding.models import WhistleBand, WhistleRule
from partybuilding.models.whistles import TERRITORIES
from partybuilding.workflow import ClockStep, Source


def posts_that_blow() -> list[tuple[str, str]]:
    """Every post that a rule can let blow, as ``level:role`` and in words."""
    roles = [role for role in Role if Duty.BLOW in DUTIES[role]]
    return [
        (f"{level.name.lower()}:{role}", f"{level.label}{role.label}")
        for level in TERRITORIES
        for role in roles
    ]


class WhistleRuleForm(OfADistrict):
    sources = forms.MultipleChoiceField(
        label="吹哨情形", choices=Source.choices, widget=forms.CheckboxSelectMultiple
    )
    blowers = forms.MultipleChoiceField(
        label="谁可吹哨", choices=posts_that_blow, widget=forms.CheckboxSelectMultiple
    )
    sign = LimitField(label="签收时限", help_text="紧急工作时、工作时、工作日、自然日，例如 1 工作时")
    contact = LimitField(label="联系时限")
    arrive = LimitField(label="报到时限")
    settle = LimitField(label="办结时限")
    decide_limit = LimitField(
        label="街道决定时限", required=False, help_text="社区请街道吹哨的，街道在此时限内决定；不填则不计时"
    )

    class Meta:
        model = WhistleRule
        fields = [
            "district",
            "kind",
            "label",
            "valid_from",
            "valid_until",
            "sources",
            "blowers",
            "decide_limit",
            "distance",
            "may_stay_away",
            "most_a_month",
            "basis",
        ]

    def __init__(self, *args: Any, instance: WhistleRule | None = None, **options: Any) -> None:
        if instance is not None and instance.pk:
            options["initial"] = {**instance.limits, **(options.get("initial") or {})}
        super().__init__(*args, instance=instance, **options)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if "sign" in self.fields:  # a rule in force shows its end alone
            self.instance.limits = {step: self.cleaned_data.get(step, "") for step in ClockStep}
        return self.cleaned_data


def _limit(step: ClockStep) -> Callable[[Any, WhistleRule], str]:
    """How the limit of a clock is shown where it is not asked for."""

    @admin.display(description=f"{step.label}时限")
    def shown(self: Any, rule: WhistleRule) -> str:
        return rule.limits[step]

    return shown


@admin.register(WhistleRule)
class WhistleRuleAdmin(ByRole):
    """A rule that has begun is only ended; a new one follows it."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    form = WhistleRuleForm
    list_display = ["district", "label", "kind", "valid_from", "valid_until", "sign", "settle", "basis"]
    list_filter = ["kind"]
    list_select_related = ["district"]

    sign, contact, arrive, settle = map(_limit, ClockStep)

    @staticmethod
    def _has_begun(rule: WhistleRule | None) -> bool:
        return rule is not None and rule.valid_from <= timezone.localdate()

    def get_fields(self, request: HttpRequest, obj: WhistleRule | None = None) -> list[str]:
        return [*WhistleRuleForm.Meta.fields, *ClockStep.values]

    def get_readonly_fields(self, request: HttpRequest, obj: WhistleRule | None = None) -> list[str]:
        if not self._has_begun(obj):
            return []
        return [name for name in self.get_fields(request, obj) if name != "valid_until"]

    def save_model(self, request: HttpRequest, obj: WhistleRule, form: forms.ModelForm, change: bool) -> None:
        today = timezone.localdate()
        if not self._has_begun(obj if change else None):
            ruling.set_rule(obj, on=today)
        elif obj.valid_until is not None:
            ruling.end_rule(obj, last=obj.valid_until, on=today)


class WhistleBandForm(OfADistrict):
    class Meta:
        model = WhistleBand
        fields = ["district", "valid_from", "low", "high", "basis"]


@admin.register(WhistleBand)
class WhistleBandAdmin(ByRole):
    managers: ClassVar = {Role.SYSTEM_ADMIN}
    may_delete = True
    form = WhistleBandForm
    list_display = ["district", "valid_from", "low", "high", "basis"]
