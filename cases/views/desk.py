"""The desk: queues, a list and the case beside it; the same list as a file; the grids that nobody covers."""

import io
import math
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import xlsxwriter
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases import queues
from cases.calendar import gap_for
from cases.clocks import due_stamp, stamp
from cases.filters import FilterForm, narrow, places_in_sight
from cases.models import Case, Request
from cases.names import with_names
from cases.permissions import may_keep_calendar
from cases.views.case import case_context, visible_case
from cases.workflow import Lateness, Loop
from governance.actions import log_access
from governance.models import Level, Organization, Post, User
from governance.roles import Duty, Role
from governance.statements import ask, count
from grid.models import Grid

EXPORTED = 5_000
#: Nobody turns more pages than are counted.
PAGES = queues.COUNTED // queues.PAGE


# The list ----------------------------------------------------------------------------------------------------------


#: What a row of a list shows: columns of the case in the order of the model, names of the places and who has it.
COLUMNS = (
    "id", "uuid", "source", "is_from_resident", "address", "loop", "state", "due_at", "lateness", "was_late", "reported_at", "closed_at"
)  # fmt: skip
NAMES = ("category_name", "street_name", "community_name", "centre_name", "unit_name")


def with_row(cases: QuerySet[Case], characters: int = 60) -> QuerySet[Case]:
    """Cases with what a row shows, the first words of the report among it."""
    return with_names(cases, *NAMES, characters=characters).only(*COLUMNS)


def _page_number(text: str | None) -> int:
    return min(max(int(text[:6]), 1), PAGES) if text and text.isdecimal() else 1


@dataclass(frozen=True)
class Wanted:
    """The list that an address asks for."""

    queue: queues.Queue
    chosen: tuple[tuple[str, str], ...]

    def found(self, user: User) -> QuerySet[Case]:
        return narrow(queues.cases_in(self.queue, user), dict(self.chosen), timezone.now())


def wanted(request: HttpRequest, form: FilterForm, groups: list[queues.Group]) -> Wanted:
    """The queue and the filters of an address; filters without a queue look through all cases."""
    name = request.GET.get("queue", "") or (queues.ALL.name if form.chosen else "")
    return Wanted(queues.find_queue(groups, name), tuple(form.chosen.items()))


def _page(user: User, list_: Wanted, start: int) -> QuerySet:
    rows = with_names(list_.found(user), *NAMES, characters=60).values_list(*COLUMNS, "words", *NAMES)
    return rows[start : start + queues.PAGE + 1]


def _up_to(user: User, list_: Wanted, limit: int) -> QuerySet:
    return list_.found(user).order_by().values("pk")[: limit + 1]


def _case(row: tuple) -> Case:
    case = Case.from_db(None, COLUMNS, row[: len(COLUMNS)])
    for name, value in zip(("words", *NAMES), row[len(COLUMNS) :], strict=True):
        setattr(case, name, value)
    return case


def _list(request: HttpRequest) -> dict:
    """One page of the chosen queue, filtered as the address says."""
    user = request.user
    groups = queues.groups_for(user)
    form = FilterForm(request.GET, places_in_sight(user))
    list_ = wanted(request, form, groups)
    counts = queues.counted(user)
    number = _page_number(request.GET.get("page"))
    start = (number - 1) * queues.PAGE
    rows = ask(_page, user, list_, start, keep=form.comes_again)
    if not rows and number > 1:  # the list has become shorter: its last page answers
        held = count(_up_to, user, list_, queues.COUNTED, keep=form.comes_again)
        number = max(1, math.ceil(held / queues.PAGE))
        start = (number - 1) * queues.PAGE
        rows = ask(_page, user, list_, start, keep=form.comes_again)
    has_more = len(rows) > queues.PAGE
    cases = [_case(row) for row in rows[: queues.PAGE]]
    last = start + len(cases)
    return {
        "groups": _linked(groups, list_.queue, counts),
        "queue": list_.queue,
        "form": form,
        "cases": cases,
        **_total(user, list_, form, counts, None if has_more else last),
        "first": start + 1,
        "last": last,
        "previous_page": number - 1 if number > 1 else None,
        "next_page": number + 1 if has_more and number < PAGES else None,
    }


def _total(user: User, list_: Wanted, form: FilterForm, counts: queues.Counts, end: int | None) -> dict:
    """How many cases the list has; asked for only where neither the page nor the first pane knows it."""
    limit = queues.COUNTED
    if end is not None:
        total = end
    elif not form.chosen and list_.queue not in queues.ENDLESS:
        total = queues.totals(list_.queue, counts)[0]
    else:
        if list_.queue in queues.ENDLESS and not form.is_bounded:
            limit = queues.COUNTED_ENDLESS
        total = count(_up_to, user, list_, limit, keep=form.comes_again)
    return {
        "total": total,
        "total_words": f"超过 {limit:,} 件" if total > limit else f"共 {total:,} 件",
        "too_many_to_export": total > min(EXPORTED, limit),
        "export_limit": f"{EXPORTED:,}",
    }


def _linked(groups: list[queues.Group], current: queues.Queue, counts: queues.Counts) -> list[dict]:
    """The first pane: every queue with its address and counts; an empty one elsewhere is left out."""
    shown, desk_url = [], reverse("cases:desk")
    for group in groups:
        lines = []
        for queue in group.queues:
            held, late = queues.totals(queue, counts)
            endless = queue in queues.ENDLESS
            is_quiet = queue.name.startswith(("else-", "ordered")) and not held and queue != current
            if is_quiet:
                continue
            lines.append(
                {
                    "label": queue.label,
                    "url": f"{desk_url}?queue={queue.name}",
                    "count": "" if endless else f"{held:,}",
                    "late": 0 if endless else late,
                    "current": queue == current,
                }
            )
        if lines:
            shown.append({"title": group.title, "queues": lines})
    return shown


@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Three panes: queues, list, case; the address alone says what is shown."""
    context = _list(request)
    context["can_take_calls"] = request.user.powers.has(Duty.ACCEPT)
    context["can_see_gaps"] = bool(request.user.powers.territories)
    context["keeps_calendar"] = may_keep_calendar(request.user)
    context["gap"] = gap_for(request.user, timezone.now())
    chosen = request.GET.get("case", "")
    if chosen:
        try:
            case = visible_case(request, uuid.UUID(chosen))
        except ValueError:
            pass
        else:
            context |= case_context(request, case)
    return render(request, "cases/desk.html", context)


# The list as a file ------------------------------------------------------------------------------------------------

SHEET = (
    ("编号", 16), ("类别", 18), ("情况", 48), ("状态", 10), ("时限", 8), ("截止", 16), ("闭环", 12), ("街道", 12),
    ("社区", 12), ("位置描述", 30), ("指挥中心", 14), ("处置单位", 22), ("来源", 10), ("上报", 16), ("结案", 16),
    ("曾超期", 8), ("延期前超期", 60),
)  # fmt: skip


def for_sheet(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with what ``write_sheet`` writes."""
    after_red = Request.objects.filter(red_at__isnull=False)
    after_red = Prefetch("requests", queryset=after_red, to_attr="requests_after_red")
    return with_row(cases, 1000).prefetch_related(after_red)


def _cells(case: Case) -> list[str]:
    return [
        case.number,
        case.category_name,
        case.words or "",
        case.state_name,
        Lateness(case.lateness).label,
        due_stamp(case.due_at),
        Loop(case.loop).label,
        case.street_name or "",
        case.community_name or "",
        case.address,
        case.centre_name,
        case.unit_name or "",
        case.get_source_display(),
        stamp(case.reported_at),
        stamp(case.closed_at) if case.closed_at else "",
        "是" if case.was_late else "否",
        "；".join(map(_taken_back, case.requests_after_red)),
    ]


def _taken_back(request: Request) -> str:
    """A red mark that an extension took back, which the columns before it no longer show."""
    return (
        f"{due_stamp(request.due_before)} 到期，{stamp(request.red_at)} 标超期；{stamp(request.asked_at)} 申请、"
        f"{stamp(request.decided_at)} 批准延期至 {due_stamp(request.due_after)}"
    )


def write_sheet(file, cases: Iterable[Case], notes: list[str]) -> int:
    """Write cases as text cells, which no program takes for formulas; returns how many there were."""
    # Rows wait in a folder that goes when this ends, however it ends: on a full disk they would stay there for ever.
    with tempfile.TemporaryDirectory() as folder:
        return _write_rows(file, cases, notes, folder)


def _write_rows(file, cases: Iterable[Case], notes: list[str], folder: str) -> int:
    plain = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, **plain})
    sheet = book.add_worksheet("案件")
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 1)
    for column, (title, width) in enumerate(SHEET):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, bold)
    line = 0
    for line, case in enumerate(cases, start=1):
        for column, cell in enumerate(_cells(case)):
            sheet.write_string(line, column, cell)
    for offset, note in enumerate(notes, start=2):
        sheet.write_string(line + offset, 0, note)
    book.close()
    return line


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list with the same filters as a file of at most 5,000 rows; who took it is written down."""
    form = FilterForm(request.GET, places_in_sight(request.user))
    list_ = wanted(request, form, queues.groups_for(request.user))
    found, now = list_.found(request.user), timezone.now()
    notes = [f"{list_.queue.label}，{stamp(now)} 由 {request.user.name} 导出。"]
    if found.order_by()[: EXPORTED + 1].count() > EXPORTED:
        notes.append(f"一次最多导出 {EXPORTED:,} 件，此处只有前 {EXPORTED:,} 件。请缩小筛选范围后分次导出。")
    file = io.BytesIO()
    written = write_sheet(file, for_sheet(found)[:EXPORTED].iterator(chunk_size=1000), notes)
    reason = f"导出 {written} 件：{request.GET.urlencode()}"
    log_access("cases:export", by=request.user, reason=reason[:200], now=now)
    file.seek(0)
    filename = f"案件-{list_.queue.label}-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx"
    return FileResponse(file, as_attachment=True, filename=filename)


# Grids that nobody covers ------------------------------------------------------------------------------------------


@login_required
@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Grids without a worker, supervisor or inspector, and who stands in."""
    territories = request.user.powers.territories
    if not territories:
        raise PermissionDenied("岗位在街道、社区或区的人员可以查看值守空缺。")
    today = timezone.localdate()
    below = Q()
    for place in territories:
        below |= Q(community__path__startswith=place.path)
    grids = Grid.objects.active(today).filter(below)
    streets = Organization.objects.territories(Level.STREET).filter(pk__in=grids.values("community__parent"))
    chosen = request.GET.get("street", "")
    street = next((one for one in streets if str(one.pk) == chosen), None)
    if street:
        grids = grids.filter(community__parent=street)
    lacking = grids.uncovered(today)
    figures = grids.with_gaps(today).aggregate(
        all=Count("pk"),
        worker=Count("pk", filter=Q(lacks_worker=True)),
        supervisor=Count("pk", filter=Q(lacks_supervisor=True)),
        inspector=Count("pk", filter=Q(lacks_inspector=True)),
    )
    figures["all_words"] = f"{figures['all']:,} 个网格"
    there = Post.objects.on_duty(today)
    clerks = there.filter(role=Role.CLERK).select_related("user")
    at_street = there.with_duty(Duty.ACCEPT).filter(organization=OuterRef("community__parent"))
    lacking = lacking.annotate(is_street_staffed=Exists(at_street)).select_related(
        "community__parent__parent"
    )
    lacking = lacking.prefetch_related(Prefetch("community__posts", queryset=clerks, to_attr="clerks"))
    page = Paginator(lacking.order_by("code"), queues.PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "figures": figures, "streets": streets, "chosen": chosen}
    return render(request, "cases/desk_gaps.html", context)
