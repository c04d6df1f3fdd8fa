"""The list of the desk as a file."""

from django.db.models import Prefetch, QuerySet

from cases.clocks import due_stamp, stamp
from cases.models import Case, Request
from cases.rows import with_row
from cases.workflow import PHASES, STATES, Lateness, Loop, State
from governance.models import User
from records.sheet import Columns

SHEET: Columns = (
    ("编号", 16), ("类别", 18), ("情况", 48), ("状态", 10), ("步骤", 12), ("时限", 8), ("截止", 16), ("闭环", 12), ("街道", 12),
    ("社区", 12), ("位置描述", 30), ("指挥中心", 14), ("处置单位", 22), ("来源", 10), ("上报", 16), ("结案", 16),
    ("曾超期", 8), ("延期前超期", 60),
)  # fmt: skip


def _with_cells(cases: QuerySet[Case]) -> QuerySet[Case]:
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


def rows_of(user: User, ids: list[int]) -> list[list[str]]:
    """Rows of a workbook: some cases in the order of their ids, those that the person sees."""
    found = {case.pk: case for case in _with_cells(Case.objects.visible_to(user).filter(pk__in=ids))}
    return [_cells(found[pk]) for pk in ids if pk in found]
