"""Positions for the map apps of others: WGS-84 as devices give it, GCJ-02 as amap and tencent draw it, BD-09 of baidu.

Positions are longitude and latitude in degrees. Both shifts are those that every open implementation has; neither is
published by who made it. Read as GCJ-02, a WGS-84 position lies 100 to 700 m off. Only what leaves the site is shifted.
"""

import math

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
