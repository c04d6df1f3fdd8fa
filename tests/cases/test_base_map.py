"""The ground of the maps: one file of the data folder in parts, tiles of others, and who is told their key."""

import os

import pytest
from django.test import Client, override_settings

from config.map_tiles import origins, tile_layers
from grid.tiles import position, tile
from tests import people, pmtiles
from tests.lives import inside

pytestmark = pytest.mark.django_db
KEY = "a-key-of-tianditu"


def layers(**given: str) -> list[dict]:
    usual = {
        "tianditu_key": "",
        "tianditu_address": "https://t{s}.tianditu.gov.cn",
        "tiles": "",
        "tiles_datum": "wgs84",
    }
    return tile_layers(**usual | given)


@pytest.fixture
def folder(tmp_path, settings):
    settings.MAP_FOLDER = tmp_path
    return tmp_path


@pytest.fixture
def file(folder):
    path = folder / "panlong.pmtiles"
    pmtiles.write(path, pmtiles.around(inside()))
    return path


@pytest.fixture
def clerk() -> Client:
    client = Client()
    client.force_login(people.clerk())
    return client


def address(client: Client) -> str:
    return client.get("/map/base.json").json()["file"]


def whole(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_file_that_is_dropped_into_the_data_folder_is_the_ground_of_all_maps(clerk, file):
    told = clerk.get("/map/base.json").json()
    assert (told["closest"], told["credit"], told["layers"]) == (14, pmtiles.CREDIT, [])
    assert told["script"].endswith(".js")
    answer = clerk.get(told["file"])
    assert (answer.status_code, whole(answer)) == (200, file.read_bytes())
    assert answer["Accept-Ranges"] == "bytes" and answer["Content-Length"] == str(file.stat().st_size)
    assert file.stat().st_size < 10_000


def test_without_a_file_there_is_none(clerk, folder):
    assert clerk.get("/map/base.json").json() == {"file": "", "layers": []}


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-126", 0, 126),
        ("bytes=100-", 100, None),
        ("bytes=-10", -10, None),
        ("bytes=5-5", 5, 5),
        ("bytes=0-9999999", 0, None),
    ],
)
def test_a_part_is_answered_as_such(clerk, file, asked, first, last):
    answer = clerk.get(address(clerk), headers={"Range": asked})
    data, size = file.read_bytes(), file.stat().st_size
    begin = first % size if first < 0 else first
    end = size - 1 if last is None else last
    assert (answer.status_code, whole(answer)) == (206, data[begin : end + 1])
    assert answer["Content-Range"] == f"bytes {begin}-{end}/{size}"
    assert answer["Content-Length"] == str(end - begin + 1)


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(clerk, file, asked):
    answer = clerk.get(address(clerk), headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{file.stat().st_size}")


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2",
        "bytes=-",
        "lines=1-2",
        "bytes=0-1,5-6",
        "bytes=x-y",
        f"bytes={'9' * 5000}-",
        "bytes=１-２",
    ],
)
def test_a_range_that_is_none_is_answered_by_the_whole(clerk, file, asked):
    answer = clerk.get(address(clerk), headers={"Range": asked})
    assert (answer.status_code, whole(answer)) == (200, file.read_bytes())


def test_a_map_that_was_fetched_is_not_fetched_again_and_a_new_one_has_a_new_address(clerk, file):
    first = address(clerk)
    tag = clerk.get(first)["ETag"]
    again = clerk.get(first, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in again["Cache-Control"] and "private" in again["Cache-Control"]
    part = clerk.get(first, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert part.status_code == 200, "a part of another file would be mixed with this one's"
    os.utime(file, (1, 1))
    assert address(clerk) != first
    assert clerk.get(first).status_code == 404


def test_of_several_files_the_one_that_came_last_is_taken(clerk, folder, file):
    later = folder / "another.pmtiles"
    pmtiles.write(later, pmtiles.around((102.0, 25.0)))
    os.utime(file, (1, 1))
    assert whole(clerk.get(address(clerk))) == later.read_bytes()


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04" + bytes(200), b"PMTiles\x02" + bytes(200), b"PMTiles\x03" + bytes(200)]
)
def test_what_is_no_map_is_not_used(clerk, folder, data, caplog):
    (folder / "not-a-map.pmtiles").write_bytes(data)
    assert clerk.get("/map/base.json").json()["file"] == ""
    assert "not-a-map.pmtiles" in caplog.text


def test_only_who_is_signed_in_is_told_the_key_and_given_the_file(clerk, file):
    with override_settings(MAP_TILE_LAYERS=layers(tianditu_key=KEY)):
        assert KEY in clerk.get("/map/base.json").content.decode()
        for path in ("/map/base.json", address(clerk), "/login/", "/wall/", "/field/shell/", "/healthz"):
            answer = Client().get(path)
            assert answer.status_code != 200 or KEY not in answer.content.decode(), path
        assert Client().get("/map/base.json").status_code == 401
        assert Client().get(address(clerk)).status_code in (302, 401)
        for path in ("/desk/", "/board/", "/board/map/"):
            assert KEY not in clerk.get(path).content.decode(), "the map asks for it by itself"


def test_the_browser_may_load_pictures_from_the_chosen_servers_alone():
    assert origins(layers()) == []
    assert origins(layers(tianditu_key=KEY)) == ["https://*.tianditu.gov.cn"]
    own = layers(tiles="https://tiles.example.gov.cn:8443/a/{z}/{x}/{y}.png", tiles_datum="gcj02")
    assert origins(own) == ["https://tiles.example.gov.cn:8443"]
    assert origins(layers(tiles="/tiles/{z}/{x}/{y}.png")) == []


def test_the_fixture_counts_tiles_as_the_site_does():
    x, y = pmtiles._pixel(inside(), 22)
    assert (int(x), int(y)) == tile(*inside())
    assert position(x, y) == pytest.approx(inside())
