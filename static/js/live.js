// An open desk asks what is new: the list stays as it is until somebody wants it renewed. Also says who else has the case open.

import { element } from "./dom.js";
import { getJson } from "./http.js";

const EVERY_MS = 20_000;
const strip = document.querySelector("[data-live]");
const title = document.title;

function showNew(count) {
  strip.hidden = !count;
  strip.querySelector("[data-live-new]").textContent = `${count} 件新到`;
  document.title = count ? `(${count}) ${title}` : title;
}

function showOthers(names) {
  const line = document.querySelector("#main .case-title");
  line?.parentNode.querySelector(".presence")?.remove();
  if (!line || !names.length) return;
  const note = element("p", "presence", `${names.join("、")} 在看`);
  note.role = "status";
  line.after(note);
}

async function ask() {
  const address = new URL(strip.dataset.live, location.href);
  for (const [name, value] of new URLSearchParams(location.search)) address.searchParams.set(name, value);
  address.searchParams.set("since", strip.dataset.since);
  const open = document.querySelector("#main [data-case-page]")?.dataset.casePage;
  address.searchParams.delete("case");
  if (open && !document.hidden) address.searchParams.set("case", open);
  const told = await getJson(address, { isByItself: true });
  if (!told) return;
  showNew(told.new);
  if (open === document.querySelector("#main [data-case-page]")?.dataset.casePage) showOthers(told.others);
}

if (strip) {
  strip.addEventListener("click", () => location.reload());
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  document.addEventListener("htmx:afterSettle", ({ target }) => target.id === "main" && ask());
  ask();
}
