// Our own outlines: the base map where there is no other, else lines over it; with names where there is room for them.

import { element } from "../dom.js";
import { getJson } from "../http.js";
import { marker } from "./marker.js";

const AREAS_URL = "/map/areas.json";
// Which levels a zoom draws: the last is filled and named, those before are borders. The box is rounded outwards to
// steps (degrees), so that small moves ask for the same address again and the browser has the answer.
const BANDS = [
  { from: 0, levels: ["district", "street"], step: null },
  { from: 13, levels: ["district", "street", "community"], step: 0.05 },
  { from: 15, levels: ["district", "street", "community", "grid"], step: 0.02 },
];
const WHOLE_NAMES_FROM = 17;
// Height of a name, and how far up or down it goes to keep off a mark (pixels).
const LINE = 16;
const AROUND = [0, -22, 22, -32, 32, -44, 44];

export class Outlines {
  constructor(map, box) {
    [this.map, this.url] = [map, box.dataset.areasUrl || AREAS_URL];
    this.own = new Set((box.dataset.own || "").split(",").filter(Boolean).map(Number));
    this.grid = Number(box.dataset.grid) || null;
    this.shapes = L.layerGroup().addTo(map);
    this.names = L.layerGroup().addTo(map);
    map.createPane("names").style.zIndex = 620; // above the marks
    this.note = element("span", "map-note");
    this.note.hidden = true;
    box.append(this.note);
    map.on("moveend", () => this.load());
    map.on("marks:drawn", () => this.areas && this.name(this.address()[1]));
  }

  address() {
    const band = BANDS.findLast(({ from }) => this.map.getZoom() >= from);
    const query = new URLSearchParams({ zoom: band.from });
    if (band.step) query.set("box", rounded(this.map.getBounds(), band.step));
    return [`${this.url}?${query}`, band];
  }

  async load() {
    const [address, band] = this.address();
    if (address === this.shown) return this.name(band);
    this.shown = address;
    const answer = await getJson(address);
    if (this.shown !== address) return;
    if (!answer) return this.fail();
    this.areas = answer.areas;
    this.note.textContent = answer.note;
    this.note.hidden = !answer.illustrative;
    this.draw(band);
    this.name(band);
  }

  fail() {
    this.shown = null;
    this.note.textContent = "底图暂时取不到，移动地图会再试。";
    this.note.hidden = false;
  }

  draw({ levels }) {
    this.shapes.clearLayers();
    const finest = levels.at(-1);
    // Finest first, so that the borders of the larger territories lie on top.
    const sorted = [...this.areas].sort((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level));
    for (const area of sorted) {
      const names = ["area", `area-${area.level}`];
      if (area.level !== finest) names.push("area-edge");
      if (area.level === "grid" ? area.id === this.grid : this.own.has(area.id)) names.push("area-own");
      const ring = area.ring.map(([longitude, latitude]) => [latitude, longitude]);
      L.polygon(ring, { className: names.join(" "), interactive: false, smoothFactor: 0.5 }).addTo(this.shapes);
    }
  }

  // Each territory has its name once, where there is room for it: the finest level, and among grids the community that they
  // are of; close by, where few are in sight, a grid says both. A name keeps off the marks that lie there, and is never left out
  // for one.
  name({ levels }) {
    this.names.clearLayers();
    const finest = levels.at(-1);
    const isClose = finest === "grid" && this.map.getZoom() >= WHOLE_NAMES_FROM;
    const taken = marksOf(this.map);
    const named = new Set();
    for (const level of finest === "grid" && !isClose ? ["community", "grid"] : [finest]) {
      for (const area of this.largestOf(level)) {
        const text = isClose ? area.name : shortName(area);
        if (named.has(`${level} ${text}`) && level !== "grid") continue;
        const at = this.placeOf(area, text, taken);
        if (!at) continue;
        named.add(`${level} ${text}`);
        const node = element("span", `map-name map-name-${level}${finest !== level ? " map-name-around" : ""}`, text);
        marker(at, node, 0, { still: true, leaflet: { pane: "names" } }).addTo(this.names);
      }
    }
  }

  // A territory may have several outlines: its name stands in the widest.
  largestOf(level) {
    const largest = new Map();
    for (const area of this.areas ?? []) {
      if (area.level !== level) continue;
      const width = this.widthOf(area);
      if (!(largest.get(area.id)?.width >= width)) largest.set(area.id, { ...area, width });
    }
    return [...largest.values()];
  }

  widthOf({ ring }) {
    const across = ring.map(([longitude, latitude]) => this.map.latLngToContainerPoint([latitude, longitude]).x);
    return Math.max(...across) - Math.min(...across);
  }

  // Where a name stands (longitude, latitude), or nothing where its territory is narrower than it.
  placeOf({ label, width }, text, taken) {
    const wide = widthOf(text);
    if (width < wide + 6) return null;
    const { x, y } = this.map.latLngToContainerPoint([label[1], label[0]]);
    const boxes = AROUND.map((up) => [x - wide / 2, y + up - LINE / 2, x + wide / 2, y + up + LINE / 2]);
    const free = boxes.find((box) => !taken.some((other) => meet(box, other))) ?? boxes[0];
    taken.push(free);
    const { lng, lat } = this.map.containerPointToLatLng([x, (free[1] + free[3]) / 2]);
    return [lng, lat];
  }
}

// A grid is known by its number where the community's name stands around it.
function shortName({ level, name }) {
  return level === "grid" ? name.replace(/^.*第(\d+)网格$/, "$1 格") : name;
}

function widthOf(text) {
  return [...text].reduce((sum, letter) => sum + (letter < "\u2000" ? 7 : 12.5), 0);
}

function meet(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

// Rectangles of the marks on a map, in pixels of its frame.
function marksOf(map) {
  const frame = map.getContainer().getBoundingClientRect();
  return [...map.getPane("markerPane").children].map((mark) => {
    const { left, top, right, bottom } = mark.getBoundingClientRect();
    return [left - frame.left, top - frame.top, right - frame.left, bottom - frame.top];
  });
}

function rounded(bounds, step) {
  const down = (number) => (Math.floor(number / step) * step).toFixed(2);
  const up = (number) => (Math.ceil(number / step) * step).toFixed(2);
  return [down(bounds.getWest()), down(bounds.getSouth()), up(bounds.getEast()), up(bounds.getNorth())].join(",");
}
