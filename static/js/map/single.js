// One case where it lies, inside the outline of its grid (data-longitude, data-latitude, data-grid; WGS-84).

import { element } from "../dom.js";
import { marker } from "./base.js";

const ZOOM = 16;

export function showSingle(map, box) {
  const [longitude, latitude] = [Number(box.dataset.longitude), Number(box.dataset.latitude)];
  // The map can be moved and zoomed, so its role is no longer img.
  box.setAttribute("role", "group");
  map.setView([latitude, longitude], ZOOM, { animate: false });
  const node = element("i", `mark mark-here is-${box.dataset.tone || "waiting"} late-${box.dataset.lateness || "none"}`);
  marker([longitude, latitude], node, 24, { still: true }).addTo(map);
}
