// [data-cards]: how far each card's case is from here, and the cards in the order of a walk. Where the phone is stays on it.
// Asked for only where the person has allowed it before, or presses for it.

import { metresBetween, metresInWords } from "../distance.js";

const OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const REASONS = { 1: "没有定位权限，请在浏览器设置里允许。", 2: "暂时收不到定位信号，请到开阔处再试。", 3: "定位超时，请再试。" };
const TOLD = "按直线距离：从您的位置起，每次去最近的一件。不看道路和时限，只排本页。";

export function here() {
  if (!isSecureContext || !navigator.geolocation) return Promise.reject(new Error("这台设备或这个页面不能定位。"));
  return new Promise((found, failed) => navigator.geolocation.getCurrentPosition(
    ({ coords }) => found([coords.longitude, coords.latitude]),
    ({ code }) => failed(new Error(REASONS[code] ?? REASONS[2])), OPTIONS));
}

export async function mayAsk() {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state === "granted";
  } catch {
    return false;
  }
}

export const placeOf = (card) => card.dataset.at.split(",").map(Number);

// Nearest neighbour: from each place to the nearest that is left; with one way as good, the earlier in the list.
export function walkOf(places, from) {
  const left = places.map((place, index) => ({ place, index }));
  const order = [];
  for (let at = from; left.length;) {
    const next = left.reduce((best, one) => (metresBetween(at, one.place) < metresBetween(at, best.place) ? one : best));
    left.splice(left.indexOf(next), 1);
    order.push(next.index);
    at = next.place;
  }
  return order;
}

function tellDistances(cards, from) {
  for (const card of cards) {
    card.querySelector("[data-away]").textContent = metresInWords(metresBetween(from, placeOf(card)));
  }
}

class Cards {
  constructor(list) {
    this.list = list;
    this.asItCame = [...list.children];
    this.cards = [...list.querySelectorAll("[data-at]")];
    this.bar = document.querySelector("[data-route]");
  }

  async start() {
    if (this.bar && this.cards.length > 1) this.startOrders();
    if (!(await mayAsk())) return;
    const from = await here().catch(() => null);
    if (!from) return;
    tellDistances(this.cards, from);
    if (this.list.dataset.cards === "near") this.byDistance(from);
  }

  startOrders() {
    this.bar.hidden = false;
    this.told = this.bar.querySelector("[data-route-told]");
    for (const button of this.bar.querySelectorAll("[data-order]")) {
      button.addEventListener("click", () => (button.dataset.order === "route" ? this.walk() : this.byTime()));
    }
  }

  press(order) {
    for (const button of this.bar.querySelectorAll("[data-order]")) button.ariaPressed = button.dataset.order === order;
  }

  byTime() {
    this.press("due");
    this.told.textContent = "";
    this.list.replaceChildren(...this.asItCame);
    this.list.classList.remove("is-walk");
  }

  async walk() {
    this.told.textContent = "正在定位……";
    let from;
    try {
      from = await here();
    } catch (problem) {
      this.told.textContent = problem.message;
      return;
    }
    this.press("route");
    this.told.textContent = TOLD;
    tellDistances(this.cards, from);
    this.list.replaceChildren(...walkOf(this.cards.map(placeOf), from).map((index) => this.cards[index]));
    this.list.classList.add("is-walk");
  }

  byDistance(from) {
    const far = (card) => metresBetween(from, placeOf(card));
    this.list.replaceChildren(...[...this.cards].sort((one, other) => far(one) - far(other)));
  }
}

export function startCards(root) {
  for (const list of root.querySelectorAll("[data-cards]:not([data-started])")) {
    list.dataset.started = "";
    new Cards(list).start();
  }
}
