"""Hostile and ordinary uploads: nothing is served as it came, no position is left inside, nothing breaks."""

import datetime as dt
import io
import struct
import uuid
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from cases import permissions, photos
from cases.actions import KeyReused, Unfit
from cases.models import Photo
from governance.models import Level, Organization, User
from governance.roles import Role
from grid.models import Grid
from tests import people
from tests.cases.walks import appoint, vacate
from tests.lives import inside, reported

pytestmark = pytest.mark.django_db
SCRIPT = b"<script>alert(1)</script>"


# --- Pictures


def scene(mode: str = "RGB", size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with something in it, so that a cut file is really cut."""
    noise = Image.effect_noise(size, 80)
    return noise.convert(mode) if mode != "I;16" else noise.convert("I").convert("I;16")


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def with_exif(*, gps: tuple[float, float] | None = None, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Phone 9"
    if gps:
        longitude, latitude = gps
        exif[0x8825] = {
            1: "N",
            2: tuple(IFDRational(part) for part in _sexagesimal(latitude)),
            3: "E",
            4: tuple(IFDRational(part) for part in _sexagesimal(longitude)),
        }
    return saved(scene(), "JPEG", exif=exif)


def _sexagesimal(degrees: float) -> tuple[int, int, float]:
    whole, rest = int(degrees), degrees % 1 * 60
    return whole, int(rest), round(rest % 1 * 60, 3)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size in its first bytes and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b""))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def jpeg_with_comment() -> bytes:
    body = saved(scene(), "JPEG")
    return body[:2] + b"\xff\xfe" + struct.pack(">H", len(SCRIPT) + 2) + SCRIPT + body[2:]


def png_with_text() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    return saved(scene(), "PNG", pnginfo=notes)


def png_with_text_bomb() -> bytes:
    body = saved(scene(), "PNG")
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 80_000_000, 9))
    return body[:33] + bomb + body[33:]


def animated(kind: str) -> bytes:
    frames = [scene(size=(200, 150)) for _ in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def heic() -> bytes:
    import pillow_heif

    return bytes(_heif(pillow_heif).getvalue())


def _heif(pillow_heif) -> io.BytesIO:
    out = io.BytesIO()
    pillow_heif.from_pillow(scene()).save(out)
    return out


def pdf() -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"


JPEG = saved(scene(), "JPEG", quality=90)
PNG = saved(scene(), "PNG")
WEBP = saved(scene(), "WEBP")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!doctype html><html>" + SCRIPT + b"</html>"

REBUILT = {
    "plain jpeg": JPEG,
    "progressive jpeg": saved(scene(), "JPEG", progressive=True),
    "grey jpeg": saved(scene("L"), "JPEG"),
    "cmyk jpeg": saved(scene("CMYK"), "JPEG"),
    "jpeg with a script comment": jpeg_with_comment(),
    "jpeg with html behind it": JPEG + HTML,
    "jpeg with a zip behind it": JPEG + b"PK\x03\x04" + b"\0" * 200,
    "jpeg with a phone's name": with_exif(),
    "jpeg with a position": with_exif(gps=(102.7345, 25.0405)),
    "jpeg on its side": with_exif(orientation=6),
    "jpeg with a nonsense orientation": with_exif(orientation=77),
    "jpeg with nonsense exif": JPEG[:2] + b"\xff\xe1\x00\x16Exif\0\0II*\0\xff\xff\xff\xff\xff\xff\xff\xff" + JPEG[2:],
    "png": PNG,
    "16-bit png": saved(scene("I;16"), "PNG"),
    "png with transparency": saved(scene("RGBA"), "PNG"),
    "png with a palette": saved(scene("P"), "PNG"),
    "black and white png": saved(scene("1"), "PNG"),
    "png with a script in its text": png_with_text(),
    "animated png": animated("PNG"),
    "webp": WEBP,
    "animated webp": animated("WEBP"),
    "heic": heic(),
}  # fmt: skip

REFUSED = {
    "nothing": b"",
    "zero bytes": b"\0" * 5000,
    "text": "这不是照片".encode(),
    "html called jpg": HTML,
    "svg": SVG,
    "pdf": pdf(),
    "gif": saved(scene("P"), "GIF"),
    "tiff": saved(scene(), "TIFF"),
    "bmp": saved(scene(), "BMP"),
    "gif head and jpeg body": b"GIF89a" + JPEG,
    "jpeg head alone": JPEG[:3],
    "jpeg head and html": JPEG[:20] + HTML,
    "jpeg cut at 30 %": JPEG[: len(JPEG) * 30 // 100],
    "jpeg cut at 90 %": JPEG[: len(JPEG) * 90 // 100],
    "png cut at 60 %": PNG[: len(PNG) * 60 // 100],
    "webp cut at 60 %": WEBP[: len(WEBP) * 60 // 100],
    "heic cut at 60 %": heic()[: len(heic()) * 60 // 100],
    "png that promises 60000 x 60000": png_header(60_000, 60_000),
    "png that promises 2^31 x 2^31": png_header(2**31 - 1, 2**31 - 1),
    "png that holds nothing": png_header(800, 600),
    "png bomb of 49 megapixels": saved(Image.new("1", (7000, 7000)), "PNG"),
    "png with a text bomb": png_with_text_bomb(),
    "one pixel": saved(Image.new("RGB", (1, 1)), "PNG"),
    "a line": saved(Image.new("RGB", (4000, 2)), "PNG"),
    "heic head and nothing": b"\0\0\0\x18ftypheic" + b"\0" * 400,
    "webp head and nothing": b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xff" * 400,
}  # fmt: skip


def reports_at(user: User, longitude: float, latitude: float) -> bool:
    return permissions.reports_at(user, longitude, latitude, on=timezone.localdate())


@pytest.fixture
def worker():
    return people.worker()


def put(data: bytes, worker, **options) -> Photo:
    return photos.store(data, by=worker, now=timezone.now(), **options)


# --- What goes in, what comes out


@pytest.mark.parametrize("name", REBUILT)
def test_a_picture_is_rebuilt_and_bare(name, worker):
    photo = put(REBUILT[name], worker)
    for path in (photos.path(photo), photos.thumb_path(photo)):
        served = path.read_bytes()
        assert served != REBUILT[name]
        assert served.startswith(b"\xff\xd8\xff") and served.endswith(b"\xff\xd9")
        for trace in (b"script", b"Exif", b"GPS", b"Secret", b"PK\x03\x04", b"http", b"ICC_PROFILE"):
            assert trace not in served
        with Image.open(io.BytesIO(served)) as picture:
            picture.load()
            assert picture.format == "JPEG" and picture.mode == "RGB"
            assert not picture.getexif() and "comment" not in picture.info


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_picture_is_refused_in_a_sentence(name, worker):
    with pytest.raises(Unfit) as refusal:
        put(REFUSED[name], worker)
    assert refusal.value.field == "photos" and refusal.value.sentence.endswith("。")
    assert not Photo.objects.filter(uploaded_by=worker).exists()


@pytest.mark.parametrize("name", ["text", "html called jpg", "svg", "jpeg cut at 30 %", "nothing"])
def test_an_upload_that_is_refused_is_an_answer_not_an_error(name, worker):
    client = Client()
    client.force_login(worker)
    answer = client.post("/photos/", {"file": SimpleUploadedFile("a.jpg", REFUSED[name], "image/jpeg")})
    assert answer.status_code == 400


def test_a_large_picture_is_made_smaller_and_gets_a_thumbnail(worker):
    photo = put(saved(scene(size=(3000, 2000)), "JPEG"), worker)
    assert (photo.width, photo.height) == (1600, 1067)
    with Image.open(photos.thumb_path(photo)) as thumb:
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
    for place in (elsewhere, ANOTHER_CITY):
        photo = stored(*place)
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
    place = inside(SPOTS["community"])
    assert reports_at(worker, *place) and reports_at(User.objects.get(username="xuncha"), *place)
    assert not reports_at(people.stranger(), *place)


def test_more_than_twelve_megabytes_is_refused(worker):
    with pytest.raises(Unfit, match="12 MB"):
        put(JPEG + b"\0" * photos.MAX_BYTES, worker)


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
    assert Client().post("/photos/").status_code == 403


def test_a_photo_is_kept_by_the_browser_and_by_nobody_between(own, worker):
    client = Client()
    client.force_login(worker)
    answer = client.get(f"/photos/{own.uuid}.jpg")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"] and "immutable" in answer["Cache-Control"]
    assert answer.content == photos.path(own).read_bytes()
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
