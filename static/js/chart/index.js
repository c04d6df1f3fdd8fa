// Draws every [data-chart] from its table: SVG whose colours are variables, so that the wall and paper need no other picture, and
// whose marks are links. The library is fetched only where a chart stands; without it the table opens. Only this folder knows ECharts.

import { startEverywhere, svg } from "../dom.js";
import { ageing } from "./ageing.js";
import { bars, funnel } from "./bars.js";
import { growth } from "./growth.js";
import { heat } from "./heat.js";
import { readChart } from "./read.js";
import { groundOf, targetOf, toNode } from "./svg.js";
import { follow } from "./tip.js";
import { trend } from "./trend.js";

const KINDS = { trend, bars, funnel, ageing, heat, growth };

const library = () => import("../../vendor/echarts/echarts.common.min.js").then(() => globalThis.echarts);

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) draw(target.closest("[data-chart]"));
});

function start(root) {
  for (const figure of root.querySelectorAll("[data-chart]")) {
    if (figure.chart) continue;
    figure.chart = readChart(figure);
    library().then(
      (echarts) => {
        figure.chart.echarts = echarts;
        sizes.observe(figure.querySelector(".chart-picture"));
        follow(figure);
      },
      () => giveUp(figure),
    );
  }
}

function giveUp(figure) {
  figure.classList.add("has-failed");
  figure.querySelector("details").open = true;
}

// Drawn as wide and high as it is shown, or as it stands on paper (--paper-width in pixels, --paper-height as a share).
function draw(figure, isOnPaper = false) {
  const picture = figure.querySelector(".chart-picture");
  const { width, height } = picture.getBoundingClientRect();
  if (!width || !height) return;
  const size = isOnPaper ? onPaper(figure, height) : { width: Math.floor(width), height };
  if (figure.chart.width === size.width && figure.chart.height === size.height) return;
  Object.assign(figure.chart, size);
  const drawing = figure.chart.echarts.init(null, null, { renderer: "svg", ssr: true, ...size });
  const kind = KINDS[figure.dataset.chart](figure.chart);
  drawing.setOption({ animation: false, textStyle: { fontFamily: figure.chart.look.family }, ...kind.option });
  const node = toNode(drawing.renderToSVGString());
  const boxes = kind.targets((...at) => drawing.convertToPixel(...at));
  node.prepend(groupOf(boxes.filter(({ isOwn }) => isOwn).map(groundOf)));
  node.append(groupOf(boxes.map(targetOf)));
  drawing.dispose();
  picture.querySelector(".chart-drawn")?.remove();
  picture.append(node);
}

function onPaper(figure, height) {
  const style = getComputedStyle(figure);
  const share = Number(style.getPropertyValue("--paper-height"));
  return { width: Number(style.getPropertyValue("--paper-width")), height: Math.round(height * share) };
}

function groupOf(nodes) {
  const group = svg("g");
  group.append(...nodes);
  return group;
}

function drawAll(isOnPaper) {
  for (const figure of document.querySelectorAll("[data-chart]")) if (figure.chart?.echarts) draw(figure, isOnPaper);
}

startEverywhere(start);
document.addEventListener("board:renewed", () => start(document));
addEventListener("beforeprint", () => drawAll(true));
addEventListener("afterprint", () => drawAll(false));
