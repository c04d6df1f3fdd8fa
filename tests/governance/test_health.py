"""Whether background processes and services work, told to programs and to people: fine, failing or unknown, and never a guess."""

import datetime as dt

import machine
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import tasks
from cases.actions import sweeping
from cases.history import anchors
from cases.models import Leg
from governance import actions, health
from governance.models import Heartbeat, Outbox, User
from tests import people
from tests.lives import reported
from tests.test_database_away import away

SECOND = dt.timedelta(seconds=1)
ALL = {
    "database",
    "migrations",
    "broker",
    "worker",
    "beat",
    "outbox",
    "dead_notices",
    "processes",
    "sweep",
    "swept_legs",
    "anchor",
    "tallies",
    "recounts",
    "ladders",
    "rungs",
    "rosters",
    "patrols",
    "exports",
}
#: Parts without which the site is ready all the same.
NOT_NEEDED = {
    "dead_notices",
    "processes",
    "swept_legs",
    "anchor",
    "tallies",
    "recounts",
    "rungs",
    "rosters",
    "patrols",
    "exports",
}


@pytest.fixture
def alive(db) -> None:
    """Every part has a fresh heartbeat, and nothing waits."""
    for part in Heartbeat.Part:
        actions.heartbeat(part, now=timezone.now())
    Outbox.objects.all().delete()
    Leg.objects.update(sweep_at=None)


def ask() -> tuple[int, dict]:
    answer = Client().get("/healthz/ready")
    assert ("Retry-After" in answer) == (answer.status_code == 503)
    return answer.status_code, answer.json()["parts"]


def page(username: str = "zhiban") -> str:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get("/status/").content.decode()


def test_a_site_that_works_is_ready(alive):
    status, parts = ask()
    assert status == 200, parts
    assert set(parts) == ALL
    assert {name: one["state"] for name, one in parts.items() if one["needed"]} == dict.fromkeys(
        ALL - NOT_NEEDED, "ok"
    )


@pytest.mark.parametrize("part", list(Heartbeat.Part))
def test_a_part_that_was_not_heard_of_is_failing_and_one_that_never_was_is_unknown(alive, part):
    sweeps = (Heartbeat.Part.SWEEP, Heartbeat.Part.LADDERS)
    limit = health.SWEPT if part in sweeps else health.HEARD
    actions.heartbeat(part, now=timezone.now() - (limit - 5) * SECOND)
    assert ask()[0] == 200
    actions.heartbeat(part, now=timezone.now() - (limit + 1) * SECOND)
    status, parts = ask()
    assert (status, parts[part]["state"], parts[part]["limit"]) == (503, "failing", limit)
    assert parts[part]["seconds"] == pytest.approx(limit + 1, abs=5)
    assert [name for name, one in parts.items() if one["state"] == "failing" and one["needed"]] == [part]
    Heartbeat.objects.filter(part=part).delete()
    assert (ask()[0], ask()[1][part]["state"]) == (503, "unknown")


def test_a_notice_that_waits_too_long_is_seen(alive):
    row = Outbox.objects.create(subject="等着", audience=[], created_at=timezone.now() - 60 * SECOND)
    assert ask()[0] == 200
    Outbox.objects.filter(pk=row.pk).update(created_at=timezone.now() - 121 * SECOND)
    status, parts = ask()
    assert (status, parts["outbox"]["state"]) == (503, "failing")
    assert "最早一条已等 2 分" in page()


def test_a_notice_that_finds_nobody_does_not_take_the_site_away(alive):
    nobody = User.objects.create_user("test_nobody", name="无岗")
    now = timezone.now() - 200 * SECOND
    actions.tell("没有人在", url="/inbox/", audience=[{"user": nobody.pk}], now=now)
    assert ask()[0] == 503, "nobody has tried"
    assert actions.relay(now=now) == 0
    status, parts = ask()
    assert (status, parts["outbox"]["state"], parts["dead_notices"]["state"]) == (200, "ok", "ok")
    for number in range(1, actions.TRIES):
        actions.relay(now=now + number * 2 * actions.LEASE)
    status, parts = ask()
    assert (status, parts["dead_notices"]["state"]) == (200, "failing")


def test_notices_given_up_are_shown_with_their_list_to_who_may_see_it(alive):
    Outbox.objects.create(subject="放弃了", audience=[], dead_at=timezone.now())
    status, parts = ask()
    assert (status, parts["dead_notices"]["state"]) == (200, "failing"), (
        "a person has to look, the site works"
    )
    assert "?state=dead" in page("xitong")
    assert "?state=dead" not in page("zhiban") and "1 条" in page("zhiban")


def test_a_leg_that_is_due_and_not_swept_is_seen(alive):
    leg = reported().legs.get(stopped_at=None)
    Outbox.objects.all().delete()
    Leg.objects.filter(pk=leg.pk).update(sweep_at=timezone.now() - 60 * SECOND)
    assert ask()[0] == 200
    Leg.objects.filter(pk=leg.pk).update(sweep_at=timezone.now() - (health.SWEPT + 1) * SECOND)
    status, parts = ask()
    assert (status, parts["sweep"]["state"]) == (503, "failing")


def test_legs_on_which_the_sweep_fails_are_counted(alive, monkeypatch):
    case = reported(now=timezone.now() - dt.timedelta(days=30))
    Outbox.objects.all().delete()

    def failing(leg: Leg, now: dt.datetime) -> None:
        raise RuntimeError("broken on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(sweeping, "next_move", failing)
        tasks.sweep()
    status, parts = ask()
    assert (status, parts["sweep"]["state"], parts["swept_legs"]["state"]) == (200, "ok", "failing")
    assert "1 件" in page()
    Leg.objects.filter(case=case).update(sweep_at=timezone.now())
    tasks.sweep()
    Outbox.objects.all().delete()
    assert ask()[1]["swept_legs"]["state"] == "ok"


def test_a_lost_broker_is_named(alive, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{machine.free_port()}/0"
    status, parts = ask()
    assert (status, parts["broker"]["state"]) == (503, "failing")


def test_a_migration_that_was_not_applied_is_named(alive, monkeypatch):
    monkeypatch.setattr(health._migrations, "are_applied", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'governance' AND name LIKE '%_heartbeats'")
        assert cursor.rowcount == 1
    status, parts = ask()
    assert (status, parts["migrations"]["state"]) == (503, "failing")


def test_an_anchor_is_missed_after_a_day(alive, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert ask()[1]["anchor"]["state"] == "unknown"
    anchors.write(timezone.now() - dt.timedelta(hours=25))
    assert ask()[1]["anchor"]["state"] == "ok"
    (tmp_path / "anchors.txt").unlink()
    anchors.write(timezone.now() - dt.timedelta(hours=27))
    assert ask()[1]["anchor"]["state"] == "failing"
    (tmp_path / "anchors.txt").write_text("nonsense\n")
    assert ask()[1]["anchor"]["state"] == "failing"


@pytest.mark.django_db(transaction=True)
def test_without_its_database_nothing_is_guessed():
    with away():
        answer = Client().get("/healthz/ready")
    parts = {name: one["state"] for name, one in answer.json()["parts"].items()}
    assert answer.status_code == 503
    assert parts["database"] == "failing"
    assert {parts[name] for name in ("migrations", "worker", "beat", "outbox", "sweep")} <= {"unknown", "ok"}
    assert {parts[name] for name in ("worker", "beat", "outbox", "sweep")} == {"unknown"}


def test_ready_tells_nothing_about_people(alive):
    reported(words="王某某的私事")
    Outbox.objects.create(subject="给王某某", audience=[])
    text = Client().get("/healthz/ready").content.decode()
    assert text.isascii(), "names of parts, states and seconds alone"


# In words ---------------------------------------------------------------------------------------------------------


def test_the_page_says_since_when_and_what_to_do(alive):
    actions.heartbeat(Heartbeat.Part.WORKER, now=timezone.now() - 7 * 60 * SECOND)
    Heartbeat.objects.filter(part=Heartbeat.Part.BEAT).delete()
    text = page()
    assert "最近一次活动：7 分前" in text and "请系统管理员查看 worker 的日志" in text
    assert "没有活动记录" in text and "未知" in text
    assert "这里看不到" in text, "nobody supervises in a test"


def test_the_desk_says_that_deadlines_are_not_looked_at(alive):
    client = Client()
    client.force_login(people.clerk())
    assert "时限巡检" not in client.get("/desk/").content.decode()
    actions.heartbeat(Heartbeat.Part.SWEEP, now=timezone.now() - 11 * 60 * SECOND)
    with CaptureQueriesContext(connection) as captured:
        text = client.get("/desk/").content.decode()
    assert "时限巡检已停 11 分，超期标记会晚到。" in text
    assert sum("governance_heartbeat" in query["sql"] for query in captured) == 1
    assert sum("governance_notice" in query["sql"] for query in captured) == 1, "asked together"
    assert "时限巡检已停 11 分" in client.get("/board/").content.decode()
