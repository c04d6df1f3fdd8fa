"""The interface for programs: report, list, read, move; repeats, refusals and the number of statements."""

import uuid
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.api import OF_THE_CASE
from cases.forms import FIELDS
from cases.models import Case
from cases.serializers import CaseRow
from cases.workflow import Loop, State
from governance.models import User
from governance.roles import Role
from grid.datum import MapDatum, from_wgs84
from grid.tiles import metres_between
from tests import people
from tests.lives import MORNING, case_at, inside, reported, row_for, settled_by, walk
from tests.photos import photo

pytestmark = pytest.mark.django_db
#: Session, user and posts: what every request of a signed-in person costs.
FLOOR = 3
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Program:
    """A signed-in client that speaks JSON."""

    def __init__(self, user) -> None:
        self.user, self.client, self.statements = user, Client(), 0
        self.client.force_login(user)

    def get(self, path: str, **query: Any):
        return self._count(lambda: self.client.get(path, query))

    def post(self, path: str, body: dict | None = None, key: uuid.UUID | str | None = None):
        headers = {"Idempotency-Key": str(key or uuid.uuid4())}
        return self._count(
            lambda: self.client.post(path, body or {}, content_type="application/json", headers=headers)
        )

    def move(self, case: Case, name: str, key: uuid.UUID | None = None, **given: Any):
        return self.post(f"/api/v1/cases/{case.uuid}/moves/{name}/", given, key)

    def _count(self, call):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer = call()
        counted = [q["sql"] for q in captured if not q["sql"].startswith(NOT_COUNTED)]
        self.statements, self.sql = len(counted) - FLOOR, counted
        return answer


@pytest.fixture
def worker() -> Program:
    return Program(people.worker())


@pytest.fixture
def clerk() -> Program:
    return Program(people.clerk())


@pytest.fixture
def stranger() -> Program:
    return Program(people.stranger())


def report_body(**other: Any) -> dict[str, Any]:
    longitude, latitude = inside()
    body = {
        "category": settled_by(Loop.COMMUNITY).pk,
        "longitude": longitude,
        "latitude": latitude,
        "address": "拓东路 88 号门口",
        "words": "单元门口堆放旧家具,影响通行。",
    }
    return {name: value for name, value in {**body, **other}.items() if value is not None}


# --- Reporting


def test_a_report_becomes_a_case_with_an_address(worker):
    answer = worker.post("/api/v1/cases/", report_body())
    said = answer.json()
    assert (answer.status_code, said["state"], said["version"]) == (201, "reported", 1)
    case = Case.objects.get(uuid=said["uuid"])
    assert said["number"] == case.number and case.source == Case.Source.API
    assert said["url"] == f"/cases/{case.uuid}/"


@pytest.mark.parametrize("datum", MapDatum.values)
def test_a_report_lies_where_its_own_datum_says(worker, datum):
    longitude, latitude = from_wgs84(*inside(), datum)
    body = report_body(longitude=longitude, latitude=latitude, datum=datum)
    answer = worker.post("/api/v1/cases/", body, key := uuid.uuid4())
    case = Case.objects.get(uuid=answer.json()["uuid"])
    assert metres_between((case.longitude, case.latitude), inside()) < 0.1
    assert worker.post("/api/v1/cases/", body, key).status_code == 200, "the same again is no other content"


def test_a_datum_that_nobody_knows_is_refused_at_its_name(worker):
    answer = worker.post("/api/v1/cases/", report_body(datum="xian80"))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["datum"])


def test_a_repeat_is_answered_again_and_writes_nothing(worker):
    key, body = uuid.uuid4(), report_body()
    first, again = worker.post("/api/v1/cases/", body, key), worker.post("/api/v1/cases/", body, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Case.objects.count() == 1


def test_a_repeat_with_other_words_is_refused(worker):
    key = uuid.uuid4()
    worker.post("/api/v1/cases/", report_body(), key)
    changed = worker.post("/api/v1/cases/", report_body(words="别的内容。"), key)
    assert changed.status_code == 409 and changed.json()["detail"]
    assert Case.objects.count() == 1


@pytest.mark.parametrize("key", ["", "abc", "1234"])
def test_a_report_needs_a_key_of_the_client(worker, key):
    answer = worker.client.post(
        "/api/v1/cases/", report_body(), content_type="application/json", headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"category": None}, "category"),
        ({"category": 10**30}, "category"),
        ({"category": "路灯"}, "category"),
        ({"category": [1]}, "category"),
        ({"longitude": None}, "position"),
        ({"longitude": 500}, "position"),
        ({"longitude": "NaN"}, "longitude"),
        ({"latitude": "Infinity"}, "latitude"),
        ({"latitude": 89.9}, "position"),
        ({"words": ""}, "words"),
        ({"words": "长" * 1001}, "words"),
        ({"words": "a\0b"}, "words"),
        ({"words": {"a": 1}}, "words"),
        ({"address": "长" * 121}, "address"),
        ({"photos": "abc"}, "photos"),
        ({"photos": ["abc"]}, "photos"),
        ({"condition": "没有这种情形"}, "condition"),
    ],
)
def test_what_does_not_fit_is_named_field_by_field(worker, wrong, field):
    answer = worker.post("/api/v1/cases/", report_body(**wrong))
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert not Case.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"a"', "1e400", '{"words": "\\ud800"}'])
def test_a_body_that_is_no_report_is_refused(worker, body):
    answer = worker.client.post(
        "/api/v1/cases/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code == 400


def test_a_photo_of_somebody_else_is_refused(worker, clerk):
    other = photo(by=clerk.user, now=reported().reported_at)
    answer = worker.post("/api/v1/cases/", report_body(photos=[str(other)]))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["photos"])
    assert Case.objects.count() == 1


def test_an_auditor_reports_nothing():
    auditor = Program(people.someone(Role.AUDITOR, people.DISTRICT))
    assert auditor.post("/api/v1/cases/", report_body()).status_code == 403


def test_nobody_writes_without_signing_in():
    answer = Client().post("/api/v1/cases/", report_body(), content_type="application/json")
    assert answer.status_code == 401
    assert Client().get("/api/v1/cases/").status_code == 401


def test_a_write_from_another_site_is_refused(worker):
    client = Client(enforce_csrf_checks=True)
    client.force_login(worker.user)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answer = client.post("/api/v1/cases/", report_body(), content_type="application/json", headers=headers)
    assert answer.status_code == 403


# --- Reading


def uuids(answer) -> list[str]:
    return [row["uuid"] for row in answer.json()["results"]]


def test_a_list_holds_what_the_person_sees(clerk, stranger):
    case = reported()
    assert uuids(clerk.get("/api/v1/cases/")) == [str(case.uuid)]
    assert uuids(stranger.get("/api/v1/cases/")) == []


@pytest.mark.parametrize(
    "alive", [reported, partial(reported, position=[103.5, 25.5]), partial(case_at, State.DISPATCHED)]
)
def test_a_row_of_the_list_says_what_the_case_itself_says(alive):
    case = alive()
    chief = Program(people.someone(Role.DUTY_CHIEF, people.DISTRICT))
    (row,) = chief.get("/api/v1/cases/").json()["results"]
    said = chief.get(f"/api/v1/cases/{case.uuid}/").json()
    assert row == {name: said[name] for name in CaseRow().fields}


def test_a_list_is_narrowed_by_what_stands_on_the_row(clerk):
    case = reported(words="楼道里堆着旧沙发")
    other = case_at(State.REGISTERED, loop=Loop.STREET)
    asked = {
        "state": "reported",
        "loop": "community",
        "category": case.category_id,
        "q": "旧沙发",
    }
    for name, value in asked.items():
        assert uuids(clerk.get("/api/v1/cases/", **{name: value})) == [str(case.uuid)], name
    both = clerk.get(
        "/api/v1/cases/", state=["reported", "registered"], street=case.street_id, lateness="none"
    )
    assert uuids(both) == [str(other.uuid), str(case.uuid)]
    assert uuids(clerk.get("/api/v1/cases/", q=other.number)) == [str(other.uuid)]
    assert uuids(clerk.get("/api/v1/cases/", street=1)) == []


def test_pages_go_by_limit_and_offset(clerk):
    cases = [reported() for _ in range(3)]
    page = clerk.get("/api/v1/cases/", limit=2, offset=2)
    assert page.json()["count"] == 3 and uuids(page) == [str(cases[0].uuid)]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "nonsense"},
        {"street": "x"},
        {"q": "一"},
        {"lateness": "1"},
        {"due": "someday"},
        {"was_late": "perhaps"},
    ],
)
def test_a_filter_that_means_nothing_is_refused_at_its_name(clerk, query):
    answer = clerk.get("/api/v1/cases/", **query)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(query)


def test_a_filter_that_no_database_can_hold_is_refused_before_it_is_read(clerk):
    assert clerk.get("/api/v1/cases/", loop="a\0b").status_code == 400


def test_a_filter_for_what_cannot_be_finds_nothing(clerk):
    reported()
    assert clerk.get("/api/v1/cases/").json()["count"] == 1
    for query in ({"street": 10**30}, {"category": 0}, {"q": "没有这种事"}):
        assert clerk.get("/api/v1/cases/", **query).json()["results"] == []


def test_a_case_tells_its_leg_its_history_and_what_may_be_done(clerk, worker):
    case = reported(words="楼道里堆着旧沙发", photos=[photo(by=worker.user, now=MORNING)])
    said = clerk.get(f"/api/v1/cases/{case.uuid}/").json()
    assert said["leg"]["id"] == case.legs.get().pk
    assert said["leg"]["due_at"] == said["due_at"]
    moves = {move["name"]: move for move in said["moves"]}
    assert moves["register"]["needs"] == ["responsibility"]
    assert moves["register"]["url"] == f"/api/v1/cases/{case.uuid}/moves/register/"
    assert "withdraw" not in moves and "grant_void" not in moves
    assert [(event["move"], event["words"]) for event in said["events"]] == [("report", "楼道里堆着旧沙发")]
    assert clerk.client.get(said["photos"][0]["thumb"]).status_code == 200
    assert "withdraw" in {move["name"] for move in worker.get(f"/api/v1/cases/{case.uuid}/").json()["moves"]}


def test_a_request_that_waits_opens_its_moves():
    case = reported(loop=Loop.DISTRICT)
    chief = Program(people.someone(Role.DUTY_CHIEF, people.DISTRICT))

    def offered() -> set[str]:
        return {move["name"] for move in chief.get(f"/api/v1/cases/{case.uuid}/").json()["moves"]}

    assert "grant_void" not in offered()
    walk(case, "ask_void")
    assert {"grant_void", "deny_void"} <= offered()


def test_a_stranger_finds_nothing(stranger):
    case = reported()
    assert stranger.get(f"/api/v1/cases/{case.uuid}/").status_code == 404
    assert stranger.move(case, "comment", words="看看").status_code == 404
    assert stranger.get(f"/api/v1/cases/{uuid.uuid4()}/").status_code == 404


# --- Moving


def test_a_move_is_made_and_repeated_with_the_same_answer(clerk):
    case, key = reported(), uuid.uuid4()
    given = {"responsibility": row_for(case).pk, "leg": case.legs.get().pk}
    first, again = clerk.move(case, "register", key, **given), clerk.move(case, "register", key, **given)
    assert (first.status_code, first.json()["state"], first.json()["version"]) == (200, "registered", 2)
    assert again.json() == first.json()
    changed = clerk.move(case, "register", key, **{**given, "responsibility": row_for(case, Loop.STREET).pk})
    assert changed.status_code == 409
    assert case.events.count() == 2


def test_a_move_on_an_old_leg_is_stale(clerk):
    case = reported()
    answer = clerk.move(case, "register", responsibility=row_for(case).pk, leg=case.legs.get().pk + 1)
    assert answer.status_code == 409 and case.events.count() == 1


def test_a_move_that_is_not_in_the_state_is_stale_even_with_nothing_given(clerk):
    assert clerk.move(reported(), "dispatch").status_code == 409


def test_a_move_of_others_is_forbidden_even_with_nothing_given(worker):
    case = reported()
    answer = worker.move(case, "register")
    assert answer.status_code == 403 and "值班长" in answer.json()["detail"]
    assert case.events.count() == 1


def test_a_move_says_what_is_missing(clerk):
    answer = clerk.move(reported(), "decline")
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["reason"]


@pytest.mark.parametrize("name", ["report", "fly", "warn"])
def test_what_people_cannot_do_is_no_move(clerk, name):
    assert clerk.move(reported(), name).status_code in (403, 404)


def test_a_move_takes_a_position_and_photos():
    case = case_at(State.HANDLED)
    verifier = Program(case.legs.get(stopped_at=None).person)
    taken = photo(by=verifier.user, now=case.reported_at)
    longitude, latitude = inside()
    longitude, latitude = from_wgs84(longitude, latitude, MapDatum.GCJ02)
    given = {"words": "已清走。", "photos": [str(taken)], "longitude": longitude, "latitude": latitude}
    answer = verifier.move(case, "pass", datum="gcj02", **given)
    assert (answer.status_code, answer.json()["state"]) == (200, "verified")
    assert case.legs.get(step="verifying").checked_metres < 1, "in another datum it would be a street away"


def test_a_move_that_no_longer_fits_is_still_answered_when_it_is_repeated(clerk):
    case, target, key = reported(), reported(), uuid.uuid4()
    first = clerk.move(case, "merge", key, target=target.number)
    walk(target, "decline")
    assert clerk.move(case, "merge", key, target=target.number).json() == first.json()


# --- Statements


def test_a_report_takes_ten_statements(worker):
    taken = photo(by=worker.user, now=MORNING)
    assert worker.post("/api/v1/cases/", report_body(photos=[str(taken)])).status_code == 201
    assert worker.statements <= 10, worker.sql


@pytest.mark.parametrize(
    "given", [{}, {"words": ""}, {"words": {"a": 1}}, {"leg": "x"}, {"words": "看一下。"}]
)
def test_whatever_is_sent_a_case_out_of_scope_is_not_there(stranger, given):
    case = reported()
    answer = stranger.move(case, "comment", **given)
    nowhere = stranger.post(f"/api/v1/cases/{uuid.uuid4()}/moves/comment/", given)
    assert (
        (answer.status_code, answer.json()) == (nowhere.status_code, nowhere.json()) == (404, answer.json())
    )


def test_a_field_asks_the_case_only_where_the_interface_reads_it():
    for need in set(FIELDS) - set(OF_THE_CASE):
        assert FIELDS[need](None, people.worker()), need


@pytest.mark.parametrize("name", ["send_to_check", "register", "dispatch", "accept", "feedback", "close"])
def test_a_move_takes_twelve_statements(name):
    before = {
        "send_to_check": State.REPORTED,
        "register": State.REPORTED,
        "dispatch": State.REGISTERED,
        "accept": State.DISPATCHED,
        "feedback": State.HANDLING,
        "close": State.VERIFIED,
    }
    case = case_at(before[name])
    person, given = who_and_what(case, name)
    program = Program(person)
    answer = program.move(case, name, leg=case.legs.get(stopped_at=None).pk, **given)
    assert answer.status_code == 200, answer.json()
    assert program.statements <= 12, "\n".join(program.sql)


def who_and_what(case: Case, name: str):
    """A person who may make the move, and what it needs."""
    if name in ("send_to_check", "register", "dispatch", "close"):
        given = {
            "register": {"responsibility": row_for(case).pk},
            "dispatch": {"unit": case.community_id},
            "close": {"condition_met": True},
        }
        return people.clerk(), given.get(name, {})
    holders = User.objects.filter(
        posts__organization=case.unit_id, posts__ends_on=None, posts__role__in=HANDLING
    )
    person = case.legs.get(stopped_at=None).person or holders.exclude(pk__in=case.reporters).first()
    if name == "accept":
        return person, {}
    return person, {"words": "已清理。", "photos": [str(photo(by=person, now=case.reported_at))]}


HANDLING = ("handler", "community_worker", "grid_worker")


def test_a_list_takes_six_statements_however_long(clerk):
    for _ in range(3):
        reported()
    assert clerk.get("/api/v1/cases/", state="reported", q="旧家具").status_code == 200
    assert clerk.statements <= 6, clerk.sql


def test_a_case_takes_eight_statements(clerk):
    case = case_at(State.HANDLED)
    assert clerk.get(f"/api/v1/cases/{case.uuid}/").status_code == 200
    assert clerk.statements <= 8, clerk.sql


# --- Papers


def test_the_description_covers_every_address():
    answer = Client().get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    paths = answer.json()["paths"]
    for path in ("cases/", "cases/{case_uuid}/", "cases/{case_uuid}/moves/{name}/", "map/", "categories/"):
        assert f"/api/v1/{path}" in paths
    assert "/photos/" in paths


def test_the_papers_need_no_inline_script():
    page = Client().get("/api/docs/")
    assert "<script>" not in page.content.decode() and "<style" not in page.content.decode()
    assert "unsafe-inline" not in page["Content-Security-Policy"]
    script = Client().get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript") and b"/api/schema/" in script.content


def test_categories_are_listed(worker):
    found = worker.get("/api/v1/categories/", limit=2).json()
    assert found["count"] > 400 and {"id", "code", "name"} <= set(found["results"][0])
