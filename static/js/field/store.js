// The phone's offline store: each person's own, encrypted with a key that comes from the server at sign-in and leaves
// at logout. Only this module knows IndexedDB. Owner, kind, key and time of an item are not encrypted:
// a colleague on the same phone can count what is not his, and read, send or delete none of it.

import { openDB } from "../../vendor/idb/index.js";
import { post } from "../http.js";
import { pack, unpack } from "./packing.js";

// unsent: stays until it is sent or its owner deletes it. begun: outlives the session, as nothing typed is lost by its
// end, and goes a week after it was last changed. The rest goes at logout, and after a week whoever signs in.
const KINDS = {
  reports: { unsent: true },
  moves: { unsent: true }, // of cases and of called units, as queue.js sends them
  drafts: { begun: true },
  patrols: { unsent: true }, // the one under way
  page: {}, // what the kept report page must know of the person, and when pages were fetched last
  pages: {}, // that open without signal (pages.js)
  pictures: {}, // small ones of those pages
  marks: {}, // cases on the map as it was last shown (marks.js)
  places: {}, // where this phone was last, and the person's own grids (places.js)
};
const WEEK_MS = 7 * 24 * 3600 * 1000;
const KEY_MS = 10000;
const CIPHER = "AES-GCM";
const IV_BYTES = 12;

// Whose session the page was made for; nobody's on a page that the phone kept.
const person = document.querySelector("[data-owner]")?.dataset.owner;

let opened; // promise of the database
let holder; // promise of {owner, key}, or of null where nothing can be kept
let isLocked = false;
// Another tab has locked the store: a list of what is kept is loaded anew; a page on which somebody still writes keeps
// its key, so that the work can be kept.
const otherTabs = new BroadcastChannel("gridloop-store");
otherTabs.addEventListener("message", () => document.querySelector("[data-queue-list]") && location.reload());

function database() {
  opened ??= openDB("gridloop-store", 1, {
    upgrade(base) {
      base.createObjectStore("items", { keyPath: ["owner", "kind", "key"] }).createIndex("savedAt", "savedAt");
      base.createObjectStore("keys"); // owner → CryptoKey
    },
    // A newer page must not wait for this one.
    blocking: (_old, _new, { target }) => (target.close(), opened = undefined),
    terminated: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

function isUnsent(kind) {
  return Boolean(KINDS[kind]?.unsent);
}

function outlivesSession(kind) {
  return isUnsent(kind) || Boolean(KINDS[kind]?.begun);
}

// Whose store it is -----------------------------------------------------------------------------------------------

async function held() {
  if (isLocked) return null;
  holder ??= unlock().catch(() => null);
  const found = await holder;
  if (!found) holder = undefined; // no signal, perhaps: asked again next time
  return found;
}

async function unlock() {
  if (!globalThis.crypto?.subtle) return null; // not over HTTPS
  const base = await database();
  const owners = await base.getAllKeys("keys");
  const owner = person ?? (owners.length === 1 ? owners[0] : undefined);
  if (!owner) return null;
  const others = owners.filter((other) => other !== owner);
  await Promise.all(others.map((other) => base.delete("keys", other)));
  if (others.length) await drop(([whose, kind]) => whose === owner || outlivesSession(kind));
  const key = await base.get("keys", owner) ?? await fetchKey(owner);
  return key && { owner, key };
}

async function fetchKey(owner) {
  const answer = await post("/field/key/", { ms: KEY_MS, isByItself: true });
  if (!answer.ok) return null;
  const told = await answer.json();
  if (String(told.owner) !== owner) return null; // another one has signed in meanwhile
  const bytes = Uint8Array.from(atob(told.key), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, CIPHER, false, ["encrypt", "decrypt"]);
  await (await database()).put("keys", key, owner);
  return key;
}

// Who signs here: the person of the session, without signal the one whose key is here.
export async function owner() {
  return person ?? (await held())?.owner;
}

export async function canKeep() {
  return Boolean(await held());
}

// Things --------------------------------------------------------------------------------------------------------

function cipher({ owner, kind, key, iv }) {
  return { name: CIPHER, iv, additionalData: new TextEncoder().encode(JSON.stringify([owner, kind, key])) };
}

async function decrypted(item, secret) {
  const { key, savedAt, sealed } = item;
  try {
    return { key, savedAt, value: unpack(await crypto.subtle.decrypt(cipher(item), secret, sealed)) };
  } catch {
    return { key, savedAt, value: undefined }; // altered on the phone; it stays for its owner to see
  }
}

// Answers whether it is really kept.
export async function put(kind, key, value, savedAt = Date.now()) {
  if (!(kind in KINDS)) throw new Error(`${kind} is not declared`);
  const mine = await held();
  if (!mine) return false;
  try {
    const item = { owner: mine.owner, kind, key, savedAt, iv: crypto.getRandomValues(new Uint8Array(IV_BYTES)) };
    item.sealed = await crypto.subtle.encrypt(cipher(item), mine.key, await pack(value));
    await (await database()).put("items", item);
    return true;
  } catch {
    return false; // full, or a browser that keeps nothing
  }
}

// {key, savedAt, value}, the value undefined where it can't be read.
export async function get(kind, key) {
  const mine = await held();
  const item = mine && await (await database()).get("items", [mine.owner, kind, key]);
  return item && decrypted(item, mine.key);
}

export async function all(kind) {
  const mine = await held();
  if (!mine) return [];
  const whole = IDBKeyRange.bound([mine.owner, kind], [mine.owner, kind, []]);
  const items = await (await database()).getAll("items", whole);
  const found = await Promise.all(items.map((item) => decrypted(item, mine.key)));
  return found.sort((a, b) => a.savedAt - b.savedAt);
}

export async function forget(kind, key) {
  const mine = await held();
  if (mine) await (await database()).delete("items", [mine.owner, kind, key]);
}

// How many unsent things of others are here, and since when: {count, oldest}.
export async function ofOthers() {
  const mine = (await held())?.owner;
  const times = [];
  try {
    const { store } = (await database()).transaction("items");
    for (let at = await store.index("savedAt").openKeyCursor(); at; at = await at.continue()) {
      const [owner, kind] = at.primaryKey;
      if (owner !== mine && isUnsent(kind)) times.push(at.key);
    }
    for (const item of await plainReports()) if (String(item.owner) !== mine) times.push(item.savedAt);
  } catch {
    // a browser that keeps nothing
  }
  return { count: times.length, oldest: times.length ? Math.min(...times) : null };
}

// Time and sign-out ------------------------------------------------------------------------------------------------

async function drop(stays, range) {
  const change = (await database()).transaction("items", "readwrite");
  for (const at of await change.store.index("savedAt").getAllKeys(range)) if (!stays(at)) change.store.delete(at);
  await change.done;
}

// Whatever is not unsent goes after a week, whoever's it is.
export function sweep() {
  return drop(([, kind]) => isUnsent(kind), IDBKeyRange.upperBound(Date.now() - WEEK_MS));
}

// The session ends, or has ended: no key stays, and nothing but what is unsent or begun.
export async function lock() {
  isLocked = true;
  otherTabs.postMessage("locked");
  await (await database()).clear("keys");
  await drop(([, kind]) => outlivesSession(kind));
}

// What earlier releases kept --------------------------------------------------------------------------------------
// One database for everybody, in plain text. Each owner's reports move when he signs in, under the keys they had, so
// that one whose answer was lost is still known to the server. The database stays: an old page may be open.

function plainStore() {
  return openDB("gridloop", undefined, {
    upgrade(_base, _old, _new, change) { // there is none
      change.done.catch(() => {});
      change.abort();
    },
  }).catch(() => null);
}

async function plainReports() {
  const old = await plainStore();
  if (!old) return [];
  const items = await old.getAll("reports");
  old.close();
  return items;
}

async function takeOver() {
  const mine = (await held())?.owner;
  const items = (await plainReports()).filter((item) => String(item.owner) === mine);
  for (const item of items) {
    const isHere = await get("reports", item.key) ?? await put("reports", item.key, item, item.savedAt);
    if (!isHere) continue;
    const old = await plainStore();
    await old.delete("reports", item.key);
    old.close();
  }
}

// For every page of the phone; done when what was kept before is here.
export async function startStore() {
  try {
    await sweep();
    await takeOver();
  } catch {
    // a browser that keeps nothing
  }
}
