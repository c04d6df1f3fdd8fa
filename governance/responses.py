"""What a refusal looks like over HTTP, whoever refuses (docs/decisions/0023): a page for people, JSON for programs.

The one shape of the JSON: ``detail`` is a sentence for people and always there; ``errors``, where fields are in question,
holds a list of sentences for each, and for what is about no single field under ``__all__`` (``WHOLE``). Some answers add to it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import get_template
from django.urls import Resolver404, resolve

from governance.refusals import Refused, Unavailable

#: Stands for no single field.
WHOLE = NON_FIELD_ERRORS
#: A write without the token of our own pages, or with one from before the last sign-in.
TOO_OLD = "页面已过期，没有提交。请刷新后再试。"


# Who gets what ----------------------------------------------------------------------------------------------------


def answers_json(view: Callable) -> Callable:
    """Mark a view that answers JSON whatever is asked for, and so refuses in JSON too."""
    view.answers_json = True
    return view


def wants_json(request: HttpRequest) -> bool:
    """Whether the address answers JSON, or JSON is preferred to HTML; who accepts anything gets what the address serves."""
    if request.path_info.startswith("/api/") or getattr(_view(request), "answers_json", False):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def wants_page(request: HttpRequest) -> bool:
    """Whether a refusal is to be a page of its own: of what htmx asked for, base.js shows the sentence."""
    return not wants_json(request) and "HX-Request" not in request.headers


def _view(request: HttpRequest) -> Callable | None:
    """The view of an address, also before Django has looked for it."""
    try:
        return (request.resolver_match or resolve(request.path_info)).func
    except Resolver404:
        return None


# The two forms of a refusal ---------------------------------------------------------------------------------------


def refusal_body(
    sentence: str, errors: Mapping[str, Iterable[str]] | None = None, **more: Any
) -> dict[str, Any]:
    """The JSON of a refusal: a sentence, sentences by field, and what a script needs beside them."""
    named = {name: [str(one) for one in sentences] for name, sentences in (errors or {}).items()}
    return {"detail": sentence} | ({"errors": named} if named else {}) | more


def body_of(refusal: Refused) -> dict[str, Any]:
    """The JSON of an error that was raised."""
    return refusal_body(refusal.sentence, {refusal.field: [refusal.sentence]} if refusal.field else None)


def refusal_json(refusal: Refused) -> HttpResponse:
    """The response to an error that was raised, for programs."""
    return refused(JsonResponse(body_of(refusal)), refusal)


def form_json(form: forms.Form) -> HttpResponse:
    """What a form found wrong, for programs."""
    return JsonResponse(refusal_body(in_one(form.errors), form.errors), status=400)


def in_one(errors: Mapping[str, Iterable[str]]) -> str:
    """All sentences of a form in a row, each once."""
    return " ".join(dict.fromkeys(str(one) for sentences in errors.values() for one in sentences))


def refused_request(
    request: HttpRequest, sentence: str, status: int, template: str, *, is_bare: bool = False
) -> HttpResponse:
    """Say that something was refused, people by the page of a template; a bare one does not ask who is signed in."""
    if wants_page(request):
        page = get_template(template).render({"sentence": sentence}, None if is_bare else request)
        return HttpResponse(page, status=status)
    return JsonResponse(refusal_body(sentence), status=status)


def unavailable(request: HttpRequest, refusal: Unavailable) -> HttpResponse:
    """Say that it cannot be done now, and how to go on; asks nothing of the database."""
    if wants_page(request):
        page = get_template("unavailable.html")
        response = HttpResponse(page.render({"refusal": refusal, **_retry(request, refusal)}))
    else:
        response = JsonResponse(refusal_body(f"{refusal.title}。{refusal.sentence}"))
    response["Cache-Control"] = "no-store"
    return refused(response, refusal)


def refused(response: HttpResponse, refusal: Refused) -> HttpResponse:
    """The response with the status of a refusal."""
    return with_status(response, refusal.status, retry_after=refusal.retry_after)


def with_status(response: HttpResponse, status: int, *, retry_after: int | None = None) -> HttpResponse:
    """The response with another status, and with the seconds after which the same may be tried again."""
    response.status_code = status
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def _retry(request: HttpRequest, refusal: Unavailable) -> dict[str, object]:
    """What the page needs to ask the same thing once more: a form comes along with its key, and so happens once."""
    asked = {"address": request.get_full_path(), "seconds": 0, "is_form": False}
    if request.method != "POST":
        return asked | {"seconds": refusal.retry_after or 0}
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
