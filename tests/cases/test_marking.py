"""Marks: a copy says when, where and by whom; the picture itself is never touched, and whoever sees it gets both."""

import datetime as dt
import hashlib
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageChops

from cases import marking, photos
from cases.models import Photo
from records import pictures
from records.marking import font_file
from tests import people
from tests.hostile import saved, scene
from tests.lives import inside, reported

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    if font_file() is None:
        pytest.skip("a Chinese font is needed: apt-get install fonts-noto-cjk")


def taken(**given) -> Photo:
    """A photo of a case, as it lies there after the report."""
    now = timezone.now()
    photo = photos.store(saved(scene(size=(1200, 900)), "JPEG"), by=people.worker(), now=now)
    reported(now=now, photos=[photo.uuid], **given)
    photo.refresh_from_db()
    return photo


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def get(user, photo: Photo, suffix: str = "-m"):
    client = Client()
    client.force_login(user)
    return client.get(f"/photos/{photo.uuid}{suffix}.jpg")


def test_the_copy_shows_a_band_below_and_the_picture_stays_as_it_was():
    photo = taken()
    assert marking.mark_due(now=timezone.now()) == 1
    photo.refresh_from_db()
    assert digest(pictures.path(photo)) == photo.sha256 and photo.marked_at
    with Image.open(pictures.path(photo)) as plain, Image.open(marking.path(photo)) as copy:
        assert copy.size == plain.size and not copy.getexif()
        difference = ImageChops.difference(plain.convert("L"), copy.convert("L")).point(
            lambda n: 255 * (n > 40)
        )
        box = difference.getbbox()
    assert box is not None and box[1] > photo.height * 0.7, "the upper part is as it was"
    assert marking.mark_due(now=timezone.now()) == 0, "each is marked once"


def test_the_mark_says_when_where_and_from_which_post():
    photo = taken(address="拓东路 8 号")
    when, where, who = marking.lines_of(photo)
    at = timezone.localtime(photo.uploaded_at)
    longitude, latitude = inside()
    assert when == f"{at:%Y-%m-%d %H:%M} 上传 · {photo.case.number}"
    assert where == f"拓东街道 尚义社区第1网格 拓东路 8 号 · {latitude:.5f}, {longitude:.5f}"
    assert who == "社区网格员 · 尚义社区" and people.worker().name not in "".join((when, where, who))


def test_pages_show_the_marked_copy_as_soon_as_there_is_one_with_the_way_to_the_original():
    photo = taken()
    client = Client()
    client.force_login(people.worker())
    address = f"/cases/{photo.case.uuid}/"
    assert f"{photo.uuid}-m.jpg" not in client.get(address).content.decode()
    before = get(people.worker(), photo)
    assert before.status_code == 302 and before["Location"] == f"/photos/{photo.uuid}.jpg"
    assert "no-store" in before["Cache-Control"]
    marking.mark_due(now=timezone.now())
    page = client.get(address).content.decode()
    assert f'href="/photos/{photo.uuid}-m.jpg"' in page
    assert f'href="/photos/{photo.uuid}.jpg" download' in page
    marked, plain = get(people.worker(), photo), get(people.worker(), photo, "")
    assert Image.open(BytesIO(marked.content)).size == (photo.width, photo.height)
    assert marked.content != plain.content and hashlib.sha256(plain.content).hexdigest() == photo.sha256


def test_who_may_not_see_the_picture_does_not_get_the_copy():
    photo = taken()
    marking.mark_due(now=timezone.now())
    assert get(people.stranger(), photo).status_code == 404


def test_photos_of_no_case_and_those_of_a_time_before_are_left_alone():
    loose = photos.store(saved(scene(), "JPEG"), by=people.worker(), now=timezone.now())
    old = taken()
    assert marking.mark_due(now=timezone.now() + 8 * DAY) == 0
    Photo.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - 8 * DAY)
    assert marking.mark_due(now=timezone.now()) == 0
    assert not Photo.objects.filter(pk__in=[loose.pk, old.pk]).exclude(marked_at=None).exists()


def test_a_copy_half_written_by_a_worker_that_was_killed_is_made_anew():
    photo = taken()
    draft = marking.path(photo).with_suffix(".part")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")
    assert marking.mark_due(now=timezone.now()) == 1 and marking.path(photo).exists() and not draft.exists()


def test_without_a_font_photos_are_shown_as_they_are(settings):
    photo = taken()
    settings.MARK_FONT = "/nowhere.ttf"
    assert marking.mark_due(now=timezone.now()) == 0
    photo.refresh_from_db()
    assert photo.marked_at is None


def test_words_too_long_for_the_picture_are_cut():
    photo = taken(address="很长的地址" * 24)
    assert marking.mark_due(now=timezone.now()) == 1
    with Image.open(marking.path(photo)) as copy:
        assert copy.size == (photo.width, photo.height)
