// data-call: places that the typed address may mean, as a list under the field. ↓ ↑ walk, Enter takes, Esc closes. Taking one
// sets the grid and the position, and the map goes there; what was typed stays, since it is what the caller said;
// what is half typed is filled in. Another address afterwards takes grid and position back; what was set by hand stays.

const form = document.querySelector("[data-call]");
const input = form.elements.address;
const list = document.getElementById("addresses");
let current = -1;
let taken = null; // the text beside which a suggestion set grid and position, as long as nobody set others by hand

const options = () => [...list.querySelectorAll("[role=option]")];

function show(at) {
  const all = options();
  current = all.length ? (at + all.length) % all.length : -1;
  for (const [number, one] of all.entries()) one.setAttribute("aria-selected", String(number === current));
  input.setAttribute("aria-expanded", String(all.length > 0));
  if (current >= 0) input.setAttribute("aria-activedescendant", all[current].id);
  else input.removeAttribute("aria-activedescendant");
}

function close() {
  list.replaceChildren();
  show(-1);
}

function take({ dataset: { grid, label, longitude, latitude } }) {
  if (longitude && label.includes(input.value.trim())) input.value = label; // half typed
  form.elements.grid.value = grid;
  taken = input.value;
  close();
  if (!longitude) {
    form.elements.grid.dispatchEvent(new Event("change", { bubbles: true })); // its middle, as for any chosen grid
    return;
  }
  [form.elements.position_longitude.value, form.elements.position_latitude.value] = [longitude, latitude];
  const detail = { longitude: Number(longitude), latitude: Number(latitude), accuracy: null, source: "address" };
  document.dispatchEvent(new CustomEvent("position:changed", { detail }));
}

// Unit and flat may be added to a house; anything else is another address.
const isMore = (text) => /[号栋座]$/.test(taken) && text.startsWith(taken) && !text.startsWith(`${taken}楼`);

input.addEventListener("input", () => {
  if (taken === null || isMore(input.value)) return;
  taken = null;
  for (const name of ["grid", "position_longitude", "position_latitude"]) form.elements[name].value = "";
  document.dispatchEvent(new CustomEvent("position:changed", { detail: { source: "none" } }));
});

form.addEventListener("change", ({ target, isTrusted }) => {
  if (isTrusted && ["grid", "position_longitude", "position_latitude"].includes(target.name)) taken = null;
});

document.addEventListener("position:changed", ({ detail }) => {
  if (detail.source === "pin") taken = null;
});

input.addEventListener("keydown", (event) => {
  const all = options();
  if (!all.length || event.isComposing) return;
  const key = event.key;
  if (key === "ArrowDown") show(current + 1);
  else if (key === "ArrowUp") show(current < 0 ? all.length - 1 : current - 1);
  else if (key === "Escape") close();
  else if (key === "Enter" && current >= 0) take(all[current]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

// Before the field loses the focus, which closes the list.
list.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option) return;
  event.preventDefault();
  take(option);
});

input.addEventListener("blur", close);

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target !== list) return;
  if (document.activeElement === input) show(-1);
  else close();
  input.setAttribute("aria-expanded", String(options().length > 0));
});
