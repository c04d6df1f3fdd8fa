"""Pictures of the joint log: seen with the whistle, taken once, and what is none is said where somebody looks."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from partybuilding import photos
from partybuilding.models import WhistlePhoto
from records import pictures
from tests import people
from tests.partybuilding.blowing import MANAGEMENT, user
from tests.partybuilding.test_pages import call_of, now, page, running, signed_in
from tests.partybuilding.things import logged_photo
from tests.photos import jpeg

pytestmark = pytest.mark.django_db


def sound() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", jpeg(640, 480, "#778899"), "image/jpeg")


def test_a_photo_of_the_log_is_seen_with_its_whistle_and_by_nobody_else():
    whistle = running()
    address = f"/party/photos/{logged_photo(whistle, now()).uuid}.jpg"
    assert address in signed_in("jieshuji").get(page(whistle)).content.decode()
    assert signed_in("jieshuji").get(address)["Content-Type"] == "image/jpeg"
    assert signed_in(people.stranger()).get(address).status_code == 404


def test_a_picture_that_comes_with_a_note_without_script_is_taken_once():
    whistle, client = running(), signed_in("cg_lianluo")
    key = uuid.uuid4()
    for _ in range(2):
        form = {"key": key, "words": "已劝离", "photos": sound()}
        assert client.post(page(whistle, "moves/note/"), form).status_code == 302
    assert whistle.photos.count() == 1 and whistle.events.filter(move="note").count() == 1


def test_a_photo_that_no_move_takes_goes_after_a_day_and_one_of_the_log_stays():
    whistle, at = running(), now()
    taken = logged_photo(whistle, at)
    free = photos.store(jpeg(640, 480, "#887766"), by=taken.by, now=at)
    files = [pictures.path(free), pictures.thumb_path(free)]
    photos.remove_orphans(now=at + photos.UNTAKEN)
    assert all(file.exists() for file in files)
    assert photos.remove_orphans(now=at + photos.UNTAKEN + dt.timedelta(seconds=1)) >= 1
    assert not any(file.exists() for file in files)
    assert list(WhistlePhoto.objects.all()) == [taken] and pictures.path(taken).exists()


def test_a_move_with_pictures_is_made_after_they_were_rebuilt():
    whistle = running()
    form = {"key": uuid.uuid4(), "words": "现场已清", "photos": SimpleUploadedFile("a.jpg", jpeg(640, 480))}
    assert signed_in("cg_lianluo").post(page(whistle, "moves/note/"), form).status_code == 302
    assert whistle.events.get(move="note").at > whistle.photos.get().uploaded_at


def test_what_is_no_picture_is_refused_at_its_field_and_the_words_stay():
    whistle = running()
    form = {"key": uuid.uuid4(), "words": "已劝离", "photos": SimpleUploadedFile("a.jpg", b"no picture")}
    answer = signed_in("cg_lianluo").post(page(whistle, "moves/note/"), form)
    assert answer.status_code == 422
    assert "只接受 JPEG" in answer.content.decode() and "已劝离" in answer.content.decode()


@pytest.mark.parametrize("of", ["whistle", "call", "phone"])
def test_after_the_session_the_words_come_back_and_a_picture_that_is_none_is_said_to_be_lost(of):
    whistle, client = running(), signed_in("cg_lianluo")
    call = call_of(whistle, MANAGEMENT)
    address = {
        "whistle": page(whistle, "moves/note/"),
        "call": page(whistle, f"calls/{call.pk}/moves/finish/"),
        "phone": f"/field/calls/{call.pk}/moves/finish/",
    }[of]
    client.get("/party/")
    broken = SimpleUploadedFile("夜市.jpg", b"no picture")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=12.2), tick=False):
        form = {"key": uuid.uuid4(), "words": "已劝离九个", "photos": [broken, sound()]}
        assert client.post(address, form).status_code == 302
        assert "夜市.jpg：只接受 JPEG" in client.get("/login/").content.decode()
        client.force_login(user("cg_lianluo"))
        text = client.get(address).content.decode()
    photo = WhistlePhoto.objects.get(whistle=None)
    assert "已劝离九个" in text and str(photo.uuid) in text
