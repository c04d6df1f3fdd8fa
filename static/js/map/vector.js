// The PMTiles file as a layer: water and roads in two greys, names in the inks of the page; its layers and kinds are those of
// the Protomaps basemap. The library comes only where there is such a file.

import { element } from "../dom.js";

const ROADS = { highway: 2.2, major_road: 1.7, medium_road: 1.4, minor_road: 1 };
const ROADS_FROM = { highway: 0, major_road: 8, medium_road: 11, minor_road: 13, path: 16 };
const NAMES = ["name:zh-Hans", "name:zh", "name"];

let library = null;

function load(address) {
  library ??= new Promise((done, failed) => {
    const script = element("script");
    script.addEventListener("load", () => done(globalThis.protomapsL));
    script.addEventListener("error", failed);
    script.src = address;
    document.head.append(script);
  }).catch(() => {
    library = null;
    return null;
  });
  return library;
}

// Null where the library cannot be had just now.
export async function vectorLayer(box, { file, script, closest }, maxZoom) {
  const painter = await load(script);
  if (!painter) return null;
  const style = getComputedStyle(box);
  const ink = (name) => style.getPropertyValue(name).trim();
  return painter.leafletLayer({
    url: file,
    maxDataZoom: closest,
    maxZoom,
    backgroundColor: ink("--map-ground"),
    paintRules: paint(painter, ink),
    labelRules: names(painter, ink, style.fontFamily),
    attribution: "",
  });
}

function paint({ PolygonSymbolizer, LineSymbolizer, exp }, ink) {
  const wide = exp(1.6, [[11, 0.6], [14, 2], [17, 7], [19, 16]]);
  return [
    { dataLayer: "water", symbolizer: new PolygonSymbolizer({ fill: ink("--map-water") }), filter: (_, { geomType }) => geomType === 3 },
    { dataLayer: "water", symbolizer: new LineSymbolizer({ color: ink("--map-water"), width: exp(1.6, [[9, 0.5], [15, 4]]) }), filter: (_, { geomType }) => geomType === 2 },
    {
      dataLayer: "roads",
      symbolizer: new LineSymbolizer({
        color: ink("--map-road"), lineCap: "round", lineJoin: "round",
        width: (zoom, feature) => wide(zoom) * (ROADS[feature?.props.kind] ?? 0.6),
      }),
      filter: (zoom, { props }) => zoom >= (ROADS_FROM[props.kind] ?? 14),
    },
  ];
}

function names({ CenteredTextSymbolizer, LineLabelSymbolizer }, ink, family) {
  const text = (fill, size) => ({
    labelProps: NAMES, fill: ink(fill), stroke: ink("--map-ground"), width: 2, font: `${size}px ${family}`,
  });
  return [
    { dataLayer: "places", symbolizer: new CenteredTextSymbolizer(text("--ink-soft", 13)), filter: (_, { props }) => props.kind !== "country" },
    { dataLayer: "water", symbolizer: new CenteredTextSymbolizer(text("--ink-faint", 12)), filter: (_, { geomType }) => geomType === 1 },
    { dataLayer: "roads", minzoom: 13, symbolizer: new LineLabelSymbolizer(text("--ink-faint", 12)), filter: (zoom, { props }) => zoom >= (ROADS_FROM[props.kind] ?? 14) + 2 },
  ];
}
