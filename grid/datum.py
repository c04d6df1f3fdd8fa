"""Positions for and from the maps of others: WGS-84 as devices give it, GCJ-02 as amap and tencent draw it, BD-09 of baidu.

Positions are longitude and latitude in degrees. Both shifts are those that every open implementation has; neither is
published by who made it. Read as GCJ-02, a WGS-84 position lies 100 to 700 m off. Inside of the site everything is
WGS-84: what comes or leaves in another datum is shifted at the edge. ``static/js/map/datum.js`` draws tiles by the same sums.
"""

import math
from collections.abc import Callable

from django.db.models import TextChoices

#: The Krasovsky ellipsoid, half axis in metres, and the square of its eccentricity.
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323
_BAIDU = math.pi * 3000 / 180
#: West, east, south and north of where maps are shifted, a rectangle that is wider than the country.
_SHIFTED = (72.004, 137.8347, 0.8293, 55.8271)


def to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """A WGS-84 position as GCJ-02."""
    west, east, south, north = _SHIFTED
    if not (west <= longitude <= east and south <= latitude <= north):
        return longitude, latitude
    x, y = longitude - 105, latitude - 35
    both = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    up = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    up += (
        both
        + _waves(y, (20, 1), (40, 3))
        + 160 * math.sin(y / 12 * math.pi)
        + 320 * math.sin(y * math.pi / 30)
    ) * (2 / 3)
    right = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    right += (
        both
        + _waves(x, (20, 1), (40, 3))
        + 150 * math.sin(x / 12 * math.pi)
        + 300 * math.sin(x / 30 * math.pi)
    ) * (2 / 3)
    radians = math.radians(latitude)
    bend = 1 - _ECCENTRICITY * math.sin(radians) ** 2
    latitude += math.degrees(up / (_AXIS * (1 - _ECCENTRICITY) / (bend * math.sqrt(bend))))
    longitude += math.degrees(right / (_AXIS / math.sqrt(bend) * math.cos(radians)))
    return longitude, latitude


def _waves(at: float, *waves: tuple[int, int]) -> float:
    return sum(height * math.sin(at / length * math.pi) for height, length in waves)


def to_bd09(longitude: float, latitude: float) -> tuple[float, float]:
    """A WGS-84 position as BD-09."""
    x, y = to_gcj02(longitude, latitude)
    z = math.hypot(x, y) + 0.00002 * math.sin(y * _BAIDU)
    theta = math.atan2(y, x) + 0.000003 * math.cos(x * _BAIDU)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


class MapDatum(TextChoices):
    """What a program may count its positions from."""

    WGS84 = "wgs84", "WGS-84"
    GCJ02 = "gcj02", "GCJ-02"
    BD09 = "bd09", "BD-09"


_TO: dict[str, Callable[[float, float], tuple[float, float]]] = {
    MapDatum.GCJ02: to_gcj02,
    MapDatum.BD09: to_bd09,
}
#: Degrees; a tenth of a millimetre. Each step of the inverse gains two digits or more, so that five or six are enough.
_CLOSE = 1e-9
_MOST_STEPS = 20


def from_wgs84(longitude: float, latitude: float, datum: str) -> tuple[float, float]:
    """A WGS-84 position in another datum."""
    return _TO[datum](longitude, latitude) if datum in _TO else (longitude, latitude)


def to_wgs84(longitude: float, latitude: float, datum: str) -> tuple[float, float]:
    """The WGS-84 position that another datum's position stands for; the shifts have no inverse, so it is closed in on."""
    if datum not in _TO:
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(_MOST_STEPS):
        found = _TO[datum](x, y)
        east, north = longitude - found[0], latitude - found[1]
        x, y = x + east, y + north
        if abs(east) < _CLOSE and abs(north) < _CLOSE:
            break
    return x, y
