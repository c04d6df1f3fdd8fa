"""Photos: what is kept of them, where they were taken, who sees them; hostile files have a page of their own."""

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from cases import permissions, photos
from cases.actions import KeyReused, Unfit
from cases.models import Photo
from governance.models import Level, Organization, User
from governance.roles import Role
from grid.models import Grid
from records import pictures
from tests import people
from tests.cases.walks import appoint, vacate
from tests.hostile import plain, saved, scene, with_exif
from tests.lives import inside, reported

pytestmark = pytest.mark.django_db
JPEG, PNG = plain("JPEG"), plain("PNG")


def reports_at(user: User, longitude: float, latitude: float) -> bool:
    return permissions.reports_at(user, longitude, latitude, on=timezone.localdate())


@pytest.fixture
def worker():
    return people.worker()


def put(data: bytes, worker, **options) -> Photo:
    return photos.store(data, by=worker, now=timezone.now(), **options)


# --- What goes in, what comes out


def test_a_large_picture_is_made_smaller_and_gets_a_thumbnail(worker):
    photo = put(saved(scene(size=(3000, 2000)), "JPEG"), worker)
    assert (photo.width, photo.height) == (1600, 1067)
    with Image.open(pictures.thumb_path(photo)) as thumb:
        assert thumb.size == (320, 213)


def test_a_picture_on_its_side_is_set_upright(worker):
    photo = put(with_exif(orientation=6), worker)
    assert (photo.width, photo.height) == (480, 640)


def test_the_position_in_the_file_counts_only_if_none_is_given(worker):
    longitude, latitude = inside()
    found = put(with_exif(gps=(longitude, latitude)), worker)
    assert (found.longitude, found.latitude) == pytest.approx((longitude, latitude), abs=1e-5)
    elsewhere = longitude + 1e-5, latitude + 1e-5
    given = put(with_exif(gps=(longitude, latitude)), worker, longitude=elsewhere[0], latitude=elsewhere[1])
    assert (given.longitude, given.latitude) == elsewhere


#: Where somebody is who takes a picture: grids on the stage, in its street, elsewhere in the district.
SPOTS = {
    "community": f"{people.COMMUNITY}001",
    "street": "530103001002001",
    "district": f"{people.ELSEWHERE}001",
}
ANOTHER_CITY = (104.06, 30.66)


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("wangge", {"community"}),
        ("zhiyuan", {"community"}),
        ("wuye", {"community"}),
        ("jiandu", {"community", "street"}),
        ("zhifa", {"community", "street"}),
        ("xuncha", {"community", "street", "district"}),
        ("chengguan", {"community", "street", "district"}),
        ("xitong", set()),
    ],
)
def test_a_post_reports_in_its_territory(username, expected):
    user = User.objects.get(username=username)
    assert {name for name, grid in SPOTS.items() if reports_at(user, *inside(grid))} == expected
    assert not reports_at(user, *ANOTHER_CITY)


@pytest.mark.parametrize("how", ["in the file", "given"])
def test_a_position_is_kept_only_where_the_person_reports(worker, how):
    def stored(longitude: float, latitude: float) -> Photo:
        if how == "given":
            return put(JPEG, worker, longitude=longitude, latitude=latitude)
        return put(with_exif(gps=(longitude, latitude)), worker)

    here, elsewhere = inside(SPOTS["community"]), inside(SPOTS["street"])
    photo = stored(*here)
    assert (photo.longitude, photo.latitude) == pytest.approx(here, abs=1e-4)
    for position in (elsewhere, ANOTHER_CITY):
        photo = stored(*position)
        assert (photo.longitude, photo.latitude) == (None, None)


def test_a_post_that_ended_reports_nowhere():
    vacate(Role.GRID_WORKER, people.COMMUNITY)
    assert not reports_at(people.worker(), *inside())


def test_a_courtyard_leader_reports_in_the_community(worker):
    community = Organization.objects.get(code=people.COMMUNITY)
    courtyard = Organization.objects.create(
        code="courtyard-1", name="一号院", level=Level.COURTYARD, parent=community
    )
    leader = User.objects.create_user("test_courtyard", name="庭院长")
    appoint(leader, Role.COURTYARD_LEADER, courtyard.code)
    assert reports_at(leader, *inside()) and not reports_at(leader, *inside(SPOTS["street"]))


def test_outside_every_grid_the_outlines_count(worker):
    Grid.objects.filter(code=SPOTS["community"]).update(active_until=dt.date(2026, 1, 2))
    position = inside(SPOTS["community"])
    assert reports_at(worker, *position) and reports_at(User.objects.get(username="xuncha"), *position)
    assert not reports_at(people.stranger(), *position)


def test_more_than_twelve_megabytes_is_refused(worker):
    with pytest.raises(Unfit, match="12 MB"):
        put(JPEG + b"\0" * pictures.MAX_BYTES, worker)


def test_the_same_key_gives_the_same_photo_and_another_picture_is_refused(worker):
    key = uuid.uuid4()
    first = put(JPEG, worker, key=key)
    assert put(JPEG, worker, key=key).pk == first.pk
    with pytest.raises(KeyReused):
        put(PNG, worker, key=key)


def test_two_uploads_of_one_picture_are_two_photos_of_one_content(worker):
    first, second = put(JPEG, worker), put(JPEG, worker)
    assert first.file != second.file and first.sha256 == second.sha256


# --- Who sees them


@pytest.fixture
def own(worker) -> Photo:
    return put(JPEG, worker)


def seen_by(user, photo: Photo, tail: str = "") -> int:
    client = Client()
    client.force_login(user)
    return client.get(f"/photos/{photo.uuid}{tail}.jpg").status_code


def test_a_photo_that_no_case_took_is_its_uploaders_alone(own, worker):
    assert seen_by(worker, own) == seen_by(worker, own, "-s") == 200
    assert seen_by(people.clerk(), own) == seen_by(people.clerk(), own, "-s") == 404


def test_a_photo_of_a_case_is_seen_by_whoever_sees_the_case(own, worker):
    reported(by=worker, photos=[own.uuid])
    assert seen_by(people.clerk(), own) == 200
    assert seen_by(people.stranger(), own) == seen_by(people.stranger(), own, "-s") == 404


def test_nobody_sees_a_photo_without_signing_in(own):
    assert Client().get(f"/photos/{own.uuid}.jpg").status_code == 302
    assert Client().post("/photos/").status_code == 401


def test_a_photo_is_kept_by_the_browser_and_by_nobody_between(own, worker):
    client = Client()
    client.force_login(worker)
    answer = client.get(f"/photos/{own.uuid}.jpg")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"] and "immutable" in answer["Cache-Control"]
    assert answer.content == pictures.path(own).read_bytes()
    small = client.get(f"/photos/{own.uuid}-s.jpg")
    assert small["ETag"] != answer["ETag"]
    again = client.get(f"/photos/{own.uuid}.jpg", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", answer["Cache-Control"])
    client.force_login(people.stranger())
    assert client.get(f"/photos/{own.uuid}.jpg", headers={"If-None-Match": answer["ETag"]}).status_code == 404


def test_an_upload_answers_where_the_photo_lies(worker):
    client, key = Client(), uuid.uuid4()
    client.force_login(worker)

    def upload():
        file = SimpleUploadedFile("现场.jpg", JPEG, "image/jpeg")
        body = {"file": file, "longitude": inside()[0], "latitude": inside()[1]}
        return client.post("/photos/", body, headers={"Idempotency-Key": str(key)})

    first, again = upload(), upload()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["uuid"] == str(key) and first.json()["longitude"] == inside()[0]
    assert client.get(first.json()["thumb"]).status_code == 200


def test_an_upload_from_another_site_is_refused(worker):
    client = Client(enforce_csrf_checks=True)
    client.force_login(worker)
    assert client.post("/photos/", {"file": SimpleUploadedFile("a.jpg", JPEG)}).status_code == 403
