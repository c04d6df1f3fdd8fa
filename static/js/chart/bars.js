// One bar a row, all from zero: name, bar, number, and what it is counted from at the right.

import { FAINT, GAP, HIDDEN, INK, PAPER, STRONG_LINE, haloed, lateStyle, letters, rowAxes, rowTargets, tipLine } from "./parts.js";

const BAR = 14;
const TRACK = "var(--paper-deep)";

export function bars({ rows, unit, mean, look, width }) {
  const points = rows.map((row) => row.points[0]);
  const { left, right, axes } = rowAxes(rows, points.map(({ base }) => base), look, width);
  const values = look.widest(points.map(({ text }) => text), 600) + 2 * GAP;
  axes[1].axisLabel.margin = values + right - 2;
  return {
    option: {
      grid: { left, right: values + right, top: mean ? look.size + GAP : 0, bottom: 2, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, max: longest(points, unit, mean), show: false },
      yAxis: axes,
      series: [{
        type: "bar", silent: true, barWidth: BAR, data: rows.map((row, nth) => bar(row, points[nth], look)), markLine: mean && across(mean, look),
      }],
    },
    targets: (pixel) => [
      ...rowTargets(rows, pixel, { left, width, urls: points.map(({ url }) => url), lines: points.map((point) => [tipLine("", point)]) }),
      ...(mean ? [meanTarget(mean, pixel, look)] : []),
    ],
  };
}

function meanTarget({ name, points: [point] }, pixel, look) {
  const wide = look.widest([`${name} ${point.text}`]);
  const x = pixel({ xAxisIndex: 0 }, point.value) - wide / 2;
  return { x, y: 0, width: wide, height: look.size + GAP, url: point.url, title: name, lines: [tipLine("", point)] };
}

// The numbers stand in a column behind the tracks.
export function funnel(chart) {
  const { option, targets } = bars(chart);
  const [{ data, ...series }] = option.series;
  const label = (nth) => ({ ...data[nth].label, textBorderWidth: 0 });
  return {
    targets,
    option: {
      ...option,
      series: [
        { ...series, data: data.map((_, nth) => ({ value: option.xAxis.max, itemStyle: { color: TRACK }, label: label(nth) })) },
        { ...series, barGap: "-100%", data: data.map((one) => ({ ...one, label: HIDDEN })) },
      ],
    },
  };
}

function longest(points, unit, mean) {
  if (unit === "%") return 100;
  return Math.max(1, ...points.map(({ value }) => value), mean?.points[0].value ?? 0);
}

function bar({ late, isOwn }, { value, text, isSmall }, look) {
  const style = lateStyle(late);
  const weight = { fontWeight: isOwn || late ? 600 : 400 };
  return {
    value: value ?? 0,
    itemStyle: isSmall ? { color: PAPER, borderColor: style.color, borderWidth: 1.5, borderType: [4, 3] } : style,
    label: { show: true, position: "right", distance: 6, formatter: text, ...haloed(look, value === null || isSmall ? FAINT : INK, weight) },
  };
}

function across({ name, points: [{ value, text }] }, look) {
  return {
    z: 1, symbol: "none", silent: true, data: [{ xAxis: value }], lineStyle: { color: STRONG_LINE, width: 1.5, type: [4, 3] },
    label: { formatter: `${name} ${text}`, position: "start", distance: 4, ...letters(look) },
  };
}
