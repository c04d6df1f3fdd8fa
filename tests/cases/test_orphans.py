"""Photo files whose row was never written go after a day; a file that any row names never does."""

import base64
import datetime as dt
import logging
import os
import uuid
from pathlib import Path

import pytest
from django.conf import settings as current
from django.test import Client
from django.utils import timezone

from cases import photos
from cases.models import Photo
from governance.models import User
from records import pictures
from tests import people
from tests.crashing import UPLOADS, crasher
from tests.lives import reported
from tests.photos import jpeg

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def media(settings, monkeypatch, tmp_path) -> Path:
    """A folder of this test's own, for the processes that it starts as well."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))
    return settings.MEDIA_ROOT


def files(media: Path) -> set[Path]:
    return {file for file in media.rglob("*") if file.is_file()}


def made_older(media: Path, age: dt.timedelta) -> None:
    moment = (timezone.now() - age).timestamp()
    for file in files(media):
        os.utime(file, (moment, moment))


def removed() -> int:
    return photos.remove_orphans(now=timezone.now())


def stored(user: User, shade: str = "#445566") -> Photo:
    return photos.store(jpeg(640, 480, shade), by=user, now=timezone.now())


def of(photo: Photo) -> set[Path]:
    return {pictures.path(photo), pictures.thumb_path(photo)}


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_an_upload_that_was_killed_before_its_commit_leaves_files_for_a_day(media):
    worker, client = people.worker(), Client()
    client.force_login(worker)
    session = client.cookies[current.SESSION_COOKIE_NAME].value
    waiting: list[Photo] = []  # of no case yet
    with crasher() as server:
        for point in UPLOADS:
            body = {"file": base64.b64encode(jpeg(640, 480, f"#11223{len(waiting)}")).decode()}
            sent, before = {"session": session, "key": str(uuid.uuid4())}, files(media)
            assert server.post("/photos/", body, point=point, **sent) == {"died": 9}
            assert len(files(media) - before) == 2 and not Photo.objects.filter(uuid=sent["key"]).exists()
            assert server.post("/photos/", body, **sent)["status"] == 201
            waiting.append(Photo.objects.get(uuid=sent["key"]))
    taken = stored(worker)
    reported(photos=[taken.uuid])
    made_older(media, 23 * HOUR)
    assert removed() == 0
    made_older(media, 25 * HOUR)
    assert removed() == 2 * len(UPLOADS)
    assert files(media) == set().union(of(taken), *map(of, waiting))
    assert client.get(f"/photos/{waiting[0].uuid}.jpg").status_code == 200


@pytest.mark.django_db
def test_a_draft_goes_and_what_is_no_photo_stays(media):
    photo = stored(people.worker())
    draft = pictures.path(photo).with_name(f"{uuid.uuid4()}-s.part")
    draft.write_bytes(b"half")
    other = media / "album.json"
    other.write_text("{}")
    made_older(media, 365 * 24 * HOUR)
    assert removed() == 1
    assert files(media) == of(photo) | {other}


@pytest.mark.django_db
def test_a_file_that_several_rows_share_stays_as_long_as_one_of_them_does(media):
    one = stored(people.worker())
    Photo.objects.create(
        by=one.by,
        uploaded_at=one.uploaded_at,
        file=one.file,
        sha256=one.sha256,
        width=1,
        height=1,
    )
    made_older(media, 25 * HOUR)
    one.delete()
    assert removed() == 0
    Photo.objects.all().delete()
    assert removed() == 2 and files(media) == set()


@pytest.mark.django_db
def test_the_folder_of_another_database_is_left_alone(media, caplog):
    folder = media / "photos" / "ab"
    folder.mkdir(parents=True)
    for _ in range(pictures.FEW + 1):
        (folder / f"{uuid.uuid4()}.jpg").write_bytes(b"theirs")
    made_older(media, 25 * HOUR)
    with caplog.at_level(logging.ERROR):
        assert removed() == 0
    assert "have no row" in caplog.text and len(files(media)) == pictures.FEW + 1


@pytest.mark.django_db
def test_without_any_photo_there_is_nothing_to_remove(media):
    assert removed() == 0
