// What several kinds share: colours by their names, letters, axes, marks, words. No colour is known here but as a variable.

export const INK = "var(--ink)";
export const SOFT = "var(--ink-soft)";
export const FAINT = "var(--ink-faint)";
export const LINE = "var(--line)";
export const STRONG_LINE = "var(--line-strong)";
export const BLUE = "var(--blue)";
export const ON_STRONG = "var(--on-strong)";
export const PAPER = "var(--card)";
const LATE = { yellow: "var(--yellow)", red: "var(--red)" };

// Overdue is hatched too: readable without colours.
const HATCH = { symbol: "rect", color: PAPER, dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 };

export function lateStyle(late) {
  return { color: LATE[late] ?? BLUE, ...(late === "red" && { decal: HATCH }) };
}

export const GAP = 8;
export const HIDDEN = { show: false };
// Of the width, at most this much is for names of rows.
const NAMES = 0.36;

export function letters({ size, family }, color = SOFT, more = {}) {
  return { color, fontSize: size, fontFamily: family, ...more };
}

// Letters that stay readable where a line runs behind them.
export function haloed(look, color, more = {}) {
  return letters(look, color, { textBorderColor: PAPER, textBorderWidth: 3, ...more });
}

export function hollow(color) {
  return { color: PAPER, borderColor: color, borderWidth: 1.5 };
}

export function thousands(value) {
  return value.toLocaleString("en-US");
}

export function categories(data, look, { axisLabel, ...rest } = {}) {
  return {
    type: "category", data, axisTick: HIDDEN, axisLine: { lineStyle: { color: STRONG_LINE } },
    axisLabel: { ...letters(look), ...axisLabel }, ...rest,
  };
}

// Names of rows at the left, first one on top, and words at the right; how much room both take.
export function rowAxes(rows, rights, look, width) {
  const names = Math.min(look.widest(rows.map(({ name }) => name)), Math.floor(width * NAMES));
  const right = look.widest(rights);
  return {
    left: names + GAP,
    right: right + GAP,
    axes: [
      categories(rows.map(({ name }) => name), look, {
        inverse: true, axisLabel: { margin: GAP, interval: 0, width: names, overflow: "truncate" },
      }),
      categories(rights, look, {
        inverse: true, position: "right", offset: 0, axisLine: HIDDEN,
        axisLabel: { ...letters(look, FAINT), align: "right", interval: 0 },
      }),
    ],
  };
}

// Two parts of each row that lead somewhere: its name, and the rest.
export function rowTargets(rows, pixel, { left, width, urls, lines }) {
  const middles = rows.map((_, nth) => pixel({ yAxisIndex: 0 }, nth));
  const height = rows.length > 1 ? middles[1] - middles[0] : 2 * middles[0];
  return rows.flatMap(({ name, url, isOwn }, nth) => {
    const box = { y: middles[nth] - height / 2, height, title: name, lines: lines[nth], isOwn };
    return [{ ...box, x: 0, width: left, url }, { ...box, x: left, width: width - left, url: urls[nth] }];
  });
}

export function tipLine(head, { text, base, isSmall }) {
  return [head, text, base && `（${base}）`, isSmall && "样本少"].filter(Boolean).join(" ");
}
