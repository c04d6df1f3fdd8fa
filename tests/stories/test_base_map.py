"""The ground of the maps as people see it: a PMTiles file, tiles of others in their datum, our own outlines; what a mark tells."""

import io
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from config.map_tiles import origins, tile_layers
from grid.datum import to_gcj02
from grid.tiles import metres_between
from tests import pmtiles
from tests.lives import inside, reported
from tests.stories.steps import DESK, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

#: What a canvas of the map shows where a place lies, as #rrggbb; nothing while the canvas is not drawn.
COLOUR = """([longitude, latitude]) => {
  const box = document.querySelector("[data-map]");
  const map = box.gridloopMap;
  const {x, y} = map.latLngToContainerPoint([latitude, longitude]);
  const frame = box.getBoundingClientRect();
  for (const canvas of box.querySelectorAll("canvas.leaflet-tile")) {
    const {left, top, width, height} = canvas.getBoundingClientRect();
    const [across, down] = [(frame.left + x - left) / width, (frame.top + y - top) / height];
    if (across < 0 || across >= 1 || down < 0 || down >= 1 || !canvas.width) continue;
    const [r, g, b, a] = canvas.getContext("2d").getImageData(across * canvas.width, down * canvas.height, 1, 1).data;
    if (a) return "#" + [r, g, b].map((one) => one.toString(16).padStart(2, "0")).join("");
  }
  return "";
}"""
GO = "([longitude, latitude, zoom]) => document.querySelector('[data-map]').gridloopMap.setView([latitude, longitude], zoom, {animate: false})"
READY = "() => document.querySelector('[data-map]')?.gridloopMap?.getZoom() !== undefined"


def token(page: Page, name: str) -> str:
    return page.evaluate("(name) => getComputedStyle(document.body).getPropertyValue(name).trim()", name)


def go(page: Page, place: tuple[float, float], zoom: int) -> None:
    page.wait_for_function(READY)
    page.evaluate(GO, [*place, zoom])


def see_colour(page: Page, place: tuple[float, float], name: str) -> None:
    """The map has the colour of a token where a place lies."""
    page.wait_for_function(
        f"([place, colour]) => ({COLOUR})(place) === colour", arg=[list(place), token(page, name)]
    )


def complaints(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda message: message.type == "error" and found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def ground(tmp_path, settings):
    settings.MAP_FOLDER = tmp_path
    pmtiles.write(tmp_path / "panlong.pmtiles", pmtiles.around(inside()))
    return inside()


def test_water_and_roads_of_the_file_lie_where_they_are_on_board_case_and_phone(signed_in, ground):
    case = reported()
    x, y = ground
    for username, device, path in (
        ("jielingdao", DESK, "/board/"),
        ("shequ", DESK, f"/cases/{case.uuid}/"),
        ("wangge", PHONE, f"/field/near/?lon={x}&lat={y}"),
    ):
        page = signed_in(username, device)
        wrong = complaints(page)
        page.goto(path)
        go(page, ground, 16)
        see_colour(page, (x + 0.001, y + 0.004), "--map-water")
        see_colour(page, (x - 0.002, y), "--map-road")
        see_colour(page, (x - 0.002, y + 0.0015), "--map-ground")
        expect(page.locator(".map-credit").first).to_have_text(pmtiles.CREDIT)
        assert wrong == [], path


def test_a_phone_fetches_parts_of_the_map_and_its_worker_keeps_none(browser, live_server, ground):
    from tests.stories.steps import open_device, sign_in

    context = open_device(browser, live_server.url, PHONE, service_workers="allow")
    page = context.new_page()
    sign_in(page, "wangge")
    asked: list[int] = []
    page.on("response", lambda answer: ".pmtiles" in answer.url and asked.append(answer.status))
    page.goto(f"/field/near/?lon={ground[0]}&lat={ground[1]}")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    go(page, ground, 16)
    see_colour(page, (ground[0] - 0.002, ground[1]), "--map-road")
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async (name) =>"
        " (await (await caches.open(name)).keys()).map(({url}) => url)))).flat()"
    )
    context.close()
    assert asked and set(asked) == {206}
    assert kept and [url for url in kept if "base.json" in url or ".pmtiles" in url] == []


def test_a_wall_draws_the_ground_in_the_dark_without_anybody_signed_in(browser, live_server, ground):
    from tests.dashboard.test_walls import make
    from tests.dashboard.test_walls import signed_in as leader
    from tests.stories.steps import open_device

    context = open_device(browser, live_server.url, DESK)
    page = context.new_page()
    wrong = complaints(page)
    page.goto("/wall/open/")
    page.get_by_label("开通码").fill(make(leader()))
    page.get_by_role("button").click()
    page.wait_for_url("**/wall/")
    go(page, ground, 16)
    see_colour(page, (ground[0] + 0.001, ground[1] + 0.004), "--map-water")
    assert token(page, "--map-ground") == "#0b1a33"
    expect(page.locator(".map-where")).to_have_count(0)
    context.close()
    assert wrong == []


# Tiles of others --------------------------------------------------------------------------------------------------


@pytest.fixture
def tile_server() -> Iterator[tuple[str, list[str]]]:
    """A server of grey tiles on another port of this machine, and what it was asked for."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "#dddddd").save(picture, "PNG")
    asked: list[str] = []

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture.getvalue())

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def lay(settings, tmp_path) -> Callable[..., None]:
    """Choose tiles as the settings do, the rules of the pages with them."""

    def chosen(*, key: str = "", address: str = "", tiles: str = "", datum: str = "wgs84") -> None:
        settings.MAP_FOLDER = tmp_path
        layers = tile_layers(tianditu_key=key, tianditu_address=address, tiles=tiles, tiles_datum=datum)
        rules = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]}
        rules["img-src"] = [*rules["img-src"], *origins(layers)]
        settings.MAP_TILE_LAYERS = layers
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": rules}

    return chosen


def test_with_a_key_the_tiles_of_tianditu_lie_under_our_outlines(signed_in, lay, tile_server):
    server, asked = tile_server
    lay(key="a-key", address=server)
    page = signed_in("jielingdao")
    wrong = complaints(page)
    page.goto("/board/")
    page.wait_for_function("() => document.querySelectorAll('img.leaflet-tile-loaded').length > 3")
    expect(page.locator(".map-credit")).to_have_text("天地图")
    assert page.locator(".map path.area").count() > 0
    assert {re.search(r"/(vec|cva)_w/wmts\?", path)[1] for path in asked} == {"vec", "cva"}
    assert all("tk=a-key" in path and "TILEMATRIXSET=w" in path for path in asked)
    assert wrong == []


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_tiles_lie_where_their_own_datum_has_the_place(signed_in, lay, tile_server, datum):
    """At two places some kilometres apart, the second reached by dragging the map, and after zooming."""
    server, _ = tile_server
    lay(tiles=server + "/{z}/{x}/{y}.png", datum=datum)
    page = signed_in("jielingdao")
    page.goto("/board/")
    longitude, latitude = inside()
    go(page, (longitude, latitude), 15)
    for move in (
        "",
        "panBy([900, -500], {animate: false})",
        "panBy([2000, 1000], {animate: false})",
        "setZoom(17, {animate: false})",
    ):
        if move:
            page.evaluate(f"() => void document.querySelector('[data-map]').gridloopMap.{move}")
        page.wait_for_function(
            "() => [...document.querySelectorAll('img.leaflet-tile-loaded')].length > 3"
            " && !document.querySelector('img.leaflet-tile:not(.leaflet-tile-loaded)')"
        )
        centre, drawn = page.evaluate(MIDDLE)
        wanted = to_gcj02(*centre) if datum == "gcj02" else tuple(centre)
        assert metres_between(tuple(drawn), wanted) < 6, "a pixel is 4 m wide"
        assert (metres_between(tuple(centre), tuple(drawn)) > 300) == (datum == "gcj02")


#: The middle of the map (degrees, WGS-84), and what the tile that is drawn there holds at that pixel, as its address says.
MIDDLE = """() => {
  const box = document.querySelector("[data-map]");
  const frame = box.getBoundingClientRect();
  const [x, y] = [frame.left + frame.width / 2, frame.top + frame.height / 2];
  const {lng, lat} = box.gridloopMap.getCenter();
  const zoom = Math.round(box.gridloopMap.getZoom());
  for (const tile of box.querySelectorAll("img.leaflet-tile")) {
    const {left, top, width, height} = tile.getBoundingClientRect();
    const [z, column, row] = tile.src.match(/(\\d+)\\/(\\d+)\\/(\\d+)\\.png/).slice(1).map(Number);
    if (z !== zoom || x < left || x >= left + width || y < top || y >= top + height) continue;
    const [across, down] = [(column + (x - left) / width) / 2 ** z, (row + (y - top) / height) / 2 ** z];
    return [[lng, lat], [across * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * down))) * 180) / Math.PI]];
  }
  return [[lng, lat], [0, 0]];
}"""


# Our own outlines, marks, controls --------------------------------------------------------------------------------


def test_without_any_of_them_a_name_stands_once_and_a_close_grid_says_its_community(signed_in):
    page = signed_in("jielingdao")
    page.goto("/board/")
    for zoom, pattern in ((14, "社区$"), (16, r"社区$|^\d+ 格$"), (18, r"社区第\d+网格$")):
        go(page, inside(), zoom)
        page.wait_for_function(
            "(pattern) => { const names = [...document.querySelectorAll('.map-name')].map((one) => one.textContent);"
            " return names.length && names.every((one) => new RegExp(pattern).test(one)); }",
            arg=pattern,
        )
        names = page.locator(".map-name").all_inner_texts()
        whole = [name for name in names if "社区" in name]
        assert whole and len(whole) == len(set(whole)), names
    expect(page.locator(".leaflet-control-scale-line")).to_have_text(re.compile(r"^\d+ k?m$"))


def test_marks_hide_no_name(signed_in):
    for _ in range(3):
        reported()
    page = signed_in("jielingdao")
    page.goto("/board/")
    page.wait_for_function("() => document.querySelector('.map-icon .cluster-ring')")
    for zoom in (13, 14, 16):
        go(page, inside(), zoom)
        page.wait_for_function("() => document.querySelector('.map-icon .cluster-ring')")
        covered = page.evaluate("""() => {
          const boxes = (css) => [...document.querySelectorAll(css)].map((one) => one.getBoundingClientRect());
          const marks = boxes(".cluster-ring");
          return boxes(".map-name").filter((name) => marks.some((mark) =>
            name.left < mark.right && mark.left < name.right && name.top + 2 < mark.bottom - 2 && mark.top + 2 < name.bottom - 2)).length;
        }""")
        assert covered == 0, zoom


def test_a_mark_tells_number_words_address_and_clock_and_leads_to_the_case(signed_in):
    case = reported()
    page = signed_in("jielingdao")
    page.goto("/board/")
    page.locator(".map-icon").first.click()
    told = page.locator(".leaflet-popup a.map-case")
    expect(told).to_contain_text(case.number)
    expect(told).to_contain_text(case.address)
    expect(told).to_contain_text(re.compile("剩|超"))
    words = case.texts.get(sequence=1).body
    expect(told).to_contain_text(words[:10])
    assert told.get_attribute("href") == f"/cases/{case.uuid}/"


def test_a_phone_shows_where_it_is(signed_in):
    reported()
    page = signed_in("wangge", PHONE)
    page.goto("/field/near/?lon={}&lat={}".format(*inside()))
    page.get_by_role("button", name="我的位置").click()
    expect(page.locator(".map-me")).to_be_visible()
    expect(page.locator(".map-accuracy")).to_have_count(1)
