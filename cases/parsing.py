"""Bodies that programs send, read once for all addresses."""

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.parsers import JSONParser

UNSTORABLE = "含有不能保存的字符，请删去后再提交。"


class PlainJSON(JSONParser):
    """JSON that can be read and stored: not too deep, no NUL and no half of a surrogate pair anywhere."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            body = super().parse(*args, **kwargs)
            wrong = unstorable(body)
        except RecursionError:
            raise exceptions.ParseError("请求内容嵌套过深。") from None
        if wrong is not None:
            raise exceptions.ValidationError({wrong: [UNSTORABLE]} if wrong else {"detail": UNSTORABLE})
        return body


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
