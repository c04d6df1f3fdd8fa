// For pages whose map is seldom opened: Leaflet and the modules of the map come with the first map that has a size.

import { element, startEverywhere } from "../dom.js";

const source = document.querySelector("script[data-leaflet]").dataset.leaflet;

const sizes = new ResizeObserver((entries) => {
  if (entries.some(({ contentRect }) => contentRect.width && contentRect.height)) load();
});

// What loads observes every map anew; where Leaflet did not come it says so in each.
function load() {
  sizes.disconnect();
  const script = element("script");
  script.onload = script.onerror = () => import("./index.js");
  script.src = source;
  document.head.append(script);
}

startEverywhere((root) => {
  if (globalThis.L) return;
  for (const box of root.querySelectorAll("[data-map]")) sizes.observe(box);
});
