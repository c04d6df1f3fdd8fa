"""The status page says how far the tallies are behind; the numbers are right all the same."""

import datetime as dt

from appraisal.counting import lag
from appraisal.models import Tallied
from governance.health import Seen, State, aged, check

#: Seconds after which the worker is missed, and changes that may wait for it.
COUNTED, WAITING = 180, 5000


@check("tallies", "统计计数", todo="数字仍然准确，只是看板变慢；请查看任务进程。", is_needed=False)
def _tallies(now: dt.datetime) -> Seen:
    at = Tallied.objects.values_list("at", flat=True).first()
    waiting = lag()
    if waiting > WAITING:
        return Seen(State.FAILING, f"{waiting:,} 项变化待计入")
    return aged(at, now, COUNTED, "上次计入在 {age}前", "还没有计过")
