// Hours by weekdays: the more, the fuller the blue. Wide, the hours run to the right; narrow, they run down.

import { BLUE, HIDDEN, INK, ON_STRONG, categories, letters, tipLine } from "./parts.js";

const NARROW = 560;
// Fullness by fifths of the largest number. Between the last two no letters would be readable.
const FULL = [0.08, 0.2, 0.35, 0.5, 0.9];
const READ_ON_BLUE = 0.9;
const EMPTY = "var(--paper)";
// A cell below this width has no room for its number.
const NUMBERED = 20;

export function heat({ rows, heads, look, width, height }) {
  const isTall = width < NARROW;
  const most = Math.max(1, ...rows.flatMap(({ points }) => points.map(({ value }) => value)));
  const cells = rows.flatMap(({ name, points }, day) => points.map((point, hour) => ({ point, day, hour, name })));
  const hours = categories(heads, look, { axisLine: HIDDEN, axisLabel: { interval: isTall || width > 900 ? 0 : 2 } });
  const days = categories(rows.map(({ name }) => name), look, { axisLine: HIDDEN, axisLabel: { interval: 0 } });
  const names = look.widest((isTall ? hours : days).data);
  const grid = { left: names + 10, right: 2, top: look.size + 10, bottom: 2 };
  const [across, down] = isTall ? [rows.length, heads.length] : [heads.length, rows.length];
  const cell = [(width - grid.left - grid.right) / across, (height - grid.top - grid.bottom) / down];
  const at = ({ day, hour }) => (isTall ? [day, hour] : [hour, day]);
  return {
    option: {
      grid: { ...grid, outerBoundsMode: "none" },
      xAxis: { ...(isTall ? days : hours), position: "top" },
      yAxis: { ...(isTall ? hours : days), inverse: true },
      series: [{
        type: "scatter", silent: true, symbol: "rect", symbolSize: cell.map((side) => side - 1.5), clip: false,
        data: cells.map((one) => ({ value: at(one), ...drawn(one.point, most, cell[0] >= NUMBERED, look) })),
      }],
    },
    targets: (pixel) => cells.map((one) => {
      const [x, y] = pixel({ gridIndex: 0 }, at(one));
      const [wide, high] = cell;
      return {
        x: x - wide / 2, y: y - high / 2, width: wide, height: high, url: one.point.url,
        title: `${one.name} ${heads[one.hour]}`, lines: [tipLine("", one.point)],
      };
    }),
  };
}

function drawn({ value, text }, most, isNumbered, look) {
  const opacity = FULL[Math.ceil((value / most) * FULL.length) - 1];
  const color = opacity >= READ_ON_BLUE ? ON_STRONG : INK;
  return {
    itemStyle: value ? { color: BLUE, opacity } : { color: EMPTY },
    label: { show: Boolean(value) && isNumbered, position: "inside", formatter: text, opacity: 1, ...letters(look, color) },
  };
}
