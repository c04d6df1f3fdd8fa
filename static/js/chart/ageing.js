// Open cases by how long they are open, each column split by lateness: in time below, late on top, with the late ones in words.

import { BLUE, FAINT, GAP, INK, LINE, categories, lateStyle, letters, thousands, tipLine } from "./parts.js";

// From the bottom up: the columns of the table.
const PARTS = [
  { color: "var(--line-strong)", opacity: 0.5 },
  lateStyle("yellow"),
  lateStyle("red"),
];
const RED = 2;

export function ageing({ rows, heads, look, width, height }) {
  const totals = rows.map(({ points }) => points.reduce((sum, { value }) => sum + value, 0));
  const top = 2 * look.size + GAP + 4;
  const words = (total, red) => [`{all|${thousands(total)}}`, red && `{red|超 ${thousands(red)}}`].filter(Boolean).join("\n");
  const label = {
    show: true, position: "top", distance: 4,
    rich: { all: letters(look, INK, { fontWeight: 600, align: "center", lineHeight: look.size + 4 }), red: letters(look, "var(--red-ink)", { align: "center", lineHeight: look.size + 4 }) },
  };
  return {
    option: {
      grid: { left: 2, right: 2, top, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: categories(rows.map(({ name }) => name), look, { axisLabel: { interval: 0 } }),
      yAxis: {
        type: "value", min: 0, minInterval: 1, splitNumber: 3,
        axisLabel: { ...letters(look, FAINT), formatter: thousands }, splitLine: { lineStyle: { color: LINE } },
      },
      series: [
        ...PARTS.map((itemStyle, part) => ({
          type: "bar", stack: "all", silent: true, barMaxWidth: 56, barCategoryGap: "40%", itemStyle,
          data: rows.map(({ points }) => points[part].value ?? 0),
        })),
        {
          type: "line", silent: true, symbol: "none", showSymbol: true, symbolSize: 0, showAllSymbol: true, lineStyle: { width: 0 }, itemStyle: { color: BLUE },
          data: rows.map(({ points }, nth) => ({ value: totals[nth], symbol: "circle", symbolSize: 0.1, label: { ...label, formatter: words(totals[nth], points[RED].value) } })),
        },
      ],
    },
    targets(pixel) {
      const middles = rows.map((_, nth) => pixel({ xAxisIndex: 0 }, nth));
      const step = rows.length > 1 ? middles[1] - middles[0] : width;
      return rows.flatMap(({ name, url, points }, nth) => {
        const column = { x: middles[nth] - step / 2, width: step, title: name, lines: points.map((point, part) => tipLine(heads[part], point)) };
        let base = 0;
        const parts = points.map(({ value, url }) => {
          const [below, above] = [base, (base += value ?? 0)].map((at) => pixel({ yAxisIndex: 0 }, at));
          return { ...column, url, y: above, height: below - above };
        });
        return [{ ...column, url, y: 0, height }, ...parts];
      });
    },
  };
}
