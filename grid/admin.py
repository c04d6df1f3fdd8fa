"""Configuration of where: grids, who covers them, and which duties nobody holds."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from governance.by_role import ByRole
from governance.choosing import Choosing
from governance.profile import profile
from governance.roles import Role
from grid.models import Grid, GridDuty, lacks


def gaps_here() -> dict[str, str]:
    """What a grid may lack here, in words."""
    return {lacks(cover): f"缺{rule.label}" for cover, rule in profile().needed.items()}


class GapFilter(admin.SimpleListFilter):
    """Grids where a duty that is needed is vacant."""

    title, parameter_name = "空缺", "gap"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("any", "任一空缺"), *gaps_here().items()]

    def queryset(self, request: HttpRequest, grids: QuerySet) -> QuerySet:
        if self.value() == "any":
            return grids.uncovered(timezone.localdate())
        return grids.filter(**{self.value(): True}) if self.value() in gaps_here() else grids


class DutiesOf(Choosing, admin.TabularInline):
    """Who covers a grid; a duty ends by its date, on its own page."""

    model = GridDuty
    extra = 0
    autocomplete_fields = ["user"]

    def has_view_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return request.user.is_superuser or any(
            post.role == Role.SYSTEM_ADMIN for post in request.user.authority.posts
        )

    def has_change_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return False


@admin.register(Grid)
class GridAdmin(ByRole):
    """Codes and borders come with an import; names and dates are kept here."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    list_display = ["code", "name", "community", "gaps", "is_illustrative", "active_until"]
    list_filter = [GapFilter, ("active_until", admin.EmptyFieldListFilter), "community__parent"]
    list_select_related = ["community"]
    search_fields = ["code", "name", "community__name"]
    readonly_fields: ClassVar = ["code", "community", "is_illustrative", "active_from"]
    inlines: ClassVar = [DutiesOf]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a grid without a border would be found by nobody

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_gaps(timezone.localdate())

    @admin.display(description="空缺")
    def gaps(self, grid: Grid) -> str:
        return "、".join(f"缺{label}" for label in grid.gaps) or "无"


@admin.register(GridDuty)
class GridDutyAdmin(ByRole):
    """A duty begins and ends; who covered which grid when is never rewritten."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    list_display = ["grid", "user", "duty", "engagement", "starts_on", "ends_on"]
    list_filter = ["duty", "engagement", ("ends_on", admin.EmptyFieldListFilter)]
    list_select_related = ["grid", "user"]
    search_fields = ["grid__code", "grid__name", "user__name", "user__username"]
    autocomplete_fields = ["user", "grid"]

    def get_readonly_fields(self, request: HttpRequest, obj: GridDuty | None = None) -> list[str]:
        return ["user", "grid", "duty", "engagement", "starts_on"] if obj else []
