"""Files that come in parts: what arrived stays, nothing is taken twice, nobody goes on with another's."""

import datetime as dt
import hashlib
import os
import threading
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cases.models import Photo
from governance.models import User
from partybuilding.models import WhistlePhoto
from records import parts
from records.refusals import Stale
from tests import people
from tests.hostile import saved, scene
from tests.photos import jpeg

pytestmark = pytest.mark.django_db
PICTURE = saved(scene(size=(1200, 900)), "JPEG")
CASES, WHISTLES = "/photos/", "/party/photos/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


class Sender:
    """Somebody's phone that sends one file."""

    def __init__(self, user: User, data: bytes = PICTURE, address: str = CASES, **told: Any) -> None:
        self.client, self.data, self.address = Client(), data, address
        self.client.force_login(user)
        self.key, self.told = str(uuid.uuid4()), told

    def begin(self, **other: Any):
        digest = hashlib.sha256(self.data).hexdigest()
        given = {"key": self.key, "length": len(self.data), "sha256": digest, **self.told, **other}
        return self.client.post(f"{self.address}parts/", given)

    def part(self, offset: int, end: int | None = None, data: bytes | None = None):
        body = self.data[offset:end] if data is None else data
        url = f"{self.address}parts/{self.key}/?offset={offset}"
        return self.client.post(url, body, content_type="application/octet-stream")


def worker() -> Sender:
    return Sender(people.worker())


@pytest.mark.parametrize(
    ("address", "user", "table"), [(CASES, "wangge", Photo), (WHISTLES, "jieshuji", WhistlePhoto)]
)
def test_parts_make_the_same_picture_as_one_request(address, user, table):
    sender = Sender(User.objects.get(username=user), address=address)
    assert sender.begin().json() == {"offset": 0}
    assert sender.part(0, 5000).json() == {"offset": 5000}
    assert sender.begin().json() == {"offset": 5000}, "what has arrived is known after a break"
    told = sender.part(5000)
    assert told.status_code == HTTPStatus.CREATED and told.json()["uuid"] == sender.key
    whole = sender.client.post(address, {"file": _file(PICTURE)})
    assert len(set(table.objects.values_list("sha256", flat=True))) == 1, whole.content
    assert table.objects.count() == 2 and not list(Path(parts.settings.MEDIA_ROOT, "parts").rglob("*.*"))
    assert sender.begin().json()["uuid"] == sender.key, "a lost answer is given again"
    assert table.objects.count() == 2


def _file(data: bytes):
    return SimpleUploadedFile("p.jpg", data, content_type="image/jpeg")


def test_an_offset_that_leaves_a_gap_is_answered_with_the_right_one():
    sender = worker()
    sender.begin()
    sender.part(0, 4000)
    for offset in (4001, len(PICTURE), 10**12):
        answer = sender.part(offset, data=b"x" * 100)
        assert (answer.status_code, answer.json()["offset"]) == (HTTPStatus.CONFLICT, 4000)
    assert sender.part(4000).status_code == HTTPStatus.CREATED


def test_a_part_that_overlaps_is_passed_over_where_it_is_the_same_and_refused_where_it_is_not():
    sender = worker()
    sender.begin()
    sender.part(0, 4000)
    answer = sender.part(3000, data=b"x" * 2000)
    assert (answer.status_code, answer.json()["offset"]) == (HTTPStatus.CONFLICT, 4000)
    assert sender.part(0, 3000).json() == {"offset": 4000}
    assert sender.part(2000, 6000).json() == {"offset": 6000}
    assert sender.part(6000).status_code == HTTPStatus.CREATED


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "９" * 300, "NaN"])
def test_an_offset_that_is_none_is_refused(offset):
    sender = worker()
    sender.begin()
    url = f"/photos/parts/{sender.key}/?offset={offset}"
    answer = sender.client.post(url, b"x", content_type="application/octet-stream")
    assert answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT) and answer.json()["detail"]


def test_more_than_was_announced_is_refused_and_more_than_a_photo_may_have_is_not_begun():
    sender = worker()
    sender.begin()
    answer = sender.part(0, data=PICTURE + b"x" * 50_000)
    assert answer.status_code == HTTPStatus.BAD_REQUEST and not Photo.objects.exists()
    for length in (12 * 1024 * 1024 + 1, 10**30, 0, -5):
        assert worker().begin(length=length).status_code == HTTPStatus.BAD_REQUEST


def test_a_file_that_was_spoilt_on_its_way_begins_anew():
    sender = worker()
    sender.begin()
    spoilt = PICTURE[:100] + bytes([PICTURE[100] ^ 1]) + PICTURE[101:]
    answer = sender.part(0, data=spoilt)
    assert answer.status_code == HTTPStatus.BAD_REQUEST and "损坏" in answer.json()["detail"]
    assert sender.begin().json() == {"offset": 0}
    assert sender.part(0).status_code == HTTPStatus.CREATED


def test_what_is_no_picture_is_refused_as_in_one_request_and_forgotten():
    sender = Sender(people.worker(), b"<script>alert(1)</script>" * 4000)
    sender.begin()
    answer = sender.part(0)
    assert answer.status_code == HTTPStatus.BAD_REQUEST and "只接受 JPEG" in answer.json()["detail"]
    assert parts.find(uuid.UUID(sender.key), by=people.worker(), of="photos") is None


def test_the_key_of_another_person_leads_nowhere():
    mine, theirs = worker(), Sender(people.clerk())
    mine.begin()
    mine.part(0, 4000)
    theirs.key = mine.key
    assert theirs.part(4000).status_code == HTTPStatus.NOT_FOUND
    assert theirs.begin().json() == {"offset": 0}, "nothing is told of what the other has sent"
    assert mine.part(4000).status_code == HTTPStatus.CREATED
    answer = theirs.part(0)
    assert answer.status_code == HTTPStatus.CONFLICT and "另一张照片" in answer.json()["detail"]
    assert Photo.objects.get().by == people.worker()


def test_an_upload_for_cases_is_none_for_whistles():
    sender = Sender(User.objects.get(username="jieshuji"))
    sender.begin()
    sender.address = WHISTLES
    assert sender.part(0).status_code == HTTPStatus.NOT_FOUND


def test_who_signed_in_on_the_phone_since_does_not_become_the_owner():
    sender = Sender(people.worker(), owner=people.clerk().pk)
    answer = sender.begin()
    assert answer.status_code == HTTPStatus.FORBIDDEN and "owner" in answer.json()["errors"]


def test_the_same_key_for_another_file_is_told_so():
    sender = worker()
    sender.begin()
    assert sender.begin(length=len(PICTURE) + 1).status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize("is_same", [True, False])
def test_parts_sent_at_once_by_several_pages_are_taken_once(is_same):
    key, user = uuid.uuid4(), people.worker()
    upload = parts.begin(key, by=user, of="photos", length=200_000, about={})
    data, refused = os.urandom(200_000), []

    def send(data: bytes) -> None:
        given = iter([data[at : at + parts.CHUNK] for at in range(0, len(data), parts.CHUNK)])
        try:
            upload.append(lambda _: next(given, b""), 0)
        except Stale:
            refused.append(data)

    sent = [data if is_same else os.urandom(200_000) for _ in range(4)]
    threads = [threading.Thread(target=send, args=[one]) for one in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upload.whole() in sent and len(refused) == (0 if is_same else 3)


def test_a_person_has_so_many_unfinished_uploads_and_the_oldest_makes_room():
    senders = [worker() for _ in range(parts.MOST + 3)]
    for age, sender in enumerate(reversed(senders)):
        sender.begin()
        head = parts.find(uuid.UUID(sender.key), by=people.worker(), of="photos").head
        os.utime(head, (0, timezone.now().timestamp() - 100 + age))
    heads = list(Path(parts.settings.MEDIA_ROOT).rglob("*.json"))
    assert len(heads) == parts.MOST
    assert {head.stem for head in heads} == {sender.key for sender in senders[: parts.MOST]}


def test_uploads_that_nobody_goes_on_with_are_removed_at_night(media):
    old, young = worker(), worker()
    for sender in (old, young):
        sender.begin()
        sender.part(0, 4000)
    day = timezone.now().timestamp() - 25 * 3600
    for file in media.rglob(f"{old.key}.*"):
        os.utime(file, (day, day))
    assert parts.remove_old(now=timezone.now()) == 2
    assert old.part(4000).status_code == HTTPStatus.NOT_FOUND
    assert young.part(4000).status_code == HTTPStatus.CREATED
    assert parts.remove_old(now=timezone.now() + dt.timedelta(days=2)) == 0


def test_a_small_picture_still_goes_in_one_request():
    sender = Sender(people.worker())
    answer = sender.client.post("/photos/", {"file": _file(jpeg())}, headers={"Idempotency-Key": sender.key})
    assert answer.status_code == HTTPStatus.CREATED
