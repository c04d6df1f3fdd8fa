// data-position: fills longitude and latitude (WGS-84) from the device, or from the pin that the map module sets.
// data-phone-time: fills the time of the device, which may differ from the server's.
// Modules that change or show the position send and receive "position:changed" on the document:
// detail {longitude, latitude, accuracy, source: "device" | "pin", or "last_fix" | "grid" | "none" with words: field/places.js},
// where it is "none" without numbers;
// isKept: it was put back from what the phone kept, and no device says so now.
// What the server says of it comes as "position:told": detail as of data-locate, null where it could not be asked.
// "position:failed" comes from the box where the device gives none.

import { get } from "./http.js";

const WATCH_MS = 20000;
const GOOD_METRES = 25;
const REACH = 0.003; // degrees, about 300 m

// What is said where the device gives no position, and what may be done instead.
const REASONS = {
  insecure: (instead) => `本页不是加密连接（HTTPS），浏览器不给定位。请${instead}。`,
  missing: (instead) => `这台设备不能定位。请${instead}。`,
  1: (instead) => `没有定位权限：请在浏览器设置里允许，或${instead}。`,
  2: (instead) => `暂时收不到定位信号。请到开阔处重试，或${instead}。`,
  3: (instead) => `定位超时。请重试，或${instead}。`,
};

class Position {
  constructor(box) {
    this.box = box;
    const find = (name) => box.querySelector(`[data-position-${name}]`);
    [this.line, this.where, this.how, this.chooser, this.map, this.device, this.numbers] =
      ["line", "where", "how", "choose", "map", "device", "numbers"].map(find);
    [this.longitude, this.latitude] = box.querySelectorAll("input");
    const { deviceOnly, ...form } = box.closest("form")?.dataset ?? {};
    this.source = box.closest("form")?.elements.position_source; // who says so, where the form asks
    this.instead = deviceOnly ?? "在地图上点选"; // data-device-only says what to do where no pin may be set
    this.hasMap = deviceOnly === undefined;
    this.chooser.hidden = this.map.querySelector("[data-map]").hidden = !this.hasMap;
    this.frame(form);
    this.line.hidden = false;
    this.numbers.hidden = true;
    this.chooser.addEventListener("click", () => this.showMap(this.map.hidden));
    this.device.addEventListener("click", () => this.watch());
    document.addEventListener("position:changed", ({ detail }) => this.take(detail));
    document.addEventListener("position:ask", () => this.watch());
    if (this.longitude.value && this.latitude.value) this.tell({ source: this.source?.value || "pin" });
    else if (this.source?.value === "none") this.tellNone();
    else this.watch();
  }

  // Where the map opens as long as there is no position: data-box "w,s,e,n" or around data-at "lon,lat".
  frame({ box, at }) {
    const [lon, lat] = (at ?? "").split(",").map(Number);
    const around = at && [lon - REACH, lat - REACH, lon + REACH, lat + REACH].map((n) => n.toFixed(6)).join(",");
    if (box || around) this.map.querySelector("[data-map]").dataset.box = box || around;
  }

  showMap(shown) {
    this.map.hidden = !shown;
    this.chooser.setAttribute("aria-expanded", shown);
    this.chooser.textContent = shown ? "收起" : "选点";
  }

  // The best fix of the first seconds counts; a pin set by hand ends the watch.
  watch() {
    this.stop();
    if (!isSecureContext) return this.fail("insecure");
    if (!navigator.geolocation) return this.fail("missing");
    this.how.textContent = "正在定位……";
    this.best = Infinity;
    const options = { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 };
    this.watching = navigator.geolocation.watchPosition(
      ({ coords }) => this.fix(coords), ({ code }) => this.fail(code), options);
    this.timer = setTimeout(() => this.stop(), WATCH_MS);
  }

  stop() {
    if (this.watching !== undefined) navigator.geolocation.clearWatch(this.watching);
    clearTimeout(this.timer);
    this.watching = undefined;
  }

  fix({ longitude, latitude, accuracy }) {
    if (accuracy >= this.best) return;
    this.best = accuracy;
    announce({ longitude, latitude, accuracy, source: "device" });
    if (accuracy <= GOOD_METRES) this.stop();
  }

  fail(reason) {
    this.stop();
    if (this.longitude.value) return;
    this.how.textContent = (REASONS[reason] ?? REASONS[2])(this.instead);
    this.showMap(true);
    this.box.dataset.failed = "";
    this.box.dispatchEvent(new CustomEvent("position:failed", { bubbles: true }));
  }

  take(detail) {
    if (detail.source !== "device" || detail.isKept) this.stop();
    this.longitude.value = detail.longitude?.toFixed(6) ?? "";
    this.latitude.value = detail.latitude?.toFixed(6) ?? "";
    if (this.source) this.source.value = detail.source;
    this.box.closest(".field-box")?.classList.remove("is-wrong");
    if (detail.source === "none") this.tellNone();
    else this.tell(detail);
  }

  tellNone() {
    this.where.textContent = "没有定位";
    this.how.textContent = "写明原因也能办理，记录里会标明";
    this.showMap(false);
  }

  // Which grid it is comes from the server; without signal the numbers stand until it is known.
  async tell({ accuracy, source }) {
    const [lon, lat] = [this.longitude.value, this.latitude.value];
    const said = { last_fix: "上次定位，只是大概位置", grid: "只知网格，只是大概位置" };
    const exact = said[source] ? said[source] : source !== "device" ? "地图选点" : accuracy ? `手机定位，精度 ${Math.round(accuracy)} 米` : "手机定位";
    this.how.textContent = accuracy > 200 ? `${exact}，偏差较大，请在地图上核对` : exact;
    const answer = await ask(`${this.box.dataset.locate}?lon=${lon}&lat=${lat}`);
    if (lon !== this.longitude.value || lat !== this.latitude.value) return;
    document.dispatchEvent(new CustomEvent("position:told", { detail: answer }));
    this.where.textContent = answer?.sentence ?? answer?.detail ?? `${lon}，${lat}（上传后确定网格）`;
  }
}

// Also what is wrong with a position is said in words.
async function ask(url) {
  try {
    return await (await get(url)).json();
  } catch {
    return null;
  }
}

export function announce(detail) {
  document.dispatchEvent(new CustomEvent("position:changed", { detail }));
}

// data-phone-time: what this device's clock said at the first press; a page that is shown again begins anew.
function startPhoneTime(input) {
  input.value = "";
  input.form.addEventListener("submit", () => (input.value ||= new Date().toISOString()));
}

// data-position-beside: two inputs that take where the device is, if it says so before the press; nothing waits for it.
function fillBeside(box) {
  if (!isSecureContext || !navigator.geolocation) return;
  const [longitude, latitude] = box.querySelectorAll("input");
  let isSent = false; // the same form sent again is the same request
  longitude.form.addEventListener("submit", () => (isSent = true));
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    if (isSent) return;
    longitude.value = coords.longitude.toFixed(6);
    latitude.value = coords.latitude.toFixed(6);
  }, () => {}, { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 });
}

export function startPosition(root) {
  for (const input of root.querySelectorAll("[data-phone-time]:not([data-started])")) {
    input.dataset.started = "";
    startPhoneTime(input);
  }
  for (const box of root.querySelectorAll("[data-position-beside]:not([data-started])")) {
    box.dataset.started = "";
    fillBeside(box);
  }
  for (const box of root.querySelectorAll("[data-position]:not([data-started])")) {
    box.dataset.started = "";
    new Position(box);
  }
}
