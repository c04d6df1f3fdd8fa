// The phone's frame without signal: the files of the field, the report page, the list of what waits, and one page that
// shows what this phone keeps of the page asked for. All of it is the same for everybody: whose it is lies in the
// encrypted store (field/store.js), which this worker does not open. It answers pages that people open outdoors, never
// desk, board or configuration. Stands before this script: KNOWN = {files, pages, shell, offline, areas, outdoors}.

const FRAME = "frame-";
const AREAS = "areas"; // outlines of the base map that were looked at last: no case is in them
const MOST_AREAS = 40;
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
  if (origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (!isOutdoors(pathname)) return;
    event.respondWith(page(request, KNOWN.pages[pathname] ?? KNOWN.offline));
    event.waitUntil(renewShell());
  } else if (request.method !== "GET") {
    return;
  } else if (KNOWN.files.includes(pathname)) {
    event.respondWith(network(request).then(renewed).catch(() => kept(pathname)));
  } else if (pathname === KNOWN.areas) {
    event.respondWith(outlines(request));
  }
});

function isOutdoors(pathname) {
  return pathname === "/" || KNOWN.outdoors.some((start) => pathname.startsWith(start));
}

async function fillCache() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...KNOWN.files, ...Object.values(KNOWN.pages), KNOWN.offline].map(nobodys));
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

// A form that is on its way is waited for: nobody knows whether it has arrived.
async function page(request, spare) {
  try {
    return await (request.method === "GET" ? network(request) : fetch(request));
  } catch {
    return (await kept(spare)) ?? (await kept(KNOWN.offline)) ?? Response.error();
  }
}

// The words of the search change from day to day; every other file has its release in its name.
async function renewed(answer) {
  const { pathname } = new URL(answer.url);
  if (answer.ok && pathname.endsWith(".json")) await (await caches.open(CACHE)).put(pathname, answer.clone());
  return answer;
}

function network(request) {
  const limit = new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), TIMEOUT_MS));
  return Promise.race([fetch(request), limit]);
}

async function kept(path) {
  return (await caches.open(CACHE)).match(path, { ignoreVary: true });
}

// The map that was looked at last, in the outlines of then.
async function outlines(request) {
  const cache = await caches.open(AREAS);
  try {
    const answer = await network(request);
    if (answer.ok && !answer.redirected) {
      await cache.put(request.url, answer.clone());
      const all = await cache.keys();
      await Promise.all(all.slice(0, -MOST_AREAS).map((one) => cache.delete(one)));
    }
    return answer;
  } catch {
    return (await cache.match(request.url, { ignoreVary: true })) ?? Response.error();
  }
}
