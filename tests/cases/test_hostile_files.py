"""Whatever is sent as a photo: a new picture with nothing else in it, or a refusal in a sentence; never an error."""

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from cases.models import Photo
from tests import people
from tests.hostile import BROKEN, REBUILT, REFUSED, plain
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.django_db]
#: What must not be left of what came: scripts, names, positions, profiles, archives, links; four bytes or more, since
#: three stand in pixels by chance.
TRACES = (
    b"script",
    b"<?php",
    b"Exif",
    b"GPSLatitude",
    b"Secret",
    b"PK\x03\x04",
    b"%PDF",
    b"http",
    b"ICC_PROFILE",
)
#: A day's run takes every second file; CI and the full run take all.
EVERY = tries(2, full=1)
PROMISE = "a hostile file is made anew or refused"


@pytest.fixture
def client(db) -> Client:
    found = Client(raise_request_exception=False)
    found.force_login(people.worker())
    return found


def files() -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def send(client: Client, data: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> HttpResponse:
    return client.post("/photos/", {"file": SimpleUploadedFile(name, data, kind)})


def assert_made_anew(client: Client, answer: HttpResponse, came: bytes) -> None:
    """What is served is another picture, and bare."""
    assert answer.status_code == 201, answer.content.decode()
    for address in (answer.json()["url"], answer.json()["thumb"]):
        served = client.get(address)
        assert served["Content-Type"] == "image/jpeg" and served["X-Content-Type-Options"] == "nosniff"
        data = served.content
        assert data != came and data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")
        assert [trace for trace in TRACES if trace in data] == []
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            assert not picture.getexif() and "comment" not in picture.info


def assert_refused(answer: HttpResponse, before: set[Path]) -> None:
    """A sentence for people, and nothing is kept."""
    assert answer.status_code == 400, answer.status_code
    said = answer.json()
    sentence = said["detail"]
    assert sentence.endswith("。"), said
    assert not Photo.objects.exists() and files() == before


@pytest.mark.parametrize("name", list(REBUILT)[::EVERY])
def test_a_picture_is_made_anew_and_bare(client, promise, name):
    data = REBUILT[name]()
    assert_made_anew(client, send(client, data), data)
    promise(PROMISE, tried=1, held=1)


@pytest.mark.parametrize("name", list(REFUSED)[::EVERY])
def test_what_is_no_whole_picture_is_refused_in_a_sentence(client, promise, name):
    before = files()
    assert_refused(send(client, REFUSED[name]()), before)
    promise(PROMISE, tried=1, held=1)


@pytest.mark.parametrize("name", list(BROKEN)[::EVERY])
def test_what_a_decoder_may_or_may_not_read_breaks_nothing(client, promise, name):
    data, before = BROKEN[name](), files()
    answer = send(client, data)
    if answer.status_code == 201:
        assert_made_anew(client, answer, data)
    else:
        assert_refused(answer, before)
    promise(PROMISE, tried=1, held=1)


NAMES = [
    "../../etc/passwd",
    "a.php",
    "a.jpg\0.php",
    "<script>.jpg",
    "a" * 300 + ".jpg",
    "照片.jpg",
    "",
    ".htaccess",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_and_type_of_a_file_are_claims_that_nobody_reads(client, name):
    data, before = plain("PNG"), files()
    answer = send(client, data, name or "x", "text/html")
    assert_made_anew(client, answer, data)
    assert {path.suffix for path in files() - before} == {".jpg"}
