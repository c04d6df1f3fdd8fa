"""Where cases were reported: counts of squares of the map, for the places and periods of the board."""

from typing import Any

from appraisal.counting import in_slice, moment
from appraisal.grains import CASE
from appraisal.periods import DAY
from cases.counting import counted_in
from cases.models import Case
from dashboard.filters import Chosen
from governance.models import User
from grid.tiles import position

#: How far tiles are shifted to become squares: some 280 m for a district, 140 m for a street, 70 m for a community.
SHIFTS = {"district": 5, "street": 4, "unit": 5}
FINEST = 3
#: A tile is so many metres wide around Kunming.
TILE_METRES = 8.66
MOST = 2000
#: The fuller a square, the darker: in so many steps of the fullest one.
STEPS = 5
_SQUARES = """
    SELECT tile_x >> %(shift)s, tile_y >> %(shift)s, count(*) FROM seen GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(most)s
"""


def squares(user: User, chosen: Chosen) -> dict[str, Any]:
    """Squares with reports of the period, the fullest first: west, south, east, north (degrees, WGS-84), how many, step."""
    shift = SHIFTS.get(chosen.place.dimension, FINEST)
    within = {
        "reported_at__gte": moment(chosen.period.begin),
        "reported_at__lt": moment(chosen.period.end + DAY),
    }
    cases = in_slice(CASE, Case.objects.visible_to(user), chosen.slice.within).filter(**within).order_by()
    rows = counted_in(cases.values_list("tile_x", "tile_y"), _SQUARES, {"shift": shift, "most": MOST})
    most = rows[0][2] if rows else 0
    return {
        "metres": round(TILE_METRES * 2**shift, -1),
        "most": most,
        "total": sum(number for *_, number in rows),
        "squares": [[*_box(x, y, shift), number, -(-number * STEPS // most)] for x, y, number in rows],
    }


def _box(x: int, y: int, shift: int) -> list[float]:
    west, north = position(x << shift, y << shift)
    east, south = position((x + 1) << shift, (y + 1) << shift)
    return [round(one, 6) for one in (west, south, east, north)]
