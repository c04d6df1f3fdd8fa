// GCJ-02, in which some tiles are drawn, by the same sums as grid/datum.py (positions in degrees).

const AXIS = 6378245;
const ECCENTRICITY = 0.00669342162296594323;
const [WEST, EAST, SOUTH, NORTH] = [72.004, 137.8347, 0.8293, 55.8271];

// A WGS-84 position as GCJ-02.
export function toGcj02([longitude, latitude]) {
  if (!(WEST <= longitude && longitude <= EAST && SOUTH <= latitude && latitude <= NORTH)) return [longitude, latitude];
  const [x, y] = [longitude - 105, latitude - 35];
  const both = 20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI);
  let up = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  up += (both + waves(y) + 160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * (2 / 3);
  let right = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  right += (both + waves(x) + 150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * (2 / 3);
  const radians = (latitude * Math.PI) / 180;
  const bend = 1 - ECCENTRICITY * Math.sin(radians) ** 2;
  const degrees = 180 / Math.PI;
  return [
    longitude + (right / ((AXIS / Math.sqrt(bend)) * Math.cos(radians))) * degrees,
    latitude + (up / ((AXIS * (1 - ECCENTRICITY)) / (bend * Math.sqrt(bend)))) * degrees,
  ];
}

function waves(at) {
  return 20 * Math.sin(at * Math.PI) + 40 * Math.sin((at / 3) * Math.PI);
}
