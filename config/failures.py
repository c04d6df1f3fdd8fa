"""The last answer to an error: what database or disk cannot do now is 503 or 507 with a way on, the rest is our own 500.

Errors of views and of middleware end here (``handler500``), whatever face they come from. Nothing here may ask the
database: neither session nor person is known.
"""

import sys
from collections.abc import Iterator
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from governance import responses
from governance.refusals import Busy, StorageFull, Unavailable, is_disk_full

OWN = "系统出错，已记录。请稍等一分钟再试；刚才的操作若已成功，再次提交不会重复办理。"
NOT_YOURS = "这一步由别的岗位办理。"
NOWHERE = "没有找到：编号可能有误，或这件事不在您的管辖范围内。"
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
    if found:
        return responses.unavailable(request, found)
    return responses.refused_request(request, OWN, 500, "500.html", is_bare=True)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that was refused as it came (``handler400``), unless it is the session that could not be saved."""
    found = unavailable(exception)
    if found:
        return responses.unavailable(request, found)
    return responses.refused_request(request, ODD, 400, "400.html", is_bare=True)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is not this person's to do (``handler403``)."""
    return responses.refused_request(request, str(exception) or NOT_YOURS, 403, "403.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is not there for this person (``handler404``)."""
    return responses.refused_request(request, NOWHERE, 404, "404.html")
