"""Signing in and out, the start page, the inbox and the health check."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.paginator import Paginator
from django.db import Error, connection
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST, require_safe

from governance import actions, devices, kept_forms, modules, sessions
from governance.faces import first_face, home_of, is_phone, page_base
from governance.forms import OwnPasswordForm, ReadAllForm, SignInForm
from governance.models import Notice
from governance.responses import TOO_OLD, answers_json, refused, refused_request

PAGE = 20
WEEKDAYS = "一二三四五六日"


class SignIn(LoginView):
    """The one sign-in page, for every face and for the admin."""

    template_name = "login.html"
    authentication_form = SignInForm

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Say that the session is over, and whether a form that came too late is kept."""
        person = self.request.signed_out
        has_kept = person is not None and kept_forms.of(person, now=timezone.now()).exists()
        return super().get_context_data(**more, is_over=person is not None, has_kept=has_kept)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        response = super().form_valid(form)
        devices.remember(response, self.request, form.get_user())
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response = super().form_invalid(form)
        return refused(response, form.refusal) if form.refusal else response


@login_required
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password: other sessions of the person end, and other devices are unknown again."""
    form = OwnPasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = actions.change_password(form.cleaned_data["new_password1"], by=request.user)
        update_session_auth_hash(request, user)
        messages.success(request, "密码已修改。您在其他设备上的登录已全部退出。")
        response = redirect("governance:home")
        devices.remember(response, request, user)
        return response
    context = {"form": form, "base": page_base(request.user)}
    response = render(request, "governance/password.html", context, status=422 if form.errors else 200)
    return refused(response, form.refusal) if form.refusal else response


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the first face of the person's post; on a phone that has a desk and a field, to the one it was last on."""
    roles = [post.role for post in request.user.authority.posts]
    face = sessions.face(request)
    if (
        is_phone(request.headers)
        and first_face(roles, on_phone=True) == "field"
        and face in ("field", "desk")
    ):
        return redirect(f"/{face}/")
    return redirect(home_of(roles))


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The person's notices, newest first and by day: what they are asked to do apart from what is news."""
    return _inbox(request)


#: Kinds of notices in the address of the inbox.
KINDS = {"": "全部", "duties": "要我办的", "news": "知悉"}


@dataclass(frozen=True)
class Day:
    """The notices of one day."""

    label: str
    notices: list[Notice]


def _by_day(notices: Iterable[Notice], today: dt.date) -> list[Day]:
    names = {today: "今天", today - dt.timedelta(days=1): "昨天"}
    groups = groupby(notices, key=lambda one: timezone.localdate(one.at))
    return [
        Day(names.get(day, f"{day:%m-%d} 周{WEEKDAYS[day.weekday()]}"), list(some)) for day, some in groups
    ]


def _inbox(request: HttpRequest, form: ReadAllForm | None = None) -> HttpResponse:
    chosen = request.GET.get("kind", "")
    mine = request.user.notices.select_related("outbox")
    shown = {"duties": mine.duties, "news": mine.news}.get(chosen, mine.all)()
    page = Paginator(shown.order_by("-at", "-pk"), PAGE).get_page(request.GET.get("page"))
    addresses = sorted({notice.outbox.url for notice in page.object_list} - {""})
    unread = request.user.notices.unread().aggregate(all=Count("pk"), duties=Count("pk", filter=~Q(asks="")))
    counts = {"": unread["all"], "duties": unread["duties"], "news": unread["all"] - unread["duties"]}
    context = {
        "base": page_base(request.user),
        "notices": page.object_list,
        "days": _by_day(page.object_list, timezone.localdate()),
        "states": modules.states_of(request.user, addresses),
        "tabs": [
            {"label": label, "url": f"?kind={name}", "count": counts[name], "current": name == chosen}
            for name, label in KINDS.items()
        ],
        "newest": mine.aggregate(Max("pk"))["pk__max"],
        "form": form,
        "summary": f"共 {page.paginator.count} 条，第 {page.number} / {page.paginator.num_pages} 页",
        "page_obj": page,
    }
    return render(request, "governance/inbox.html", context, status=422 if form else 200)


@login_required
@require_GET
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a notice as read and go where it points."""
    notice = get_object_or_404(request.user.notices.select_related("outbox"), pk=pk)
    actions.read_notice(notice, now=timezone.now())
    url = notice.outbox.url
    return redirect(url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else "/inbox/")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read that the page has shown or counted."""
    form = ReadAllForm(request.POST)
    if not form.is_valid():
        return _inbox(request, form)
    actions.read_all(by=request.user, now=timezone.now(), upto=form.cleaned_data["upto"])
    return redirect("/inbox/")


@answers_json
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve: the database answers. A lost broker delays work, it does not stop it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"database": "failing"}, status=503)
    return JsonResponse({"database": "ok"})


class SignOut(LogoutView):
    """Ends the session and empties the browser's cache; its storage stays: there reports wait that are unsent."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the last sign-in carries an old token: it comes back filled instead of being lost."""
    person, view = request.signed_out or request.user, getattr(request.resolver_match, "func", None)
    is_ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if is_ours and person.is_authenticated and kept_forms.is_keepable(request, view):
        now = timezone.now()
        if kept_forms.keep(request, view, person, now=now):
            if request.user.is_authenticated:
                kept_forms.find(request, request.user, now=now)
            return redirect(request.get_full_path())
    return refused_request(request, TOO_OLD, 403, "403_csrf.html")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """All pieces of the pages side by side; for builders and in the demo only."""
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    return render(request, "styleguide.html")
