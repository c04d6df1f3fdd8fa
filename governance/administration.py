"""The configuration pages as a whole: open to whoever holds an administrator's post today, and to nobody by a flag."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from governance.roles import ADMINISTRATORS
from governance.views import SignOut


class Configuration(AdminSite):
    """Django's admin without sign-in and password pages of its own: tries are counted on ours."""

    site_header = site_title = "GridLoop 网格闭环 · 配置"
    index_title = "配置"
    #: What an app has to say on the first page to whoever opens it; nothing where it returns nothing.
    notes: ClassVar[list[Callable[[HttpRequest], str | None]]] = []

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        for note in self.notes:
            if said := note(request):
                messages.warning(request, said)
        return super().index(request, extra_context)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not user.is_active:  # nobody signed in, too
            return False
        return user.is_superuser or any(post.role in ADMINISTRATORS for post in user.authority.posts)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Say no to somebody who is signed in for another post, rather than asking to sign in once more."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            self._demand_post(request)
            return shown(request, *args, **kwargs)

        return guarded

    def _demand_post(self, request: HttpRequest) -> None:
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied("配置由系统管理员、安全管理员和审计员使用。")

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        then = request.GET.get("next") or "/admin/"
        self._demand_post(request)
        return redirect("admin:index") if request.user.is_authenticated else redirect_to_login(then)

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return SignOut.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("governance:password")
