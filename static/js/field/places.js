// Where there is neither signal nor position, in a basement say. A report lies where this phone was last, or in one of the
// person's own grids by its name: it says which (position_source), and its case is marked until somebody has corrected the
// place. A check (data-without-fix) is made from where this phone was last or from nowhere that is known, for a reason.

import { timeWords } from "../base.js";
import { button, element } from "../dom.js";
import { announce } from "../position.js";
import { get, put } from "./store.js";

const FRESH_MS = 12 * 3600 * 1000;
const APART_MS = 60000;

let noted = 0;

// Not at every step: a minute says as much.
function note({ longitude, latitude, accuracy, source, isKept }) {
  if (source !== "device" || isKept || Date.now() - noted < APART_MS) return;
  noted = Date.now();
  put("places", "fix", { longitude, latitude, accuracy });
}

const NOWHERE = { source: "none", words: "没有定位，直接核查" };

async function choices({ isCheck }) {
  const found = [];
  const fix = await get("places", "fix");
  if (fix?.value && Date.now() - fix.savedAt < FRESH_MS) {
    const { longitude, latitude } = fix.value;
    found.push({ longitude, latitude, source: "last_fix", words: `上次定位（${timeWords(fix.savedAt)}）` });
  }
  if (isCheck) return [...found, NOWHERE];
  for (const { name, at: [longitude, latitude] } of (await get("places", "grids"))?.value ?? []) {
    found.push({ longitude, latitude, source: "grid", words: name });
  }
  return found;
}

async function offer(box) {
  const form = box.closest("form[data-report], form[data-without-fix]");
  if (!form || box.querySelector(".position-rough")) return;
  const isCheck = "withoutFix" in form.dataset;
  const found = await choices({ isCheck });
  if (!found.length || box.querySelector(".position-rough")) return;
  const row = element("span", "position-rough picks");
  row.append(element("small", "", isCheck ? "收不到定位？说明原因也能核查：" : "收不到定位？先用大概位置，之后再更正："));
  for (const place of found) row.append(button("pick", place.words, () => announce(place)));
  box.append(row);
}

export function startPlaces(root) {
  document.addEventListener("position:changed", ({ detail }) => note(detail));
  document.addEventListener("position:failed", ({ target }) => offer(target)); // also of a form that comes later
  for (const failed of root.querySelectorAll("[data-position][data-failed]")) offer(failed); // before this script was there
}
