"""A case as a phone keeps it for times without signal."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.workflow import OPEN, State
from desk.views.case import case_page, move_page, visible_case
from governance.responses import answers_json

#: The moves that people make outdoors, by the state in which a case waits for them; before it is accepted also what follows.
FORMS = {
    State.CHECKING: ("found", "not_found"),
    State.DISPATCHED: ("feedback", "refuse"),
    State.HANDLING: ("feedback", "refuse"),
    State.HANDLED: ("pass", "fail"),
}


@answers_json
@login_required
@never_cache
@require_safe
def kept(request: HttpRequest, case_uuid: uuid.UUID) -> JsonResponse:
    """The page of a case and the forms of its next moves, by address: together, as each costs a way on a slow network."""
    case = visible_case(request, case_uuid)
    state = State(case.state)
    names = (*FORMS.get(state, ()), *(("comment",) if state in OPEN else ()))
    pages = {reverse("desk:case", args=[case_uuid]): case_page(request, case_uuid)}
    for name in names:
        pages[reverse("desk:move", args=[case_uuid, name])] = move_page(request, case_uuid, name)
    return JsonResponse({address: page.content.decode() for address, page in pages.items()})
