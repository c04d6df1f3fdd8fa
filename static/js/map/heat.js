// Where cases were reported: squares, the fuller the darker, with their numbers where there is room.

import { element } from "../dom.js";
import { getJson } from "../http.js";
import { crowdOf, fit, marker, tell } from "./base.js";

const ROOM = 26;
// The map opens where the middle of the reports is.
const EDGE = 0.1;

export async function showHeat(map, box) {
  fit(map, box.dataset.box);
  const answer = await getJson(box.dataset.valuesUrl);
  if (!answer) return tell(box, "案件暂时取不到，请刷新。");
  if (!answer.total) return tell(box, "这段时间没有上报的案件。换一段时间，或放宽筛选再看。");
  const legend = box.parentElement.querySelector("[data-map-legend]");
  if (legend) legend.textContent = `每格约 ${answer.metres} 米见方，颜色越深上报越多，最多一格 ${answer.most} 件；共 ${answer.total} 件。`;
  const layer = L.layerGroup().addTo(map);
  const names = L.layerGroup().addTo(map);
  for (const [west, south, east, north, number, step] of answer.squares) {
    const square = L.rectangle([[south, west], [north, east]], { className: `heat heat-${step}` });
    square.bindTooltip(element("span", "", `${number} 件`), { sticky: true });
    layer.addLayer(square);
  }
  const write = () => {
    names.clearLayers();
    const [west, south, east] = answer.squares[0];
    const wide = map.latLngToContainerPoint([south, east]).x - map.latLngToContainerPoint([south, west]).x;
    if (wide < ROOM) return;
    const seen = map.getBounds();
    for (const [w, s, e, n, number, step] of answer.squares) {
      const middle = [(w + e) / 2, (s + n) / 2];
      if (!seen.contains([middle[1], middle[0]])) continue;
      marker(middle, element("b", `heat-number on-step-${step}`, String(number)), 0, { still: true }).addTo(names);
    }
  };
  map.on("moveend", write);
  const spots = answer.squares.map(([west, south, east, north, number]) => [(west + east) / 2, (south + north) / 2, number]);
  map.fitBounds(crowdOf(spots, EDGE), { padding: [40, 40], maxZoom: 16, animate: false });
}
