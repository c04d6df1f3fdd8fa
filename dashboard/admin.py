"""Screens on walls, for the security administrator to end and the auditor to read."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from dashboard import actions
from dashboard.models import Wall
from governance.by_role import ByRole
from governance.roles import Role


@admin.register(Wall)
class WallAdmin(ByRole):
    """Made on the board, ended here or there, never removed."""

    managers: ClassVar = {Role.SECURITY_ADMIN}
    list_display = ["name", "maker", "state", "made_at", "opened_at", "seen_at", "revoked_at", "revoked_by"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["maker", "revoked_by"]
    search_fields = ["name", "maker__name", "maker__username"]
    actions: ClassVar = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Wall | None = None) -> list[str]:
        return ["name", "maker", "filters", "made_at", "opened_at", "seen_at", "revoked_at", "revoked_by"]

    @admin.display(description="状态")
    def state(self, wall: Wall) -> str:
        return wall.state_in_words(timezone.now())

    @admin.action(description="停用所选大屏", permissions=["change"])
    def revoke(self, request: HttpRequest, walls: QuerySet) -> None:
        for wall in walls:
            actions.revoke_wall(wall, by=request.user, now=timezone.now())
            self.log_change(request, wall, "停用大屏")
        messages.success(request, "所选大屏已停用，屏上一分钟内不再显示。")
