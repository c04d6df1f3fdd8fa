// What every map is made of: the ground (ground.js), our outlines with their names (outlines.js), the controls (controls.js);
// and what its modes share: marks, fitting, words in its middle.

import { element } from "../dom.js";
import { addControls } from "./controls.js";
import { layGround } from "./ground.js";
import { Outlines } from "./outlines.js";

const MIN_ZOOM = 8;
const MAX_ZOOM = 19;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;

export const maxZoom = MAX_ZOOM;
export { marker } from "./marker.js";

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
  addControls(map, box);
  layGround(map, box, MAX_ZOOM);
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
