"""Bodies that programs send, read once for all addresses."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.authentication import SessionScheme
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request

from governance.responses import TOO_OLD

UNSTORABLE = "含有不能保存的字符，请删去后再提交。"


class PlainJSON(JSONParser):
    """JSON that can be read and stored: not too deep, no NUL and no half of a surrogate pair anywhere."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            body = super().parse(*args, **kwargs)
            wrong = unstorable(body)
        except RecursionError:
            raise exceptions.ParseError("请求内容嵌套过深。") from None
        except exceptions.ParseError:
            raise exceptions.ParseError("请求内容不是完整的 JSON，请核对格式。") from None
        if wrong is not None:
            raise exceptions.ValidationError({wrong: [UNSTORABLE]} if wrong else [UNSTORABLE])
        return body


class WholeForm(MultiPartParser):
    """A form with files that came as a whole."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except exceptions.ParseError:
            raise exceptions.ParseError("表单内容不完整，请重新提交。") from None


class SameSite(SessionAuthentication):
    """A person's session, and for writes the token of our own pages."""

    def authenticate_header(self, request: Request) -> str:
        """Whoever is not signed in is answered with 401; what may be done about it says ``governance.middleware``."""
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise exceptions.PermissionDenied(TOO_OLD) from None


class Described(SessionScheme):
    """How the description of the interface speaks of ``SameSite``: as of any session."""

    target_class = SameSite


def unstorable(body: Any) -> str | None:
    """The name of the field that holds what PostgreSQL cannot, empty where that is no field; None where all is sound."""
    if not isinstance(body, Mapping):
        return None if is_storable(body) else ""
    for name, value in body.items():
        if not is_storable(name):
            return ""
        if not is_storable(value):
            return name
    return None


def is_storable(value: Any) -> bool:
    """Whether every text of a value can be stored and sent."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, Mapping):
        return all(is_storable(name) and is_storable(one) for name, one in value.items())
    return not isinstance(value, list) or all(map(is_storable, value))
