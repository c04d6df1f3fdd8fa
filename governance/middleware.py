"""What stands around every request of a person."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from governance.hashing import TryLater


class AskedToWait:
    """Answer 429 where a password could not be checked or set now, on whatever page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, TryLater):
            return None
        if request.accepts("text/html"):
            answer = render(request, "429.html", {"sentence": problem.sentence})
        else:
            answer = JsonResponse({"detail": problem.sentence})
        return later(answer, problem.seconds)


def later(response: HttpResponse, seconds: int) -> HttpResponse:
    """The same answer as 429, with the seconds to wait."""
    response.status_code = 429
    response["Retry-After"] = str(seconds)
    return response
