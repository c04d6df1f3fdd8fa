// Pages that open without signal: each person's own to-do, reports, inbox and calls, with the forms of their next moves,
// as the server made them. They are fetched one after the other while nothing else is to be sent, a case only when it
// has changed, and lie in the encrypted store with small pictures. Phone numbers are left out of them.

import { element } from "../dom.js";
import { get, getJson } from "../http.js";
import { newKey } from "./photos.js";
import { waiting } from "./queue.js";
import { all, canKeep, forget, get as kept, put } from "./store.js";

const TOLD = "/field/kept/";
const AGAIN_MS = 120000;
const MOST_PICTURES = 80;
const PICTURE = /^\/(party\/)?photos\/[\w-]+-s\.jpg$/;
// Numbers as people write them (governance/telephones.py), also in full-width figures: mobile ones, fixed ones with or
// without their area, those of services. What only looks like one, a date in eight figures, is left out too.
const DIGIT = "[0-9０-９]";
const GAP = "[\\s.()（）·‐-―－-]{0,2}";
const KINDS = [
  `(?:[+＋]?(?:[0０]{2})?[8８][6６]${GAP})?[1１][3-9３-９]${DIGIT}(?:${GAP}${DIGIT}){8}`,
  `[(（]?[0０]${DIGIT}{2,3}(?:${GAP}${DIGIT}){7,8}`,
  `[48４８][0０]{2}(?:${GAP}${DIGIT}){7}`,
  `[2-8２-８]${DIGIT}{2,3}${GAP}${DIGIT}{4}`,
];
const NUMBER = new RegExp(`(?<![${DIGIT.slice(1, -1)}-])(?:${KINDS.join("|")})(?!-?${DIGIT})`, "g");
const SAID = ["alt", "title", "aria-label", "data-outbox"];

// Keeping ----------------------------------------------------------------------------------------------------------

export function withoutNumbers(text) {
  return text.replace(NUMBER, (found) => `${found.slice(0, 3)}********`);
}

function hideNumbers(node) {
  const texts = node.ownerDocument.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = withoutNumbers(texts.currentNode.data);
  for (const field of node.querySelectorAll("input[type=tel], input[type=text], input:not([type])")) {
    field.setAttribute("value", withoutNumbers(field.getAttribute("value") ?? ""));
  }
  for (const name of SAID) {
    for (const one of node.querySelectorAll(`[${name}]`)) one.setAttribute(name, withoutNumbers(one.getAttribute(name)));
  }
}

// What is shown of a page: its middle, its heading and where ‹ leads.
function parts(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector("main.field-main, main.page"); // of all faces: the inbox, a person's at a desk too
  if (!main) return null;
  hideNumbers(main);
  return {
    title: page.title,
    heading: page.querySelector(".header h1, main h1")?.textContent ?? "",
    back: page.querySelector(".header-back")?.getAttribute("href") ?? "",
    look: main.matches(".field-main") ? page.body.className : "field",
    main: main.innerHTML,
    pictures: [...main.querySelectorAll("img")].map((one) => one.getAttribute("src")).filter((src) => PICTURE.test(src)),
    links: [...main.querySelectorAll("a[href]")].map((one) => one.getAttribute("href")),
  };
}

async function putPage(address, html, version) {
  const page = parts(html);
  if (page) await put("pages", address, { ...page, version });
  return page;
}

async function fetchPage(address) {
  const answer = await get(address, { accept: "text/html", isByItself: true });
  return answer.ok ? putPage(address, await answer.text()) : null;
}

async function fetchPicture(address) {
  if (await kept("pictures", address)) return;
  const answer = await get(address, { accept: "image/*", isByItself: true });
  if (answer.ok) await put("pictures", address, { data: await answer.arrayBuffer(), type: answer.headers.get("Content-Type") });
}

// Nobody is kept waiting by it: not while something waits to be sent, not twice within two minutes.
export async function keepPages() {
  if (!navigator.onLine || navigator.connection?.saveData || !navigator.locks || !await canKeep()) return;
  await navigator.locks.request("gridloop-pages", { ifAvailable: true }, async (lock) => {
    const last = (await kept("page", "pages"))?.savedAt ?? 0;
    if (!lock || Date.now() - last < AGAIN_MS || (await waiting()).some(({ errors }) => !errors)) return;
    try {
      await keepAll();
      await put("page", "pages", {});
    } catch {
      // signal was lost on the way: what is here stays, the rest comes next time
    }
  });
}

async function keepAll() {
  const told = await getJson(TOLD, { isByItself: true });
  if (!told) return;
  await put("places", "grids", told.grids);
  const had = new Map((await all("pages")).map(({ key, value }) => [key, value]));
  const wanted = new Map();
  for (const address of told.pages) wanted.set(address, await fetchPage(address));
  // What a page of an app leads to: the forms of its calls.
  const further = [...wanted.values()].flatMap((page) => page?.links ?? []).filter((link) => told.follow.some((way) => link.startsWith(way)));
  for (const address of new Set(further)) wanted.set(address, await fetchPage(address));
  for (const { address, version } of told.cases) {
    const here = [...had].filter(([key]) => key.startsWith(address));
    const isNew = had.get(address)?.version !== version;
    const fresh = isNew ? await getJson(`${address}kept/`, { isByItself: true }) : null;
    for (const [one, page] of fresh ? [] : here) wanted.set(one, page);
    for (const [one, html] of Object.entries(fresh ?? {})) wanted.set(one, await putPage(one, html, version));
  }
  const pictures = new Set([...wanted.values()].flatMap((page) => page?.pictures ?? []).slice(0, MOST_PICTURES));
  for (const address of pictures) await fetchPicture(address);
  for (const address of had.keys()) if (!wanted.has(address)) await forget("pages", address);
  for (const { key } of await all("pictures")) if (!pictures.has(key)) await forget("pictures", key);
}

// Showing ----------------------------------------------------------------------------------------------------------

// The page that was kept for an address, or for its path; undefined where there is none.
export async function keptPage({ pathname, search }) {
  const found = await kept("pages", pathname + search) ?? await kept("pages", pathname);
  return found?.value && { ...found.value, savedAt: found.savedAt };
}

async function showPictures(main) {
  for (const picture of main.querySelectorAll("img")) {
    const found = (await kept("pictures", picture.getAttribute("src")))?.value;
    if (found) picture.src = URL.createObjectURL(new Blob([found.data], { type: found.type }));
    else if (PICTURE.test(picture.getAttribute("src"))) picture.replaceWith(element("span", "photo-away", "照片需要信号"));
  }
}

// Puts a kept page into this one; its forms get keys of their own.
export async function showPage(main, page) {
  document.title = page.title;
  document.querySelector(".header h1").textContent = page.heading;
  document.body.className = page.look;
  const back = document.querySelector(".header-back");
  if (back) back.href = page.back || "/field/";
  main.innerHTML = page.main;
  for (const key of main.querySelectorAll("input[name=key]")) key.value = newKey() ?? key.value;
  // A notice is read with signal; what it is about may be here.
  for (const notice of main.querySelectorAll("a[data-subject]")) if (notice.dataset.subject) notice.href = notice.dataset.subject;
  await showPictures(main);
  main.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true }));
}
