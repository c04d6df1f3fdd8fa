// What grew and what shrank: a ring where it was, a dot where it is, and the change in words at the right.

import { BLUE, GAP, HIDDEN, INK, LINE, STRONG_LINE, hollow, letters, rowAxes, rowTargets, tipLine } from "./parts.js";

const [BEFORE, NOW, CHANGE] = [0, 1, 2];
const DOT = 11;

export function growth({ rows, heads, look, width }) {
  const changes = rows.map(({ points }) => points[CHANGE].text);
  const { left, right, axes } = rowAxes(rows, changes, look, width);
  Object.assign(axes[1].axisLabel, { ...letters(look, INK), margin: right + GAP - 2, align: "right" });
  axes[0].splitLine = { show: true, lineStyle: { color: LINE } };
  const dots = (which) => rows.flatMap(({ points: { [which]: point } }, nth) => (point.value === null ? [] : [{ value: [point.value, nth], point }]));
  const ways = rows.map(({ points }) => points.slice(BEFORE, CHANGE).map(({ value }) => value)).map((ends) => (ends.includes(null) ? [0, 0] : ends));
  return {
    option: {
      grid: { left: left + GAP, right: right + 2 * GAP, top: 0, bottom: look.size + GAP, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, minInterval: 1, splitNumber: 4, splitLine: HIDDEN, axisLabel: letters(look) },
      yAxis: axes,
      series: [
        { type: "bar", stack: "way", silent: true, barWidth: 3, itemStyle: { color: "transparent" }, data: ways.map((ends) => Math.min(...ends)) },
        { type: "bar", stack: "way", silent: true, barWidth: 3, itemStyle: { color: STRONG_LINE }, data: ways.map(([before, now]) => Math.abs(now - before)) },
        { type: "scatter", silent: true, symbolSize: DOT, itemStyle: { ...hollow(STRONG_LINE), borderWidth: 2, opacity: 1 }, data: dots(BEFORE).map(({ value }) => value) },
        { type: "scatter", silent: true, symbolSize: DOT, data: dots(NOW).map(({ value, point }) => ({ value, itemStyle: { ...(point.isSmall ? hollow(BLUE) : { color: BLUE }), opacity: 1 } })) },
      ],
    },
    targets: (pixel) => rowTargets(rows, pixel, {
      left, width, urls: rows.map(({ points }) => points[NOW].url),
      lines: rows.map(({ points }) => points.map((point, which) => tipLine(heads[which], point))),
    }),
  };
}
