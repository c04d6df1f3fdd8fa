// Choose a position: a tap, a drag, or the crosshair and a button for people who use no pointer.
// Sends and receives "position:changed" on the document: {longitude, latitude, accuracy, source: "device" | "pin"}.

import { button, element } from "../dom.js";
import { fit, marker } from "./base.js";

const CLOSE_ZOOM = 17;

export function choosePosition(map, box) {
  new Pin(map, box);
}

class Pin {
  constructor(map, box) {
    [this.map, this.box] = [map, box];
    const inputs = (box.closest("[data-position], form") ?? document).querySelectorAll('input[name$="_longitude"], input[name$="_latitude"]');
    [this.longitude, this.latitude] = inputs;
    const [longitude, latitude] = [...inputs].map((input) => parseFloat(input.value));
    if (Number.isFinite(longitude) && Number.isFinite(latitude)) this.move({ longitude, latitude });
    else fit(map, box.dataset.box ?? box.closest("[data-box]")?.dataset.box);
    map.on("click", ({ latlng }) => this.choose(latlng));
    box.append(element("i", "map-cross"), this.button());
    document.addEventListener("position:changed", ({ detail }) => {
      if (detail.from === this) return;
      if (detail.longitude !== undefined) return this.move(detail);
      this.pin?.remove(); // no position is known after all
      this.circle?.remove();
      this.pin = this.circle = undefined;
    });
  }

  button() {
    const node = button("btn map-choose", "选地图中心", () => this.choose(this.map.getCenter()));
    L.DomEvent.disableClickPropagation(node);
    return node;
  }

  choose({ lng, lat }) {
    const [longitude, latitude] = [lng, lat].map((degrees) => Number(degrees.toFixed(6)));
    if (this.longitude && this.latitude) [this.longitude.value, this.latitude.value] = [longitude, latitude];
    this.put({ longitude, latitude });
    const detail = { longitude, latitude, accuracy: null, source: "pin", from: this };
    document.dispatchEvent(new CustomEvent("position:changed", { detail }));
  }

  put({ longitude, latitude, accuracy, source }) {
    if (!this.pin) {
      const options = { anchor: [14, 34], leaflet: { draggable: true, autoPan: true, title: "案件位置，可以拖动", alt: "案件位置" } };
      this.pin = marker([longitude, latitude], element("i", "map-pin-mark"), 28, options).addTo(this.map);
      this.pin.on("dragend", () => this.choose(this.pin.getLatLng()));
    }
    this.pin.setLatLng([latitude, longitude]);
    this.circle?.remove();
    const known = source === "device" && accuracy > 0;
    this.circle = known ? L.circle([latitude, longitude], { radius: accuracy, className: "map-accuracy", interactive: false }) : null;
    this.circle?.addTo(this.map);
  }

  move(detail) {
    this.put(detail);
    this.map.setView([detail.latitude, detail.longitude], Math.max(this.map.getZoom() || 0, CLOSE_ZOOM), { animate: false });
  }
}
