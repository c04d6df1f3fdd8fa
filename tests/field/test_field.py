"""The phone's pages: to-do, where a position lies, what is open nearby, and reporting without any script."""

import re
import uuid
from base64 import b64decode
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import actions
from cases.actions import Refused
from cases.models import Case, Leg, Photo
from cases.workflow import Loop, State
from governance.models import StoreKey, User
from governance.roles import Role
from tests import people
from tests.lives import case_at, inside, open_leg, reported, settled_by
from tests.photos import jpeg, photo

pytestmark = pytest.mark.django_db
FLOOR = 3  # session, user, posts
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
IN_BEIJING = [116.39, 39.91]


def phone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def worker() -> Client:
    return phone(people.worker())


def body(**other: Any) -> dict[str, Any]:
    longitude, latitude = other.pop("position", None) or inside()
    given = {
        "key": str(uuid.uuid4()),
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by(Loop.COMMUNITY).pk,
        "words": "单元门口堆放旧家具,影响通行。",
        **other,
    }
    return {name: value for name, value in given.items() if value is not None}


def picture(name: str = "p.jpg") -> SimpleUploadedFile:
    """An upload; another name is another picture."""
    colour = "#7a8b99" if name == "p.jpg" else "#5d7a5f"
    return SimpleUploadedFile(name, jpeg(colour=colour), content_type="image/jpeg")


def json(client: Client, **given: Any):
    return client.post("/field/report/", given, headers={"Accept": "application/json"})


# Where it is ------------------------------------------------------------------------------------------------------


def test_a_position_in_a_grid_is_answered_with_its_grid_community_and_street(worker):
    longitude, latitude = inside()
    answer = worker.get("/field/locate/", {"lon": longitude, "lat": latitude}).json()
    assert answer["grid"]["code"] == f"{people.COMMUNITY}001"
    assert (answer["community"], answer["street"], answer["district"]) == ("尚义社区", "拓东街道", "盘龙区")
    assert answer["sentence"] == "拓东街道 · 尚义社区第1网格"


def test_a_position_outside_of_every_grid_is_a_real_answer(worker):
    answer = worker.get("/field/locate/", {"lon": IN_BEIJING[0], "lat": IN_BEIJING[1]}).json()
    assert answer["grid"] is None
    assert "不在任何网格内，将由区级受理" in answer["sentence"]


def test_with_a_category_the_loop_and_its_reason_are_answered(worker):
    longitude, latitude = inside()
    category = settled_by(Loop.STREET)
    answer = worker.get("/field/locate/", {"lon": longitude, "lat": latitude, "category": category.pk}).json()
    assert answer["loop"] == "street"
    assert category.code in answer["reason"]


@pytest.mark.parametrize("query", [{}, {"lon": "x", "lat": 25}, {"lon": 500, "lat": 25}])
def test_what_is_no_position_is_refused_with_a_sentence(worker, query):
    answer = worker.get("/field/locate/", query)
    assert (answer.status_code, answer.json()["detail"]) == (400, "请给出经度和纬度。")


# Nearby -----------------------------------------------------------------------------------------------------------


def test_open_cases_of_the_same_category_nearby_are_asked_about_nearest_first(worker):
    now = timezone.now()
    longitude, latitude = inside()
    reported(loop=Loop.STREET, now=now, words="近处占道")
    same = reported(now=now, words="同类堆物", position=[longitude + 0.0005, latitude])
    nearer = reported(now=now, words="更近的堆物", position=[longitude + 0.0001, latitude])
    far = reported(now=now, words="远处堆物", position=[longitude + 0.004, latitude])
    query = {"lon": longitude, "lat": latitude, "category": same.category_id}
    page = worker.get("/field/nearby/", query).content.decode()
    assert "10 米外已有 2 件同类" in page and page.index("更近的堆物") < page.index("同类堆物")
    assert "近处占道" not in page and far.number not in page and "远处堆物" not in page
    assert f'name="same_as" value="{nearer.uuid}"' in page
    before = worker.get("/field/nearby/", {"lon": longitude, "lat": latitude}).content.decode()
    assert before.strip() == "", "nothing is asked before the category is chosen"


def test_nothing_nearby_is_told_of_cases_out_of_sight(worker):
    longitude, latitude = inside()
    case = reported(now=timezone.now())
    query = {"lon": longitude, "lat": latitude, "category": case.category_id}
    assert "已有 1 件同类" in worker.get("/field/nearby/", query).content.decode()
    page = phone(people.stranger()).get("/field/nearby/", query)
    assert page.content.decode().strip() == ""


# It is that one ---------------------------------------------------------------------------------------------------


def supervisor() -> User:
    return people.someone(Role.SUPERVISOR, people.STREET)


def test_who_meets_what_is_reported_already_becomes_a_reporter_of_it():
    case, user = reported(now=timezone.now()), supervisor()
    given = body(same_as=str(case.uuid), photos=[picture()], words="门口也堆了一些", category=None)
    answer = phone(user).post("/field/report/", given)
    assert answer.url == f"/field/reports/{case.uuid}/?also=1"
    assert "已并入这件" in phone(user).get(answer.url).content.decode()
    case.refresh_from_db()
    event = case.events.get(move="also_report")
    assert set(case.reporters) == {people.worker().pk, user.pk} and event.by == user
    assert case.photos.get(sequence=event.sequence).by == user and Case.objects.count() == 1
    assert case.texts.get(sequence=event.sequence).body == "门口也堆了一些"


def test_that_it_is_that_one_is_done_once_whatever_answer_was_lost():
    case, client = reported(now=timezone.now()), phone(supervisor())
    given = body(same_as=str(case.uuid))
    assert [json(client, **given).status_code for _ in range(3)] == [201, 200, 200]
    other = json(client, **(given | {"key": str(uuid.uuid4()), "words": "又多了一些"}))
    assert other.status_code == 201
    assert list(case.events.values_list("move", flat=True)) == ["report", "also_report", "comment"]


def test_it_is_no_case_that_the_person_may_not_see():
    case = reported(now=timezone.now())
    answer = json(phone(people.stranger()), **body(same_as=str(case.uuid)))
    assert answer.status_code == 404 and case.events.count() == 1


def test_a_script_that_reused_a_key_is_given_another_one(worker):
    given = body()
    assert json(worker, **given).status_code == 201
    again = json(worker, **(given | {"words": "另一件事，同一张表单", "nearby_seen": "1"}))
    key = again.json()["key"]
    assert again.status_code == 409 and key != given["key"]
    other = given | {"words": "另一件事，同一张表单", "nearby_seen": "1", "key": key}
    assert json(worker, **other).status_code == 201 and Case.objects.count() == 2


def test_who_handles_a_case_adds_to_it_and_does_not_become_its_reporter():
    case = case_at(State.HANDLING)
    handler, before = User.objects.get(pk=case.handlers[0]), list(case.reporters)
    given = body(same_as=str(case.uuid), photos=[picture()])
    assert [phone(handler).post("/field/report/", given).status_code for _ in range(2)] == [302, 302]
    case.refresh_from_db()
    assert case.reporters == before and case.events.last().move == "comment" and case.photos.count() > 0


def test_who_was_drawn_to_look_keeps_the_check_whatever_is_pressed():
    case = case_at(State.HANDLED)
    drawn = User.objects.get(pk=open_leg(case).person_id)
    assert json(phone(drawn), **body(same_as=str(case.uuid))).status_code == 201
    case.refresh_from_db()
    assert case.events.last().move == "comment" and drawn.pk not in case.reporters
    assert open_leg(case).person_id == drawn.pk


def test_one_more_reporter_hears_of_the_case_but_neither_who_called_nor_may_withdraw_it():
    """The telephone number is for who took the call and who works on the case; a report is its reporter's to take back."""
    call = reported(
        source=Case.Source.PHONE,
        by=people.clerk(),
        now=timezone.now(),
        contact_name="王女士",
        contact_phone="13888880000",
    )
    for person in (supervisor(), people.worker()):
        assert json(phone(person), **body(same_as=str(call.uuid), words="我也看到了")).status_code == 201
        asked = phone(person).post(f"/cases/{call.uuid}/contact/", {"purpose": "回访"})
        assert asked.status_code == 403 and "13888880000" not in asked.content.decode()
    own = reported(now=timezone.now())
    assert json(phone(supervisor()), **body(same_as=str(own.uuid))).status_code == 201
    own.refresh_from_db()
    with pytest.raises(Refused, match="一并上报"):
        actions.perform(
            own.uuid,
            "withdraw",
            by=supervisor(),
            now=timezone.now(),
            key=uuid.uuid4(),
            given={"reason": "撤"},
        )


# Outside ----------------------------------------------------------------------------------------------------------


def test_a_position_outside_the_district_is_asked_about_once(worker):
    given = body(position=IN_BEIJING)
    asked = worker.post("/field/report/", given)
    page = asked.content.decode()
    assert asked.status_code == 422 and "位置在本区以外" in page and not Case.objects.exists()
    assert 'name="outside_seen" value="1"' in page
    assert json(worker, **given).json()["errors"].keys() == {"outside"}
    assert worker.post("/field/report/", {**given, "outside_seen": "1"}).status_code == 302
    assert (
        worker.get("/field/locate/", {"lon": IN_BEIJING[0], "lat": IN_BEIJING[1]}).json()["outside"] is True
    )
    assert (
        worker.get("/field/locate/", dict(zip(("lon", "lat"), inside(), strict=True))).json()["outside"]
        is False
    )


# Report -----------------------------------------------------------------------------------------------------------


def test_a_plain_form_with_photo_files_reports_and_says_where_it_went(worker):
    given = body(photos=[picture(), picture("b.jpg")], device_time="2026-11-18T10:00:00+08:00")
    answer = worker.post("/field/report/", given)
    case = Case.objects.get(uuid=given["key"])
    assert answer.url == f"/field/reports/{case.uuid}/"
    assert case.photos.count() == 2
    assert case.device_time.isoformat() == "2026-11-18T02:00:00+00:00"
    page = worker.get(answer.url).content.decode()
    assert case.number in page and case.routing_reason in page and case.centre.centre_name in page


def test_a_device_time_that_cannot_be_read_is_no_claim_and_no_error(worker):
    given = body(device_time="gestern")
    worker.post("/field/report/", given)
    assert Case.objects.get(uuid=given["key"]).device_time is None


def test_an_error_stands_at_its_field_and_loses_nothing(worker):
    given = body(words="", photos=[picture()])
    answer = worker.post("/field/report/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请说明是什么问题。" in page
    assert str(Photo.objects.get().uuid) in page and given["key"] in page
    assert re.search(rf'value="{given["category"]}"[^>]* selected', page)


def test_without_script_a_report_beside_the_same_is_asked_once(worker):
    twin = reported(now=timezone.now())
    given = body()
    first = worker.post("/field/report/", given)
    assert first.status_code == 409 and str(twin.uuid) in first.content.decode()
    assert not Case.objects.filter(uuid=given["key"]).exists()
    second = worker.post("/field/report/", {**given, "nearby_seen": "1"})
    assert second.status_code == 302 and Case.objects.filter(uuid=given["key"]).exists()


def test_the_same_report_sent_again_is_one_case(worker):
    given = body()
    assert [json(worker, **given).status_code for _ in range(3)] == [201, 200, 200]
    assert Case.objects.count() == 1


def test_another_report_with_a_used_key_is_told_so_and_gets_a_fresh_key(worker):
    given = body()
    worker.post("/field/report/", given)
    answer = worker.post("/field/report/", {**given, "words": "另一件事", "nearby_seen": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "已经上报过了" in page
    assert f'name="key" value="{given["key"]}"' not in page


def test_what_another_person_left_in_the_phone_is_not_sent_in_this_name(worker):
    answer = json(worker, **body(owner=people.clerk().pk))
    assert answer.status_code == 403 and "另一位同事" in answer.json()["errors"]["owner"][0]
    assert not Case.objects.exists()


def test_nor_does_a_photo_of_another_person_become_this_ones(worker):
    refused = worker.post("/photos/", {"file": picture(), "owner": people.clerk().pk})
    assert refused.status_code == 403 and not Photo.objects.exists()
    own = worker.post("/photos/", {"file": picture(), "owner": people.worker().pk})
    assert own.status_code == 201 and Photo.objects.get().by == people.worker()


def test_errors_come_as_json_to_the_pages_own_script(worker):
    answer = json(worker, **body(category="", words=""))
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"category": ["请选择类别。"], "words": ["请说明是什么问题。"]}


def test_settled_on_the_spot_needs_a_photo_before_and_one_after(worker):
    given = body(handled="1", before_photo=picture())
    answer = worker.post("/field/report/", given)
    assert answer.status_code == 422 and not Case.objects.exists()
    kept = str(Photo.objects.get().uuid)
    again = {**given, "before_photo": kept, "after_photo": picture("after.jpg")}
    assert worker.post("/field/report/", again).status_code == 302
    case = Case.objects.get()
    assert (case.source, case.state) == (Case.Source.SELF, State.HANDLED)
    assert set(case.photos.values_list("kind", flat=True)) == {Photo.Kind.BEFORE, Photo.Kind.AFTER}


def test_a_photo_that_is_none_is_refused_in_words(worker):
    bad = SimpleUploadedFile("x.jpg", b"<script>alert(1)</script>", content_type="image/jpeg")
    answer = worker.post("/field/report/", body(photos=[bad]), follow=True)
    assert "只接受 JPEG" in answer.content.decode()


def test_an_administrator_may_not_report():
    assert phone(people.someone(Role.SYSTEM_ADMIN, people.DISTRICT)).get("/field/report/").status_code == 403


# To do ------------------------------------------------------------------------------------------------------------


def shown(client: Client, query: str = "") -> set[int]:
    return {case.pk for case in client.get(f"/field/{query}").context["page_obj"]}


def test_a_drawn_check_and_verification_stand_with_the_person_who_was_drawn():
    cases = [case_at(State.CHECKING), case_at(State.HANDLED)]
    for case in cases:
        leg = Leg.objects.open().get(case=case)
        page = phone(leg.person).get("/field/")
        assert case.pk in {one.pk for one in page.context["page_obj"]}
        verb = {State.CHECKING: "核实", State.HANDLED: "核查"}[State(case.state)]
        assert f'card-verb">{verb}<' in page.content.decode()
    others = set(shown(phone(people.clerk())))
    drawn_to_clerk = {leg.case_id for leg in Leg.objects.open().filter(person=people.clerk())}
    assert others == drawn_to_clerk


def test_a_unit_sees_what_it_must_accept_and_handle_and_nothing_else():
    waiting, working = case_at(State.DISPATCHED), case_at(State.HANDLING)
    case_at(State.REGISTERED), case_at(State.VERIFIED)
    members = User.objects.filter(posts__organization=waiting.unit, posts__role=Role.HANDLER)
    client = phone(members.first() or people.worker())
    assert shown(client) == {waiting.pk, working.pk}
    assert shown(client, "?do=dispatched") == {waiting.pk}


def test_a_volunteer_sees_the_own_reports_and_nothing_else():
    volunteer = people.someone(Role.VOLUNTEER, people.COMMUNITY)
    reported(now=timezone.now())
    mine = reported(by=volunteer, now=timezone.now(), loop=Loop.STREET)
    page = phone(volunteer).get("/field/")
    assert [tab["label"] for tab in page.context["tabs"]] == ["我报的"]
    assert shown(phone(volunteer)) == {mine.pk}


def test_the_number_on_a_tab_is_the_length_of_its_list():
    case_at(State.CHECKING), reported(now=timezone.now())
    client = phone(people.worker())
    for tab in client.get("/field/").context["tabs"]:
        assert client.get(f"/field/{tab['url']}").context["page_obj"].paginator.count == tab["count"]
        assert len(shown(client, tab["url"])) == tab["count"]


def test_the_case_page_stands_in_the_frame_of_the_face_it_was_opened_from():
    case = case_at(State.HANDLING)
    handler = User.objects.filter(posts__organization=case.unit).first()
    client = phone(handler)
    client.get("/field/")
    assert 'class="field' in client.get(f"/cases/{case.uuid}/").content.decode()


# Without signal ---------------------------------------------------------------------------------------------------


def test_the_phone_keeps_files_that_exist_and_a_shell_without_a_name(worker):
    script = worker.get("/sw.js")
    assert script["Content-Type"].startswith("text/javascript")
    *files, words = re.search(r'"files": \[(.*?)\]', script.content.decode())[1].split(", ")
    assert all(one.startswith('"/static/') for one in files) and len(files) > 12
    assert words == '"/categories/words.json"'


@pytest.mark.parametrize("path", ["/field/shell/", "/field/offline/", "/field/unsent/"])
def test_the_pages_that_the_phone_keeps_are_the_same_for_everybody(worker, path):
    """But for the key of the form, which the page makes anew."""
    pages = [client.get(path).content.decode() for client in (worker, phone(people.clerk()), Client())]
    seen = {re.sub(r'name="key" value="[^"]*"', "", page) for page in pages}
    assert len(seen) == 1 and people.worker().name not in pages[0]
    assert "data-owner" not in pages[0] and "data-box" not in pages[0] and "csrf" not in pages[0].lower()


def test_the_key_of_the_store_is_a_persons_own_and_the_same_on_every_phone(worker):
    first, again = worker.post("/field/key/"), phone(people.worker()).post("/field/key/")
    other = phone(people.clerk()).post("/field/key/").json()
    assert first.json() == again.json() != other and len(b64decode(first.json()["key"])) == 32
    assert first.json()["owner"] == people.worker().pk and other["key"] != first.json()["key"]
    assert "no-store" in first["Cache-Control"]
    kept = bytes(StoreKey.objects.get(user=people.worker()).key)
    assert first.json()["key"].encode() not in kept and b64decode(first.json()["key"]) not in kept


def test_the_key_of_the_store_is_asked_for_with_a_token_and_by_who_is_active(settings):
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(people.worker())
    assert guarded.post("/field/key/").status_code == 403 and not StoreKey.objects.exists()
    client, user = phone(people.worker()), people.worker()
    key = client.post("/field/key/").json()["key"]
    user.is_active = False
    user.save()
    assert client.post("/field/key/").status_code == 401
    user.is_active = True
    user.set_password("another-2026")
    user.save()
    assert client.post("/field/key/").status_code == 401, "a new password ends the sessions of before"
    assert phone(user).post("/field/key/").json()["key"] == key, "and leaves what waits readable"


# Cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/field/", 6),
        ("/field/?tab=mine", 6),
        ("/field/?tab=done", 6),
        ("/field/near/", 6),
        ("/field/report/", 4),
    ],
)
def test_a_page_of_the_phone_costs_few_statements(path, most):
    for loop in (Loop.COMMUNITY, Loop.STREET):
        case_at(State.HANDLED, loop=loop), case_at(State.CHECKING, loop=loop)
    client = phone(people.someone(Role.SUPERVISOR, people.STREET))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    counted = [query["sql"] for query in captured if not query["sql"].startswith(NOT_COUNTED)]
    assert len(counted) - FLOOR <= most, "\n".join(counted)


def test_a_report_from_the_phone_costs_few_statements(worker):
    given = body(
        photos=[str(photo(by=people.worker(), now=timezone.now()))], nearby_seen="1", outside_seen="1"
    )
    with CaptureQueriesContext(connection) as captured:
        assert worker.post("/field/report/", given).status_code == 302
    counted = [query["sql"] for query in captured if not query["sql"].startswith(NOT_COUNTED)]
    assert len(counted) - FLOOR <= 11, "\n".join(counted)


@pytest.mark.parametrize("searched", ["坑\x00", "好" * 5000, "１２３", "'\" OR 1=1"])
def test_what_was_searched_for_never_refuses_a_report(worker, searched):
    assert json(worker, **body(searched=searched)).status_code == 201
