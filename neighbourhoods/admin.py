"""Configuration of neighbourhoods and of who leads them, kept by who keeps grids and their duties."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from governance.by_role import ByRole, OnPageOf
from governance.roles import Role
from neighbourhoods.models import Neighbourhood, NeighbourhoodLeader


class LeadersOf(OnPageOf):
    """Who leads a neighbourhood; a leadership ends by its date, on its own page."""

    model = NeighbourhoodLeader
    extra = 0
    autocomplete_fields = ["user"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Neighbourhood)
class NeighbourhoodAdmin(ByRole):
    """A neighbourhood ends by its date; its grid stays, since cases were settled there."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    list_display = ["name", "kind", "grid", "radius", "active_from", "active_until"]
    list_filter = ["kind", ("active_until", admin.EmptyFieldListFilter)]
    list_select_related = ["grid"]
    search_fields = ["name", "grid__code", "grid__name"]
    autocomplete_fields = ["grid"]
    inlines: ClassVar = [LeadersOf]

    def get_readonly_fields(self, request: HttpRequest, obj: Neighbourhood | None = None) -> list[str]:
        return ["grid", "active_from"] if obj else []


@admin.register(NeighbourhoodLeader)
class NeighbourhoodLeaderAdmin(ByRole):
    """A leadership begins and ends; who led when is never rewritten."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    list_display = ["neighbourhood", "user", "starts_on", "ends_on"]
    list_filter = [("ends_on", admin.EmptyFieldListFilter)]
    list_select_related = ["neighbourhood", "user"]
    search_fields = ["neighbourhood__name", "user__name", "user__username"]
    autocomplete_fields = ["neighbourhood", "user"]

    def get_readonly_fields(self, request: HttpRequest, obj: NeighbourhoodLeader | None = None) -> list[str]:
        return ["neighbourhood", "user", "starts_on"] if obj else []
