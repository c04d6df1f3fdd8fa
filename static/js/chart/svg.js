// The library writes SVG as a text with styles, which the content policy refuses: letters get attributes, what changes on hover goes.

import { svg } from "../dom.js";

const KEPT = ["font-size", "font-weight"];

export function toNode(text) {
  const plain = text.replace(/<style[^>]*>[^]*?<\/style>/g, "").replaceAll(/ style="([^"]*)"/g, (_, style) =>
    style.split(";").map((rule) => rule.split(":").map((part) => part.trim()))
      .map(([name, value]) => (KEPT.includes(name) ? ` ${name}="${value}"` : "")).join(""));
  const node = document.importNode(new DOMParser().parseFromString(plain, "image/svg+xml").documentElement, true);
  node.classList.add("chart-drawn");
  node.setAttribute("aria-hidden", "true");
  return node;
}

// A part of the picture that leads to a list and tells its words: {x, y, width, height, url, title, lines, isOwn}.
export function targetOf({ x, y, width, height, url, title, lines }) {
  const box = rect({ x, y, width, height });
  // The table has the same links for the keyboard.
  const target = svg(url ? "a" : "g", { class: "chart-target", ...(url && { href: url, tabindex: -1 }) });
  target.append(box);
  target.told = { title, lines };
  return target;
}

// What lies behind the row of the place that the page is about.
export function groundOf(box) {
  const ground = rect(box);
  ground.setAttribute("class", "chart-ground");
  return ground;
}

function rect({ x, y, width, height }) {
  return svg("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0) });
}
