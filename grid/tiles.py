"""Integer map tiles: a position as two numbers that can be shifted right to cluster at any zoom."""

import math

#: Web-Mercator zoom of the stored tile; one unit is about 9 m wide at Kunming.
ZOOM = 22
_SIDE = 1 << ZOOM


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
