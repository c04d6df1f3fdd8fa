// Sends one picture, in parts where it is large: what has arrived stays there, so that a bad network sends nothing twice
// and a page that is left begins nothing anew.

import { orNotNow, post } from "../http.js";

const SINGLE = 64 * 1024; // bytes that go in one request
// The first part, which is all that a break may cost; the next ones grow as long as they are quick. Where headers are packed
// smaller parts cost little, and what breaks once breaks again.
const FIRST = 16 * 1024;
const AFTER_BREAK = ["h2", "h3"].includes(performance.getEntriesByType("navigation")[0]?.nextHopProtocol) ? 8 * 1024 : FIRST;
const LARGEST = 1024 * 1024;
const QUICK_MS = 1000;
const PART_MS = 60000;
const PAUSES_MS = [500, 2000];
const made = new Map(); // key → answer: the queue asks once more for what the form has sent

// Answers {uuid, thumb}, {refused: sentence} or {login: true}. Throws without a connection, or NotNow. The same key sent
// again is the same picture, whether or not the first answer arrived. `told`: where it was taken, and whose it is: who
// has signed in on this phone meanwhile must not become its owner. Pages hear
// "photo:progress" on the document: detail {key, share}.
export function upload(file, key, told = {}, options = {}) {
  const send = () => (key && file.size > SINGLE ? inParts(file, key, told, options) : atOnce(file, key, told, options));
  // Another page of this phone may be sending the same: then its end is waited for.
  return key && navigator.locks ? navigator.locks.request(`gridloop-photo-${key}`, send) : send();
}

async function atOnce(file, key, told, { isByItself, address = "/photos/" }) {
  const body = new FormData();
  body.append("file", file, file.name);
  for (const [name, value] of given(told)) body.append(name, value);
  const headers = key && { "Idempotency-Key": key };
  return outcome(await orNotNow(await post(address, { body, headers, isByItself, ms: PART_MS })));
}

// Goes on where it stopped as long as each try brings it further.
async function inParts(file, key, told, options) {
  if (made.has(key)) return made.get(key);
  const about = new URLSearchParams({ key, length: file.size, sha256: await digest(file) });
  for (const [name, value] of given(told)) about.append(name, value);
  const way = { ...options, size: FIRST, reached: 0 };
  for (let idle = 0; ; ) {
    const before = way.reached;
    try {
      return await allParts(file, key, about, way);
    } catch (problem) {
      idle = way.reached > before ? 0 : idle + 1;
      way.size = AFTER_BREAK;
      if (problem.sentence || !navigator.onLine || idle > 1) throw problem;
      await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[idle]));
    }
  }
}

async function allParts(file, key, about, way) {
  const { address = "/photos/", isByItself } = way;
  let answer = await outcome(await orNotNow(await post(`${address}parts/`, { body: about, isByItself, ms: PART_MS })));
  while (answer.offset !== undefined) {
    const { offset } = answer;
    way.reached = Math.max(way.reached, offset);
    document.dispatchEvent(new CustomEvent("photo:progress", { detail: { key: about.get("key"), share: offset / file.size } }));
    const started = performance.now();
    const body = file.slice(offset, offset + way.size);
    answer = await outcome(
      await orNotNow(await post(`${address}parts/${key}/?offset=${offset}`, { body, isByItself, ms: PART_MS })),
    );
    if (performance.now() - started < QUICK_MS) way.size = Math.min(2 * way.size, LARGEST);
  }
  if (answer.uuid) made.set(key, answer);
  return answer;
}

// {offset} where more is to come, the picture, or why not.
async function outcome(answer) {
  if (answer.status === 401) return { login: true };
  const told = await answer.json();
  if (answer.ok || told.offset !== undefined) return told;
  if (answer.status === 404) throw new Error("nobody knows of this upload: it begins anew");
  return told.errors?.owner ? { login: true } : { refused: told.detail ?? "照片没有被接受，请重拍。" };
}

function given(told) {
  return Object.entries(told).filter(([, value]) => value);
}

// Empty where the browser makes none (not over HTTPS): then the server does not compare.
async function digest(file) {
  if (!globalThis.crypto?.subtle) return "";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
