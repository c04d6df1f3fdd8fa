"""Whether the ladders of whistles work, and whether somebody is there to be called."""

import datetime as dt

from django.db.models import Min
from django.utils import timezone

from governance.health import SWEPT, Seen, State, aged, check, heard
from governance.models import Heartbeat
from partybuilding import rosters, watchdog
from partybuilding.models import CallClock, DecisionClock, Whistle

#: So many names stand on the status page.
NAMED = 5


@check("ladders", "哨令催办", todo="到时的催办会晚到，不会漏，也不会重复。任务进程或定时器恢复后自动补上。")
def _ladders(now: dt.datetime) -> Seen:
    run = heard(Heartbeat.Part.LADDERS, now, SWEPT, "最近一次：{age}前")
    if run.state != State.OK:
        return run
    due = (
        of.objects.due(now).order_by().aggregate(at=Min("next_at"))["at"] for of in (CallClock, DecisionClock)
    )
    oldest = [at for at in due if at is not None]
    if not oldest:
        return run
    late = aged(min(oldest), now, SWEPT, "最早一级已到时 {age}，还没有催办", "")
    return late if late.state == State.FAILING else run


@check(
    "rungs",
    "哨令催办核对",
    is_needed=False,
    todo="这些哨单的催办漏了、重了或停不下来。请系统管理员查看任务进程的日志；漏掉的会自动补催。",
)
def _rungs(now: dt.datetime) -> Seen:
    found = watchdog.wrong(now=now, patience=watchdog.PATIENCE)
    if not found:
        return Seen(State.OK, "每一级到时都催办了一次")
    whistles = Whistle.objects.filter(pk__in={one.whistle for one in found}).order_by("pk")
    numbers = "、".join(whistle.number for whistle in whistles[:NAMED])
    kinds = "、".join(sorted({str(one.problem.label) for one in found}))
    return Seen(State.FAILING, f"{len(found)} 级：{kinds}（{numbers}）")


@check(
    "rosters",
    "被召单位名册",
    is_needed=False,
    todo="这些单位被召集时没有人签收，或没有负责人可催办，会直接报上一级。请安全管理员补上岗位。",
)
def _rosters(now: dt.datetime) -> Seen:
    found = rosters.gaps(on=timezone.localdate(now))
    if not found:
        return Seen(State.OK, "都有人在岗")
    named = "、".join(f"{gap.unit}缺{gap.duty.label.removeprefix('被召单位')}" for gap in found[:NAMED])
    return Seen(State.FAILING, f"{len(found)} 处空缺：{named}" + ("等" if len(found) > NAMED else ""))
