"""What programs are told when something is refused: the shape of ``governance.responses``, whatever raised it."""

from collections.abc import Iterator
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from cases.models import Case
from governance.refusals import Refused
from governance.responses import WHOLE, body_of, in_one, refusal_body, refused


def refusal_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response to an error in the interface (``EXCEPTION_HANDLER``); None for a mistake of ours."""
    if isinstance(error, Refused):
        return refused(Response(body_of(error)), error)
    if isinstance(error, Case.DoesNotExist):
        error = exceptions.NotFound("没有这个案件，或不在您的管辖范围内。")
    response = exception_handler(error, context)
    if isinstance(error, exceptions.ValidationError):
        errors: dict[str, list[str]] = {}
        for name, sentence in _by_field(error.detail):
            errors.setdefault(name, []).append(sentence)
        response.data = refusal_body(in_one(errors), errors)
    return response


def _by_field(found: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Field and sentence of what serializers found, which nest; a field within a field is ``outer.inner``."""
    if isinstance(found, dict):
        for key, inner in found.items():
            if key == "non_field_errors" or isinstance(key, int):  # the index in a list is no field
                key = ""
            yield from _by_field(inner, ".".join(part for part in (name, key) if part))
    elif isinstance(found, list):
        for inner in found:
            yield from _by_field(inner, name)
    else:
        yield name or WHOLE, str(found)
