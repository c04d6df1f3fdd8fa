"""The list of the desk as a file: text cells, of at most as many rows as somebody can still read."""

import tempfile
from collections.abc import Iterable

import xlsxwriter
from django.db.models import Prefetch, QuerySet

from cases.clocks import due_stamp, stamp
from cases.models import Case, Request
from cases.rows import with_row
from cases.workflow import PHASES, STATES, Lateness, Loop, State

SHEET = (
    ("编号", 16), ("类别", 18), ("情况", 48), ("状态", 10), ("步骤", 12), ("时限", 8), ("截止", 16), ("闭环", 12), ("街道", 12),
    ("社区", 12), ("位置描述", 30), ("指挥中心", 14), ("处置单位", 22), ("来源", 10), ("上报", 16), ("结案", 16),
    ("曾超期", 8), ("延期前超期", 60),
)  # fmt: skip


def for_sheet(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with what ``write_sheet`` writes."""
    after_red = Request.objects.filter(red_at__isnull=False)
    after_red = Prefetch("requests", queryset=after_red, to_attr="requests_after_red")
    return with_row(cases, characters=1000).prefetch_related(after_red)


def _cells(case: Case) -> list[str]:
    return [
        case.number,
        case.category_name,
        case.words or "",
        case.state_name,
        _step(case),
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


def _step(case: Case) -> str:
    """Which of the place's steps the case is in; none when it has ended."""
    step = STATES[State(case.state)].step
    return PHASES[step].label if step else ""


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
