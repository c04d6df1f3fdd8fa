"""Whether files are made, and old ones deleted."""

import datetime as dt

from exports.models import Export
from governance.health import Seen, State, check

#: So long the next file may wait for one that is made, and a file for the nightly task.
PATIENCE, NIGHTS = dt.timedelta(minutes=30), dt.timedelta(days=2)


@check("exports", "导出文件", todo="请查看任务进程：导出文件没有按时生成或删除。", is_needed=False)
def _exports(now: dt.datetime) -> Seen:
    if Export.objects.unfinished().filter(asked_at__lt=now - PATIENCE).exists():
        return Seen(State.FAILING, "有文件等了超过半小时还没有生成")
    if Export.objects.filter(expires_at__lt=now - NIGHTS).exists():
        return Seen(State.FAILING, "有到期的文件没有删除")
    return Seen(State.OK, "没有久等的文件")
