"""Whether deadlines are looked at and history is anchored."""

import datetime as dt

from django.db.models import Min

from cases.actions.sweeping import RETRY
from cases.models import Leg
from governance.health import SWEPT, Seen, State, aged, check, heard
from governance.models import Heartbeat
from records.histories import HISTORIES

#: A day and two hours: an anchor is written every night.
ANCHORED = 26 * 3600


@check("sweep", "时限巡检", todo="超期标记和自动上报会晚到，不会漏。任务进程或定时器恢复后自动补上。")
def _sweep(now: dt.datetime) -> Seen:
    run = heard(Heartbeat.Part.SWEEP, now, SWEPT, "最近一次：{age}前")
    if run.state != State.OK:
        return run
    oldest = Leg.objects.due_for_sweep(now).order_by().aggregate(at=Min("sweep_at"))["at"]
    if oldest is None:
        return run
    late = aged(oldest, now, SWEPT, "最早一件已到时 {age}，还没有处理", "")
    return late if late.state == State.FAILING else run


@check(
    "swept_legs",
    "巡检失败的案件",
    is_needed=False,
    todo="这些案件到期后没有标为超期或往下走，每十分钟再试。请系统管理员查看任务进程的日志。",
)
def _swept_legs(now: dt.datetime) -> Seen:
    failed = Leg.objects.put_off(now, RETRY).count()
    return Seen(State.FAILING, f"{failed} 件") if failed else Seen(State.OK, "没有")


@check(
    "anchor",
    "历史锚点",
    is_needed=False,
    todo="请系统管理员查看磁盘空间和任务进程的日志，并把锚点文件抄到另一台机器。",
)
def _anchor(now: dt.datetime) -> Seen:
    try:
        last_lines = [lines[-1] for history in HISTORIES if (lines := history.anchors.lines())]
    except (OSError, ValueError) as problem:
        return Seen(State.FAILING, f"锚点文件读不了：{problem}", limit=ANCHORED)
    last = min((dt.datetime.fromisoformat(line.at) for line in last_lines), default=None)
    return aged(last, now, ANCHORED, "最近一次：{age}前", "还没有写过，每晚 2:10 写一次")
