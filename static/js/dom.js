// Nodes made of text, never of HTML, and the start of every piece that comes onto a page.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

export function svg(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export function button(className, text, onClick) {
  const node = element("button", className, text);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

// Starts what stands on the page now, and in each piece that htmx brings.
export function startEverywhere(start) {
  start(document);
  document.addEventListener("htmx:afterSettle", ({ target }) => start(target));
}
