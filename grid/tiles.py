"""Integer map tiles: a position as two numbers that can be shifted right to cluster at any zoom."""

import math

#: Web-Mercator zoom of the stored tile; one unit is about 9 m wide at Kunming.
ZOOM = 22
_SIDE = 1 << ZOOM
_EQUATOR = 40_075_017  # metres


def tile(longitude: float, latitude: float) -> tuple[int, int]:
    """Tile column and row of a position in degrees (WGS-84), at ``ZOOM``.

    Raises ``ValueError`` outside of Web-Mercator's latitudes (about ±85°).
    """
    if not (-180 <= longitude <= 180 and -85 <= latitude <= 85):
        raise ValueError("坐标超出范围")
    sine = math.sin(math.radians(latitude))
    x = (longitude + 180) / 360
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return min(int(x * _SIDE), _SIDE - 1), min(int(y * _SIDE), _SIDE - 1)


def position(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude (degrees, WGS-84) of a tile position at ``ZOOM``; the inverse of ``tile``."""
    longitude = x / _SIDE * 360 - 180
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / _SIDE))))
    return longitude, latitude


def tiles_around(longitude: float, latitude: float, metres: float) -> tuple[range, range]:
    """Tile columns and rows that lie no more than some metres east, west, north or south of a position."""
    x, y = tile(longitude, latitude)
    reach = math.ceil(metres / (_EQUATOR * math.cos(math.radians(latitude)) / _SIDE)) + 1
    return range(x - reach, x + reach + 1), range(y - reach, y + reach + 1)


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance of two positions (longitude, latitude in degrees) that lie near each other, in metres."""
    degree = _EQUATOR / 360
    middle = math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot((a[0] - b[0]) * degree * middle, (a[1] - b[1]) * degree)


def metres_in_words(metres: float) -> str:
    """A distance as people say it."""
    return f"{metres:.0f} 米" if metres < 1000 else f"{metres / 1000:.1f} 公里"
