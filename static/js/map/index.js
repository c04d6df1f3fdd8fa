// Starts every [data-map] once it has a size: a hidden map cannot measure itself.
// data-map-mode: cases (clusters of a scope), pin (choose a position), single (one case),
// track (the way of a patrol), shade (a measure by places), heat (where cases were reported). Only this folder knows Leaflet.

import { startEverywhere } from "../dom.js";
import { makeMap } from "./base.js";
import { showCases } from "./cases.js";
import { showHeat } from "./heat.js";
import { choosePosition } from "./pin.js";
import { showShades } from "./shade.js";
import { showSingle } from "./single.js";
import { showTrack } from "./track.js";

const MODES = { cases: showCases, pin: choosePosition, single: showSingle, track: showTrack, shade: showShades, heat: showHeat };

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) if (contentRect.width && contentRect.height) wake(target);
});

function wake(box) {
  if (box.gridloopMap) return box.gridloopMap.invalidateSize();
  const map = makeMap(box);
  if (!map) return sizes.unobserve(box);
  box.gridloopMap = map;
  MODES[box.dataset.mapMode]?.(map, box);
}

// On paper a map is as wide as the page; what is in its middle stays there.
function fitAll(isOnPaper) {
  for (const box of document.querySelectorAll("[data-map]")) {
    box.classList.toggle("is-on-paper", isOnPaper);
    box.gridloopMap?.invalidateSize();
  }
}

function start(root) {
  for (const box of root.querySelectorAll("[data-map]")) sizes.observe(box);
}

startEverywhere(start);
addEventListener("beforeprint", () => fitAll(true));
addEventListener("afterprint", () => fitAll(false));
