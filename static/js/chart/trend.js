// Lines over time: this period strong, those before pale. Counts begin at zero; a rate shows the band that it moves in.

import { BLUE, FAINT, INK, LINE, STRONG_LINE, categories, haloed, hollow, letters, thousands, tipLine } from "./parts.js";

const STROKES = [
  { color: BLUE, width: 2.5 },
  { color: STRONG_LINE, width: 1.5 },
  { color: STRONG_LINE, width: 1.5, type: [2, 3] },
];
const DASHES = [6, 4];
// More points than this are a line without marks.
const MARKED = 45;

export function trend({ rows, heads, unit, look, width, height }) {
  const isRate = unit === "%";
  const lines = heads.map((name, nth) => ({ name, stroke: STROKES[nth], points: rows.map((row) => row.points[nth]) }));
  const top = look.size + 4;
  const scale = {
    type: "value", ...(isRate ? ratesOf(lines) : { min: 0, minInterval: 1, splitNumber: 4 }),
    axisLabel: { ...letters(look, FAINT), formatter: (value) => (isRate ? `${value}%` : thousands(value)) },
    splitLine: { lineStyle: { color: LINE } },
  };
  return {
    option: {
      grid: { left: 2, right: 10, top, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: categories(rows.map(({ name }) => name), look, {
        boundaryGap: rows.length === 1, axisLabel: { hideOverlap: true, showMinLabel: true, showMaxLabel: true },
      }),
      yAxis: scale,
      // Drawn last, lies on top: this period.
      series: [...lines].reverse().flatMap((line) => seriesOf(line, line === lines[0], look)),
    },
    targets(pixel) {
      const middles = rows.map((_, nth) => pixel({ xAxisIndex: 0 }, nth));
      const step = rows.length > 1 ? middles[1] - middles[0] : width;
      return rows.map((row, nth) => {
        const [x, end] = [Math.max(middles[nth] - step / 2, 0), Math.min(middles[nth] + step / 2, width)];
        return {
          x, y: top, width: end - x, height: height - top, url: row.points.find(({ url }) => url)?.url, title: row.name,
          lines: row.points.map((point, index) => tipLine(heads.length > 1 ? heads[index] : "", point)),
        };
      });
    },
  };
}

// Rates stand between tens (twenties where they differ much) with room on both sides, so that a small change looks small.
function ratesOf(lines) {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => value !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const interval = most - least > 40 ? 20 : 10;
  const whole = (round, value) => round(value / interval) * interval;
  return { min: Math.max(0, whole(Math.floor, least - 5)), max: Math.min(100, whole(Math.ceil, most + 5)), interval };
}

// Sure values are one line; where one stands on too few, the line to and from it is dashed and its mark is hollow.
function seriesOf({ stroke, points }, isMain, look) {
  const common = { type: "line", symbol: "circle", silent: true, showAllSymbol: true };
  const near = (nth) => points.slice(Math.max(nth - 1, 0), nth + 2).some(({ isSmall }) => isSmall);
  const sure = {
    ...common, data: points.map(({ value, isSmall }) => (isSmall ? null : value)),
    showSymbol: isMain && points.length <= MARKED, symbolSize: 5, itemStyle: { color: stroke.color }, lineStyle: stroke,
  };
  const parts = [sure];
  if (points.some(({ isSmall }) => isSmall)) {
    const dashed = { ...stroke, type: DASHES };
    parts.unshift({ ...common, data: points.map(({ value }, nth) => (near(nth) ? value : null)), showSymbol: false, lineStyle: dashed });
    parts.push({
      ...common, data: points.map(({ value, isSmall }) => (isSmall ? value : null)),
      symbolSize: isMain ? 7 : 5, itemStyle: hollow(stroke.color), lineStyle: { width: 0 },
    });
  }
  const last = points.findLastIndex(({ value }) => value !== null);
  return isMain && last >= 0 ? [...parts, lastWord(points, last, look)] : parts;
}

// The newest number in words, beside its mark.
function lastWord(points, last, look) {
  const { value, text, isSmall } = points[last];
  const label = {
    show: true, position: "top", align: last > 0 ? "right" : "left", offset: [last > 0 ? 6 : -6, 0], formatter: text,
    ...haloed(look, INK, { fontWeight: 600 }),
  };
  return {
    type: "line", silent: true, symbol: "circle", symbolSize: 7, showAllSymbol: true, lineStyle: { width: 0 },
    itemStyle: isSmall ? hollow(BLUE) : { color: BLUE },
    data: points.map((_, nth) => (nth === last ? { value, label } : null)),
  };
}
