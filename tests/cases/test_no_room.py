"""A disk that is full, and more pictures at once than there are slots: said at the photo, the words stay, nothing half done."""

import gc
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cases import photos
from cases.history import anchors
from cases.models import Case, CaseEvent, Photo
from cases.workflow import Loop, State
from governance.refusals import StorageFull
from records import pictures
from tests import people
from tests.cases.test_photos import saved, scene
from tests.disks import small_disk, small_files
from tests.lives import case_at, inside, reported, settled_by

pytestmark = pytest.mark.django_db
#: Its thumbnail fits on the small disk, itself it does not.
LARGE, ROOM = saved(scene(size=(1600, 1200)), "JPEG", quality=90), 128 * 1024
WORDS = "楼道里堆了旧沙发，老人过不去"


@pytest.fixture
def disk(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture
def slots_taken(monkeypatch) -> Iterator[ExitStack]:
    """Others' pictures have every slot until the stack is closed."""
    monkeypatch.setattr(pictures.slots, "seconds", 0.05)
    with ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(pictures.slots.hold())
        yield taken


def client(user=None) -> Client:
    made = Client()
    made.force_login(user or people.worker())
    return made


def picture(data: bytes = LARGE) -> SimpleUploadedFile:
    return SimpleUploadedFile("site.jpg", data, "image/jpeg")


def upload(key: uuid.UUID | None = None):
    headers = {"Idempotency-Key": str(key)} if key else {}
    return client().post("/photos/", {"file": picture()}, headers=headers)


def report(**more) -> dict:
    longitude, latitude = inside()
    return {
        "key": str(uuid.uuid4()),
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by(Loop.COMMUNITY).pk,
        "address": "尚义街 12 号",
        "words": WORDS,
        "photos": picture(),
        **more,
    }


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# Full -------------------------------------------------------------------------------------------------------------


def test_of_a_picture_that_does_not_fit_nothing_is_left(disk):
    with small_disk(disk, ROOM):
        with pytest.raises(StorageFull):
            photos.store(LARGE, by=people.worker(), now=timezone.now())
        assert files(disk) == []
    assert not Photo.objects.filter(by=people.worker(), case=None).exists()


def test_a_program_is_told_and_may_send_the_same_again(disk):
    key = uuid.uuid4()
    with small_disk(disk, ROOM):
        answer = upload(key)
        assert (answer.status_code, list(answer.json()["errors"])) == (507, ["photos"])
        assert "存储空间已满" in answer.json()["detail"] and "Retry-After" not in answer
    assert upload(key).status_code == 201, "there is room again"


def test_a_report_keeps_its_words_when_the_photo_does_not_fit(disk):
    given, before = report(), Case.objects.count()
    with small_disk(disk, ROOM):
        answer = client().post("/field/report/", given)
        text = answer.content.decode()
    assert answer.status_code == 507
    assert "site.jpg：照片存储空间已满" in text
    for kept in (WORDS, "尚义街 12 号", given["key"], str(given["position_longitude"])):
        assert kept in text
    assert Case.objects.count() == before
    assert client().post("/field/report/", given | {"photos": picture()}).status_code == 302, (
        "with the same key"
    )


def test_a_phone_is_told_in_its_own_way(disk):
    with small_disk(disk, ROOM):
        answer = client().post("/field/report/", report(), headers={"Accept": "application/json"})
    assert answer.status_code == 507, "the phone keeps what is refused with 5xx"
    assert "存储空间已满" in answer.json()["errors"]["photos"][0]


def test_a_move_keeps_its_words_when_the_photo_does_not_fit(disk):
    case = case_at(State.HANDLING)
    handler = case.legs.get(stopped_at=None).unit.posts.first().user
    given = {"key": str(uuid.uuid4()), "leg": "", "words": WORDS, "photos": picture()}
    before = CaseEvent.objects.count()
    with small_disk(disk, ROOM):
        answer = client(handler).post(f"/cases/{case.uuid}/moves/feedback/", given)
    assert answer.status_code == 507 and WORDS in answer.content.decode()
    assert CaseEvent.objects.count() == before


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the writer's own
def test_a_file_for_download_that_does_not_fit_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    reported()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asking = client(people.clerk())
    asking.raise_request_exception = False
    with small_disk(tmp_path, 4096):
        answer = asking.get("/desk/export/", headers={"Accept": "text/html"})
        asking.exc_info = answer.exc_info = None  # they hold the writer, and so its files
        gc.collect()
        assert files(tmp_path) == []
    assert answer.status_code == 507 and "存储空间已满" in answer.content.decode()
    assert "refresh" not in answer.content.decode(), "waiting alone does not help"


def test_an_anchor_is_written_whole_or_not_at_all(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    anchors.write(timezone.now())
    before = anchors.file().read_text()
    with small_files(len(before) + 10), pytest.raises(OSError, match=r"No space|too large"):
        anchors.write(timezone.now())
    assert anchors.file().read_text() == before
    anchors.write(timezone.now())
    assert len(anchors.lines()) == 2


# Busy -------------------------------------------------------------------------------------------------------------


def test_a_program_is_told_when_to_come_back(slots_taken):
    answer = upload()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "请过几秒再试" in answer.json()["detail"]
    slots_taken.close()
    assert upload().status_code == 201


def test_a_report_keeps_its_words_when_too_many_pictures_come_at_once(slots_taken):
    given = report()
    answer = client().post("/field/report/", given)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert WORDS in answer.content.decode() and "请过几秒再试" in answer.content.decode()
    phone = client().post(
        "/field/report/", given | {"photos": picture()}, headers={"Accept": "application/json"}
    )
    assert (phone.status_code, phone["Retry-After"]) == (503, "5")
    slots_taken.close()
    assert client().post("/field/report/", given | {"photos": picture()}).status_code == 302


def test_only_a_few_wait_for_a_turn(slots_taken, monkeypatch):
    monkeypatch.setattr(pictures.slots, "seconds", 3600)
    for _ in range(4):
        slots_taken.enter_context(pictures.line.hold())
    assert upload().status_code == 503, "at once: the threads are for pages"
