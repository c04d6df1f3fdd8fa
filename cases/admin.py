"""Configuration of the loop: categories, the responsibility list, the calendar. Cases are not here."""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cases.actions import catalogue, timekeeping
from cases.deadlines import Limit
from cases.models import (
    CalendarChange,
    CalendarYear,
    Case,
    Category,
    CategoryWord,
    Responsibility,
    RuleOverride,
    WorkDay,
    WorkingHours,
)
from cases.models.catalogue import LIMITED
from governance.by_role import ByRole, OnPageOf, ReadOnly
from governance.models import Function, Level, Organization
from governance.roles import Role
from governance.wording import SaidAtField


class WordsOf(OnPageOf):
    """Everyday words of a category; a word is switched off, never removed, or an import would bring it back."""

    model = CategoryWord
    fields: ClassVar = ["word", "origin", "is_active"]
    readonly_fields: ClassVar = ["origin"]


@admin.register(Category)
class CategoryAdmin(ByRole):
    """A category is switched off, never removed."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    inlines: ClassVar = [WordsOf]
    list_display = ["code", "name", "class_name", "kind", "edition", "everyday", "is_active"]
    list_filter = ["edition", "kind", "is_active", "class_name"]
    search_fields = ["code", "name", "initials", "words__word"]

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        return ["edition", "kind", "code"] if obj else []


class LimitField(forms.CharField):
    """A limit as people write it: 4 工作时."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return str(Limit.parse(text)) if text else text
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None


class ResponsibilityForm(SaidAtField):
    helpers = forms.MultipleChoiceField(label="协办职能", choices=Function, required=False)
    registering = LimitField(label="立案时限", help_text="紧急工作时、工作时、工作日、自然日，例如 4 工作时")
    checking = LimitField(label="核实时限")
    dispatching = LimitField(label="派遣时限")
    handling = LimitField(label="处置时限")
    rework = LimitField(label="返工时限")
    verifying = LimitField(label="核查时限")
    closing = LimitField(label="结案时限")
    evaluating = LimitField(label="评价时限")

    class Meta:
        model = Responsibility
        fields = [
            "category",
            "condition",
            "loop",
            "lead",
            "helpers",
            "power",
            "registering_condition",
            "closing_condition",
            "remote_verification",
            "basis",
        ]

    def __init__(self, *args: Any, instance: Responsibility | None = None, **options: Any) -> None:
        if instance is not None:
            options["initial"] = {**instance.limits, **(options.get("initial") or {})}
        super().__init__(*args, instance=instance, **options)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.instance.limits = {step: self.cleaned_data.get(step, "") for step in LIMITED}
        if self.instance.pk is None:
            self.instance.valid_from = timezone.localdate()
        elif not Responsibility.objects.filter(pk=self.instance.pk, is_current=True).exists():
            raise forms.ValidationError("这条权责已有新版本，请打开现行版本再改。")
        return self.cleaned_data


@admin.register(Responsibility)
class ResponsibilityAdmin(ByRole):
    """Saving a changed row makes a new version; the versions before it are read only."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    form = ResponsibilityForm
    list_display = ["category", "condition", "loop", "power", "lead", "handling", "version", "is_current"]
    list_filter = ["is_current", "loop", "power", "lead", "category__kind"]
    list_select_related = ["category"]
    search_fields = ["category__code", "category__name"]
    autocomplete_fields = ["category"]
    actions: ClassVar = ["end"]

    @admin.display(description="处置时限")
    def handling(self, row: Responsibility) -> str:
        return row.limits["handling"]

    def get_readonly_fields(self, request: HttpRequest, obj: Responsibility | None = None) -> list[str]:
        return ["category", "condition", "loop", "version", "valid_from", "valid_until"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Responsibility | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_current)

    def save_model(
        self, request: HttpRequest, obj: Responsibility, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            return super().save_model(request, obj, form, change)
        obj.pk = catalogue.revise(obj, on=timezone.localdate()).pk
        return None

    def consequence(self, request: HttpRequest, row: Responsibility, form: forms.ModelForm) -> str:
        number = Case.objects.open().filter(responsibility=row.pk).count() if row.pk else 0
        if not number:
            return ""
        return f"将生成新版本，用于今天起立案的案件；{number} 件在办案件仍按原版本办完。"

    @admin.action(description="终止所选权责（不再用于新案件）", permissions=["change"])
    def end(self, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        rows = rows.filter(is_current=True)
        number = Case.objects.open().filter(responsibility__in=rows).count()
        told = f"终止后，新案件不再按这 {rows.count()} 条立案，没有其他现行条目的类别只能按常设时限受理；{number} 件在办案件仍按原条目办完。不能恢复，只能另加一条。"
        if page := self.asked_first(request, rows, action="end", verb="终止所选权责", consequence=told):
            return page
        for row in rows:
            catalogue.retire(row, on=timezone.localdate())
            self.log_change(request, row, "终止权责")
        messages.success(request, "所选权责已终止，不再用于新案件。")
        return None


class OfTheCalendar(ByRole):
    """What changes here is written down, and open deadlines are counted again (``actions.timekeeping``)."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    may_delete = True
    save: ClassVar[Callable[..., None]]
    remove: ClassVar[Callable[..., None]]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Removed one by one, on a page that says who is affected."""
        return {name: one for name, one in super().get_actions(request).items() if name != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        type(self).save(obj, by=request.user, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        type(self).remove([obj], by=request.user, now=timezone.now())


def recounted(number: int) -> str:
    """Who is affected by a change of the calendar."""
    return f"{number} 件在办案件的时限将重新计算，上报人和承办单位看到的截止时间会变。" if number else ""


@admin.register(WorkDay)
class WorkDayAdmin(OfTheCalendar):
    save, remove = timekeeping.save_day, timekeeping.remove_days
    list_display = ["day", "is_working", "note"]
    list_filter = ["is_working"]
    date_hierarchy = "day"

    def consequence(self, request: HttpRequest, row: WorkDay, form: forms.ModelForm) -> str:
        return recounted(timekeeping.cases_of_days(timekeeping.moved_by(row)))

    def consequence_of_removal(self, request: HttpRequest, row: WorkDay) -> str:
        return recounted(timekeeping.cases_of_days([row.day]))

    def has_change_permission(self, request: HttpRequest, obj: WorkDay | None = None) -> bool:
        return super().has_change_permission(request, obj) and not self._is_over(obj)

    def has_delete_permission(self, request: HttpRequest, obj: WorkDay | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._is_over(obj)

    def _is_over(self, row: WorkDay | None) -> bool:
        return row is not None and timekeeping.is_locked(row.day, today=timezone.localdate())


@admin.register(CalendarYear)
class CalendarYearAdmin(OfTheCalendar):
    """Declared on the page of the yearly notice; here it may be taken back."""

    remove = timekeeping.withdraw_years
    list_display = ["year", "notice", "declared_at", "declared_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def consequence_of_removal(self, request: HttpRequest, row: CalendarYear) -> str:
        number = timekeeping.cases_of_days([dt.date(row.year, 1, 1), dt.date(row.year, 12, 31)])
        return f"{number} 件在办案件的时限将标为暂定。" if number else ""


@admin.register(CalendarChange)
class CalendarChangeAdmin(ReadOnly):
    managers: ClassVar = {Role.SYSTEM_ADMIN}
    list_display = ["made_at", "made_by", "words", "first_day", "last_day", "district"]


class OfADistrict(SaidAtField):
    """Of one of the districts, and no other place."""

    district = forms.ModelChoiceField(label="区", queryset=Organization.objects.territories(Level.DISTRICT))


class RuleOverrideForm(OfADistrict):
    class Meta:
        model = RuleOverride
        fields = ["district", "name", "valid_from", "value", "basis"]


@admin.register(RuleOverride)
class RuleOverrideAdmin(ByRole):
    """A district's own numbers; what was decided before their date stays decided."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    may_delete = True
    form = RuleOverrideForm
    list_display = ["district", "name", "valid_from", "value", "basis"]
    list_filter = ["name"]


class WorkingHoursForm(OfADistrict):
    class Meta:
        model = WorkingHours
        fields = ["district", "valid_from", "windows"]


@admin.register(WorkingHours)
class WorkingHoursAdmin(OfTheCalendar):
    save, remove = timekeeping.save_hours, timekeeping.remove_hours
    form = WorkingHoursForm
    list_display = ["district", "valid_from", "windows"]

    def consequence(self, request: HttpRequest, row: WorkingHours, form: forms.ModelForm) -> str:
        return recounted(timekeeping.cases_of_hours(row))

    def consequence_of_removal(self, request: HttpRequest, row: WorkingHours) -> str:
        return recounted(timekeeping.cases_of_hours(row))
