"""A case left alone: only time, a real worker and a real beat; nothing is called, no date is written."""

import uuid

import pytest
from django.test import Client

from cases.models import Case, CaseEvent, CaseText
from cases.workflow import Loop, State
from demo.accounts import DEMO_PASSWORD
from governance.models import Heartbeat, User
from records import chain
from tests.cases.walks import limit_all
from tests.lives import inside, settled_by
from tests.processes import Broker, beat, wait_for, worker

#: The list may say any limit; this one is 3.6 seconds, and urgent hours know no grace.
SECONDS = "0.001 紧急工作时"


def sign_in(username: str) -> Client:
    client = Client()
    assert client.post("/login/", {"username": username, "password": DEMO_PASSWORD}).status_code == 302
    return client


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_case_left_alone_goes_up_to_the_district_and_ends_with_a_named_leader(tmp_path):
    category = settled_by(Loop.COMMUNITY)
    limit_all(category, SECONDS)
    longitude, latitude = inside()
    key = uuid.uuid4()
    report = {
        "key": key,
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": category.pk,
        "words": "消防通道被堵,一直没有人来",
    }
    assert sign_in("wangge").post("/field/report/", report).status_code == 302

    broker = Broker(tmp_path)
    broker.start()
    settings = {"broker": broker.url, "SWEEP_SECONDS": "0.5", "RELAY_SECONDS": "0.5"}
    logs = [tmp_path / "worker.log", tmp_path / "beat.log"]
    leader = User.objects.get(username="quling")
    try:
        with worker(log=logs[0], **settings), beat(folder=tmp_path, **settings):
            wait_for(lambda: leader.notices.filter(outbox__url=f"/cases/{key}/"), 180, logs)
    finally:
        broker.stop()
    assert set(Heartbeat.objects.values_list("part", flat=True)) == set(Heartbeat.Part)

    case = Case.objects.get(uuid=key)
    assert (case.state, case.loop, case.escalated_by_time) == (State.REPORTED, Loop.DISTRICT, True)
    loops = case.events.filter(move="escalate").values_list("loop", flat=True)
    assert list(loops) == [Loop.STREET, Loop.DISTRICT]
    assert case.events.filter(move="overdue").count() == 3
    assert set(case.events.exclude(move="report").values_list("by", flat=True)) == {None}
    order = case.supervisions.get()
    assert (order.leader, order.accepted_at) == (leader, None)
    for leg in case.legs.all():
        assert 3 <= (leg.due_at - leg.opened_at).total_seconds() <= 4
    assert chain.broken(CaseEvent, CaseText) == []

    reading = sign_in("quling")
    inbox = reading.get("/inbox/").content.decode()
    assert case.number in inbox and "督办" in inbox
    assert reading.get(f"/cases/{key}/").status_code == 200
