// data-months: the links of a row of months become stops of a slider as well; it leads where the link would.

import { element, startEverywhere } from "./dom.js";

function start(root) {
  for (const row of root.querySelectorAll("[data-months]")) {
    const links = [...row.querySelectorAll("a")];
    const slider = element("input");
    const here = Math.max(0, links.findIndex((link) => link.hasAttribute("aria-current")));
    Object.assign(slider, { type: "range", min: 0, max: links.length - 1, value: here, ariaLabel: "月份" });
    const tell = () => {
      slider.ariaValueText = links[slider.value].textContent;
      for (const link of links) link.classList.toggle("is-aimed", link === links[slider.value]);
    };
    slider.addEventListener("input", tell);
    slider.addEventListener("change", () => location.assign(links[slider.value].href));
    row.prepend(slider);
    row.style.setProperty("--stops", links.length);
    tell();
  }
}

startEverywhere(start);
