// What a chart shows, read from its table: one place for the numbers, their words and their links.

import { element } from "../dom.js";

// The library measures a little wider and would cut.
const SLACK = 4;

const context = element("canvas").getContext("2d");

export function readChart(figure) {
  const table = figure.querySelector("table");
  const [mean] = table.tFoot?.rows ?? [];
  return {
    unit: figure.dataset.unit,
    heads: [...table.tHead.rows[0].cells].slice(1).map(words),
    rows: [...table.tBodies[0].rows].map(readRow),
    mean: mean && readRow(mean),
    look: readLook(figure),
  };
}

function readRow(row) {
  const [head, ...cells] = row.cells;
  return {
    name: words(head), url: head.querySelector("a")?.href, late: row.dataset.late, isOwn: "own" in row.dataset,
    points: cells.map(readPoint),
  };
}

function readPoint(cell) {
  const link = cell.querySelector(":scope > a");
  return {
    value: "value" in cell.dataset ? Number(cell.dataset.value) : null,
    text: words(link ?? cell.querySelector("span") ?? cell),
    base: words(cell.querySelector("small")),
    url: link?.href,
    isSmall: "small" in cell.dataset,
  };
}

function words(node) {
  return node?.textContent.trim() ?? "";
}

// Sizes in pixels and the family of the letters, as the face of the page has them; and how wide a text is in them.
function readLook(figure) {
  const style = getComputedStyle(figure);
  const family = style.fontFamily.replaceAll('"', "'");
  const size = parseFloat(style.getPropertyValue("--text-tiny"));
  return {
    family, size,
    widest(texts, weight = 400) {
      context.font = `${weight} ${size}px ${family}`;
      const widest = Math.max(0, ...texts.map((text) => context.measureText(text).width));
      return widest && Math.ceil(widest) + SLACK;
    },
  };
}
