// A measure on the map: areas in steps of one colour, hatched where they have too few, grey where they have nothing; each with its
// number where there is room, and each a link. Opens where most of what is counted lies.

import { element } from "../dom.js";
import { getJson } from "../http.js";
import { fit, marker, tell } from "./base.js";

// The zoom that asks for the outlines of a level (``cases/map.py``).
const ZOOMS = { street: 0, community: 13, grid: 15 };
const LETTER = 13;

export async function showShades(map, box) {
  fit(map, box.dataset.box);
  const { level } = box.dataset;
  const query = new URLSearchParams({ zoom: ZOOMS[level] });
  if (ZOOMS[level]) query.set("box", box.dataset.box);
  const [values, outlines] = await Promise.all([getJson(box.dataset.valuesUrl), getJson(`${box.dataset.areasUrl}?${query}`)]);
  if (!values || !outlines) return tell(box, "数字或界线暂时取不到，请刷新；数字见列表。");
  const places = new Map(values.places.map((place) => [place.id, place]));
  const areas = outlines.areas.filter((area) => area.level === level && places.has(area.id));
  if (!areas.length) return tell(box, "这些地方没有界线，数字见列表。");
  const names = L.layerGroup().addTo(map);
  map.createPane("names").style.zIndex = 450;
  for (const area of areas) shade(area, places.get(area.id)).addTo(map);
  for (const area of outlines.areas) if (area.level !== level && ZOOMS[area.level] !== ZOOMS[level]) edge(area).addTo(map);
  const note = element("span", "map-note", outlines.note);
  note.hidden = !outlines.illustrative;
  box.append(note);
  const write = () => {
    names.clearLayers();
    for (const area of areas) name(map, area, places.get(area.id))?.addTo(names);
  };
  map.on("zoomend", write);
  open(map, areas, values.crowd);
  write();
}

function ringOf({ ring }) {
  return ring.map(([longitude, latitude]) => [latitude, longitude]);
}

function shade(area, place) {
  const layer = L.polygon(ringOf(area), { className: `shade shade-${place.shade}`, smoothFactor: 0.5 });
  const tip = element("span", "", words(place));
  layer.bindTooltip(tip, { sticky: true });
  layer.on("click", () => location.assign(place.url));
  return layer;
}

function edge(area) {
  return L.polygon(ringOf(area), { className: `area area-${area.level} area-edge`, interactive: false, smoothFactor: 0.5 });
}

function words({ name, text, base, shade: kind }) {
  const few = kind === "small" ? "，样本少" : "";
  return `${name} ${text}${base ? `（${base}）` : ""}${few}`;
}

// Name and number where the area has room for both, else the number; nothing on an area that is smaller than its number.
function name(map, area, place) {
  const across = area.ring.map(([longitude, latitude]) => map.latLngToContainerPoint([latitude, longitude]));
  const wide = spread(across.map(({ x }) => x));
  const high = spread(across.map(({ y }) => y));
  const number = place.shade === "small" ? place.base : place.shade === "none" ? "无" : place.text;
  if (wide < number.length * 9 + 6 || high < LETTER + 5) return null;
  const link = element("a", `shade-name on-${place.shade}`);
  link.href = place.url;
  link.ariaLabel = words(place);
  const short = place.name.replace(/(街道|社区)$/, "").replace(/^.*第/, "第");
  if (wide > short.length * LETTER + 8 && high > 3 * LETTER) link.append(element("span", "", short));
  link.append(element("b", "", number));
  return marker(area.label, link, 0, { leaflet: { pane: "names", keyboard: false } });
}

function spread(numbers) {
  return Math.max(...numbers) - Math.min(...numbers);
}

function open(map, areas, crowd) {
  const full = areas.filter(({ id }) => crowd.includes(id));
  const bounds = L.latLngBounds((full.length ? full : areas).flatMap(ringOf));
  map.fitBounds(bounds, { padding: [12, 12], animate: false });
}
