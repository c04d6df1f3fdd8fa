"""What every page of the configuration has in common: who may by posts, what filters send, forms that are kept and refused."""

import re
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from governance.asking import asking
from governance.choosing import Choosing, may_be_id
from governance.kept_forms import WAITING, keeps_form, kept
from governance.refusals import Refused
from governance.roles import Role
from governance.wording import refusing, said_by_constraint

#: What the filters and the calendar of a list send after the name of a field.
_SENT = {"", "__exact", "__id__exact", "__isnull", "__isempty", "__gte", "__lt", "__year", "__month", "__day"}
#: Of these PostgreSQL is given a number; one without end breaks before it gets there.
_NUMBERS, _A_NUMBER = ("__year", "__month", "__day"), re.compile(r"[0-9]{1,4}").fullmatch


class ByRole(Choosing, admin.ModelAdmin):
    """Permissions from the person's posts; nothing is deleted unless a class says so."""

    managers: ClassVar[set[Role]] = set()
    readers: ClassVar[set[Role]] = {Role.AUDITOR}
    may_delete = False
    list_per_page = 50
    change_form_template = "admin/asking_form.html"
    delete_confirmation_template = "admin/asking_delete.html"

    def consequence(self, request: HttpRequest, row: Any, form: forms.ModelForm) -> str:
        """Who is affected by what was filled in, in sentences that end with a full stop; nothing where nobody is."""
        return ""

    def consequence_of_removal(self, request: HttpRequest, row: Any) -> str:
        """The same for a row that is removed."""
        return ""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict | None = None
    ) -> HttpResponse:
        """Say who is affected; what a rule refuses leads back to the list with its sentence."""
        row = self.get_object(request, object_id)
        told = self.consequence_of_removal(request, row) if row is not None else ""
        try:
            return super().delete_view(request, object_id, {"consequence": told, **(extra_context or {})})
        except Refused as refusal:
            self.message_user(request, refusal.sentence, messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def asked_first(
        self, request: HttpRequest, rows: QuerySet, *, action: str, verb: str, consequence: str
    ) -> HttpResponse | None:
        """The page that asks before an action; nothing where it was asked and answered."""
        if "seen" in request.POST:
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": verb,
            "opts": self.opts,
            "rows": rows,
            "action": action,
            "verb": verb,
            "consequence": consequence,
        }
        return render(request, "admin/asking_action.html", context, using="django")

    @keeps_form()
    def add_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        self._say_what_waits(request)
        return super().add_view(request, *args, **options)

    @keeps_form()
    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        self._say_what_waits(request)
        return super().change_view(request, *args, **options)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show the form again with 409 where it was valid, but a row saved meanwhile or beside it says otherwise."""
        try:
            return super().changeform_view(request, *args, **options)
        except IntegrityError as problem:
            request.refused_row = said_by_constraint(problem)
        except Refused as refusal:
            request.refused_row = refusal.sentence, refusal.field
        try:
            shown = super().changeform_view(request, *args, **options)
        except PermissionDenied:  # what was saved meanwhile leaves nothing to change on this page
            self.message_user(request, request.refused_row[0], messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        shown.status_code = HTTPStatus.CONFLICT
        return shown

    def _say_what_waits(self, request: HttpRequest) -> None:
        if kept(request) is not None:
            self.message_user(request, WAITING, messages.WARNING)

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> type[forms.ModelForm]:
        shape, data = super().get_form(request, *args, **options), kept(request)
        shape = asking(shape, partial(self.consequence, request))
        if said := getattr(request, "refused_row", None):
            shape = refusing(shape, *said)
        return shape if data is None else filled(shape, data)

    def get_formset_kwargs(self, request: HttpRequest, *args: Any) -> dict[str, Any]:
        data = kept(request)
        return super().get_formset_kwargs(request, *args) | ({} if data is None else {"data": data})

    def _is_one_of(self, request: HttpRequest, roles: set[Role]) -> bool:
        user = request.user
        return user.is_superuser or any(post.role in roles for post in user.authority.posts)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the filters of the list send: Django would pass on any other, a broken pattern too."""
        named = [one[0] if isinstance(one, tuple) else one for one in self.get_list_filter(request)]
        names = [getattr(one, "parameter_name", one) for one in (*named, self.date_hierarchy)]
        if lookup.endswith(_NUMBERS) and not _A_NUMBER(value):
            return False
        return any(lookup == f"{name}{sent}" for name in names for sent in _SENT)

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """What was ticked are ids, or nothing is done."""
        ticked = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if not all(may_be_id(self.model._meta.pk, one) for one in ticked):
            self.message_user(request, "所选的行已不在列表中，请重新选择。", messages.ERROR)
            return None
        return super().response_action(request, queryset)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_one_of(request, self.managers | self.readers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_one_of(request, self.managers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_one_of(request, self.managers)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self._is_one_of(request, self.managers)


class OnPageOf(Choosing, admin.TabularInline):
    """Rows on the page of another: who may change that one adds and changes them, who may look at it sees them."""

    extra = 3
    can_delete = False

    def _may_change(self, request: HttpRequest, obj: Any) -> bool:
        page = self.admin_site.get_model_admin(self.parent_model)
        return page.has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def filled(shape: type[forms.ModelForm], data: QueryDict) -> type[forms.ModelForm]:
    """The same form, with what somebody had filled in before the session ended."""

    class Filled(shape):
        def __init__(self, given: QueryDict | None = None, *args: Any, **options: Any) -> None:
            super().__init__(data if given is None else given, *args, **options)

    return Filled


class ReadOnly(ByRole):
    """Rows that the program writes; nobody changes them here, superusers included."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
