"""What a refusal looks like over HTTP."""

from django.http import HttpResponse

from governance.refusals import Refused


def with_status(response: HttpResponse, status: int, *, retry_after: int | None = None) -> HttpResponse:
    """The response with another status, and with the seconds after which the same may be tried again."""
    response.status_code = status
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def refused(response: HttpResponse, refusal: Refused) -> HttpResponse:
    """The response with the status of a refusal."""
    return with_status(response, refusal.status, retry_after=refusal.retry_after)
