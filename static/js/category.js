// data-category-picker on a <select> of categories: a search box and buttons in its place. The select stays the
// field of the form; without this module it is used as it is. Search runs on the options themselves (name, class
// and pinyin initials in data-*), so it works without signal; only recent choices are asked for.

import { button, element, startEverywhere } from "./dom.js";
import { getJson } from "./http.js";

const MOST = 12;
let count = 0;

function read(option) {
  return {
    id: option.value,
    name: option.textContent.trim(),
    initials: (option.dataset.initials ?? "").toLowerCase(),
    className: option.dataset.class ?? option.parentElement.label ?? "",
    code: option.dataset.code ?? "",
  };
}

// The smaller the better; undefined: does not fit.
function rank(one, word) {
  if (one.code === word) return 0;
  if (one.initials.startsWith(word)) return 1;
  if (one.name.startsWith(word)) return 2;
  if (one.name.includes(word)) return 3;
  if (one.className.includes(word)) return 4;
  if (one.initials.includes(word)) return 5;
  return undefined;
}

function search(all, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all
    .map((one) => [one, words.map((word) => rank(one, word))])
    .filter(([, ranks]) => ranks.every((found) => found !== undefined))
    .sort(([, a], [, b]) => a[0] - b[0])
    .slice(0, MOST)
    .map(([one]) => one);
}

// None without signal: the search box is still there.
async function recentIds(url) {
  return ((await getJson(url))?.results ?? []).map(({ id }) => String(id));
}

function pickButton(one, select, choose) {
  const pick = button("pick", one.name, () => choose(one));
  pick.title = one.className;
  pick.setAttribute("aria-pressed", String(select.value === one.id));
  return pick;
}

function enhance(select) {
  const all = [...select.querySelectorAll("option")].filter(({ value }) => value).map(read);
  const byId = new Map(all.map((one) => [one.id, one]));
  const [box, picks, hint] = [element("input"), element("div", "picks"), element("p", "help")];
  box.type = "search";
  box.autocomplete = "off";
  box.placeholder = select.dataset.placeholder ?? "输字或拼音首字母，如 ljt";
  box.id = `category-search-${++count}`;
  hint.setAttribute("role", "status");
  picks.setAttribute("role", "group");
  picks.ariaLabel = "类别";
  const label = select.labels?.[0];
  if (label) label.htmlFor = box.id;
  else box.ariaLabel = "搜索类别";
  if (select.getAttribute("aria-invalid")) box.setAttribute("aria-invalid", "true");
  let recent = [];

  function show() {
    const text = box.value.trim();
    const chosen = byId.get(select.value);
    let found = text ? search(all, text) : recent.map((id) => byId.get(id)).filter(Boolean);
    if (!text && chosen && !found.includes(chosen)) found = [chosen, ...found].slice(0, MOST);
    picks.replaceChildren(...found.map((one) => pickButton(one, select, choose)));
    hint.textContent = found.length || !text ? "" : "没有这样的类别，换个说法，或输拼音首字母。";
    hint.hidden = !hint.textContent;
  }

  function choose(one) {
    select.value = one.id;
    box.value = "";
    if (!recent.includes(one.id)) recent = [one.id, ...recent];
    select.dispatchEvent(new Event("change", { bubbles: true }));
    show();
  }

  box.addEventListener("input", (event) => {
    event.stopPropagation();
    show();
  });
  box.addEventListener("keydown", (event) => {
    const first = picks.querySelector(".pick");
    if (event.key !== "Enter" || !box.value.trim() || !first || event.isComposing) return;
    event.preventDefault();
    first.click();
  });
  box.addEventListener("change", (event) => event.stopPropagation());
  select.addEventListener("change", show);
  select.form?.addEventListener("reset", () => setTimeout(show));
  select.hidden = true;
  // A hidden field cannot show the browser's own complaint; the server checks it anyway.
  select.required = false;
  select.before(box, picks, hint);
  show();
  recentIds(select.dataset.url ?? "/categories/").then((ids) => {
    recent = ids;
    show();
  });
}

function start(root) {
  for (const select of root.querySelectorAll("select[data-category-picker]:not([data-picker-on])")) {
    select.dataset.pickerOn = "";
    enhance(select);
  }
}

startEverywhere(start);
