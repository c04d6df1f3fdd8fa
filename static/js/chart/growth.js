// What grew and what shrank: a ring where it was, a dot where it is, and the change in words at the right.

import { BLUE, GAP, HIDDEN, INK, LINE, STRONG_LINE, hollow, letters, rowAxes, rowTargets, tipLine } from "./parts.js";

const [BEFORE, NOW, CHANGE] = [0, 1, 2];
const DOT = 11;

export function growth({ rows, heads, look, width }) {
  const changes = rows.map(({ points }) => points[CHANGE].text);
  const { left, right, axes } = rowAxes(rows, changes, look, width);
  Object.assign(axes[1].axisLabel, { ...letters(look, INK), margin: right + GAP - 2, align: "right" });
  axes[0].splitLine = { show: true, lineStyle: { color: LINE } };
  const value = ({ points }, which) => points[which].value ?? 0;
  const known = (which) => rows.map((row, nth) => ({ value: [value(row, which), nth], point: row.points[which] })).filter(({ point }) => point.value !== null);
  return {
    option: {
      grid: { left: left + GAP, right: right + 2 * GAP, top: 0, bottom: look.size + GAP, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, minInterval: 1, splitNumber: 4, splitLine: HIDDEN, axisLabel: letters(look) },
      yAxis: axes,
      series: [
        { type: "bar", stack: "way", silent: true, barWidth: 3, itemStyle: { color: "transparent" }, data: rows.map((row) => Math.min(value(row, BEFORE), value(row, NOW))) },
        { type: "bar", stack: "way", silent: true, barWidth: 3, itemStyle: { color: STRONG_LINE }, data: rows.map((row) => Math.abs(value(row, NOW) - value(row, BEFORE))) },
        { type: "scatter", silent: true, symbolSize: DOT, itemStyle: { ...hollow(STRONG_LINE), borderWidth: 2, opacity: 1 }, data: known(BEFORE).map(({ value }) => value) },
        { type: "scatter", silent: true, symbolSize: DOT, data: known(NOW).map(({ value, point }) => ({ value, itemStyle: { ...(point.isSmall ? hollow(BLUE) : { color: BLUE }), opacity: 1 } })) },
      ],
    },
    targets: (pixel) => rowTargets(rows, pixel, {
      left, width, urls: rows.map(({ points }) => points[NOW].url),
      lines: rows.map(({ points }) => points.map((point, which) => tipLine(heads[which], point))),
    }),
  };
}
