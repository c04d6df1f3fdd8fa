"""Make the illustrative partition of Panlong: streets, communities and 620 grids inside its outline.

No public outline of streets, communities or grids exists. This tool divides the simplified outline of the
district so that a demo has a map: streets lie where they really lie, everything below them is invented.
The result is the same on every run. Needs shapely (with its numpy) and nothing else of the project.

    python tools/make_grids.py
"""

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).resolve().parent.parent
OUTLINE = ROOT / "grid/data/panlong_outline.geojson"
DIVISIONS = ROOT / "governance/data/divisions.csv"
RESULT = ROOT / "grid/data/panlong_grids.json"

DISTRICT = "530103"
GRIDS = 620
SEED = 530103

# Metres of one degree at 25.1 N; a flat projection is exact enough for a district of 50 km.
ORIGIN = np.array([102.85, 25.1])
METRES = np.array([100_868.0, 110_774.0])

# The outline has ten decimals; eleven keep a corner that lies on one of its edges within a micrometre of it.
SNAP = 1e-11
DECIMALS_ON_OUTLINE = 11
DECIMALS = 7

CENTRE = (102.722, 25.042)

Shares = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Street:
    """Where a street office lies, how large it is, and how many grids its communities have for their area."""

    lon: float
    lat: float
    km2: float
    grids_weight: float
    thinning: float = 0.0  # how strongly its communities grow with the distance from the centre
    is_urban: bool = False


STREETS = {
    "530103001": Street(102.7262, 25.0365, 2.3, 8.5, is_urban=True),  # 拓东
    "530103002": Street(102.7195, 25.0510, 2.9, 8.5, is_urban=True),  # 鼓楼
    "530103003": Street(102.7400, 25.0505, 3.9, 9.0, is_urban=True),  # 东华
    "530103004": Street(102.7270, 25.0690, 5.6, 8.5, is_urban=True),  # 联盟
    "530103005": Street(102.7400, 25.0830, 7.2, 9.0, 0.6, is_urban=True),  # 金辰
    "530103006": Street(102.7750, 25.0560, 19.0, 8.5, 2.2, is_urban=True),  # 青云
    "530103007": Street(102.7600, 25.1030, 17.5, 8.0, 0.8, is_urban=True),  # 龙泉
    "530103008": Street(102.7420, 25.1400, 26.0, 7.0, 0.8, is_urban=True),  # 茨坝
    "530103009": Street(102.8350, 25.1000, 74.0, 3.4, 0.5),  # 双龙
    "530103010": Street(102.7900, 25.1800, 128.0, 3.2, 0.6),  # 松华
    "530103011": Street(102.8750, 25.2900, 295.0, 2.9),  # 滇源
    "530103012": Street(102.8000, 25.3750, 265.0, 2.9),  # 阿子营
}


def main() -> None:
    """Divide, write the file, and print what is left over at each level."""
    outline = read_outline()
    communities_of = read_communities()
    cells = divide_district(outline, communities_of)
    grids = snap_together(cells, outline)
    communities = merge(grids, 12)
    streets = merge(grids, 9)
    write(streets, communities, grids)
    for name, parents, children in (
        ("streets in the district", {DISTRICT: outline}, streets),
        ("communities in streets", streets, communities),
        ("grids in communities", communities, grids),
    ):
        residue, overlap = leftovers(parents, children)
        print(f"{len(children):4} {name:24} residue {residue:.4f} m2, overlap {overlap:.4f} m2")
    print(f"{RESULT.stat().st_size / 1024:.0f} KiB in {RESULT.relative_to(ROOT)}")


def read_outline() -> Polygon:
    """The district's outline in degrees."""
    feature = json.loads(OUTLINE.read_text(encoding="utf-8"))["features"][0]
    return shapely.geometry.shape(feature["geometry"])


def read_communities() -> dict[str, list[str]]:
    """The codes of the communities of each street of the district."""
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"].startswith(DISTRICT)]
    by_street: dict[str, list[str]] = {row["code"]: [] for row in rows if row["level"] == "street"}
    for row in rows:
        if row["level"] == "community":
            by_street[row["parent"]].append(row["code"])
    return by_street


def to_metres(shape: BaseGeometry) -> BaseGeometry:
    """Project degrees to metres around 25.1 N."""
    return shapely.transform(shape, lambda points: (points - ORIGIN) * METRES)


def to_degrees(shape: BaseGeometry) -> BaseGeometry:
    """Undo `to_metres`."""
    return shapely.transform(shape, lambda points: points / METRES + ORIGIN)


# --- the three levels


def divide_district(outline: Polygon, communities_of: dict[str, list[str]]) -> dict[str, Polygon]:
    """Grids by 15-digit code, in metres, before their edges are snapped together."""
    streets = divide_into_streets(to_metres(outline))
    communities: dict[str, Polygon] = {}
    for code, street in streets.items():
        communities |= divide_street(code, street, sorted(communities_of[code]))
    numbers = numbers_of_grids(communities)
    grids: dict[str, Polygon] = {}
    for code, community in communities.items():
        parts = divide_community(code, community, numbers[code])
        for serial, part in enumerate(in_reading_order(parts), start=1):
            grids[f"{code}{serial:03}"] = part
    return grids


def divide_into_streets(district: Polygon) -> dict[str, Polygon]:
    """Streets around their real places, with about their real areas and winding borders."""
    places = list(STREETS.values())
    seeds = (np.array([[place.lon, place.lat] for place in places]) - ORIGIN) * METRES
    areas = np.array([place.km2 for place in places])
    warp = Warp(np.random.default_rng(SEED), [(7000, 650), (2300, 170), (800, 45)])
    parts = divide(district, seeds, areas / areas.sum(), warp, step=150, relax=0)
    return dict(zip(STREETS, parts, strict=True))


def divide_street(code: str, street: Polygon, communities: list[str]) -> dict[str, Polygon]:
    """Communities of a street, larger with the distance from the city's centre."""
    place = STREETS[code]
    centre = (np.array(CENTRE) - ORIGIN) * METRES

    def shares(seeds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        distance = np.linalg.norm(seeds - centre, axis=1)
        grown = (distance / distance.min()) ** place.thinning
        return grown * rng.uniform(0.75, 1.3, len(seeds))

    parts = divide_freely(street, len(communities), shares, salt=int(code))
    return dict(zip(communities, in_reading_order(parts), strict=True))


def divide_community(code: str, community: Polygon, number: int) -> list[Polygon]:
    """Grids of a community: blocks along roads in the city, cells along ridges and streams outside."""
    if number == 1:
        return [community]
    if STREETS[code[:9]].is_urban and community.area < 4e6:
        rng = np.random.default_rng(int(code))
        return divide_into_blocks(community, number, rng)

    def shares(seeds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.uniform(0.7, 1.4, len(seeds))

    return divide_freely(community, number, shares, salt=int(code))


def numbers_of_grids(communities: dict[str, Polygon]) -> dict[str, int]:
    """Share out the grids by weight, at least one to each community (largest remainders)."""
    rng = np.random.default_rng(SEED)
    codes = sorted(communities)
    weights = np.array([STREETS[code[:9]].grids_weight * rng.uniform(0.7, 1.3) for code in codes])
    quotas = weights / weights.sum() * (GRIDS - len(codes))
    numbers = np.floor(quotas).astype(int)
    for index in np.argsort(numbers - quotas, kind="stable")[: GRIDS - len(codes) - numbers.sum()]:
        numbers[index] += 1
    return {code: 1 + int(number) for code, number in zip(codes, numbers, strict=True)}


def in_reading_order(parts: list[Polygon]) -> list[Polygon]:
    """Rows from north to south, in each row from west to east."""
    height = math.sqrt(sum(part.area for part in parts) / len(parts))
    top = max(part.centroid.y for part in parts)
    return sorted(parts, key=lambda part: (int((top - part.centroid.y) / height), part.centroid.x))


# --- dividing by weighted seeds


class Warp:
    """A bending of the plane by shears in turn: each can be undone, so edges never cross and areas stay."""

    def __init__(self, rng: np.random.Generator, waves: list[tuple[float, float]]) -> None:
        """Take (wavelength, amplitude) pairs in metres."""
        self.shears = []
        for length, amplitude in waves:
            for turn in rng.uniform(0, math.pi) + np.arange(3) * math.pi / 3:
                wave = np.array([math.cos(turn), math.sin(turn)])
                push = np.array([-wave[1], wave[0]]) * amplitude * 2 / 3
                self.shears.append((wave * 2 * math.pi / length, rng.uniform(0, 2 * math.pi), push))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Bend an array of points."""
        for wave, phase, push in self.shears:
            points = points + np.sin(points @ wave + phase)[:, None] * push
        return points


def divide_freely(parent: Polygon, number: int, shares: Shares, *, salt: int) -> list[Polygon]:
    """Divide into compact parts around seeds of our own choice; try on until every part is one ring."""
    size = math.sqrt(parent.area / number)
    for attempt in range(60):
        rng = np.random.default_rng([salt, attempt])
        seeds = scatter(parent, number, rng)
        share = shares(seeds, rng)
        waves = [(2.6 * size, 0.08 * size), (size, 0.035 * size), (0.4 * size, 0.012 * size)]
        try:
            return divide(parent, seeds, share / share.sum(), Warp(rng, waves), step=size / 6, relax=25)
        except NotOnePiece:
            continue
    raise SystemExit(f"{salt}: no division into {number} parts found; change SEED")


class NotOnePiece(Exception):
    """A part would have been torn, would have had a hole, or would have been far too small."""


def scatter(parent: Polygon, number: int, rng: np.random.Generator) -> np.ndarray:
    """Points inside, well apart from each other (the best of ten candidates each)."""
    west, south, east, north = parent.bounds
    chosen: list[np.ndarray] = []
    while len(chosen) < number:
        candidates = rng.uniform((west, south), (east, north), (40, 2))
        candidates = candidates[shapely.contains_xy(parent, candidates)][:10]
        if not len(candidates):
            continue
        gaps = [min((math.dist(c, other) for other in chosen), default=0) for c in candidates]
        chosen.append(candidates[int(np.argmax(gaps))])
    return np.array(chosen)


def divide(
    parent: Polygon, seeds: np.ndarray, shares: np.ndarray, warp: Warp, *, step: float, relax: int
) -> list[Polygon]:
    """A power diagram inside the parent whose areas come close to the shares; seeds relax for some rounds."""
    targets = shares * parent.area
    weights = np.zeros(len(seeds))
    seeds = seeds.copy()
    for turn in range(relax + 90):
        cells = [bend(cell, warp, step) for cell in power_cells(seeds, weights, parent)]
        clipped = [parent.intersection(cell) for cell in cells]
        areas = np.array([part.area for part in clipped])
        if turn >= relax and np.all(np.abs(areas / targets - 1) < 0.04):
            break
        weights += 0.35 * (targets - areas)
        if turn < relax:
            for seed, part in zip(seeds, clipped, strict=True):
                if not part.is_empty:
                    seed[:] = part.centroid.coords[0]
    return label_polygons(parent, cells, targets)


def power_cells(seeds: np.ndarray, weights: np.ndarray, parent: Polygon) -> list[np.ndarray]:
    """The convex cells of the power diagram as rings of points on a millimetre raster."""
    west, south, east, north = parent.buffer(2 * math.sqrt(parent.area)).bounds
    box = np.array([(west, south), (east, south), (east, north), (west, north)])
    cells = []
    for i, seed in enumerate(seeds):
        ring = box
        for j, other in enumerate(seeds):
            if i != j and len(ring):
                middle = (other @ other - seed @ seed + weights[i] - weights[j]) / 2
                ring = cut(ring, other - seed, middle)
        cells.append(np.round(ring, 3))
    return cells


def cut(ring: np.ndarray, normal: np.ndarray, limit: float) -> np.ndarray:
    """The part of a convex ring where normal · point ≤ limit."""
    heights = ring @ normal - limit
    kept = []
    for here, there, height, next_height in zip(
        ring, np.roll(ring, -1, axis=0), heights, np.roll(heights, -1), strict=True
    ):
        if height <= 0:
            kept.append(here)
        if (height < 0 < next_height) or (next_height < 0 < height):
            kept.append(here + (there - here) * height / (height - next_height))
    return np.array(kept)


def bend(ring: np.ndarray, warp: Warp, step: float) -> Polygon:
    """A bent cell; an edge is always walked in the same direction, so that neighbours get the same points."""
    if len(ring) < 3:
        return Polygon()
    points: list[np.ndarray] = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        first, last = sorted((tuple(here), tuple(there)))
        pieces = max(1, math.ceil(math.dist(first, last) / step))
        edge = np.array(first) + np.linspace(0, 1, pieces + 1)[:, None] * (np.array(last) - np.array(first))
        points.extend((edge if first == tuple(here) else edge[::-1])[:-1])
    return Polygon(np.round(warp(np.array(points)), 3))


def label_polygons(parent: Polygon, cells: list[Polygon], targets: np.ndarray) -> list[Polygon]:
    """Cut the parent along the cells; a torn-off piece goes to the neighbour it borders most."""
    if any(cell.is_empty for cell in cells):
        raise NotOnePiece
    pieces: list[list[Polygon]] = [[] for _ in cells]
    for polygon in polygons(parent, [cell.exterior for cell in cells]):
        inside = polygon.representative_point()
        owner = next((i for i, cell in enumerate(cells) if cell.contains(inside)), None)
        if owner is None:
            raise NotOnePiece
        pieces[owner].append(polygon)
    if not all(pieces):
        raise NotOnePiece
    for owned in pieces:
        owned.sort(key=lambda polygon: -polygon.area)
    torn = [polygon for owned in pieces for polygon in owned[1:]]
    parts = [owned[0] for owned in pieces]
    while torn:
        polygon = torn.pop()
        borders = [part.boundary.intersection(polygon.boundary).length for part in parts]
        best = int(np.argmax(borders))
        parts[best] = parts[best].union(polygon)
    for part, target in zip(parts, targets, strict=True):
        if not is_one_ring(part) or part.area < 0.45 * target or waist(part) < 0.1:
            raise NotOnePiece
    return parts


def polygons(parent: Polygon, lines: list) -> Iterator[Polygon]:
    """The pieces of the parent between lines that may run over its edge."""
    noded = shapely.unary_union([parent.boundary, *lines])
    for polygon in shapely.get_parts(shapely.polygonize([noded])):
        if parent.contains(polygon.representative_point()):
            yield polygon


def is_one_ring(part: BaseGeometry) -> bool:
    """Whether this is one valid polygon without a hole."""
    return part.geom_type == "Polygon" and part.is_valid and not part.interiors


def waist(part: Polygon) -> float:
    """How compact a part is: 1 for a disc, near 0 for a thread."""
    return 4 * math.pi * part.area / part.length**2


# --- dividing into blocks


def divide_into_blocks(parent: Polygon, number: int, rng: np.random.Generator) -> list[Polygon]:
    """Halve again and again along roads that run much the same way all over the city."""
    if number == 1:
        return [parent]
    heading = math.radians(8) + rng.normal(0, 0.06)
    best = None
    for share in candidate_shares(number, rng):
        for turn in (0.0, math.pi / 2, 0.35, math.pi / 2 - 0.35):
            halves = halve(parent, share, heading + turn)
            if halves is None:
                continue
            quality = min(waist(half) for half in halves) - 0.15 * (turn in (0.35, math.pi / 2 - 0.35))
            if best is None or quality > best[0]:
                best = (quality, share, halves)
    if best is None:
        raise SystemExit("no cut found that leaves two whole halves; change SEED")
    _, share, halves = best
    first = min(number - 1, max(1, round(share * number)))
    return divide_into_blocks(halves[0], first, rng) + divide_into_blocks(halves[1], number - first, rng)


def candidate_shares(number: int, rng: np.random.Generator) -> list[float]:
    """Shares near one half, a little uneven, as built-up land is."""
    low, high = number // 2, number - number // 2
    return [min(0.75, max(0.25, first / number * rng.uniform(0.88, 1.12))) for first in sorted({low, high})]


def halve(parent: Polygon, share: float, heading: float) -> tuple[Polygon, Polygon] | None:
    """Two whole parts left and right of a straight line, the left one with this share of the area."""
    along = np.array([math.cos(heading), math.sin(heading)])
    across = np.array([-along[1], along[0]])
    offsets = shapely.get_coordinates(parent) @ across
    low, high = offsets.min(), offsets.max()
    for _ in range(30):
        middle = (low + high) / 2
        left = parent.intersection(side(along, across, middle)).area
        low, high = (middle, high) if left < share * parent.area else (low, middle)
    line = LineString([across * middle - along * 1e5, across * middle + along * 1e5])
    parts = list(polygons(parent, [line]))
    if len(parts) != 2 or not all(is_one_ring(part) for part in parts):
        return None
    parts.sort(key=lambda part: np.array(part.representative_point().coords[0]) @ across)
    return parts[0], parts[1]


def side(along: np.ndarray, across: np.ndarray, offset: float) -> Polygon:
    """A very large rectangle on the left side of a line."""
    edge = across * offset
    far = across * (offset - 2e5)
    return Polygon([edge - along * 1e5, edge + along * 1e5, far + along * 1e5, far - along * 1e5])


# --- one set of corners for all


def snap_together(cells: dict[str, Polygon], outline: Polygon) -> dict[str, Polygon]:
    """Grids in degrees whose neighbours share every corner, so that rounding leaves no gap between them."""
    rings = [to_degrees(cell).exterior for cell in cells.values()]
    noded = shapely.unary_union([outline.exterior, *rings], grid_size=SNAP)
    pieces = [polygon for polygon in shapely.get_parts(shapely.polygonize([noded])) if not polygon.is_empty]
    tree = shapely.STRtree(list(cells.values()))
    codes = list(cells)
    owned: dict[str, list[Polygon]] = {code: [] for code in codes}
    for polygon in pieces:
        inside = to_metres(polygon.representative_point())
        owned[codes[int(tree.nearest(inside))]].append(polygon)
    corners = Corners(outline)
    return {code: corners.rounded(shapely.coverage_union_all(parts)) for code, parts in owned.items()}


class Corners:
    """Rounds corners: seven decimals inside, more on the outline, whose edges are given."""

    def __init__(self, outline: Polygon) -> None:
        self.edge = outline.exterior
        shapely.prepare(self.edge)

    def rounded(self, shape: Polygon) -> Polygon:
        """The same ring on rounded corners."""
        if not is_one_ring(shape):
            raise SystemExit("a grid is torn after snapping")
        ring = [self.corner(x, y) for x, y in shape.exterior.coords[:-1]]
        kept = [corner for i, corner in enumerate(ring) if corner != ring[i - 1]]
        return Polygon(kept)

    def corner(self, x: float, y: float) -> tuple[float, float]:
        """One rounded corner."""
        on_outline = self.edge.dwithin(Point(x, y), 1e-9)
        decimals = DECIMALS_ON_OUTLINE if on_outline else DECIMALS
        return round(x, decimals), round(y, decimals)


def merge(grids: dict[str, Polygon], digits: int) -> dict[str, Polygon]:
    """The union of the grids that share the first digits of their code."""
    groups: dict[str, list[Polygon]] = {}
    for code, grid in grids.items():
        groups.setdefault(code[:digits], []).append(grid)
    return {code: shapely.coverage_union_all(parts) for code, parts in groups.items()}


def leftovers(parents: dict[str, Polygon], children: dict[str, Polygon]) -> tuple[float, float]:
    """Square metres that children leave open or put outside their parents, and that they hold twice."""
    residue = overlap = 0.0
    for code, parent in parents.items():
        own = [to_metres(child) for child_code, child in children.items() if child_code.startswith(code)]
        whole = shapely.unary_union(own)
        residue += to_metres(parent).symmetric_difference(whole).area
        overlap += sum(child.area for child in own) - whole.area
    return residue, overlap


def write(streets: dict[str, Polygon], communities: dict[str, Polygon], grids: dict[str, Polygon]) -> None:
    """Write the rings, one a line, so that a change of one grid is a change of one line."""
    head = {
        "source": "盘龙区简化轮廓（grid/data/panlong_outline.geojson）与统计用区划代码"
        "（governance/data/divisions.csv），由 tools/make_grids.py 生成",
        "note": "示意划分：街道、社区、网格边界均为演示而划，非法定界线，不作勘界依据。坐标为 WGS-84。",
    }
    lines = [f"{json.dumps(key)}:{json.dumps(text, ensure_ascii=False)}" for key, text in head.items()]
    for name, level in (("streets", streets), ("communities", communities), ("grids", grids)):
        rings = [f'"{code}":{ring_text(level[code])}' for code in sorted(level)]
        lines.append(f'"{name}":{{\n' + ",\n".join(rings) + "\n}")
    RESULT.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def ring_text(shape: Polygon) -> str:
    """A closed ring, counter-clockwise, as JSON."""
    if not is_one_ring(shape):
        raise SystemExit("a part is not one ring; change SEED")
    ring = shapely.geometry.polygon.orient(shape).exterior.coords
    return json.dumps([list(corner) for corner in ring], separators=(",", ":"))


if __name__ == "__main__":
    main()
