"""Ways into the map apps of others, each by the address that its maker documents: it opens the app, or its page where there is none.

What leaves the site is a position and a word that says nothing about the matter.
"""

from dataclasses import dataclass
from urllib.parse import quote

from grid.datum import to_bd09, to_gcj02

#: What the goal is called in the app.
GOAL = "案件地点"


@dataclass(frozen=True)
class Way:
    """An address that leads to a position in one app."""

    name: str
    label: str
    address: str


def ways_to(longitude: float, latitude: float) -> list[Way]:
    """Ways to a position (degrees, WGS-84), on foot; each app reads its own datum."""
    goal = quote(GOAL)
    x, y = (f"{degrees:.6f}" for degrees in to_gcj02(longitude, latitude))
    baidu_x, baidu_y = (f"{degrees:.6f}" for degrees in to_bd09(longitude, latitude))
    return [
        Way(
            "amap",
            "高德地图",
            f"https://uri.amap.com/navigation?to={x},{y},{goal}&mode=walk&coordinate=gaode&src=gridloop&callnative=1",
        ),
        Way(
            "tencent",
            "腾讯地图",
            f"https://apis.map.qq.com/uri/v1/routeplan?type=walk&to={goal}&tocoord={y},{x}&referer=gridloop",
        ),
        Way(
            "baidu",
            "百度地图",
            f"https://api.map.baidu.com/direction?destination=latlng:{baidu_y},{baidu_x}%7Cname:{goal}"
            "&mode=walking&coord_type=bd09ll&output=html&src=webapp.gridloop",
        ),
    ]
