"""Who really asks: behind our proxy every request comes from the proxy's address."""

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse


class ClientAddress:
    """Put the address that the proxy saw into REMOTE_ADDR, where lockout and access log read it.

    Only the last entry counts: the proxy wrote it; everything before it is what the client claims.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if is_address(seen):
            request.META["REMOTE_ADDR"] = seen
        return self.get_response(request)


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address: nothing else may be counted or logged as one."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
