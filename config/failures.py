"""The last answer to an error: what database or disk cannot do now is 503 or 507 with a way on, the rest is our own 500.

Errors of views and of middleware end here (``handler500``), whatever face they come from. Nothing here may ask the
database: neither session nor person is known.
"""

import sys
from collections.abc import Iterator
from functools import partial

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import get_template
from django.views import defaults

from governance.refusals import Busy, StorageFull, Unavailable, is_disk_full
from governance.responses import refused as as_refused

PROGRAMS = "/api/"
NOWHERE = "没有这个地址，或编号不完整，请核对后再试。"
ODD = "内容不完整、过大或格式不对，什么都没有改动。请返回上一页核对后再提交。"


class DatabaseAway(Unavailable):
    """The database cannot be reached or does not answer."""

    title = "系统暂时连不上数据库"
    retry_after = 10


_away = partial(DatabaseAway, "通常几分钟内恢复，已经办好的事不会丢。请稍后再试；紧急情况请拨打值班电话。")
_busy = partial(Busy, "这一步等得太久，没有办成，什么都没有改动。请稍后再试。")
_full = partial(StorageFull, "这一步没有办成，什么都没有改动。请联系系统管理员，清理空间后再试。")

#: Codes of PostgreSQL (its manual, appendix A); other operational errors mean that it cannot be reached.
_BY_CODE = {
    "53100": _full,  # disk full
    "53300": _busy,  # too many connections
    "57014": _busy,  # statement_timeout
    "55P03": _busy,  # lock_timeout
    "25P03": _busy,  # idle_in_transaction_session_timeout
    "40001": _busy,  # serialization failure
    "40P01": _busy,  # deadlock
}
_OWN_FAULT = "54"  # limits of the program: a statement that is too complex is not mended by waiting


def unavailable(error: BaseException | None) -> Unavailable | None:
    """What kept us from answering that is not our mistake, or None."""
    for one in _causes(error):
        code = getattr(one.__cause__, "pgcode", None)
        if isinstance(one, (OperationalError, InterfaceError)) and not (code or "").startswith(_OWN_FAULT):
            return _BY_CODE.get(code or "", _away)()
        if isinstance(one, OSError) and is_disk_full(one):
            return _full()
        if type(one) is DatabaseError and one.__cause__ is not None and code is None:
            return _away()  # the connection was lost in the middle of an answer
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it: a session that could not be saved hides why."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an error that nobody caught (``handler500``)."""
    found = unavailable(sys.exc_info()[1])
    return told(request, found) if found else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that was refused as it came (``handler400``), unless it is the session that could not be saved."""
    found = unavailable(exception)
    return told(request, found) if found else refused(request, ODD, 400)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere (``handler404``)."""
    if request.path.startswith(PROGRAMS):
        return JsonResponse({"detail": NOWHERE}, status=404)
    return defaults.page_not_found(request, exception)


def refused(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    """Say that a request was not understood: a page for people, JSON for programs."""
    if wants_page(request):
        return HttpResponse(get_template("400.html").render({"sentence": sentence}), status=status)
    return JsonResponse({"detail": sentence}, status=status)


def told(request: HttpRequest, found: Unavailable) -> HttpResponse:
    """The page for people, JSON for programs; both say when to come back where waiting helps."""
    if wants_page(request):
        page = get_template("503.html")
        answer = HttpResponse(page.render({"refusal": found, **_again(request, found)}))
    else:
        answer = JsonResponse({"detail": f"{found.title}。{found.sentence}"})
    answer["Cache-Control"] = "no-store"
    return as_refused(answer, found)


def wants_page(request: HttpRequest) -> bool:
    """A browser that goes somewhere asks for HTML; scripts, pictures and other programs do not."""
    is_page = "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers
    return is_page and not request.path.startswith(PROGRAMS)


def _again(request: HttpRequest, found: Unavailable) -> dict[str, object]:
    """What the page needs to ask the same thing once more: a form comes along with its key, and so happens once."""
    asked = {"address": request.get_full_path(), "seconds": 0, "is_form": False}
    if request.method != "POST":
        return asked | {"seconds": found.retry_after or 0}
    try:
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
        has_files = bool(request.FILES)
    except (BadRequest, SuspiciousOperation, MultiPartParserError, OSError):
        return asked
    if any("password" in name for name, _ in fields):
        return asked
    words = [one for one in fields if not one[1].isascii()]
    rest = [one for one in fields if one[1].isascii()]
    return asked | {"is_form": True, "words": words, "rest": rest, "has_files": has_files}
