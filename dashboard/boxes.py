"""Where maps of a place open."""

from functools import lru_cache

from cases.map import box_around
from dashboard.places import GRID, UNIT, Place


def territory_of(place: Place) -> int | None:
    """The territory that a map of a place is about: of a grid its community, of a unit where it hangs."""
    return place.parent if place.dimension in (GRID, UNIT) else place.pk


def box_of(place: Place) -> str:
    """West, south, east, north (degrees, WGS-84) as text; empty where there are no outlines."""
    own = territory_of(place)
    if own is None:
        return ""
    # Outlines change with a reform of the divisions, and the map only opens there.
    try:
        return _outlined(own)
    except LookupError:
        return ""


@lru_cache(maxsize=512)
def _outlined(place: int) -> str:
    box = box_around([place])
    if box is None:
        raise LookupError  # not kept: the outlines may be imported later
    return ",".join(f"{degrees:.5f}" for degrees in box)
