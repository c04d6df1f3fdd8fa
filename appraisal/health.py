"""The status page says how far the tallies are behind, and where a recount and the board disagree."""

import datetime as dt

from appraisal.catalogue import counters, measures
from appraisal.counting import lag
from appraisal.grains import records_of
from appraisal.models import Looked, Recount, Tallied, Touched
from governance.health import Seen, State, aged, check

#: Seconds after which the worker is missed, and changes that may wait for it.
COUNTED, WAITING = 180, 5000
#: Hours after which a night without recounts is missed.
ASKED = 27
#: So many records that cannot be counted, or disagreements, are named.
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


@check(
    "recounts",
    "抽查复算",
    todo=(
        "看板的数与办理记录对不上。请系统管理员运行 manage.py rebuild_tallies 重建计数，期间看板照常；一小时内自动再核对，"
        "一致后这里不再提示。重建后仍不一致，或没有算成，请查看任务进程的日志。"
    ),
    is_needed=False,
)
def _recounts(now: dt.datetime) -> Seen:
    found = list(Recount.objects.disagreeing().order_by("-pk")[: NAMED + 1])
    if found:
        named = "；".join(disagreement(row) for row in found[:NAMED])
        return Seen(State.FAILING, f"与办理记录不一致：{named}" + ("等" if len(found) > NAMED else ""))
    failed = Recount.objects.filter(state=Recount.State.FAILED, finished_at__gt=now - dt.timedelta(days=1))
    if row := failed.order_by("-pk").first():
        return Seen(State.FAILING, f"没有算成：{_of(row)}，{row.problem}")
    at = Looked.objects.filter(what=Looked.What.RECOUNTS).values_list("at", flat=True).first()
    return aged(at, now, ASKED * 3600, "都一致，上次抽查在 {age}前", "还没有抽查过")


def disagreement(row: Recount) -> str:
    """Where a recount and the board disagree: place, period, and the first counter of a measure with both numbers."""
    differing = [one for one in row.lines if one["events"] not in (None, one["board"])]
    first, more = differing[0], f"等 {len(differing)} 项" if len(differing) > 1 else ""
    return (
        f"{_of(row)} {_named(row, first['counter'])}{more}看板 {first['board']:,}、复算 {first['events']:,}"
    )


def _of(row: Recount) -> str:
    return f"{row.words} {row.begin} 至 {row.end}"


def _named(row: Recount, counter: str) -> str:
    """A counter under the measure that was asked, or the simplest one that is made of it."""
    made = [one for one in measures().values() if counter in one.counters and row.measure in ("", one.key)]
    measure = min(made, key=lambda one: len(one.counters)).label if made else ""
    label = counters()[counter].label if counter in counters() else counter
    return f"{measure}“{label}”"
