// The way of a patrol, from its start to its end (data-track: JSON of [longitude, latitude], degrees WGS-84).

import { element } from "../dom.js";
import { marker } from "./base.js";

const CLOSEST = 17;

export function showTrack(map, box) {
  const way = JSON.parse(box.dataset.track).map(([longitude, latitude]) => [latitude, longitude]);
  box.setAttribute("role", "group");
  map.fitBounds(L.latLngBounds(way), { padding: [24, 24], maxZoom: CLOSEST, animate: false });
  map.createPane("track").style.zIndex = 440; // above the outlines, which come later
  L.polyline(way, { className: "track", interactive: false, pane: "track" }).addTo(map);
  for (const [[latitude, longitude], words] of [[way[0], "起"], [way.at(-1), "止"]]) {
    marker([longitude, latitude], element("span", "track-end", words), 24, { still: true }).addTo(map);
  }
}
