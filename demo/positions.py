"""Where things happen: a random point inside a grid, and an address as people would say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from demo.accounts import COMMUNITY, STREET
from grid.models import Grid, GridRing

#: Roads that people of a street would name; villages speak of the village.
ROADS = {
    "530103001": ("拓东路", "白塔路", "尚义街", "环城东路", "北京路", "东风东路"),
    "530103002": ("鼓楼路", "穿金路", "北京路", "环城北路", "灵光街"),
    "530103003": ("人民东路", "新迎路", "白云路", "环城东路", "田园路"),
    "530103004": ("联盟路", "万宏路", "白云路", "北京路", "金江路", "小坝路"),
    "530103005": ("北京路", "沣源路", "金菊路", "罗丈村路", "霖雨路"),
    "530103006": ("穿金路", "白龙路", "昙华路", "青龙路", "金沙路"),
    "530103007": ("龙泉路", "沣源路", "北京路", "上坝路", "盘江东路"),
    "530103008": ("茨坝路", "龙泉路", "青松路", "昆曲公路"),
    "530103009": ("双龙公路", "麦冲村道", "乌龙村道"),
    "530103010": ("松华路", "小河村道", "大摆村道"),
}
VILLAGE_SPOTS = ("村口", "集市路口", "小组活动室旁", "村委会门口", "水井旁", "小学围墙外")
#: The stage of the printed accounts has more to show than its size would bring.
WEIGHTS = {COMMUNITY: 14.0, STREET: 4.0}
RURAL = ("530103009", "530103010", "530103011", "530103012")
RURAL_WEIGHT = 0.4

Position = list[float]


def is_inside(longitude: float, latitude: float, ring: list[Position]) -> bool:
    """Whether a point lies in a ring, by counting crossings."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > latitude) != (y2 > latitude):
            inside ^= longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
    return inside


def point_in(ring: list[Position], random: Random) -> Position:
    """A random point inside a ring (degrees, WGS-84, six decimals)."""
    west, east = min(p[0] for p in ring), max(p[0] for p in ring)
    south, north = min(p[1] for p in ring), max(p[1] for p in ring)
    while True:
        x, y = round(random.uniform(west, east), 6), round(random.uniform(south, north), 6)
        if is_inside(x, y, ring):
            return [x, y]


def weight(code: str) -> float:
    """How often something is reported in a grid."""
    for prefix in (COMMUNITY, STREET):
        if code.startswith(prefix):
            return WEIGHTS[prefix]
    return RURAL_WEIGHT if code[:9] in RURAL else 1.0


@dataclass(frozen=True)
class Place:
    """Where something is: the grid, a position in it, and what people call it."""

    grid: Grid
    position: Position
    address: str


class Positions:
    """Grids with their rings, drawn as often as people live there."""

    def __init__(self, random: Random) -> None:
        self.random = random
        rows = GridRing.objects.select_related("grid__community").order_by("grid__code")
        self.rings = {row.grid.code: row.ring for row in rows}
        self.grids = {row.grid.code: row.grid for row in rows}
        self.codes = list(self.grids)
        self.weights = [weight(code) for code in self.codes]

    def code(self) -> str:
        """The code of a grid."""
        return self.random.choices(self.codes, self.weights)[0]

    def place(self, spots: tuple[str, ...], among: Sequence[str] | None = None) -> Place:
        """A point in a grid (one of those named by their codes, if any are) at a spot of a kind."""
        code = self.random.choice(among) if among else self.code()
        grid, position = self.grids[code], point_in(self.rings[code], self.random)
        return Place(grid, position, self.address(grid, spots))

    def spot(self, code: str, address: str) -> Place:
        """The spot in a grid that has this address: the same each time."""
        return Place(self.grids[code], point_in(self.rings[code], Random(address)), address)

    def address(self, grid: Grid, spots: tuple[str, ...]) -> str:
        """Road, number and spot in town; the village and a spot in the country."""
        roads = ROADS.get(grid.code[:9])
        spot = self.random.choice(spots)
        if roads is None or grid.community.name.endswith("村"):
            return f"{grid.community.name}{self.random.choice(VILLAGE_SPOTS)}"
        yard = "院 " if spot[0].isdigit() else ""
        return f"{self.random.choice(roads)} {self.random.randint(1, 380)} 号{yard}{spot}"
