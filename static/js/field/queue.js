// What waits in this phone: reports, moves of cases, report-ins of called units. Saved before they are sent, sent in that
// order with the key they were saved with, and deleted only when the server has said where it leads. What it refuses
// stays, with its sentences, and with where the case stands now (`now`) where it has moved on meanwhile.
//
// An item: {kind, key, owner, savedAt, address, pictures, fields, photos, sent, title, doing, page}. `address` takes the
// form, `pictures` its photos; `doing` and `title` say what it is, `page` shows the case.

import { orNotNow, post } from "../http.js";
import { upload } from "./upload.js";
import { all, canKeep, forget as drop, get, ofOthers, owner, put, startStore } from "./store.js";

const AGAIN_MS = 60000;
const PATIENCE_MS = 3000; // so long a person waits for the answer
const ANSWER_MS = 30000;
const KINDS = ["reports", "moves"];
const SPOILT = { fields: [], photos: [], sent: 0, title: "打不开的内容", errors: { __all__: ["内容已损坏，无法读取或上传。"] } };
const REPORT = { kind: "reports", address: "/field/report/", pictures: "/photos/", doing: "上报" };
const LOCK = "gridloop-queue";

// Reports that were kept under an earlier release name their fields as the form did then.
const EARLIER_NAMES = { place_longitude: "position_longitude", place_latitude: "position_latitude" };

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let isSignedOut = false; // the session has ended, as the server has said

function asItem(kind, { key, savedAt, value }) {
  if (!value) return { ...SPOILT, kind, key, savedAt, isSpoilt: true };
  const item = kind === "reports" ? { ...REPORT, ...value } : value;
  return { ...item, fields: item.fields.map(([name, text]) => [EARLIER_NAMES[name] ?? name, text]) };
}

// In the order in which they were kept.
export async function waiting() {
  const found = await Promise.all(KINDS.map(async (kind) => (await all(kind)).map((row) => asItem(kind, row))));
  return found.flat().sort((a, b) => a.savedAt - b.savedAt);
}

export async function find(key, kind = "reports") {
  const found = await get(kind, key);
  return found && asItem(kind, found);
}

// Answers whether it is really kept.
export async function keep(item) {
  const isKept = await put(item.kind ?? "reports", item.key, item, item.savedAt);
  await changed();
  return isKept;
}

export async function forget(key, kind = "reports") {
  await drop(kind, key);
  await changed();
}

export async function changed() {
  const items = await waiting();
  const [others, isKeeping, me] = [await ofOthers(), await canKeep(), await owner()];
  const detail = { count: items.length, oldest: items[0]?.savedAt ?? null, items, others, isKeeping, owner: me, isSignedOut };
  document.dispatchEvent(new CustomEvent("queue:changed", { detail }));
}

// Answers {url}, {errors, nearby, now}, {login: true} or {offline: true}, with a reason where it is the server's and no lack of signal.
export async function send(kept, { isByItself = false } = {}) {
  const item = Object.assign(kept, { ...REPORT, ...kept });
  try {
    const refused = await sendPhotos(item, isByItself);
    if (isByItself && !await find(item.key, item.kind)) return { isGone: true };
    const answer = refused ?? await sendForm(item, isByItself);
    isSignedOut = Boolean(answer.login);
    return answer;
  } catch ({ sentence, seconds }) {
    if (seconds) setTimeout(replay, seconds * 1000);
    return { offline: true, reason: sentence, seconds };
  }
}

async function sendPhotos(item, isByItself) {
  for (const photo of item.photos) {
    if (photo.uuid) continue;
    const file = new File([photo.data], "photo.jpg", { type: photo.type });
    const { uuid, refused, login } = await upload(file, photo.key, { owner: item.owner }, { isByItself, address: item.pictures });
    if (login) return { login };
    if (refused) return { errors: { [photo.name]: [refused] } };
    // Written down at once: a second picture would make it a second report.
    photo.uuid = uuid;
    await keepOn(item);
  }
  return null;
}

async function sendForm(item, isByItself) {
  const body = new URLSearchParams(item.fields);
  for (const photo of item.photos) body.append(photo.name, photo.uuid);
  if (item.owner) body.append("owner", item.owner);
  const answer = await orNotNow(await post(item.address, { body, ms: ANSWER_MS, isByItself }));
  if (answer.type === "opaqueredirect" || answer.status === 401) return { login: true };
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return { login: true };
  const told = await answer.json();
  if (answer.ok) return { url: told.url };
  if (told.errors?.owner) return { login: true };
  return { ...told, errors: told.errors ?? (told.nearby ? undefined : { __all__: [told.detail] }) };
}

// Written again, unless its owner has deleted it meanwhile.
async function keepOn(item) {
  if (await find(item.key, item.kind)) await keep(item);
}

// Sends one that was just kept, while no other page sends.
export function sendAlone(item) {
  return navigator.locks ? navigator.locks.request(LOCK, () => send(item)) : send(item);
}

// The same; after a while the person is let go, and what is saved goes on by itself: from here, or from the next page.
export async function sendPatiently(item, letGo) {
  const sending = sendAlone(item);
  const isDone = sending.then(() => true);
  if (letGo && !(await Promise.race([isDone, after(PATIENCE_MS)]))) await letGo();
  return sending;
}

// Sends what waits for this person, one after the other, from one page at a time.
export async function replay() {
  if (!navigator.onLine || !navigator.locks) return;
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock && await sendAll()) document.dispatchEvent(new CustomEvent("queue:sent"));
  });
}

// Under a key that was used nothing else can be sent: the server gives another one.
function keyed(fields, key) {
  return key ? fields.map(([name, value]) => [name, name === "key" ? key : value]) : fields;
}

// Answers whether something has arrived.
async function sendAll() {
  const held = new Set(); // cases of which something could not be sent now: what follows it waits too
  let isAnySent = false;
  for (const { key: mine, kind } of await waiting()) {
    const item = await find(mine, kind); // as it is now: it may have been deleted while others were sent
    if (!item || item.errors || held.has(item.page)) continue;
    const { url, errors, nearby, now, offline, login, reason, seconds, key, isGone } = await send(item, { isByItself: true });
    if (isGone) continue;
    if (url) {
      await forget(item.key, item.kind);
      isAnySent = true;
    } else if (offline || login) {
      if (item.reason !== reason) await keepOn({ ...item, reason });
      else await changed();
      if (login || seconds || !reason) break;
      if (item.page) held.add(item.page);
    } else await keepOn({ ...item, now, fields: keyed(item.fields, key), errors: errors ?? { __all__: [nearby ? "附近有同类案件。" : "没有被接受。"] } });
  }
  return isAnySent;
}

export async function startQueue() {
  await startStore();
  const start = async () => {
    await changed();
    await replay();
  };
  addEventListener("online", start);
  document.addEventListener("visibilitychange", () => document.hidden || start());
  setInterval(start, AGAIN_MS);
  await start();
}
