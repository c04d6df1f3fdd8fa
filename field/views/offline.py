"""What a phone keeps for times without signal: the worker's script, two pages, and the key of its owner's store."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe
from shapely.geometry import Polygon

from cases.forms import ReportForm
from cases.models import Case
from cases.permissions import may_report
from field.forms import HandledReportForm
from field.views.home import to_do
from field.views.report import OUTSIDE
from governance import modules
from governance.actions import store_key
from governance.models import User
from governance.responses import answers_json
from grid.models import Grid, GridDuty, GridRing

#: What the report page needs without signal; everything else is fetched when it is asked for.
SHELL_FILES = (
    "css/tokens.css", "css/base.css", "css/components.css", "css/field.css", "css/map.css", "icons/sprite.svg", "icons/logo.svg",
    "js/base.js", "js/dom.js", "js/http.js", "js/sign_out.js", "js/forms.js", "js/position.js", "js/on_spot.js", "js/distance.js", "js/category.js", "js/category_search.js",
    *(f"js/{name}/{path.name}" for name in ("field", "map") for path in sorted((settings.BASE_DIR / f"static/js/{name}").glob("*.js"))),
    "leaflet/leaflet.css", "leaflet/leaflet.js", "vendor/htmx/htmx.min.js", "vendor/idb/index.js",
)  # fmt: skip


#: Addresses that people open outdoors: the worker answers them where there is no signal, and no others.
OUTDOORS = ("/field/", "/inbox/", "/cases/", "/login/", "/logout/")
#: Cases on the list of what opens without signal, and how long one's own reports stay there.
MOST_TO_DO, MOST_OWN, OWN_DAYS = 30, 20, dt.timedelta(days=7)
MOST_GRIDS = 40
#: What pages of apps lead to: the forms of calls, report-in.
FOLLOW = ("/field/calls/", "/field/arrive/")


@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script with the addresses it keeps; a new release changes them, and so the worker."""
    known = {
        "files": [*(static(name) for name in SHELL_FILES), reverse("desk:category_words")],
        "pages": {
            reverse("field:report"): reverse("field:shell"),
            reverse("field:unsent"): reverse("field:unsent"),
        },
        "shell": reverse("field:shell"),
        "offline": reverse("field:offline"),
        "areas": reverse("cases:map_areas"),
        "outdoors": OUTDOORS,
    }
    return _script(f"const KNOWN = {json.dumps(known)};\n{_text('js/sw.js')}")


@cache_control(no_cache=True)
def earlier_worker(request: HttpRequest) -> HttpResponse:
    """What a phone finds that renews the worker of an earlier release: one that goes away."""
    return _script(_text("js/sw_field.js"))


def _text(name: str) -> str:
    path = finders.find(name)
    assert isinstance(path, str)
    return Path(path).read_text(encoding="utf-8")


def _script(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def shell(request: HttpRequest) -> HttpResponse:
    """The report page as the phone keeps it: the same for everybody, whose it is says the store."""
    form, pair = ReportForm(request.user), HandledReportForm(request.user)
    context = {"form": form, "site": form["photos"], "pair": [pair["before_photo"], pair["after_photo"]]}
    return render(
        request,
        "field/report.html",
        context | {"handled": False, "is_shell": True, "outside_sentence": OUTSIDE},
    )


def offline(request: HttpRequest) -> HttpResponse:
    """What the phone shows for a page that it cannot reach; the same for everybody."""
    return render(request, "field/offline.html", {"is_shell": True})


def unsent(request: HttpRequest) -> HttpResponse:
    """What waits in the phone, and what became of it; the same for everybody, filled from the store."""
    return render(request, "field/unsent.html", {"is_shell": True})


@answers_json
@login_required
@never_cache
@require_safe
def kept(request: HttpRequest) -> JsonResponse:
    """Which pages the person's phone keeps: lists, pages of apps, to-do and own cases with the version of each."""
    user, now = request.user, timezone.now()
    todo = to_do(user).by_due_date().values_list("uuid", "version")[:MOST_TO_DO]
    own = Case.objects.reported_by(user).filter(reported_at__gte=now - OWN_DAYS).order_by("-pk")
    versions = dict(todo) | dict(own.values_list("uuid", "version")[:MOST_OWN])
    home = reverse("field:home")
    pages = [home, f"{home}?tab=todo", f"{home}?tab=mine", reverse("field:near"), reverse("governance:inbox")]
    pages += [page.address for page in modules.phone_pages(user)]
    cases = [
        {"address": reverse("desk:case", args=[uuid]), "version": version}
        for uuid, version in versions.items()
    ]
    return JsonResponse({"cases": cases, "pages": pages, "follow": FOLLOW, "grids": _own_grids(user, now)})


def _own_grids(user: User, now: dt.datetime) -> list[dict[str, Any]]:
    """Grids that a person covers, else those of the communities of the posts, each with a point inside (degrees, WGS-84).

    By its name one is chosen where there is neither signal nor position.
    """
    today = timezone.localdate(now)
    rings = GridRing.objects.filter(grid__in=Grid.objects.active(today)).select_related("grid__community")
    covered = GridDuty.objects.current(today).filter(user=user)
    codes = {code for post in user.authority.posts for code in post.organization.path.split("/") if code}
    own = list(rings.filter(grid__in=covered.values("grid")).order_by("grid__code")[:MOST_GRIDS])
    around = rings.filter(grid__community__code__in=codes).order_by("grid__code")
    largest: dict[int, tuple[str, Polygon]] = {}
    for ring in own or around[:MOST_GRIDS]:
        area = Polygon(ring.ring)
        if ring.grid_id not in largest or area.area > largest[ring.grid_id][1].area:
            largest[ring.grid_id] = _full_name(ring.grid), area
    points = ((name, area.representative_point()) for name, area in largest.values())
    return [{"name": name, "at": [round(at.x, 6), round(at.y, 6)]} for name, at in points]


def _full_name(grid: Grid) -> str:
    """Its name, with the community's where it does not say it: many have a first grid."""
    place = grid.community.name
    return grid.name if grid.name.startswith(place) else f"{place}{grid.name}"


@answers_json
@login_required
@never_cache
@require_POST
def key_of_store(request: HttpRequest) -> JsonResponse:
    """The key of the person's own offline store, for the page that has none since sign-in."""
    if not may_report(request.user):
        raise PermissionDenied("您的岗位没有可在手机上暂存的事。")
    return JsonResponse({"owner": request.user.pk, "key": store_key(of=request.user, now=timezone.now())})
