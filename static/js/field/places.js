// A report where there is neither signal nor position, in a basement say: where this phone was last, or one of the
// person's own grids by its name. The report says which (position_source), and its case is marked until somebody has
// corrected the place.

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

async function choices() {
  const found = [];
  const fix = await get("places", "fix");
  if (fix?.value && Date.now() - fix.savedAt < FRESH_MS) {
    const { longitude, latitude } = fix.value;
    found.push({ longitude, latitude, source: "last_fix", words: `上次定位（${timeWords(fix.savedAt)}）` });
  }
  for (const { name, at: [longitude, latitude] } of (await get("places", "grids"))?.value ?? []) {
    found.push({ longitude, latitude, source: "grid", words: name });
  }
  return found;
}

async function offer(box) {
  if (!box.closest("form")?.elements.position_source || box.querySelector(".position-rough")) return;
  const found = await choices();
  if (!found.length) return;
  const row = element("span", "position-rough picks");
  row.append(element("small", "", "收不到定位？先用大概位置，之后再更正："));
  for (const place of found) row.append(button("pick", place.words, () => announce(place)));
  box.append(row);
}

export function startPlaces(root) {
  document.addEventListener("position:changed", ({ detail }) => note(detail));
  const form = root.querySelector("[data-report]");
  form?.addEventListener("position:failed", ({ target }) => offer(target));
  const failed = form?.querySelector("[data-position][data-failed]"); // before this script was there
  if (failed) offer(failed);
}
