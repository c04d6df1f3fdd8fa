// What stands on a map besides zooming: a scale, where I am, whose map it is.

import { button, element } from "../dom.js";

const NEAR_ZOOM = 16;
const SECONDS = 20;
const FAILED = { 1: "没有允许定位：请在浏览器设置里允许本站使用位置。", 2: "现在取不到位置，请到开阔处再试。", 3: "现在取不到位置，请到开阔处再试。" };

export function addControls(map, box) {
  L.control.scale({ imperial: false, maxWidth: 96 }).addTo(map);
  // A form of a position has its own button; nobody stands before a wall's map.
  if (box.dataset.mapMode !== "pin" && !document.body.classList.contains("wall") && navigator.geolocation) {
    onMap("bottomright", whereAmI(map, box)).addTo(map);
  }
}

export function credit(map, words) {
  if (words) onMap("bottomleft", element("span", "map-credit", words)).addTo(map);
}

function onMap(position, node) {
  const control = L.control({ position });
  control.onAdd = () => node;
  return control;
}

function whereAmI(map, box) {
  const node = element("div", "leaflet-bar map-where");
  const press = button("map-where-button", "", () => find());
  press.title = press.ariaLabel = "我的位置";
  const told = element("p", "map-told");
  told.setAttribute("role", "status");
  told.hidden = true;
  node.append(press);
  box.append(told);
  L.DomEvent.disableClickPropagation(node);
  let shown = null;
  const find = () => {
    press.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        press.removeAttribute("aria-busy");
        told.hidden = true;
        const at = [coords.latitude, coords.longitude];
        shown?.remove();
        const options = { className: "map-accuracy", interactive: false };
        const dot = L.divIcon({ html: element("i", "map-me"), className: "map-icon", iconSize: [18, 18] });
        shown = L.layerGroup([
          L.circle(at, { radius: coords.accuracy, ...options }),
          L.marker(at, { icon: dot, interactive: false, keyboard: false, alt: "我的位置" }),
        ]).addTo(map);
        map.setView(at, Math.max(map.getZoom(), NEAR_ZOOM));
      },
      ({ code }) => {
        press.removeAttribute("aria-busy");
        told.textContent = FAILED[code];
        told.hidden = false;
      },
      { enableHighAccuracy: true, timeout: SECONDS * 1000, maximumAge: 30_000 },
    );
  };
  return node;
}
