"""What cannot be read or stored is refused here, once: before a session is looked up or a filter reaches the database.

Words in forms and JSON are refused at their fields (docs/decisions/0014); this is about all that has no field.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

from governance.responses import refused_request

NUL = "\0"
UNREADABLE = "地址或请求头里有不能使用的字符，请核对地址后再试。"
OTHER_METHOD = "这个地址不接受这种请求，请从页面上的按钮或链接进入。"
OTHER_ENCODING = "请求须用 UTF-8 编码。"
_REFUSED = "gridloop.refused"


class ReadableContentType:
    """Take a content type away that Django cannot make a request of, so that it can be refused as any other is.

    An encoding like ``hex`` or ``utf-7`` is no text or gives half a surrogate pair, and breaks before any middleware.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_utf8(environ.get("CONTENT_TYPE", "")):
            environ |= {"CONTENT_TYPE": "", _REFUSED: OTHER_ENCODING}
        return self.application(environ, start_response)


class ReadableInput:
    """Refuse what ``ReadableContentType`` found, and a NUL, which no column can hold, in address, headers and cookies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _REFUSED in request.META:
            return _refused(request, request.META[_REFUSED], 415)
        if any(NUL in text for text in texts(request)):
            return _refused(request, UNREADABLE, 400)
        if not is_url(request.META.get("HTTP_HX_CURRENT_URL", "")):
            del request.META["HTTP_HX_CURRENT_URL"]  # nothing depends on it
        answer = self.get_response(request)
        if answer.status_code == 405 and not answer.content:
            told = _refused(request, OTHER_METHOD, 405)
            told["Allow"] = answer["Allow"]
            return told
        return answer


def _refused(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return refused_request(request, sentence, status, "400.html", is_bare=True)


def texts(request: HttpRequest) -> Iterator[str]:
    """Everything beside the body that code or a package may look something up with."""
    meta = request.META
    yield request.path_info
    yield meta.get("QUERY_STRING", "").replace("%00", NUL)
    for name, value in meta.items():
        if name.startswith("HTTP_"):
            yield value
    yield from request.COOKIES.values()  # "\000" in quotes is a NUL there


def is_url(text: str) -> bool:
    """Whether a text can be taken apart as a URL, also once it is unquoted, as htmx may send it."""
    try:
        urlsplit(text), urlsplit(unquote(text))
    except ValueError:
        return False
    return True


def is_utf8(content_type: str) -> bool:
    """Whether a content type can be parsed and names no other encoding than UTF-8."""
    try:
        _, given = parse_header_parameters(content_type)
        return codecs.lookup(given.get("charset", "utf-8")).name == "utf-8"
    except (LookupError, ValueError):
        return False
