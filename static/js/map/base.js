// A map without a tile server: our own outlines are the base map, with names where there is room for them.
// Where the page gives a Tianditu key (data-tianditu), its tiles lie under the outlines.

import { element } from "../dom.js";
import { getJson } from "../http.js";

const AREAS_URL = "/map/areas.json";
// Which levels a zoom draws: the last is filled and named, those before are borders. The box is rounded outwards to
// steps (degrees), so that small moves ask for the same address again and the browser has the answer.
const BANDS = [
  { from: 0, levels: ["district", "street"], step: null },
  { from: 13, levels: ["district", "street", "community"], step: 0.05 },
  { from: 15, levels: ["district", "street", "community", "grid"], step: 0.02 },
];
const MIN_ZOOM = 8;
const MAX_ZOOM = 19;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;

export const maxZoom = MAX_ZOOM;

// A marker whose picture is a DOM node; it can be reached and pressed by keyboard.
export function marker(at, node, size, options = {}) {
  const icon = L.divIcon({ html: node, className: "map-icon", iconSize: [size, size], iconAnchor: options.anchor });
  return L.marker([at[1], at[0]], { icon, keyboard: !options.still, interactive: !options.still, autoPanOnFocus: false, ...options.leaflet });
}

// Give a marker its words and what happens when it is pressed, by pointer, by Enter or by the space bar.
export function pressed(layer, words, act) {
  const tell = () => {
    const node = layer.getElement();
    if (!node) return;
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", words);
    node.title = words;
  };
  layer.on("add", tell);
  layer.on("click", act);
  layer.on("keydown", ({ originalEvent: event }) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
  return layer;
}

function tianditu(layer, key) {
  const address =
    `https://t{s}.tianditu.gov.cn/${layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=${layer}` +
    `&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILECOL={x}&TILEROW={y}&TILEMATRIX={z}&tk=${key}`;
  return L.tileLayer(address, { subdomains: "01234567", maxNativeZoom: 18, maxZoom: MAX_ZOOM });
}

export function makeMap(box) {
  if (!globalThis.L) {
    box.append(element("p", "map-note", "地图没有加载成功，请刷新页面。"));
    return null;
  }
  const still = box.dataset.mapMode === "single";
  const map = L.map(box, {
    attributionControl: false, zoomControl: false, minZoom: MIN_ZOOM, maxZoom: MAX_ZOOM, zoomSnap: 0.5,
    scrollWheelZoom: !still, zoomAnimation: !CALM, fadeAnimation: !CALM, markerZoomAnimation: !CALM,
  });
  L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小", position: "bottomright" }).addTo(map);
  if (box.dataset.tianditu) {
    box.classList.add("has-tiles");
    for (const layer of ["vec", "cva"]) tianditu(layer, box.dataset.tianditu).addTo(map);
  }
  if (box.dataset.mapMode !== "shade") new Outlines(map, box); // which draws them itself
  return map;
}

// Fits west, south, east, north (degrees, WGS-84), written as "w,s,e,n".
export function fit(map, text) {
  const [west, south, east, north] = (text || "102.69,25.02,102.8,25.12").split(",").map(Number);
  map.fitBounds([[south, west], [north, east]], { padding: [8, 8], animate: false });
}

// Around where nearly all of some spots are (longitude, latitude, how many), a share left out at either end of both axes.
export function crowdOf(spots, edge) {
  const [[west, east], [south, north]] = [0, 1].map((axis) => middleOf(spots, axis, edge));
  return [[south, west], [north, east]];
}

function middleOf(spots, axis, edge) {
  const total = spots.reduce((sum, spot) => sum + spot[2], 0);
  let passed = 0;
  const kept = [...spots].sort((a, b) => a[axis] - b[axis]).filter(([, , count]) => {
    const before = passed;
    passed += count;
    return passed > total * edge && before < total * (1 - edge);
  });
  return [kept[0][axis], kept.at(-1)[axis]];
}

// Words in the middle of a map that has nothing to show.
export function tell(box, text) {
  const told = element("p", "map-told", text);
  told.setAttribute("role", "status");
  box.append(told);
}

class Outlines {
  constructor(map, box) {
    [this.map, this.url] = [map, box.dataset.areasUrl || AREAS_URL];
    this.own = new Set((box.dataset.own || "").split(",").filter(Boolean).map(Number));
    this.grid = Number(box.dataset.grid) || null;
    this.shapes = L.layerGroup().addTo(map);
    this.names = L.layerGroup().addTo(map);
    map.createPane("names").style.zIndex = 450;
    this.note = element("span", "map-note");
    this.note.hidden = true;
    box.append(this.note);
    map.on("moveend", () => this.load());
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

  // Names of the finest level, each only where its territory is wide enough for it.
  name({ levels }) {
    this.names.clearLayers();
    const finest = levels.at(-1);
    for (const area of this.areas ?? []) {
      if (area.level !== finest || !this.hasRoom(area)) continue;
      const node = element("span", `map-name map-name-${area.level}`, shortName(area));
      const leaflet = { pane: "names" };
      marker(area.label, node, 0, { still: true, leaflet }).addTo(this.names);
    }
  }

  hasRoom(area) {
    const across = area.ring.map(([longitude, latitude]) => this.map.latLngToContainerPoint([latitude, longitude]).x);
    return Math.max(...across) - Math.min(...across) > shortName(area).length * 12 + 6;
  }
}

// A grid is known by its number where the community's name stands around it.
function shortName({ level, name }) {
  return level === "grid" ? name.replace(/^.*第/, "第") : name;
}

function rounded(bounds, step) {
  const down = (number) => (Math.floor(number / step) * step).toFixed(2);
  const up = (number) => (Math.ceil(number / step) * step).toFixed(2);
  return [down(bounds.getWest()), down(bounds.getSouth()), up(bounds.getEast()), up(bounds.getNorth())].join(",");
}

