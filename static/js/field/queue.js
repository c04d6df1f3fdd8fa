// Reports that wait in this phone: saved before they are sent, sent with the key they were saved with, and deleted
// only when the server has said where the case went. What it refuses stays, with its sentences.

import { orNotNow, post } from "../http.js";
import { upload } from "./photos.js";
import { all, canKeep, forget as drop, get, ofOthers, owner, put, startStore } from "./store.js";

const AGAIN_MS = 60000;
const ANSWER_MS = 30000;
const SPOILT = { fields: [], photos: [], sent: 0, title: "打不开的上报", errors: { __all__: ["内容已损坏，无法读取或上传。"] } };

// Reports that were kept under an earlier release name their fields as the form did then.
const EARLIER_NAMES = { place_longitude: "position_longitude", place_latitude: "position_latitude" };

function asItem({ key, savedAt, value }) {
  if (!value) return { key, savedAt, isSpoilt: true, ...SPOILT };
  return { ...value, fields: value.fields.map(([name, text]) => [EARLIER_NAMES[name] ?? name, text]) };
}

async function waiting() {
  return (await all("reports")).map(asItem);
}

export async function find(key) {
  const found = await get("reports", key);
  return found && asItem(found);
}

// Answers whether it is really kept.
export async function keep(item) {
  const isKept = await put("reports", item.key, item, item.savedAt);
  await changed();
  return isKept;
}

export async function forget(key) {
  await drop("reports", key);
  await changed();
}

export async function changed() {
  const items = await waiting();
  const [others, isKeeping, me] = [await ofOthers(), await canKeep(), await owner()];
  const detail = { count: items.length, oldest: items[0]?.savedAt ?? null, items, others, isKeeping, owner: me };
  document.dispatchEvent(new CustomEvent("queue:changed", { detail }));
}

// Answers {url}, {errors, nearby}, {login: true} or {offline: true}, with a reason where it is the server's and no lack of signal.
export async function send(item, { isByItself = false } = {}) {
  try {
    return await sendPhotos(item, isByItself) ?? await sendReport(item, isByItself);
  } catch ({ sentence, seconds }) {
    if (seconds) setTimeout(replay, seconds * 1000);
    return { offline: true, reason: sentence };
  }
}

async function sendPhotos(item, isByItself) {
  for (const photo of item.photos) {
    if (photo.uuid) continue;
    const file = new File([photo.data], "photo.jpg", { type: photo.type });
    const { uuid, refused, login } = await upload(file, photo.key, { owner: item.owner }, { isByItself });
    if (login) return { login };
    if (refused) return { errors: { [photo.name]: [refused] } };
    // Written down at once: a second picture would make it a second report.
    photo.uuid = uuid;
    await keep(item);
  }
  return null;
}

async function sendReport(item, isByItself) {
  const body = new URLSearchParams(item.fields);
  for (const photo of item.photos) body.append(photo.name, photo.uuid);
  if (item.owner) body.append("owner", item.owner);
  const answer = await orNotNow(await post("/field/report/", { body, ms: ANSWER_MS, isByItself }));
  if (answer.type === "opaqueredirect" || answer.status === 401) return { login: true };
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return { login: true };
  const told = await answer.json();
  if (answer.ok) return { url: told.url };
  if (told.errors?.owner) return { login: true };
  return told.errors || told.nearby ? told : { errors: { __all__: [told.detail] } };
}

// Sends what waits for this person, one after the other, from one page at a time.
export async function replay() {
  if (!navigator.onLine || !navigator.locks) return;
  await navigator.locks.request("gridloop-queue", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    for (const item of await waiting()) {
      if (item.errors) continue;
      const { url, errors, nearby, offline, login, reason } = await send(item, { isByItself: true });
      if (item.reason !== reason && !url) await keep(Object.assign(item, { reason }));
      if (offline || login) return;
      if (url) {
        await forget(item.key);
        document.dispatchEvent(new CustomEvent("queue:sent", { detail: { url } }));
      } else await keep({ ...item, errors: errors ?? { __all__: [nearby ? "附近有同类案件。" : "没有被接受。"] } });
    }
  });
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
  start();
}
