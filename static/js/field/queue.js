// Reports that wait in this phone: saved before they are sent, sent with the key they were saved with, and deleted
// only when the server has said where the case went. What it refuses stays, with its sentences.

import { openDB } from "../../vendor/idb/index.js";
import { byItself } from "../base.js";
import { csrfToken, upload } from "./photos.js";

const AGAIN_MS = 60000;
const ANSWER_MS = 30000;

let opened;

function store() {
  opened ??= openDB("gridloop", 1, {
    upgrade: (base) => base.createObjectStore("reports", { keyPath: "key" }),
  });
  return opened;
}

export async function waiting() {
  try {
    const items = await (await store()).getAll("reports");
    return items.sort((a, b) => a.savedAt - b.savedAt);
  } catch {
    return []; // a browser that keeps nothing
  }
}

export async function find(key) {
  return (await waiting()).find((item) => item.key === key);
}

// Answers whether it is really kept.
export async function keep(item) {
  try {
    await (await store()).put("reports", item);
    await changed();
    return true;
  } catch {
    return false;
  }
}

export async function forget(key) {
  try {
    await (await store()).delete("reports", key);
  } catch {
    return;
  }
  await changed();
}

export async function changed() {
  const items = await waiting();
  const detail = { count: items.length, oldest: items[0]?.savedAt ?? null, items };
  document.dispatchEvent(new CustomEvent("queue:changed", { detail }));
}

// Answers {url}, {errors, nearby}, {login: true} or {offline: true}.
export async function send(item) {
  try {
    return await sendPhotos(item) ?? await sendReport(item);
  } catch {
    return { offline: true };
  }
}

async function sendPhotos(item) {
  for (const photo of item.photos) {
    if (photo.uuid) continue;
    const file = new File([photo.data], "photo.jpg", { type: photo.type });
    const { uuid, refused } = await upload(file, photo.key);
    if (refused) return { errors: { [photo.name]: [refused] } };
    // Written down at once: a second picture would make it a second report.
    photo.uuid = uuid;
    await keep(item);
  }
  return null;
}

async function sendReport(item) {
  const body = new URLSearchParams(item.fields);
  for (const photo of item.photos) body.append(photo.name, photo.uuid);
  body.append("owner", item.owner);
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json", ...byItself };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch("/field/report/", { method: "POST", body, headers, signal, redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 401) return { login: true };
  if (answer.status >= 500) return { offline: true };
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return { login: true };
  const told = await answer.json();
  return answer.ok ? { url: told.url } : told;
}

// Sends what waits for this person, one after the other, from one page at a time.
export async function replay(owner) {
  if (!navigator.onLine || !navigator.locks) return;
  await navigator.locks.request("gridloop-queue", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    for (const item of await waiting()) {
      if (item.owner !== owner || item.errors) continue;
      const { url, errors, nearby, offline, login } = await send(item);
      if (offline || login) return;
      if (url) {
        await forget(item.key);
        document.dispatchEvent(new CustomEvent("queue:sent", { detail: { url } }));
      } else await keep({ ...item, errors: errors ?? { __all__: [nearby ? "附近有同类案件。" : "没有被接受。"] } });
    }
  });
}

export function startQueue(root) {
  const owner = root.querySelector("[data-owner]")?.dataset.owner;
  const start = async () => {
    await changed();
    if (owner) await replay(owner);
  };
  addEventListener("online", start);
  document.addEventListener("visibilitychange", () => document.hidden || start());
  setInterval(start, AGAIN_MS);
  start();
}
