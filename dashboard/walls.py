"""Screens on walls: a leader makes and ends them on the board; the screen itself shows without anybody signed in."""

from collections.abc import Callable
from functools import wraps

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cases.base_map import base_answer, file_answer
from cases.map_api import areas_answer, cases_of_a_wall
from cases.models import Case
from dashboard import actions
from dashboard.boards import boards_of
from dashboard.filters import BoardFilters, Chosen, chosen
from dashboard.models import Wall
from dashboard.places import GRID, places_of
from dashboard.views.overview import MAP_SHOWS, map_words, overview
from governance.kept_forms import keeps_form, kept
from governance.models import User
from governance.responses import answers_json, refused_request
from governance.roles import Duty
from records.keyed import KeyedForm, shown_again

COOKIE, COOKIE_SECONDS = "wall", 365 * 24 * 60 * 60
LISTED = 50
NARROWED = ("loop", "kind", "source")
_NEW = "new_wall"
ENDED = "这块大屏没有开通或已停用。"


class WallForm(KeyedForm):
    name = forms.CharField(
        label="大屏名称",
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "如 一楼大厅"}),
        error_messages={"required": "请填写大屏名称，便于日后停用。"},
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="开通码",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "请填写开通码。"},
    )


# On the board -----------------------------------------------------------------------------------------------------


@keeps_form()
@login_required
def walls(request: HttpRequest) -> HttpResponse:
    """The screens of this leader, and a new one for what the board shows now (the same words in the address)."""
    if not request.user.authority.has(Duty.LEAD):
        raise PermissionDenied("大屏由领导设立。")
    now, places = timezone.now(), places_of(request.user)
    found = chosen(BoardFilters(request.GET), places)
    shown = _kept(found) | _show(request.GET.get("show"))
    form = WallForm(request.POST if request.method == "POST" else kept(request))
    if request.method == "POST" and form.is_valid():
        wall, code = actions.make_wall(**form.cleaned_data, filters=shown, by=request.user, now=now)
        request.session[_NEW] = [wall.pk, code]  # shown once: a page that is loaded again makes no second one
        return redirect(request.get_full_path())
    mine = list(request.user.walls.order_by("revoked_at", "-pk")[:LISTED])
    new_pk, code = request.session.pop(_NEW, (None, ""))
    for wall in mine:
        wall.maker = request.user
        wall.words, wall.shows = wall.state_in_words(now), _in_words(wall.filters, request.user)
    context = {
        "wall": False,
        "form": form,
        "walls": mine,
        "shows": _in_words(shown, request.user),
        "new": next((wall for wall in mine if wall.pk == new_pk), None),
        "code": code,
        "link": request.build_absolute_uri(f"{reverse('dashboard:wall_open')}?code={code}"),
    }
    page = render(request, "dashboard/walls.html", context)
    return shown_again(page, form) if request.method == "POST" else page


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the own screens."""
    wall = get_object_or_404(request.user.walls, pk=pk)
    actions.revoke_wall(wall, by=request.user, now=timezone.now())
    messages.success(request, f"“{wall.name}”已停用，屏上一分钟内不再显示。")
    return redirect("dashboard:walls")


def _show(name: str | None) -> dict[str, str]:
    return {"show": name} if name and name in MAP_SHOWS else {}


def _kept(found: Chosen) -> dict[str, str]:
    """What a screen shows for good: its place, and what the board was narrowed to; a grid is shown with its community."""
    words = {name: found.words[name] for name in ("period", "compare", *NARROWED) if name in found.words}
    return words | {"place": str(found.place.parent if found.place.dimension == GRID else found.place.pk)}


def _of_wall(filters: dict[str, str], maker: User) -> Chosen | None:
    """What a screen is about; None where its maker does not see the place any more, or a word is not understood."""
    # Screens made before boards knew more than streets and communities.
    place = filters.get("place") or filters.get("community") or filters.get("street")
    words = {name: value for name, value in filters.items() if name not in ("community", "street", "show")}
    places = places_of(maker)
    try:
        found = (
            chosen(BoardFilters(words | ({"place": place} if place else {})), places)
            if places.roots
            else None
        )
    except Http404:
        return None
    return found if found is not None and words.items() <= found.words.items() else None


def _in_words(filters: dict[str, str], user: User) -> str:
    """What a screen shows: 拓东街道 · 街道微循环 · 地图：超期."""
    found = _of_wall(filters, user)
    if found is None:
        return ENDED
    choices = [
        dict(found.form.fields[name].choices)[found.words[name]] for name in NARROWED if name in found.words
    ]
    words = [found.place.name, *choices, f"地图：{MAP_SHOWS[filters.get('show', '')][0]}"]
    return " · ".join(word for word in words if word)


# On the screen ----------------------------------------------------------------------------------------------------


def open_wall(request: HttpRequest) -> HttpResponse:
    """Opened once on the screen: the code, from the link or typed, becomes a token that the browser keeps."""
    form = CodeForm(request.POST or None, initial={"code": request.GET.get("code", "")[:20]})
    if request.method == "POST" and form.is_valid():
        token = actions.open_wall(form.cleaned_data["code"], now=timezone.now())
        if token:
            response = redirect("dashboard:wall")
            response.set_cookie(
                COOKIE,
                token,
                COOKIE_SECONDS,
                path=reverse("dashboard:wall"),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Strict",
            )
            return response
        form.add_error("code", "开通码不对、已用过或超过 10 分钟。请在看板上重新设立。")
    return render(request, "dashboard/wall_open.html", {"form": form}, status=422 if form.errors else 200)


def for_screens(view: Callable) -> Callable:
    """Give a view the screen that asks, by its token and nothing else; without one it is refused."""

    @require_safe
    @wraps(view)
    def asked(request: HttpRequest) -> HttpResponse:
        found = actions.wall_of(request.COOKIES.get(COOKIE, ""), now=timezone.now())
        # A place that the maker no longer sees must not turn into everything that the maker sees.
        shown = found and _of_wall(found.filters, found.maker)
        if not found or shown is None or found.filters.get("show", "") not in MAP_SHOWS:
            return refused_request(request, ENDED, 403, "dashboard/wall_ended.html")
        return view(request, found, shown)

    return asked


@for_screens
def wall(request: HttpRequest, found: Wall, shown: Chosen) -> HttpResponse:
    """The board of the maker of today, without names, people's words, or links."""
    board = boards_of(found.maker, shown.place.dimension)[0]
    context = overview(found.maker, shown, board, found.filters.get("show", ""), wall=True)
    return render(request, "dashboard/board.html", context)


@answers_json
@for_screens
def cases_json(request: HttpRequest, found: Wall, shown: Chosen) -> HttpResponse:
    """What the map of the screen shows: its own filters, whatever the address says; cases without their ids."""
    filters = map_words(shown) | MAP_SHOWS[found.filters.get("show", "")][1]
    return cases_of_a_wall(request, Case.objects.visible_to(found.maker), filters)


@answers_json
@for_screens
def areas_json(request: HttpRequest, found: Wall, shown: Chosen) -> HttpResponse:
    """Outlines of the base map."""
    return areas_answer(request)


@answers_json
@for_screens
def base_json(request: HttpRequest, found: Wall, shown: Chosen) -> HttpResponse:
    """What lies under the outlines."""
    return base_answer("dashboard:wall_base_file")


def base_file(request: HttpRequest, version: str) -> HttpResponseBase:
    """The file of the base map, in the parts that the screen asks for."""
    return for_screens(lambda request, found, shown: file_answer(request, version))(request)
