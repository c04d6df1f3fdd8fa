"""Programs with a key of their own: what they may at the interface, and how fast."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Case, CaseEvent, Photo
from cases.rule_numbers import PROGRAM_A_MINUTE
from cases.workflow import State
from governance.models import ApiKey, SignInTry, User
from governance.programs import revoke_key
from governance.roles import Role
from governance.signing_in import ACCOUNTS, TRIES
from tests import people
from tests.lives import PATHS, inside, reported, settled_by, walk
from tests.photos import jpeg

pytestmark = pytest.mark.django_db

CASES, PHOTOS = "/api/v1/cases/", "/api/v1/photos/"


def body(**other: Any) -> dict[str, Any]:
    longitude, latitude = inside()
    sent = {"category": settled_by("community").pk, "longitude": longitude, "latitude": latitude}
    return sent | {"words": "消防通道停了一辆车。"} | other


class Program:
    """Software that sends its key with each request, without a session or a token of our pages."""

    def __init__(self, text: str) -> None:
        self.headers = {"Authorization": f"Api-Key {text}"}
        self.client = Client(enforce_csrf_checks=True)

    def post(self, path: str, given: dict[str, Any], key: uuid.UUID | None = None) -> HttpResponse:
        headers = {**self.headers, "Idempotency-Key": str(key or uuid.uuid4())}
        return self.client.post(path, given, content_type="application/json", headers=headers)

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path, headers=self.headers)

    def upload(self) -> HttpResponse:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("camera.jpg", jpeg(), content_type="image/jpeg")
        headers = {**self.headers, "Idempotency-Key": str(uuid.uuid4())}
        return self.client.post(reverse("cases:photos"), {"file": file}, headers=headers)


@pytest.fixture
def made() -> tuple[ApiKey, str]:
    return people.program_with_key()


@pytest.fixture
def camera(made) -> Program:
    return Program(made[1])


def test_a_program_uploads_reports_and_says_more(camera, made):
    photo = camera.upload()
    assert photo.status_code == 201 and Photo.objects.get().program == made[0]
    key, given = uuid.uuid4(), body(photos=[photo.json()["uuid"]])
    answer = camera.post(CASES, given, key)
    assert answer.status_code == 201, answer.content
    case = Case.objects.get(uuid=answer.json()["uuid"])
    assert (case.source, case.reporters, case.photos.count()) == ("api", [], 1)
    assert case.events.get().actor.program == made[0]
    assert camera.post(CASES, given, key).status_code == 200
    assert camera.post(CASES, body(words="另一辆。"), key).status_code == 409
    said = camera.post(f"{CASES}{case.uuid}/moves/comment/", {"words": "车已驶离。"})
    assert said.status_code == 200 and case.events.count() == 2
    assert [row["uuid"] for row in camera.get(CASES).json()["results"]] == [str(case.uuid)]
    assert camera.get(f"{CASES}?waits_for=me").json()["results"] == []


def test_a_program_reads_what_a_case_can_be_about(camera):
    found = camera.get("/api/v1/categories/?limit=1")
    assert found.status_code == 200 and found.json()["count"] > 100


def test_a_program_opens_what_it_reported_itself_and_meets_no_person_in_it(camera):
    camera.post(CASES, body())
    case = walk(Case.objects.get(), *PATHS[State.VERIFIED])
    found = camera.get(f"{CASES}{case.uuid}/")
    shown = found.json()
    assert (found.status_code, shown["state"], shown["number"]) == (200, "verified", case.number)
    assert [event["move"] for event in shown["events"]][:3] == ["report", "register", "dispatch"]
    assert [move["name"] for move in shown["moves"]] == ["comment"]
    people_of_it = User.objects.filter(pk__in=CaseEvent.objects.filter(by__isnull=False).values("by"))
    said = list(case.texts.exclude(sequence=1).values_list("body", flat=True))
    assert people_of_it and said
    text = found.content.decode()
    assert [word for word in [*people_of_it.values_list("name", flat=True), *said] if word in text] == []
    named = set(shown) | {name for event in shown["events"] for name in event}
    assert not named & {"leg", "waits_for", "photos", "by_name", "words"}


def test_a_case_of_another_program_or_of_staff_is_not_there_for_a_program(camera):
    camera.post(CASES, body())
    other = Program(people.program_with_key("热线平台")[1])
    for uid in (Case.objects.get().uuid, reported().uuid, uuid.uuid4()):
        assert other.get(f"{CASES}{uid}/").status_code == 404


def test_a_program_meets_nothing_else(camera):
    camera.post(CASES, body())
    own, other = Case.objects.get(), reported()
    assert camera.post(f"{CASES}{other.uuid}/moves/comment/", {"words": "谁的？"}).status_code == 404
    assert camera.post(f"{CASES}{own.uuid}/moves/withdraw/", {}).status_code == 403
    refused = camera.get("/api/v1/map/?box=102,24,103,25&zoom=12")
    assert refused.status_code == 403 and "对接密钥只用于" in refused.json()["detail"]
    for path in ("/desk/", f"/cases/{own.uuid}/", "/admin/"):
        assert "/login/" in camera.get(path)["Location"], path


def test_a_report_outside_the_territory_of_the_key_is_refused(made):
    street = Program(people.program_with_key("街道平台", people.STREET)[1])
    longitude, latitude = inside(f"{people.ELSEWHERE}001")
    refused = street.post(CASES, body(longitude=longitude, latitude=latitude))
    assert refused.status_code == 403 and "拓东街道" in refused.json()["detail"]


@pytest.mark.parametrize("what", ["wrong", "revoked", "over", "early", "empty"])
def test_a_key_that_does_not_hold_is_refused_with_a_sentence(made, what):
    key, text = made
    today = timezone.localdate()
    if what == "revoked":
        revoke_key(key, by=people.someone(Role.SYSTEM_ADMIN, people.DISTRICT), now=timezone.now())
    dates = {"over": {"active_until": today}, "early": {"active_from": today + dt.timedelta(days=1)}}
    ApiKey.objects.filter(pk=key.pk).update(**dates.get(what, {}))
    text = {"wrong": text + "x", "empty": ""}.get(what, text)
    refused = Program(text).post(CASES, body())
    assert refused.status_code == 401 and refused["WWW-Authenticate"] == "Api-Key"
    assert "对接密钥不对、已到期或已停用" in refused.json()["detail"]
    assert not Case.objects.exists()


def test_wrong_keys_are_counted_like_passwords_and_a_right_one_still_enters(made, camera):
    wrong = Program("gridloop_old")
    tried = [wrong.post(CASES, body()) for _ in range(TRIES + 2)]
    assert [answer.status_code for answer in tried] == [401] * TRIES + [429] * 2
    assert tried[-1]["Retry-After"] and "分钟后再试" in tried[-1].json()["detail"]
    others = [Program(f"gridloop_{n}").post(CASES, body()).status_code for n in range(ACCOUNTS)]
    assert others == [401] * (ACCOUNTS - 1) + [429]
    assert camera.post(CASES, body()).status_code == 201
    assert not SignInTry.objects.exclude(address__startswith="key ").exists()


def test_wrong_keys_keep_nobody_from_signing_in():
    for number in range(ACCOUNTS + 1):
        Program(f"gridloop_{number}").post(CASES, body())
    signed_in = Client().post("/login/", {"username": "wangge", "password": "no"})
    assert "密码" in signed_in.content.decode() and "暂不接受新设备" not in signed_in.content.decode()


def test_a_program_that_runs_wild_is_told_to_wait(camera, made):
    camera.post(CASES, body())
    first = CaseEvent.objects.get()
    for number in range(PROGRAM_A_MINUTE - 2):
        Photo.objects.create(
            program=made[0], uploaded_at=first.at, file=f"{number}", sha256="", width=1, height=1
        )
    key = uuid.uuid4()
    assert camera.post(CASES, body(words="还有一辆。"), key).status_code == 201
    for refused in (camera.post(CASES, body()), camera.upload()):
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert "一分钟内最多" in refused.json()["detail"]
    assert camera.post(CASES, body(words="还有一辆。"), key).status_code == 200  # a repeat is no work
    Photo.objects.update(uploaded_at=first.at - dt.timedelta(minutes=2))
    assert camera.post(CASES, body()).status_code == 201


def test_a_key_sent_along_with_a_session_decides(made, camera):
    camera.client.force_login(people.worker())
    answer = camera.post(CASES, body())
    assert Case.objects.get(uuid=answer.json()["uuid"]).events.get().actor.program == made[0]


# Making and ending keys -------------------------------------------------------------------------------------------


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(people.someone(Role.SYSTEM_ADMIN, people.DISTRICT))
    return client


LIST = "/admin/governance/apikey/"


def key_form(**other: Any) -> dict[str, Any]:
    place = people.someone(Role.SYSTEM_ADMIN, people.DISTRICT).posts.get().organization_id
    sent = {
        "name": "占道摄像头",
        "organization": place,
        "purpose": "占道经营告警",
        "active_from": "2026-01-01",
    }
    return sent | {"active_until": ""} | other


def test_a_key_is_shown_once_and_only_its_digest_is_kept(admin):
    page = admin.post(f"{LIST}add/", key_form(), follow=True)
    text = page.content.decode().split("请立即抄存：")[1].split("<")[0].strip()
    assert text.startswith("gridloop_") and Program(text).post(CASES, body()).status_code == 201
    assert "gridloop_" not in admin.get(LIST).content.decode()
    key = ApiKey.objects.get()
    assert text not in str(ApiKey.objects.values()) and key.made_by.posts.get().role == Role.SYSTEM_ADMIN
    assert "gridloop_" not in admin.get(f"{LIST}{key.pk}/change/").content.decode()


def test_a_key_is_ended_on_the_page_at_once(admin):
    key, text = people.program_with_key()
    asked = admin.post(LIST, {"action": "revoke", "_selected_action": [key.pk]})
    assert "不能恢复" in asked.content.decode() and Program(text).post(CASES, body()).status_code == 201
    admin.post(LIST, {"action": "revoke", "_selected_action": [key.pk], "seen": "yes"})
    assert Program(text).post(CASES, body()).status_code == 401
    assert "已停用" in admin.get(LIST).content.decode()
    assert admin.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_key_is_for_a_territory_and_its_dates_are_in_order(admin):
    unit = people.someone(Role.HANDLER, f"{people.COMMUNITY}-property").posts.get().organization_id
    for given, sentence in (
        ({"organization": unit}, "请选择区、街道或社区。"),
        ({"active_until": "2025-12-31"}, "到期日期须晚于启用日期。"),
    ):
        page = admin.post(f"{LIST}add/", key_form(**given))
        assert sentence in page.content.decode() and not ApiKey.objects.exists()
