"""What a phone tells of a walk: points in order of time, and how far they lead. Knows no database."""

import json
import math
from itertools import pairwise
from typing import Any

from grid.tiles import metres_between
from records.refusals import Unfit

#: ``(seconds since the start, longitude, latitude, accuracy in metres)``.
Point = tuple[int, float, float, float]

#: A day on foot with a point every ten metres is 3,200 (ours).
MOST_POINTS = 6_000
#: A fix that is worse says which street, not which way somebody went (ours; GNSS in streets: 5 to 30 m).
GOOD_METRES = 60
#: A faster jump between two fixes is an error of the device: 40 m/s are 144 km/h (ours).
FASTEST = 40
UNREADABLE = "轨迹读不出来，没有保存。"


def read_points(text: str, lasting: float) -> list[Point]:
    """Points of a walk of ``lasting`` seconds from JSON; raises ``Unfit`` where it is not a list of points in order."""
    try:
        given = json.loads(text, parse_constant=_refuse)
        points = [_point(one) for one in _as_list(given)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Unfit(UNREADABLE, field="points") from None
    if len(points) > MOST_POINTS:
        raise Unfit(f"轨迹最多 {MOST_POINTS} 个点。", field="points")
    times = [0, *(point[0] for point in points), math.ceil(lasting)]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise Unfit("轨迹的时间前后不一致，没有保存。", field="points")
    return points


def _refuse(name: str) -> None:
    raise ValueError(name)


def _as_list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise TypeError
    return given


def _point(given: Any) -> Point:
    seconds, longitude, latitude, accuracy = given
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in given):
        raise TypeError
    if not (abs(longitude) <= 180 and abs(latitude) <= 85 and 0 <= accuracy < 1e6 and 0 <= seconds < 1e9):
        raise ValueError
    return int(seconds), round(longitude, 6), round(latitude, 6), round(accuracy, 1)


def good(points: list[Point]) -> list[Point]:
    """The points that say where somebody was, without jumps."""
    kept: list[Point] = []
    for point in points:
        if point[3] > GOOD_METRES:
            continue
        if kept and _metres(kept[-1], point) > FASTEST * max(1, point[0] - kept[-1][0]):
            continue
        kept.append(point)
    return kept


def length(points: list[Point]) -> int:
    """How many metres some points lead, one after the other."""
    return round(sum(_metres(a, b) for a, b in pairwise(points)))


def _metres(a: Point, b: Point) -> float:
    return metres_between(a[1:3], b[1:3])
