"""The list that a number counts: a page of it, and all of it as a file."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.cells import CellForm
from dashboard.counted import CountedList
from dashboard.frame import frame
from dashboard.paging import Paged, asked_page, pages_of
from dashboard.sheet import of_counted
from governance.actions import log_access
from records.sheet import EXPORTED, said_where_cut

PAGE = 50


class CountedForm(CellForm):
    """Which number the list is of, and which cell of a picture."""

    measure = forms.CharField()
    part = forms.CharField(required=False)


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """As many lines as the number says, or all that it is computed from."""
    context = frame(request, "measures")
    words = CountedForm(request.GET)
    found = CountedList.asked(words.data, context["chosen"], context["now"])
    number = asked_page(request)
    total, rows = found.rows((number - 1) * PAGE, PAGE)
    if total and not rows:
        number = pages_of(total, PAGE)
        total, rows = found.rows((number - 1) * PAGE, PAGE)
    paged = Paged(found.lines(rows, request.user), number, total, PAGE)
    context |= {
        "heading": found.measure.label,
        "kept": words.given,
        "found": found,
        "paged": paged,
        "most": EXPORTED,
    }
    return render(request, "dashboard/measures/counted.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list under the same filters as a file of at most 5,000 rows; who took it is written down."""
    user, context = request.user, frame(request, "measures")
    found = CountedList.asked(CountedForm(request.GET).data, context["chosen"], context["now"])
    total, rows = found.rows(0, EXPORTED)
    notes = [said_where_cut(EXPORTED, "条")] if total > EXPORTED else []
    file = of_counted(found, total, found.lines(rows, user), asked_by=user.name, notes=notes)
    reason = f"导出 {len(rows)} 条：{request.GET.urlencode()}"
    log_access("counted:export", by=user, reason=reason[:200], now=found.now)
    filename = f"清单-{found.measure.label}-{timezone.localtime(found.now):%Y%m%d-%H%M}.xlsx"
    return FileResponse(file, as_attachment=True, filename=filename)
