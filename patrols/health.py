"""Whether old patrols are really removed."""

import datetime as dt

from governance.health import Seen, State, check
from patrols.actions import KEPT
from patrols.models import Patrol

#: The nightly task has another day before it is missed.
PATIENCE = dt.timedelta(days=2)


@check("patrols", "巡查轨迹清理", todo="请查看任务进程：超过保存期限的巡查轨迹没有删除。", is_needed=False)
def _patrols(now: dt.datetime) -> Seen:
    late = Patrol.objects.filter(begun_at__lt=now - KEPT - PATIENCE).count()
    if late:
        return Seen(State.FAILING, f"{late} 次巡查超过 {KEPT.days} 天还没有删除")
    return Seen(State.OK, f"没有超过 {KEPT.days} 天的轨迹")
