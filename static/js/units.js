// data-units: a list of units that is narrowed by what one types; the chosen ones stay in sight.
// data-asks: a kind of whistle that the street is only asked for needs no units.

import { startEverywhere } from "./dom.js";

function narrow(list, words) {
  for (const row of list.querySelectorAll("[data-unit]")) {
    const isChosen = row.querySelector(":checked") !== null;
    row.hidden = !isChosen && words !== "" && !row.dataset.unit.includes(words);
  }
}

function start(root) {
  for (const list of root.querySelectorAll("[data-units]:not([data-started])")) {
    list.dataset.started = "";
    const box = list.querySelector("[data-units-search]");
    box.hidden = false;
    const input = box.querySelector("input");
    input.addEventListener("input", () => narrow(list, input.value.trim()));
    input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  }
}

startEverywhere(start);
