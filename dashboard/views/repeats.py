"""Spots where cases of a category come again and again, and whether each of them was closed properly."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.models import Looked, RepeatPlace
from appraisal.models.looks import RepeatPlaceQuerySet
from appraisal.numbers import number
from appraisal.periods import DAY
from cases.models import Case, CaseEvent, Leg
from cases.rows import with_row
from cases.workflow import SETTLED, Grade, Step
from dashboard.looks import look_at, may_order
from dashboard.paging import paged
from governance.models import User

#: Cases of a place that its page can be narrowed to.
OF_PLACE = {"": "", "closed": "已办完的", "proper": "规范结案的", "open": "还在办的"}
SHOWS = {"30": "近 30 天又有的", "90": "近 90 天又有的", "365": "近一年又有的"}

_VERIFIED = Leg.objects.filter(case=OuterRef("pk"), step=Step.VERIFYING, outcome=Leg.Outcome.DONE)
_REOPENED = CaseEvent.objects.filter(case=OuterRef("pk"), move="reopen")
#: Settled, verified by somebody else, never taken up again, and nobody was unsatisfied.
PROPERLY = (
    Q(state__in=[state.value for state in SETTLED])
    & Q(Exists(_VERIFIED))
    & ~Q(Exists(_REOPENED))
    & ~Q(grade__in=[Grade.UNSATISFIED, Grade.SCORE_1, Grade.SCORE_2])
)


def _visible(user: User) -> RepeatPlaceQuerySet:
    return RepeatPlace.objects.visible_to(user).select_related("category", "territory__parent")


def _with_cases(user: User, places: Iterable[RepeatPlace]) -> list[dict[str, Any]]:
    """Places with their cases, the latest first, by what became of them (``OF_PLACE``); one statement for all."""
    places = list(places)
    ids = {pk for place in places for pk in place.cases}
    rows = with_row(Case.objects.visible_to(user).filter(pk__in=ids).annotate(is_proper=PROPERLY))
    cases = {case.pk: case for case in rows}
    found = []
    for place in places:
        mine = [cases[pk] for pk in reversed(place.cases) if pk in cases]
        closed = [case for case in mine if case.closed_at or not case.is_open]
        found.append(
            {
                "place": place,
                "": mine,
                "closed": closed,
                "proper": [case for case in mine if case.is_proper],
                "open": [case for case in mine if case not in closed],
            }
        )
    return found


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Repeat places of a territory in sight, those with most cases first."""
    look = look_at(request, Looked.What.REPEATS, SHOWS)
    if look is None:
        return render(request, "dashboard/no_territory.html", {"wall": False})
    since = timezone.now() - int(look.show) * DAY
    rows = _visible(request.user).below(look.place.path).filter(last_at__gte=since)
    found = paged(request, rows.order_by("-cases__len", "-last_at", "-pk"))
    found.rows = _with_cases(request.user, found.rows)
    context = look.context | {
        "paged": found,
        "metres": number("repeat_metres"),
        "days": number("repeat_days"),
        "times": number("repeat_times"),
    }
    return render(request, "dashboard/repeats.html", context)


@login_required
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A repeat place on the map, with all its cases."""
    place = get_object_or_404(_visible(request.user), pk=pk)
    (row,) = _with_cases(request.user, [place])
    show = request.GET.get("show", "")
    show = show if show in OF_PLACE else ""
    context = {
        "wall": False,
        "row": row,
        "place": place,
        "cases": row[show],
        "shown": OF_PLACE[show],
        "can_order": may_order(request.user),
        "metres": number("repeat_metres"),
    }
    return render(request, "dashboard/repeat.html", context)
