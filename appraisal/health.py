"""The status page says how far the tallies are behind; the numbers are right all the same."""

import datetime as dt

from appraisal.counting import lag
from appraisal.grains import records_of
from appraisal.models import Tallied, Touched
from governance.health import Seen, State, aged, check

#: Seconds after which the worker is missed, and changes that may wait for it.
COUNTED, WAITING = 180, 5000
#: So many records that cannot be counted are named.
NAMED = 5


@check(
    "tallies",
    "统计计数",
    todo="数字仍然准确，只是看板变慢；请查看任务进程。算不出的记录按原来的计入，请系统管理员按号查看。",
    is_needed=False,
)
def _tallies(now: dt.datetime) -> Seen:
    at = Tallied.objects.values_list("at", flat=True).first()
    if names := _uncountable():
        return Seen(State.FAILING, f"算不出：{'、'.join(names)}")
    waiting = lag()
    if waiting > WAITING:
        return Seen(State.FAILING, f"{waiting:,} 项变化待计入")
    return aged(at, now, COUNTED, "上次计入在 {age}前", "还没有计过")


def _uncountable() -> list[str]:
    """A few of the records that cannot be counted, as people look for them."""
    rows = Touched.objects.uncountable().order_by("subject", "record").distinct("subject", "record")
    return [f"{records_of(row.subject).label} {row.record:06d}（{row.problem}）" for row in rows[:NAMED]]
