// data-category-picker on a <select> of categories: a search box and buttons in its place. The select stays the
// field of the form; without this module it is used as it is. The words that are searched come once for all pages and
// are kept by the browser; without them the options themselves are searched, by name and initials. What the person has
// often is told as "categories:own"; a page that keeps it for times without signal tells it back by the same event.

import { entry, search } from "./category_search.js";
import { button, element, startEverywhere, svg } from "./dom.js";
import { getJson } from "./http.js";

const OWN = 8;
const MOST = 9;
const WORDS = "/categories/words.json";
const LOCAL = "地方补充类别，不在国家标准内";
// Symbols of the sprite by what a class is called, the first that fits.
const ICONS = [
  [/环卫|环境/, "bin"], [/秩序/, "stall"], [/交通/, "cone"], [/园林/, "tree"], [/市政/, "manhole"], [/广告/, "sign"], [/施工/, "helmet"],
  [/小区/, "home"], [/家庭|邻里|社会|物业/, "people"], [/消防/, "flame"], [/居住/, "home"], [/安全/, "warning"], [/关怀/, "heart"], [/代办|诉求/, "list"], [/党|共建/, "flag"],
];
let count = 0;
let words;

// The same for every picker of a page; asked for once.
function everyEntry() {
  words ??= getJson(WORDS).then((answer) => answer?.categories.map((one) => ({ ...entry(one), about: one.about, isLocal: one.isLocal })));
  return words;
}

function fromOption(option) {
  const { initials = "", class: className = "", code = "" } = option.dataset;
  const name = option.textContent.trim();
  const letters = [...initials.toLowerCase()].join(" ");
  return entry({ id: option.value, name, className, code, everyday: 0, words: [[name, letters]] });
}

function pickButton(one, select, choose) {
  const pick = button("pick", one.name, () => choose(one));
  pick.title = one.isLocal ? `${one.className}，${LOCAL}` : one.className;
  pick.setAttribute("aria-pressed", String(select.value === one.id));
  return pick;
}

// Classes with their categories, what is common first.
function tree(all, select, choose) {
  const box = element("details", "picks-tree");
  box.append(element("summary", "", "按大类选"));
  for (const [className, some] of grouped(all)) {
    const group = element("details");
    const picks = element("div", "picks");
    const summary = element("summary");
    summary.append(iconOf(className, select.dataset.sprite), element("span", "", className.replace(/类$/, "")), element("small", "", String(some.length)));
    group.append(summary, picks);
    group.addEventListener("toggle", () => {
      const sorted = [...some].sort((a, b) => b.everyday - a.everyday);
      picks.replaceChildren(...(group.open ? sorted.map((one) => pickButton(one, select, choose)) : []));
    });
    box.append(group);
  }
  return box;
}

function iconOf(className, sprite) {
  const icon = svg("svg", { class: "icon icon-large", "aria-hidden": "true" });
  const [, name] = ICONS.find(([pattern]) => pattern.test(className)) ?? [null, "layers"];
  icon.append(svg("use", { href: `${sprite}#${name}` }));
  return icon;
}

function grouped(all) {
  const found = new Map();
  for (const one of all) found.set(one.className, [...(found.get(one.className) ?? []), one]);
  return found;
}

function enhance(select) {
  const options = [...select.querySelectorAll("option")].filter(({ value }) => value);
  const offered = new Set(options.map(({ value }) => value));
  let all = options.map(fromOption);
  let own = { recent: [], frequent: {} };
  const [box, picks, hint] = [element("input"), element("div", "picks"), element("p", "help")];
  let byClass = element("div");
  let isOpen = false; // though a category is chosen
  box.type = "search";
  box.autocomplete = "off";
  box.placeholder = select.dataset.placeholder ?? "说说是什么，如 垃圾没人收、ljt";
  box.id = `category-search-${++count}`;
  hint.setAttribute("role", "status");
  picks.setAttribute("role", "group");
  picks.ariaLabel = "类别";
  const label = select.labels?.[0];
  if (label) label.htmlFor = box.id;
  else box.ariaLabel = "搜索类别";
  if (select.getAttribute("aria-invalid")) box.setAttribute("aria-invalid", "true");

  function show() {
    const text = box.value.trim();
    const byId = new Map(all.map((one) => [one.id, one]));
    const chosen = byId.get(select.value) ?? fromChosen();
    let found = text
      ? search(all, text, { frequent: own.frequent, most: MOST })
      : own.recent.map((id) => byId.get(String(id))).filter(Boolean);
    if (!text && chosen && !found.includes(chosen)) found = [chosen, ...found].slice(0, OWN);
    // On the phone the others make room for what comes next.
    const isFolded = Boolean(!text && chosen && !isOpen);
    const other = button("pick pick-other", "换一个", () => {
      isOpen = true;
      show();
    });
    picks.classList.toggle("is-folded", isFolded);
    picks.replaceChildren(...found.map((one) => pickButton(one, select, choose)), ...(isFolded ? [other] : []));
    hint.textContent = text && !found.length ? "没有这样的类别，换个说法，或按大类选。" : text ? "" : meaning(chosen);
    hint.hidden = !hint.textContent;
    byClass.hidden = Boolean(text && found.length);
  }

  // A component that was chosen without this module, or before its mirror was offered instead.
  function fromChosen() {
    const option = select.value && select.selectedOptions[0];
    return option ? fromOption(option) : undefined;
  }

  function choose(one) {
    const { searched } = select.form?.elements ?? {};
    if (searched) searched.value = box.value.trim();
    select.value = one.id;
    isOpen = false;
    box.value = "";
    if (!own.recent.map(String).includes(one.id)) own.recent = [one.id, ...own.recent].slice(0, OWN);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    show();
  }

  function showTree() {
    const fresh = tree(all, select, choose);
    byClass.replaceWith(fresh);
    byClass = fresh;
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
  select.before(box, picks, hint, byClass);
  showTree();
  show();
  everyEntry().then((found) => {
    if (!found) return;
    all = found.filter(({ id }) => offered.has(id));
    showTree();
    show();
  });
  document.addEventListener("categories:own", ({ detail }) => {
    own = detail;
    show();
  });
  getJson(select.dataset.url ?? "/categories/").then((answer) => {
    const event = answer ? new CustomEvent("categories:own", { detail: answer }) : new CustomEvent("categories:missing");
    document.dispatchEvent(event);
  });
}

// What an entry stands for beside its name.
function meaning(one) {
  if (one?.isLocal) return `${one.className}：${LOCAL}`;
  return one?.about ? `${one.className}：含${one.about}本身缺损、移位、丢失` : "";
}

function start(root) {
  for (const select of root.querySelectorAll("select[data-category-picker]:not([data-picker-on])")) {
    select.dataset.pickerOn = "";
    enhance(select);
  }
}

startEverywhere(start);
