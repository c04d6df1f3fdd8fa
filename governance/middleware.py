"""Middleware of the requests that people make."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import urlencode

from governance import kept_forms, sessions
from governance.refusals import Unavailable
from governance.responses import refusal_body, unavailable, wants_json

EXPIRED = "登录已过期，请重新登录。"


class Sessions:
    """Treat who was away too long as nobody, note activity, and lead to the sign-in page in a way scripts can follow."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        request.signed_out, request.is_sent = None, False
        if sessions.is_over(request, now=now):
            # The row stays: a page that renews itself must not take away whose form comes a moment later.
            request.signed_out = request.user if request.user.is_authenticated else None
            request.user = AnonymousUser()
        else:
            sessions.see(request, now=now)
        response = self.get_response(request)
        if request.is_sent and response.status_code < 400:
            kept_forms.forget(request)
        return _to_sign_in(request, response)

    def process_view(self, request: HttpRequest, view: Callable, *_: object) -> None:
        """Keep the form of a person whose session is over; Django has looked at its token already."""
        person = request.signed_out
        request.is_sent = person is None and request.method == "POST"
        if person is None or not kept_forms.is_keepable(request, view):
            return
        if not kept_forms.keep(request, view, person, now=timezone.now()):
            messages.error(request, "填写的内容太长，没有保留，请重新填写。")


def _to_sign_in(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Lead back to a page after signing in, and tell scripts in a way that they do not take for an answer."""
    if response.status_code == 401 and response.get("WWW-Authenticate", "Session") == "Session":
        return _as_told_to_scripts()
    if response.status_code != 302 or not response["Location"].startswith(f"{settings.LOGIN_URL}?"):
        return response
    page = _page_of(request)
    address = f"{settings.LOGIN_URL}?{urlencode({'next': page})}"
    if request.htmx:
        told = HttpResponse(status=401, headers={"HX-Redirect": address})
    elif wants_json(request):
        told = _as_told_to_scripts()
    elif page != request.get_full_path():
        told = redirect(address)
    else:
        return response
    told.cookies = response.cookies
    return told


def _as_told_to_scripts() -> JsonResponse:
    """The one answer of pages and API to a script whose person has to sign in."""
    body = refusal_body(EXPIRED, login=resolve_url(settings.LOGIN_URL))
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": "Session"})


def _page_of(request: HttpRequest) -> str:
    """The page that somebody looked at: a form's own if it shows itself again, else the one it was sent from."""
    if request.method == "POST" and kept_forms.keeps(request.resolver_match.func):
        return request.get_full_path()
    if request.htmx:
        return request.htmx.current_url_abs_path or "/"
    if request.method != "POST":
        return request.get_full_path()
    origin, referrer = f"{request.scheme}://{request.get_host()}/", request.headers.get("Referer", "")
    return referrer.removeprefix(origin[:-1]) if referrer.startswith(origin) else "/"


class NotStored:
    """No browser keeps what a view did not say may be kept: with Back, the next person would read it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response


class AskedToWait:
    """Answer what cannot be done now, on whatever page: 429 where a password could not be checked, 503, 507."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        return unavailable(request, problem) if isinstance(problem, Unavailable) else None
