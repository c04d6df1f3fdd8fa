// The phone's frame without signal: the files of the report page, the page itself, and one page that says what to do.
// Nothing else is kept, above all no case. KNOWN = {files, shell, report, offline} stands before this script.

const CACHE = `shell-${[...JSON.stringify(KNOWN)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7)}`;
const PATIENCE_MS = 8000;
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
  await Promise.all(names.filter((name) => name.startsWith("shell-") && name !== CACHE).map((name) => caches.delete(name)));
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
  const limit = new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE_MS));
  return Promise.race([fetch(request), limit]);
}

async function kept(path) {
  return (await caches.open(CACHE)).match(path, { ignoreVary: true });
}
