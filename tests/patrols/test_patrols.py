"""巡查: kept once when it is over, seen by its walker alone, gone after 180 days; what it proves is where, not who."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.missed import find_missed
from appraisal.models import MissedReport
from appraisal.periods import DAY
from cases.models import Case
from governance import health
from governance.models import User
from governance.roles import Role
from grid.models import Grid
from patrols import actions, tracks
from patrols.models import Patrol, PatrolledGrid
from patrols.tasks import forget_old
from records.refusals import Forbidden, KeyReused, Unfit
from tests import lives, people
from tests.appraisal.looks import by_telephone
from tests.patrols.walks import HOUR, points_through, walked
from tests.rivals import rivals
from tests.scale import tries

pytestmark = pytest.mark.django_db
#: About 11 m to the north, in degrees.
STEP = 0.0001
FLOOR = 3  # session, user, posts


def sent(
    points: list[Any] | str | None = None, *, now: dt.datetime | None = None, **other: Any
) -> dict[str, Any]:
    """What a phone sends of a patrol that ended a moment ago."""
    ended = (now or timezone.now()) - dt.timedelta(minutes=1)
    return {
        "key": str(uuid.uuid4()),
        "begun_at": (ended - 8 * HOUR).isoformat(),
        "ended_at": ended.isoformat(),
        "points": points
        if isinstance(points, str)
        else json.dumps(points_through() if points is None else points),
        "findings": "",
        **other,
    }


def phone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def worker() -> Client:
    return phone(people.worker())


def keep(client: Client, body: dict[str, Any]):
    return client.post("/field/patrols/keep/", body)


# Kept once ---------------------------------------------------------------------------------------------------------


def test_a_patrol_is_kept_once_however_often_it_is_sent(worker):
    body = sent()
    answers = [keep(worker, body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.json()["url"] for answer in answers}) == 1
    patrol = Patrol.objects.get()
    assert (patrol.by, str(patrol.uuid), len(patrol.points)) == (people.worker(), body["key"], 10)
    assert 0 < patrol.metres < 100
    assert list(patrol.grids.values_list("grid__code", flat=True)) == [f"{people.COMMUNITY}001"]


def test_other_content_under_a_used_key_is_refused_and_changes_nothing(worker):
    body = sent()
    keep(worker, body)
    before = Patrol.objects.values().get()
    for other in ({"findings": str(uuid.uuid4())}, {"points": "[]"}):
        answer = keep(worker, body | other)
        assert (answer.status_code, answer.json()["detail"]) == (
            409,
            "这个标识已经用过，内容不同，没有保存。",
        )
    stranger = keep(phone(people.someone(Role.INSPECTOR, people.DISTRICT)), body)
    assert stranger.status_code == 409
    assert Patrol.objects.values().get() == before


@pytest.mark.django_db(transaction=True)
def test_of_phones_that_send_it_at_the_same_moment_one_makes_it(promise):
    tried = tries(3, full=10)
    for _ in range(tried):
        body = sent()
        with rivals(4) as crowd:
            clients = [phone(people.worker()) for _ in range(4)]
            answers = crowd.at_once(
                [lambda client=client, body=body: keep(client, body) for client in clients]
            )
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert Patrol.objects.count() == tried
    assert PatrolledGrid.objects.count() == tried
    promise("a patrol sent by four at once is kept once", tried=tried, held=tried)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"key": "1"}, "__all__"),
        ({"begun_at": ""}, "begun_at"),
        ({"ended_at": "gestern"}, "ended_at"),
        ({"ended_at": "2020-01-01T08:00:00Z"}, "ended_at"),
        ({"begun_at": "2026-01-01T08:00:00Z"}, "ended_at"),
        ({"begun_at": "2020-01-01T08:00:00Z", "ended_at": "2020-01-01T09:00:00Z", "points": ""}, "begun_at"),
        ({"ended_at": "9999-12-31T23:59:59Z"}, "ended_at"),
        ({"begun_at": "0001-01-01T00:00:00Z", "ended_at": "0001-01-01T00:00:00Z", "points": ""}, "begun_at"),
        ({"points": "{"}, "points"),
        ({"points": "{}"}, "points"),
        ({"points": "[[1, 2]]"}, "points"),
        ({"points": "[[true, 102.7, 25.0, 5]]"}, "points"),
        ({"points": "[[NaN, 102.7, 25.0, 5]]"}, "points"),
        ({"points": "[[0, 1e400, 25.0, 5]]"}, "points"),
        ({"points": "[[0, 190, 25.0, 5]]"}, "points"),
        ({"points": '[["0", 102.7, 25.0, 5]]'}, "points"),
        ({"points": "[[9, 102.7, 25.0, 5], [8, 102.7, 25.0, 5]]"}, "points"),
        ({"points": "[[99999999, 102.7, 25.0, 5]]"}, "points"),
        ({"points": json.dumps([[0, 102.7, 25.0, 5]] * (tracks.MOST_POINTS + 1))}, "points"),
        ({"points": "[" * 100_000}, "points"),
        ({"findings": "abc"}, "findings"),
        ({"findings": " ".join(str(uuid.uuid4()) for _ in range(201))}, "findings"),
        ({"owner": "0"}, "owner"),
    ],
)
def test_what_cannot_be_a_patrol_is_refused_with_a_sentence_and_nothing_is_walked(worker, other, field):
    answer = keep(worker, sent() | other)
    assert answer.status_code in (400, 403)
    body = answer.json()
    assert field in body["errors"], body
    assert any("一" <= letter <= "鿿" for letter in body["detail"])
    assert not Patrol.objects.exists()


def test_who_has_no_patrols_cannot_send_one():
    for role in (Role.CLERK, Role.LEADER):
        person = people.someone(role, people.COMMUNITY if role == Role.CLERK else people.DISTRICT)
        assert keep(phone(person), sent()).status_code == 403
        assert phone(person).get("/field/patrols/").status_code == 403
    with pytest.raises(Forbidden):
        walked(people.clerk(), now=timezone.now())
    assert not Patrol.objects.exists()


# Where it led ------------------------------------------------------------------------------------------------------


def test_grids_are_those_in_which_somebody_spent_a_minute_or_more():
    first, second, third = (f"{people.COMMUNITY}00{number}" for number in (1, 2, 3))
    through = points_through(first, second)
    through += [[through[-1][0] + 4000, *lives.inside(third), 12]]  # one fix: only seen from its edge
    patrol = walked(now=timezone.now(), points=through)
    assert sorted(patrol.grids.values_list("grid__code", flat=True)) == [first, second]


def test_a_grid_that_is_closed_that_day_was_not_patrolled():
    Grid.objects.filter(code=f"{people.COMMUNITY}001").update(active_until=dt.date(2026, 1, 1))
    assert not walked(now=timezone.now()).grids.exists()


def test_jumps_and_vague_fixes_lead_nowhere():
    here = [102.73, 25.04]
    points = [(0, *here, 8.0), (30, here[0], here[1] + STEP, 8.0)]
    jump = (60, here[0] + 1, here[1], 8.0)
    vague = (60, here[0] + 0.001, here[1], 300.0)
    assert tracks.good([*points, jump, vague]) == points
    assert tracks.length(points) == 11
    assert tracks.length([]) == tracks.length(points[:1]) == 0


# Whose it is -------------------------------------------------------------------------------------------------------


def test_a_patrol_is_seen_by_its_walker_and_by_nobody_else(worker):
    url = keep(worker, sent()).json()["url"]
    assert worker.get(url).status_code == 200
    assert url in worker.get("/field/patrols/").text
    root = people.newcomer("root", role=Role.INSPECTOR)
    root.is_superuser = root.is_staff = True
    root.save()
    others = [
        root,
        people.someone(Role.SUPERVISOR, people.STREET),
        people.someone(Role.GRID_WORKER, people.COMMUNITY, 1),
    ]
    for other in others:
        assert phone(other).get(url).status_code == 404
        assert phone(other).post(f"{url}forget/").status_code == 404
        assert url not in phone(other).get("/field/patrols/").text
    assert Patrol.objects.count() == 1


def test_its_walker_may_remove_it_and_what_was_found_stays(worker):
    key = uuid.uuid4()
    case = lives.reported()
    Case.objects.filter(pk=case.pk).update(uuid=key)
    url = keep(worker, sent(findings=str(key))).json()["url"]
    assert "发现 1 件" in worker.get(url).text
    assert worker.post(f"{url}forget/").status_code == 302
    assert not Patrol.objects.exists() and not PatrolledGrid.objects.exists()
    assert Case.objects.filter(pk=case.pk).exists()


def test_findings_are_counted_when_they_have_arrived_as_cases(worker):
    arrived, other = lives.reported(), lives.reported(by=people.someone(Role.INSPECTOR, people.DISTRICT))
    findings = f"{arrived.uuid} {other.uuid} {uuid.uuid4()}"
    url = keep(worker, sent(findings=findings)).json()["url"]
    page = worker.get(url).text
    assert "发现 1 件" in page and f"/cases/{arrived.uuid}/" in page and str(other.uuid) not in page
    assert "发现 1 件" in worker.get("/field/patrols/").text


def test_after_180_days_nothing_is_left_of_it():
    now = timezone.now()
    old = walked(now=now - dt.timedelta(days=29))
    young = walked(now=now)
    Patrol.objects.filter(pk=old.pk).update(begun_at=now - actions.KEPT - 3 * DAY)
    (check,) = (one for one in health.CHECKS if one.name == "patrols")
    assert check.look(now).state == health.State.FAILING
    assert forget_old() == 1
    assert list(Patrol.objects.all()) == [young]
    assert not PatrolledGrid.objects.filter(patrol_id=old.pk).exists()
    assert check.look(now).state == health.State.OK


def test_a_page_costs_the_same_however_many_patrols_there_are(worker):
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert worker.get("/field/patrols/").status_code == 200
        return len(asked)

    for _ in range(2):
        keep(worker, sent(findings=str(lives.reported().uuid)))
    few = cost()
    for _ in range(15):
        keep(worker, sent(findings=str(uuid.uuid4())))
    assert cost() == few <= FLOOR + 6


# What it means for the loop ----------------------------------------------------------------------------------------


def test_what_is_reported_on_a_patrol_says_so(worker):
    longitude, latitude = lives.inside()
    report = {
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": lives.settled_by("community").pk,
        "words": "单元门口堆放旧家具。",
        "nearby_seen": "1",
    }
    for told, source in (({}, Case.Source.FIELD), ({"patrol": "1"}, Case.Source.PATROL)):
        key = str(uuid.uuid4())
        answer = worker.post(
            "/field/report/", report | told | {"key": key}, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 201
        assert Case.objects.get(uuid=key).source == source


def test_a_report_by_others_in_a_grid_that_its_worker_patrolled_that_day_was_perhaps_missed():
    walked(now=lives.MORNING + HOUR)
    call = by_telephone()
    assert find_missed(now=lives.MORNING + DAY) == 1
    found = MissedReport.objects.get()
    assert (found.case_id, found.was_patrolled, found.events) == (call.pk, True, [])


def test_a_patrol_by_somebody_else_or_of_another_day_proves_nothing():
    walked(people.someone(Role.INSPECTOR, people.DISTRICT), now=lives.MORNING + HOUR)
    walked(now=lives.MORNING - DAY)
    by_telephone()
    assert find_missed(now=lives.MORNING + DAY) == 0


def test_a_phone_that_comes_back_after_a_month_or_from_the_future_is_told_why():
    now = timezone.now()
    told = actions.Told(now - 2 * HOUR, now + HOUR, [], [])
    with pytest.raises(Unfit, match="核对手机的时间"):
        actions.keep_patrol(by=people.worker(), now=now, key=uuid.uuid4(), told=told)
    old = actions.Told(now - 31 * DAY, now - 31 * DAY + HOUR, [], [])
    with pytest.raises(Unfit, match="不再保存"):
        actions.keep_patrol(by=people.worker(), now=now, key=uuid.uuid4(), told=old)
    used = walked(now=now)
    with pytest.raises(KeyReused):
        actions.keep_patrol(by=people.worker(), now=now, key=used.uuid, told=actions.Told(now, now, [], []))
