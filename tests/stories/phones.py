"""What lies in a phone: the store of today and that of earlier releases, looked into from outside."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from playwright.sync_api import BrowserContext, Error, Page, Route

from cases.models import Category
from tests.lives import inside
from tests.photos import jpeg
from tests.stories.steps import TIMEOUT_MS

JPEG = b"\xff\xd8\xff"

#: Every value of every database of this origin, its bytes apart; a key tells only whether it can be taken out.
_CONTENTS = """async () => {
  const bytes = [];
  const plain = (value) => {
    if (value instanceof CryptoKey) return { extractable: value.extractable };
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    if (ArrayBuffer.isView(value)) {
      let text = "";
      for (const byte of value) text += String.fromCharCode(byte);
      return { bytes: bytes.push(btoa(text)) - 1 };
    }
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
    }
    return value;
  };
  const answer = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const rows = {};
  for (const { name } of await indexedDB.databases()) {
    const base = await answer(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      rows[`${name}/${store}`] = (await answer(base.transaction(store).objectStore(store).getAll())).map(plain);
    }
    base.close();
  }
  return { rows, bytes, small: [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })] };
}"""

#: What the page of the release before this one did when a report could not be sent.
_OLD_PUT = """(item) => new Promise((done, fail) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  item.photos = item.photos.map((photo) => ({ ...photo, data: bytes(photo.data) }));
  const open = indexedDB.open("gridloop", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("reports", { keyPath: "key" });
  open.onerror = () => fail(open.error);
  open.onsuccess = () => {
    const change = open.result.transaction("reports", "readwrite");
    change.objectStore("reports").put(item);
    change.oncomplete = () => (open.result.close(), done());
  };
})"""


#: What the worker of the release before this one did, in short: it had the field to itself and kept a page.
_OLD_WORKER = """
self.addEventListener("install", (event) => {
  self.skipWaiting();
  const page = new Response("<main data-owner=1>alt</main>", { headers: { "Content-Type": "text/html" } });
  event.waitUntil(caches.open("shell-12345").then((cache) => cache.put("/field/shell/", page)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/field/shell/", { ignoreVary: true })));
  }
});
"""


def old_worker(request: HttpRequest) -> HttpResponse:
    """The script as the release before this one served it."""
    return HttpResponse(_OLD_WORKER, content_type="text/javascript")


#: The addresses of the release before this one, as far as they were others: ROOT_URLCONF of a story.
urlpatterns = [path("field/sw.js", old_worker), path("", include("config.urls"))]


def workers(page: Page) -> list[str]:
    """The scopes of the service workers that this browser has."""
    scopes = page.evaluate(
        "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope)"
    )
    return [urlsplit(scope).path for scope in scopes]


def caches_of(page: Page) -> list[str]:
    return page.evaluate("() => caches.keys()")


def _looked_up(page: Page) -> dict[str, Any]:
    """What the phone holds; looked up again where the page loads itself anew while it is read."""
    end = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        try:
            return page.evaluate(_CONTENTS)
        except Error as problem:
            if not _loads_anew(problem) or time.monotonic() > end:
                raise
            page.wait_for_load_state()


def _loads_anew(problem: Error) -> bool:
    return "context was destroyed" in str(problem)


class Contents:
    """What somebody finds who opens the phone's databases by hand."""

    def __init__(self, page: Page) -> None:
        found = _looked_up(page)
        self.rows: dict[str, list[Any]] = found["rows"]
        self.bytes = [base64.b64decode(text) for text in found["bytes"]]
        self.text = json.dumps([self.rows, found["small"]], ensure_ascii=False)

    def of(self, store: str) -> list[Any]:
        """The values of ``database/store``; none where it is not there."""
        return self.rows.get(store, [])

    @property
    def items(self) -> list[Any]:
        return self.of("gridloop-store/items")

    @property
    def reports(self) -> list[Any]:
        return [item for item in self.items if item["kind"] == "reports"]

    @property
    def unsent(self) -> list[Any]:
        return [item for item in self.items if item["kind"] in ("reports", "moves")]

    @property
    def keys(self) -> list[Any]:
        return self.of("gridloop-store/keys")

    @property
    def old(self) -> list[Any]:
        return self.of("gridloop/reports")

    def tells(self, words: str) -> bool:
        """Whether some words can be read anywhere, as text or within bytes."""
        within = (words.encode(code) for code in ("utf-8", "utf-16-le"))
        return words in self.text or any(one in bytes_ for one in within for bytes_ in self.bytes)

    def shows_a_picture(self) -> bool:
        """Whether a JPEG lies anywhere."""
        return any(JPEG in bytes_ for bytes_ in self.bytes)


def wait_until(page: Page, condition: Callable[[], object]) -> None:
    """Look again and again; for what the page does without showing it, even while it loads itself anew."""
    end = time.monotonic() + TIMEOUT_MS / 1000
    while time.monotonic() < end:
        try:
            if condition():
                return
        except Error as problem:
            if not _loads_anew(problem):
                raise
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen")


def old_item(
    owner: int, words: str, category: Category, photos: tuple[uuid.UUID | None, ...] = ()
) -> dict[str, Any]:
    """A report as the release before this one kept it; a photo with an id has arrived already, one without has not."""
    longitude, latitude = inside()
    fields = [
        ["key", str(uuid.uuid4())],
        ["device_time", "2026-11-18T02:00:00.000Z"],
        ["place_longitude", f"{longitude:.6f}"],
        ["place_latitude", f"{latitude:.6f}"],
        ["category", str(category.pk)],
        ["words", words],
        ["address", ""],
        ["nearby_seen", "1"],
    ]
    colours = ("#7a8b99", "#5d7a5f", "#99857a")
    return {
        "key": fields[0][1],
        "owner": str(owner),
        "savedAt": int(time.time() * 1000) - 3_600_000,
        "fields": fields,
        "photos": [
            {
                "name": "photos",
                "key": str(uuid.uuid4()),
                "type": "image/jpeg",
                "data": base64.b64encode(jpeg(colour=colour)).decode(),
                **({"uuid": str(arrived)} if arrived else {}),
            }
            for arrived, colour in zip(photos, colours, strict=False)
        ],
        "sent": 0,
        "title": f"{category.name}：{words}"[:60],
    }


def put_into_old_store(page: Page, item: dict[str, Any]) -> None:
    """Let a report wait in the store of the release before this one."""
    page.evaluate(_OLD_PUT, item)


def posted(item: dict[str, Any]) -> dict[str, Any]:
    """The very fields that both releases send for a waiting report whose photos have arrived."""
    body: dict[str, Any] = {}
    for name, value in [*item["fields"], *(("photos", photo["uuid"]) for photo in item["photos"])]:
        body.setdefault(name, []).append(value)
    return {**body, "owner": item["owner"]}


class Signal:
    """Whether what the phone sends arrives; its pages come all the same, as a browser without worker needs them."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context

    def _cut(self, route: Route) -> None:
        if route.request.method == "POST":
            route.abort("internetdisconnected")
        else:
            route.fallback()

    def lose(self) -> None:
        for address in ("**/field/report/", "**/photos/**", "**/moves/*/", "**/field/arrive/*/"):
            self.context.route(address, self._cut)

    def find(self) -> None:
        self.context.unroute_all()
