// Distances on the ground between positions that lie near each other; positions are [longitude, latitude], WGS-84.

const DEGREE = 40075016.686 / 360; // metres of a degree at the equator, as grid/tiles.py has it

export function metresBetween([a, b], [c, d]) {
  const middle = Math.cos((((b + d) / 2) * Math.PI) / 180);
  return Math.hypot((a - c) * DEGREE * middle, (b - d) * DEGREE);
}

export function metresInWords(metres) {
  return metres < 1000 ? `${Math.round(metres)} 米` : `${(metres / 1000).toFixed(1)} 公里`;
}
