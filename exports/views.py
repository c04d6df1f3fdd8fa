"""Files over HTTP: a short list at once, a long one asked for, watched, taken and dropped by the person alone."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from exports import actions
from exports.models import Export
from exports.sources import AT_ONCE, MOST, Source, source
from governance.actions import log_access
from governance.faces import page_base
from governance.kept_forms import keeps_form, kept
from records.keyed import KeyedForm, shown_again
from records.refusals import Forbidden, Refused
from records.sheet import Part, book


def hand_out(request: HttpRequest, name: str) -> HttpResponse:
    """The list under the filters of the address: as a file where it is short, else the page that asks for one."""
    of, user, now = source(name), request.user, timezone.now()
    ids = of.ids(user, request.GET, now, AT_ONCE + 1)
    if len(ids) > AT_ONCE:
        return redirect(f"{reverse('exports:new', args=[name])}?{request.GET.urlencode()}")
    title, at = of.name(user, request.GET), timezone.localtime(now)
    notes = [f"{title}，{at:%Y-%m-%d %H:%M} 由 {user.name} 导出。"]
    file, [written] = book([Part(of.label, of.columns, of.cells(user, ids), notes)])
    reason = f"导出 {written} {of.one}：{request.GET.urlencode()}"
    log_access(f"{name}:export", by=user, reason=reason[:200], now=now)
    return FileResponse(file, as_attachment=True, filename=f"{title}-{at:%Y%m%d-%H%M}.xlsx")


def _source(name: str) -> Source:
    try:
        return source(name)
    except LookupError:
        raise Http404 from None


@keeps_form()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a file of more rows than a page hands out at once."""
    of, user, now = _source(name), request.user, timezone.now()
    is_sent = request.method == "POST"
    form = KeyedForm(request.POST if is_sent else kept(request))
    if is_sent and form.is_valid():
        try:
            actions.ask(form.cleaned_data["key"], name, request.GET, by=user, now=now)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, "已开始生成，可以离开本页；完成后收件箱有通知。")
            return redirect("exports:own")
    total = len(of.ids(user, request.GET, now, MOST + 1))
    context = {
        "base": page_base(user),
        "of": of,
        "title": of.name(user, request.GET),
        "total": total,
        "most": MOST,
        "at_once": AT_ONCE,
    }
    response = render(request, "exports/new.html", context | {"form": form, "days": actions.KEPT.days})
    return shown_again(response, form) if is_sent else response


@never_cache
@login_required
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The files of a person; asked for again by itself while one is being made."""
    rows = list(Export.objects.visible_to(request.user).order_by("-asked_at"))
    context = {
        "base": page_base(request.user),
        "exports": rows,
        "runs": any(one.is_unfinished for one in rows),
        "days": actions.KEPT.days,
    }
    return render(request, "exports/own.html", context)


def _own(request: HttpRequest, key: uuid.UUID) -> Export:
    return get_object_or_404(Export.objects.visible_to(request.user), uuid=key)


@never_cache
@login_required
@require_safe
def file(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The file itself."""
    export, now = _own(request, key), timezone.now()
    try:
        path = actions.take(export, by=request.user, now=now)
        opened = path.open("rb")
    except Forbidden as no:
        raise PermissionDenied(no.sentence) from None
    except (Refused, FileNotFoundError):
        raise Http404 from None
    at = timezone.localtime(export.asked_at)
    return FileResponse(opened, as_attachment=True, filename=f"{export.name}-{at:%Y%m%d-%H%M}.xlsx")


@login_required
@require_POST
def drop(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Cancel a file that is being made, or delete one."""
    actions.drop(_own(request, key))
    messages.success(request, "已取消或删除。")
    return redirect("exports:own")
