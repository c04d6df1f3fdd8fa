"""Side effects happen, and are seen once: the outbox, its relay, and a broker that may be lost at any second."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from cases.models import Case
from config.celery import app
from demo.accounts import DEMO_PASSWORD
from governance import actions
from governance.models import Notice, Organization, Outbox, Post, User
from governance.roles import Duty, Role
from tests import people
from tests.cases.walks import appoint
from tests.lives import MORNING, eligible_units, inside, row_for, settled_by
from tests.processes import Broker, beat, wait_for, worker
from tests.scale import tries

MINUTE = dt.timedelta(minutes=1)
READERS, NOTICES = 10, tries(500, trust=2000)


def to_user(user: User, number: int = 1) -> None:
    for n in range(number):
        actions.tell(f"第 {n} 条", url="/inbox/", audience=[{"user": user.pk}], now=MORNING)


def to_duty(duty: Duty, code: str) -> None:
    place = Organization.objects.get(code=code)
    actions.tell("请受理", url="/desk/", audience=[{"organization": place.pk, "duty": duty}], now=MORNING)


@pytest.fixture
def reader(db) -> User:
    return people.newcomer("test_reader", "收件人")


# Who is told ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_duty_is_told_to_the_people_who_hold_it_today():
    left, came = (
        people.someone(Role.CLERK, people.COMMUNITY),
        User.objects.create_user("test_new", name="新人"),
    )
    to_duty(Duty.CHIEF, people.COMMUNITY)
    Post.objects.filter(user=left).update(ends_on=MORNING.date())
    appoint(came, Role.CLERK, people.COMMUNITY, starts_on=MORNING.date())
    assert actions.relay(now=MORNING) == 1
    told = set(Notice.objects.values_list("user", flat=True))
    stay = people.someone(Role.CLERK, people.COMMUNITY)
    assert told == {came.pk, stay.pk} and left.pk not in told


@pytest.mark.django_db
def test_today_is_the_day_in_shanghai_even_before_eight_in_the_morning():
    left = people.someone(Role.CLERK, people.COMMUNITY)
    Post.objects.filter(user=left).update(ends_on=MORNING.date())
    to_duty(Duty.CHIEF, people.COMMUNITY)
    actions.relay(now=MORNING.replace(hour=2).astimezone(dt.UTC))
    assert not left.notices.exists()


@pytest.mark.django_db
def test_who_is_named_twice_is_told_once(reader):
    actions.tell("重复", url="/", audience=[{"user": reader.pk}, {"user": reader.pk}], now=MORNING)
    actions.relay(now=MORNING)
    assert reader.notices.count() == 1


@pytest.mark.django_db
def test_a_notice_to_nobody_is_not_written():
    actions.tell("没有收件人", url="/", audience=[], now=MORNING)
    assert not Outbox.objects.exists()


# Once -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_delivered_row_is_not_delivered_again(reader):
    to_user(reader, 3)
    assert [actions.relay(now=MORNING), actions.relay(now=MORNING + 10 * MINUTE)] == [3, 0]
    assert reader.notices.count() == 3


@pytest.mark.django_db(transaction=True)
def test_four_relays_at_once_deliver_everything_once():
    reader = people.newcomer("test_reader", "收件人")
    to_user(reader, 200)
    gate = Barrier(4, timeout=30)

    def relay(_number: int) -> int:
        gate.wait()
        try:
            return sum(actions.relay(now=MORNING, most=20) for _ in range(12))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        delivered = list(pool.map(relay, range(4)))
    assert sum(delivered) == 200
    assert Notice.objects.values("outbox").annotate(n=Count("pk")).filter(n=1).count() == 200
    assert not Outbox.objects.filter(attempts__gt=1).exists()


@pytest.mark.django_db
def test_a_row_under_lease_is_left_to_its_relay_and_taken_over_when_that_died(reader):
    to_user(reader)
    Outbox.objects.update(leased_until=MORNING + MINUTE, attempts=1)
    assert actions.relay(now=MORNING) == 0
    assert actions.relay(now=MORNING + MINUTE + dt.timedelta(seconds=1)) == 1
    assert reader.notices.count() == 1


@pytest.mark.django_db
def test_a_relay_that_died_after_half_the_audience_leaves_nobody_told_twice(reader):
    other = people.newcomer("test_other", "另一人")
    audience = [{"user": reader.pk}, {"user": other.pk}]
    actions.tell("两人", url="/", audience=audience, now=MORNING)
    Notice.objects.create(user=reader, outbox=Outbox.objects.get(), at=MORNING)
    actions.relay(now=MORNING)
    assert (reader.notices.count(), other.notices.count()) == (1, 1)


# What cannot be delivered -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_bad_row_is_dead_after_five_tries_and_keeps_its_error(reader):
    actions.tell("坏数据", url="/", audience=[{"organization": 1, "duty": "不存在"}], now=MORNING)
    to_user(reader)
    now = MORNING
    for attempt in range(1, 8):
        actions.relay(now=now)
        row = Outbox.objects.get(subject="坏数据")
        assert row.attempts == min(attempt, actions.TRIES)
        assert (row.dead_at is not None) == (attempt >= actions.TRIES)
        assert "不存在" in row.error
        now += 2 * MINUTE
    assert reader.notices.count() == 1


# The broker is away ------------------------------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path):
    """A Valkey of this test alone, which the program's own settings point at for the while."""
    broker, before = Broker(tmp_path), app.conf.broker_url
    broker.start()
    app.conf.broker_url = broker.url
    yield broker
    app.conf.broker_url = before
    broker.stop()


def sign_in(username: str) -> Client:
    client = Client()
    answer = client.post("/login/", {"username": username, "password": DEMO_PASSWORD})
    assert answer.status_code == 302
    return client


@pytest.mark.trust
@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_without_redis_people_sign_in_report_and_dispatch_and_later_nothing_is_lost(
    broker, tmp_path, promise
):
    broker.stop()
    key, (longitude, latitude) = uuid.uuid4(), inside()
    report = {
        "key": key,
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by("community").pk,
        "words": "楼道堆物,无法通行",
    }
    answer = sign_in("wangge").post("/field/report/", report)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    case = Case.objects.get(uuid=key)
    clerk = sign_in("shequ")
    move = f"/cases/{case.uuid}/moves"
    assert (
        clerk.post(f"{move}/register/", {"key": uuid.uuid4(), "responsibility": row_for(case).pk}).status_code
        == 302
    )
    unit = next(unit for unit in eligible_units(case) if unit.function == "property")
    assert clerk.post(f"{move}/dispatch/", {"key": uuid.uuid4(), "unit": unit.pk}).status_code == 302
    assert Outbox.objects.filter(done_at=None).count() == 3

    readers = [people.newcomer(f"test_reader_{n}", "收件人") for n in range(READERS)]
    for reader in readers:
        to_user(reader, NOTICES // READERS)
    broker.start()
    settings = {"broker": broker.url, "RELAY_SECONDS": "0.5", "SWEEP_SECONDS": "600"}
    logs = [tmp_path / "worker.log", tmp_path / "beat.log"]
    with beat(folder=tmp_path, **settings):
        with worker(log=logs[0], **settings) as first:
            wait_for(lambda: Outbox.objects.filter(done_at__isnull=False).count() > 20, 180, logs)
            first.kill()
            first.wait()
        Outbox.objects.filter(done_at=None).update(leased_until=timezone.now())  # its lease is over
        with worker(log=logs[0], **settings):
            wait_for(lambda: not Outbox.objects.filter(done_at=None).exists(), 180, logs)
    assert not Notice.objects.values("user", "outbox").annotate(n=Count("pk")).filter(n__gt=1).exists()
    handlers = User.objects.filter(posts__organization=unit, posts__role=Role.HANDLER)
    assert Notice.objects.filter(user__in=handlers, outbox__subject__contains=case.number).exists()
    promise(
        "notices arrive once, with Redis gone and a worker killed",
        tried=NOTICES,
        held=Notice.objects.filter(user__in=readers).count(),
    )
