// data-call: while the caller speaks. A chosen grid moves the pin to its middle; a pin set by hand leaves the grid.

const form = document.querySelector("[data-call]");
const grid = form.elements.grid;
const [longitude, latitude] = [form.elements.position_longitude, form.elements.position_latitude];

grid.addEventListener("change", () => {
  longitude.value = latitude.value = "";
});

document.addEventListener("position:changed", ({ detail }) => {
  if (detail.source === "pin") grid.value = "";
});

document.addEventListener("htmx:afterSettle", () => {
  const guess = form.querySelector("[data-guessed]")?.dataset;
  if (!guess || longitude.value || !grid.value) return; // or the grid was taken back meanwhile
  [longitude.value, latitude.value] = [guess.longitude, guess.latitude];
  const detail = { longitude: Number(guess.longitude), latitude: Number(guess.latitude), accuracy: null, source: "grid" };
  document.dispatchEvent(new CustomEvent("position:changed", { detail }));
});
