"""My building on the phone: what is open around it, without what neighbours said."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case, Category
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from tests import neighbours, people
from tests.field.test_field import FLOOR, NOT_COUNTED, picture
from tests.lives import case_at, inside, reported, settled_by
from tests.neighbourhoods.test_small_tasks import given

pytestmark = pytest.mark.django_db


def phone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def leader() -> Client:
    return phone(neighbours.leader())


def shown(client: Client) -> list[Case]:
    return client.get("/field/neighbourhood/").context["cases"]


def test_a_leader_sees_that_something_is_open_and_neither_its_words_nor_a_way_to_it(leader):
    case = case_at(State.HANDLING, words="三楼王家天天晚上吵架。", address="尚义大厦 1 栋 3 楼")
    page = leader.get("/field/neighbourhood/").content.decode()
    assert (
        case.category.name in page
        and "处置中" in page
        and "尚义大厦 1 栋 3 楼" in page
        and "距中心 0 米" in page
    )
    for secret in ("王家", str(case.uuid), case.number, people.worker().name):
        assert secret not in page
    assert leader.get(f"/cases/{case.uuid}/").status_code == 404
    assert not Case.objects.visible_to(neighbours.leader()).exists()


def test_an_own_report_can_be_opened(leader):
    case = reported(by=neighbours.leader())
    assert f"/cases/{case.uuid}/" in leader.get("/field/neighbourhood/").content.decode()


def test_where_a_caller_lives_is_not_told(leader):
    reported(
        by=people.clerk(), source=Case.Source.PHONE, contact_phone="13812345678", address="尚义大厦 1 栋 302"
    )
    page = leader.get("/field/neighbourhood/").content.decode()
    assert "302" not in page and "尚义大厦 1 栋 附近" in page


def test_disputes_of_neighbours_are_not_listed(leader):
    dispute = Category.objects.filter(kind=Category.Kind.DISPUTE, is_active=True).first()
    reported(category=dispute)
    assert shown(leader) == []


def test_only_what_is_open_within_the_radius_is_listed_the_soonest_due_first(leader):
    longitude, latitude = inside()
    far = [longitude, latitude + 100 / neighbours.DEGREE]
    reported(position=far), case_at(State.CLOSED)
    near = [case_at(State.REPORTED), case_at(State.HANDLED)]
    listed = shown(leader)
    assert [case.pk for case in listed] == [case.pk for case in sorted(near, key=lambda case: case.due_at)]


def test_who_leads_nothing_is_told_so_and_who_holds_no_such_post_is_refused():
    volunteer = phone(people.someone(Role.VOLUNTEER, people.COMMUNITY))
    assert "还没有登记您负责的楼组" in volunteer.get("/field/neighbourhood/").content.decode()
    assert phone(people.worker()).get("/field/neighbourhood/").status_code == 403


def test_the_page_stands_in_the_bar_of_whoever_may_lead_one(leader):
    address = "/field/neighbourhood/"
    assert (
        address in leader.get("/inbox/").content.decode() or address in leader.get("/field/").content.decode()
    )
    assert address not in phone(people.worker()).get("/field/").content.decode()


def test_the_form_for_what_neighbours_settled_asks_for_two_photos_and_makes_such_a_case(leader):
    page = leader.get("/field/report/?handled=1").content.decode()
    assert "before_photo" in page and "checked" in page
    longitude, latitude = inside()
    sent = {
        "key": str(uuid.uuid4()), "position_longitude": longitude, "position_latitude": latitude, "handled": "1",
        "category": settled_by("community").pk, "words": "邻居们一起把旧家具搬走了。",
    }  # fmt: skip
    files = {"before_photo": picture(), "after_photo": picture("after.jpg")}
    answer = leader.post("/field/report/", sent | files, follow=True)
    assert "楼栋自办已登记" in answer.content.decode() and "由社区坐席核查" in answer.content.decode()
    assert Case.objects.get().source == Case.Source.NEIGHBOURS


def test_outside_the_radius_it_says_where_and_keeps_what_was_typed(leader):
    longitude, latitude = inside()
    sent = {
        "key": str(uuid.uuid4()), "position_longitude": longitude, "position_latitude": latitude + 0.002, "handled": "1",
        "category": settled_by("community").pk, "words": "邻居们一起把旧家具搬走了。",
    }  # fmt: skip
    files: dict[str, SimpleUploadedFile] = {"before_photo": picture(), "after_photo": picture("after.jpg")}
    answer = leader.post("/field/report/", sent | files)
    page = answer.content.decode()
    assert (
        answer.status_code == 400
        and "楼栋自办须在您的楼组范围内" in page
        and "邻居们一起把旧家具搬走了。" in page
    )
    assert not Case.objects.exists()


def test_the_page_costs_as_few_statements_with_many_cases_as_with_few(leader):
    second = neighbours.building("尚义大厦 2 栋")
    neighbours.NeighbourhoodLeader.objects.create(neighbourhood=second, user=neighbours.leader())

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert leader.get("/field/neighbourhood/").status_code == 200
        return len([one for one in captured if not one["sql"].startswith(NOT_COUNTED)]) - FLOOR

    reported(), given()
    few = cost()
    for _ in range(5):
        reported(), given()
    assert cost() == few <= 6
