"""Whether background processes and services work: one finding for each part, in three states.

An app above this one adds checks with ``@check`` in a ``health.py`` of its own, loaded when the app is ready.
"""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from signal import Signals
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Min, TextChoices
from redis import Redis, RedisError

from governance.models import Heartbeat, Outbox
from governance.modules import is_used

#: Seconds after which something is away: worker and beat (they say so every 15 s), the sweep, a notice under way.
HEARD, DELIVERED = 60, 120
SWEPT = max(120.0, 4 * settings.SWEEP_SECONDS)
#: A process that ended so often in a row is reported as failing.
FLAPPING = 3


class State(TextChoices):
    OK = "ok", "正常"
    FAILING = "failing", "异常"
    UNKNOWN = "unknown", "未知"


class Seen(NamedTuple):
    """What a look at a part found; ``{age}`` in the words stands for ``seconds``, ``limit`` is where it fails."""

    state: State
    words: str
    seconds: float | None = None
    limit: float | None = None


class Check(NamedTuple):
    """One part: ``todo`` says what to do when it fails, ``is_needed`` whether the site counts as ready without it."""

    name: str
    label: str
    todo: str
    is_needed: bool
    look: Callable[[dt.datetime], Seen]

    @property
    def app(self) -> str:
        return self.look.__module__.partition(".")[0]


class Finding(NamedTuple):
    check: Check
    seen: Seen


class Process(NamedTuple):
    """A process of `make run`, as its supervisor wrote it down."""

    name: str
    is_running: bool
    failures: int
    restarts: int
    reason: str
    ended_at: dt.datetime | None


CHECKS: list[Check] = []


def check(name: str, label: str, *, todo: str, is_needed: bool = True) -> Callable:
    """Add a check; they are made in the order in which they were added."""

    def register(look: Callable[[dt.datetime], Seen]) -> Callable[[dt.datetime], Seen]:
        CHECKS.append(Check(name, label, todo, is_needed, look))
        return look

    return register


def findings(*, now: dt.datetime) -> list[Finding]:
    """What every check finds, without those of apps that the place leaves out; what cannot be asked is unknown."""
    results = []
    for one in CHECKS:
        if not is_used(one.app):
            continue
        try:
            seen = one.look(now)
        except Error:
            seen = Seen(State.UNKNOWN, "数据库没有回答，无法得知")
        results.append(Finding(one, seen))
    return results


def is_ready(found: list[Finding]) -> bool:
    return all(one.seen.state == State.OK for one in found if one.check.is_needed)


def aged(since: dt.datetime | None, now: dt.datetime, limit: float, words: str, never: str) -> Seen:
    """Failing when something is longer ago than ``limit`` seconds, unknown when it never was."""
    if since is None:
        return Seen(State.UNKNOWN, never, limit=limit)
    seconds = max((now - since).total_seconds(), 0)
    return Seen(State.FAILING if seconds > limit else State.OK, words, seconds, limit)


def heard(part: Heartbeat.Part, now: dt.datetime, limit: float, words: str) -> Seen:
    """How long ago the last heartbeat of a part was."""
    at = Heartbeat.objects.filter(part=part).values_list("at", flat=True).first()
    return aged(at, now, limit, words, "没有活动记录")


def sweep_pause(swept_at: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds for which the sweep has been away; nothing while it works, or where it never did."""
    away = (now - swept_at).total_seconds() if swept_at else 0
    return away if away > SWEPT else 0


# The parts --------------------------------------------------------------------------------------------------------


@check("database", "数据库", todo="正在自动重连。几分钟后仍不恢复，请系统管理员查看数据库日志和磁盘空间。")
def _database(now: dt.datetime) -> Seen:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return Seen(State.FAILING, "没有回答")
    return Seen(State.OK, "有回答")


@check("migrations", "数据表", todo="请系统管理员执行 manage.py migrate，再重启网页和任务进程。")
def _migrations(now: dt.datetime) -> Seen:
    if not _migrations.are_applied:  # once they are, they stay so for as long as this code runs
        loader = MigrationLoader(connection)
        missing = loader.graph.nodes.keys() - loader.applied_migrations.keys()
        if missing:
            return Seen(State.FAILING, f"有 {len(missing)} 项更新还没有执行")
        _migrations.are_applied = True
    return Seen(State.OK, "与程序版本一致")


_migrations.are_applied = False


@check(
    "broker",
    "消息队列",
    todo="登录、上报、派遣照常；巡检和通知会停。请系统管理员查看 Redis / Valkey 的日志。",
)
def _broker(now: dt.datetime) -> Seen:
    broker = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        broker.ping()
    except RedisError:
        return Seen(State.FAILING, "没有回答")
    finally:
        broker.close()
    return Seen(State.OK, "有回答")


@check(
    "worker", "任务进程", todo="它会自动重启。请系统管理员查看 worker 的日志；消息队列异常时先恢复消息队列。"
)
def _worker(now: dt.datetime) -> Seen:
    return heard(Heartbeat.Part.WORKER, now, HEARD, "最近一次活动：{age}前")


@check("beat", "定时器", todo="它会自动重启。请系统管理员查看 beat 的日志。")
def _beat(now: dt.datetime) -> Seen:
    return heard(Heartbeat.Part.BEAT, now, HEARD, "最近一次活动：{age}前")


@check("outbox", "待送通知", todo="通知会晚到，不会丢。任务进程恢复后自动补送。")
def _outbox(now: dt.datetime) -> Seen:
    # What a try found nobody for is no fault of the site: it is tried again, then it is among those given up.
    oldest = Outbox.objects.waiting().filter(error="").aggregate(at=Min("created_at"))["at"]
    if oldest is None:
        return Seen(State.OK, "没有积压", 0, DELIVERED)
    return aged(oldest, now, DELIVERED, "最早一条已等 {age}", "")


@check(
    "dead_notices",
    "放弃的通知",
    is_needed=False,
    todo="送了五次都没有送成，要有人看一看：见清单里的错误说明。",
)
def _dead_notices(now: dt.datetime) -> Seen:
    dead = Outbox.objects.dead().count()
    return Seen(State.FAILING, f"{dead} 条") if dead else Seen(State.OK, "没有")


@check(
    "processes",
    "进程看护",
    is_needed=False,
    todo="反复退出的进程会自动重启，间隔越来越长。请系统管理员按退出原因查看日志。",
)
def _processes(now: dt.datetime) -> Seen:
    known = processes(now)
    if known is None:
        return Seen(State.UNKNOWN, "由外部平台看护，这里看不到")
    bad = [one.name for one in known if not one.is_running or one.failures >= FLAPPING]
    return Seen(State.FAILING, "反复退出：" + "、".join(bad)) if bad else Seen(State.OK, "都在运行")


def processes(now: dt.datetime) -> list[Process] | None:
    """What the supervisor last wrote; None where there is none, or where it has not written for a minute."""
    if not settings.SERVICES_FILE:
        return None
    try:
        told = json.loads(Path(settings.SERVICES_FILE).read_text(encoding="utf-8"))
        if (now - dt.datetime.fromisoformat(told["at"])).total_seconds() > HEARD:
            return None
        return [_process(name, one) for name, one in told["services"].items()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _process(name: str, told: dict) -> Process:
    ended, code = told["ended_at"], told["code"]
    at = dt.datetime.fromisoformat(ended) if ended else None
    counts = int(told["failures"]), int(told["restarts"])
    reason = "没有启动起来" if code is None else f"退出码 {int(code)}"
    if code is not None and code < 0:
        reason = f"被信号 {Signals(-code).name} 终止"
    return Process(name, bool(told["is_running"]), *counts, reason, at)
