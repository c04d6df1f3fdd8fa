// The phone's frame without signal: the files of the report page, the page itself, and one page that says what to do.
// Nothing else is kept, above all no case, and no page but those of the field is answered. Stands before this script:
// KNOWN = {files, field, shell, report, offline}.

const FRAME = "frame-";
const EARLIER = "shell-"; // caches of the worker that lived at /field/sw.js
const CACHE = `${FRAME}${[...JSON.stringify(KNOWN)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7)}`;
const TIMEOUT_MS = 8000;
const STALE_MS = 12 * 3600 * 1000;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fillCache());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (!pathname.startsWith(KNOWN.field)) return;
    event.respondWith(page(request, pathname === KNOWN.report ? KNOWN.shell : KNOWN.offline));
    event.waitUntil(renewShell());
  } else if (KNOWN.files.includes(pathname)) {
    event.respondWith(network(request).catch(() => kept(pathname)));
  }
});

async function fillCache() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...KNOWN.files, KNOWN.offline].map(nobodys));
  await renewShell();
}

async function dropOld() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(EARLIER) || (name.startsWith(FRAME) && name !== CACHE));
  await Promise.all(old.map((name) => caches.delete(name)));
}

// Asked for without a session: it is the same for everybody, and no activity of a person.
function nobodys(path) {
  return new Request(path, { credentials: "omit" });
}

// The report page as it is for times without signal.
async function renewShell() {
  const cache = await caches.open(CACHE);
  const had = await cache.match(KNOWN.shell);
  if (had && Date.now() - Date.parse(had.headers.get("Date") ?? 0) < STALE_MS) return;
  try {
    const answer = await fetch(nobodys(KNOWN.shell));
    if (answer.ok && !answer.redirected) await cache.put(KNOWN.shell, answer);
  } catch {
    // without signal the old one stays
  }
}

async function page(request, spare) {
  try {
    return await network(request);
  } catch {
    return (await kept(spare)) ?? (await kept(KNOWN.offline)) ?? Response.error();
  }
}

function network(request) {
  const limit = new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), TIMEOUT_MS));
  return Promise.race([fetch(request), limit]);
}

async function kept(path) {
  return (await caches.open(CACHE)).match(path, { ignoreVary: true });
}
