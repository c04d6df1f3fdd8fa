"""What a phone keeps for times without signal: the worker's script, two pages, and the key of its owner's store."""

import json
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST

from cases.forms import ReportForm
from cases.permissions import may_report
from field.forms import HandledReportForm
from governance.actions import store_key
from governance.responses import answers_json

#: What the report page needs without signal; everything else is fetched when it is asked for.
SHELL_FILES = (
    "css/tokens.css", "css/base.css", "css/components.css", "css/field.css", "icons/sprite.svg", "icons/logo.svg",
    "js/base.js", "js/dom.js", "js/http.js", "js/sign_out.js", "js/forms.js", "js/position.js", "js/category.js", "js/category_search.js", "js/field/index.js", "js/field/report.js",
    "js/field/form_state.js", "js/field/moves.js", "js/field/unsent.js", "js/field/photos.js", "js/field/upload.js", "js/field/queue.js", "js/field/queue_list.js", "js/field/store.js", "js/field/packing.js",
    "js/field/worker.js",
    "vendor/htmx/htmx.min.js", "vendor/idb/index.js",
)  # fmt: skip


@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script with the addresses it keeps; a new release changes them, and so the worker."""
    known = {
        "files": [*(static(name) for name in SHELL_FILES), reverse("desk:category_words")],
        "field": reverse("field:home"),
        "shell": reverse("field:shell"),
        "report": reverse("field:report"),
        "offline": reverse("field:offline"),
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
    return render(request, "field/report.html", context | {"handled": False, "is_shell": True})


def offline(request: HttpRequest) -> HttpResponse:
    """What the phone shows for a page that it cannot reach; the same for everybody."""
    return render(request, "field/offline.html", {"is_shell": True})


def unsent(request: HttpRequest) -> HttpResponse:
    """What waits in the phone, and what became of it; the same for everybody, filled from the store."""
    return render(request, "field/unsent.html", {"is_shell": True})


@answers_json
@login_required
@never_cache
@require_POST
def key_of_store(request: HttpRequest) -> JsonResponse:
    """The key of the person's own offline store, for the page that has none since sign-in."""
    if not may_report(request.user):
        raise PermissionDenied("您的岗位没有可在手机上暂存的事。")
    return JsonResponse({"owner": request.user.pk, "key": store_key(of=request.user, now=timezone.now())})
