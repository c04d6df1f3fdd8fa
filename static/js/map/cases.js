// Cases of the viewer's scope: clusters as rings of their colours with the overdue counted in red, single cases as marks.
// Tells "marks:loaded" with what it shows, {seen: [w, s, e, n], answer}, and "marks:away" where the server cannot be reached,
// with show(what was told, words) for who has kept it (field/marks.js).

import { element, svg } from "../dom.js";
import { get, getJson } from "../http.js";
import { crowdOf, fit, marker, maxZoom, pressed } from "./base.js";

const TONES = ["waiting", "working", "checking", "settled"];
const LATE_WORDS = { yellow: "临期", red: "超期" };
const AROUND = 2 * Math.PI * 16;
// A spot that cannot be taken apart by zooming any further: about ten metres (degrees).
const SPOT = 0.0001;
const EDGE = 0.04;
const LIST_ZOOM = 22;
const ALL_LISTED = 50;

export async function showCases(map, box) {
  fit(map, box.dataset.box);
  const cases = new Cases(map, box);
  await cases.goToCrowd();
  map.on("moveend", () => cases.load());
  cases.load();
}

class Cases {
  constructor(map, box) {
    [this.map, this.box] = [map, box];
    this.layer = L.layerGroup().addTo(map);
    this.told = element("p", "map-told");
    this.told.setAttribute("role", "status");
    box.append(this.told);
    document.addEventListener("board:renewed", () => this.load({ isByItself: true }));
  }

  seen() {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  // A district of mountains has its cases in a corner: begin where nearly all of them are.
  async goToCrowd() {
    const answer = await getJson(this.address(this.seen(), this.map.getZoom() + 3));
    if (!answer?.total) return;
    const spots = [...answer.clusters, ...answer.cases].map(({ at, count = 1 }) => [...at, count]);
    this.map.fitBounds(crowdOf(spots, EDGE), { padding: [40, 40], maxZoom: 15, animate: false });
  }

  address(box, zoom) {
    const query = new URLSearchParams(this.box.dataset.query);
    query.set("box", box.map((degrees) => degrees.toFixed(5)).join(","));
    query.set("zoom", Math.floor(zoom));
    return `${this.box.dataset.casesUrl}?${query}`;
  }

  async load({ isByItself } = {}) {
    this.wait?.abort();
    this.wait = new AbortController();
    try {
      const address = this.address(this.seen(), this.map.getZoom());
      const answer = await get(address, { isByItself, signal: this.wait.signal });
      if (answer.status === 401) return this.tell((await answer.json()).detail);
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      this.isAway = false;
      this.told.classList.remove("is-kept");
      this.draw(told);
      this.say("marks:loaded", { seen: this.seen(), answer: told });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.tell("案件暂时取不到，移动地图会再试。");
      this.say("marks:away", { show: (kept, words) => this.showKept(kept, words) });
    }
  }

  say(name, detail) {
    this.box.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // At first where they are; then wherever somebody looks.
  showKept({ seen: [west, south, east, north], answer }, words) {
    if (!this.isAway) this.map.fitBounds([[south, west], [north, east]], { animate: false });
    this.isAway = true;
    this.draw(answer);
    this.tell(words);
    this.told.classList.add("is-kept");
  }

  tell(words) {
    this.told.textContent = words;
    this.told.hidden = !words;
  }

  draw({ total, clusters, cases }) {
    const chosen = document.activeElement?.closest?.(".map-icon") && this.map.getContainer().contains(document.activeElement);
    this.layer.clearLayers();
    for (const cluster of clusters) this.layer.addLayer(this.cluster(cluster));
    for (const one of cases) this.layer.addLayer(this.point(one));
    this.map.fire("marks:drawn");
    this.tell(total ? "" : "这里没有符合条件的案件。移动地图或放宽筛选再看。");
    // Zooming by keyboard removed the mark that was pressed: the map takes the focus back.
    if (chosen) this.map.getContainer().focus();
  }

  cluster(one) {
    const late = ["red", "yellow"].filter((mark) => one[mark]).map((mark) => `，${LATE_WORDS[mark]} ${one[mark]} 件`);
    const size = one.count < 10 ? 34 : one.count < 100 ? 38 : 42;
    const words = `${one.count} 件${late.join("")}，按下放大`;
    return pressed(marker(one.at, ring(one, size), size), words, () => this.open(one));
  }

  open({ at }) {
    const zoom = this.map.getZoom();
    if (zoom < maxZoom) this.map.setView([at[1], at[0]], Math.min(zoom + 2, maxZoom));
    else this.list(at);
  }

  // The cases of a spot, as far as the page may tell of them.
  async at([longitude, latitude]) {
    const box = [longitude - SPOT, latitude - SPOT, longitude + SPOT, latitude + SPOT];
    const answer = await getJson(this.address(box, LIST_ZOOM));
    if (!answer) this.tell("案件暂时取不到，请再点一次。");
    return answer;
  }

  async list(at) {
    const answer = await this.at(at);
    if (!answer) return;
    const list = element("ul", "map-list");
    for (const one of answer.cases) list.append(wrap("li", words(one)));
    if (answer.total > ALL_LISTED) list.append(element("li", "soft", "还有更多，请用列表查看。"));
    this.show(at, list);
  }

  point(one) {
    const node = element("i", `mark is-${one.tone} late-${one.lateness}`);
    const late = LATE_WORDS[one.lateness] ? `，${LATE_WORDS[one.lateness]}` : "";
    const act = async () => {
      const answer = one.uuid && !this.isAway ? await this.at(one.at) : { cases: [one] };
      if (answer) this.show(one.at, words(answer.cases.find(({ uuid }) => uuid === one.uuid) ?? one));
    };
    return pressed(marker(one.at, node, 24), `${one.name}，${one.label}${late}`, act);
  }

  // On the map rather than bound to its mark: the marks are drawn again when the map moves to show it.
  show([longitude, latitude], node) {
    L.popup({ maxHeight: 280, offset: [0, -6] }).setLatLng([latitude, longitude]).setContent(node).openOn(this.map);
    (node.matches("a") ? node : node.querySelector("a"))?.focus({ preventScroll: true });
  }
}

function wrap(tag, child) {
  const node = element(tag);
  node.append(child);
  return node;
}

// What a popup says of a case: nodes and text, never HTML. A screen on a wall has no number, no words and no link.
function words(one) {
  const link = element(one.uuid ? "a" : "div", "map-case", "");
  if (one.uuid) link.href = `/cases/${one.uuid}/`;
  const head = element("span", "row");
  head.append(element("strong", "", one.name));
  if (one.number) head.append(element("span", "code", one.number));
  const foot = element("span", "row");
  foot.append(element("span", `badge is-${one.tone}`, one.label));
  const clock = one.clock || LATE_WORDS[one.lateness];
  if (clock) foot.append(element("span", `clock late-${one.lateness}`, clock));
  link.append(head);
  for (const [name, text] of [["map-case-words", one.words], ["map-case-where", one.address]]) if (text) link.append(element("span", name, text));
  link.append(foot);
  return link;
}

// The ring shows the share of each colour; the number in red counts the overdue ones.
function ring(one, size) {
  const node = element("span", `cluster-ring cluster-${size}`);
  const picture = svg("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" });
  picture.append(svg("circle", { cx: 20, cy: 20, r: 16, class: "cluster-paper" }));
  let begun = 0;
  for (const tone of TONES.filter((name) => one[name])) {
    const share = (one[tone] / one.count) * AROUND;
    picture.append(svg("circle", {
      cx: 20, cy: 20, r: 16, class: `cluster-part is-${tone}`,
      "stroke-dasharray": `${share} ${AROUND - share}`, "stroke-dashoffset": -begun,
    }));
    begun += share;
  }
  node.append(picture, element("b", "", one.count > 9999 ? `${Math.floor(one.count / 1000)}k` : one.count));
  const [late, mark] = one.red ? [one.red, "red"] : [one.yellow, "yellow"];
  if (late) node.append(element("em", `late-${mark}`, late > 999 ? "999+" : late));
  return node;
}
