"""Cases and outlines for the map: clusters by integer tiles at every zoom, the rest as points."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from cases.clocks import clock
from cases.counting import counted_in
from cases.filters import FILTERS, SETTLED_DAYS, SETTLED_NAME, narrow
from cases.models import Case
from cases.rows import with_row
from cases.workflow import OPEN, STATES, Lateness, Tone
from governance.models import Level, Organization
from grid.models import Grid, GridRing, TerritoryRing
from grid.tiles import ZOOM, position, tile

#: Degrees, WGS-84: west, south, east, north.
Box = tuple[float, float, float, float]

#: A cell of 64 screen pixels is 2^(20 − zoom) tiles wide.
CELL_SHIFT = ZOOM - 2
#: More cells than a large screen has, and still below 100 kB; a box with more gets coarser cells instead.
MOST_CELLS = 440
#: From this zoom on nothing is clustered: the cases of one spot, as many as a popup can list.
LIST_ZOOM = 22
MOST_LISTED = 50

#: What a cluster says of its cases, and of which those are; what is left of it waits.
WAITING = Tone.WAITING.value
COLOURS = {
    **{
        tone.value: [state.value for state in OPEN if STATES[state].tone == tone]
        for tone in (Tone.WORKING, Tone.CHECKING)
    },
    **{mark.value: mark.value for mark in (Lateness.YELLOW, Lateness.RED)},
}
CLUSTERS = """
    SELECT tile_x >> %(shift)s AS cx, tile_y >> %(shift)s AS cy, count(*), min(id), sum(tile_x), sum(tile_y),
        count(*) FILTER (WHERE state = ANY (%(working)s)),
        count(*) FILTER (WHERE state = ANY (%(checking)s)),
        count(*) FILTER (WHERE lateness = %(yellow)s),
        count(*) FILTER (WHERE lateness = %(red)s)
    FROM seen GROUP BY cx, cy
"""
#: The label and the colour of a case that is shown itself.
SHOWN_AS = {state.value: (state.label, row.tone.value) for state, row in STATES.items()}


class BoxField(forms.CharField):
    """West, south, east and north in degrees (WGS-84), separated by commas."""

    def clean(self, value: Any) -> Box | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise forms.ValidationError("范围须为四个数：西,南,东,北。") from None
        if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
            raise forms.ValidationError("范围须为 WGS-84 经纬度，西小于东，南小于北。")
        return west, south, east, north


class BoxForm(forms.Form):
    """What a map shows of the world."""

    box = BoxField(label="范围", error_messages={"required": "请给出范围 box=西,南,东,北。"})
    zoom = forms.IntegerField(label="缩放级别", min_value=0, max_value=30)


def _choice(name: str, choices: tuple[tuple[str, str], ...] = ()) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=FILTERS[name].label, choices=choices or FILTERS[name].choices, required=False
    )


class MapForm(BoxForm):
    """A question to the map: a box, a zoom and what to narrow it to."""

    loop = _choice("loop")
    kind = _choice("kind")
    class_name = forms.CharField(label=FILTERS["class_name"].label, max_length=40, required=False)
    # Numbers are enough to filter by; looking the places up would cost statements.
    street = forms.IntegerField(label=FILTERS["street"].label, required=False)
    community = forms.IntegerField(label=FILTERS["community"].label, required=False)
    state = _choice(
        "state", (*((s.value, s.label) for s in OPEN), (SETTLED_NAME, f"近 {SETTLED_DAYS} 日办结"))
    )
    lateness = _choice("lateness")


def filtered(visible: QuerySet[Case], filters: dict[str, Any], *, now: dt.datetime) -> QuerySet[Case]:
    """Open cases, or those settled in the last days, narrowed by cleaned filters."""
    found = visible if filters.get("state") == SETTLED_NAME else visible.open()
    return narrow(found, filters, now)


@dataclass(frozen=True)
class Cells:
    """A box in tiles, and how far tiles are shifted to become cells of about 64 pixels."""

    west: int
    north: int
    east: int
    south: int
    shift: int

    @classmethod
    def of(cls, box: Box, zoom: int) -> "Cells":
        west, north = tile(box[0], box[3])
        east, south = tile(box[2], box[1])
        shift = max(0, CELL_SHIFT - zoom)
        while ((east >> shift) - (west >> shift) + 1) * (
            (south >> shift) - (north >> shift) + 1
        ) > MOST_CELLS:
            shift += 1
        return cls(west, north, east, south, shift)

    def within(self, found: QuerySet[Case]) -> QuerySet[Case]:
        return found.filter(tile_x__range=(self.west, self.east), tile_y__range=(self.north, self.south))

    def clusters(self, found: QuerySet[Case]) -> list[tuple]:
        """One row a cell that holds cases: column, row, how many, one of them, sums of tiles, and ``COLOURS``."""
        seen = self.within(found).order_by().values_list("id", "tile_x", "tile_y", "state", "lateness")
        return counted_in(seen, CLUSTERS, COLOURS | {"shift": self.shift})


#: Clusters keep this share of a cell away from its edge, so that neighbours do not lie upon each other.
EDGE = 0.3


def _inside(mean: float, cell: int, shift: int) -> float:
    """The middle of a cluster along one axis, in tiles, off the edge of its cell."""
    width = 1 << shift
    return min(max(mean, (cell + EDGE) * width), (cell + 1 - EDGE) * width)


def _cluster(row: tuple, shift: int, is_settled: bool) -> dict[str, Any]:
    """A cluster where its cases lie, to about a metre."""
    cx, cy, n, _, x, y, *colours = row
    longitude, latitude = position(_inside(x / n, cx, shift), _inside(y / n, cy, shift))
    cluster: dict[str, Any] = {"at": [round(longitude, 5), round(latitude, 5)], "count": n}
    if is_settled:
        cluster[Tone.SETTLED.value] = n
        return cluster
    working, checking, _, _ = colours
    if waiting := n - working - checking:
        cluster[WAITING] = waiting
    for name, count in zip(COLOURS, colours, strict=True):
        if count:
            cluster[name] = count
    return cluster


_POINT = ("uuid", "longitude", "latitude", "state", "lateness", "category__name")


def _point(row: tuple) -> dict[str, Any]:
    uuid, longitude, latitude, state, lateness, name = row
    label, tone = SHOWN_AS[state]
    return {
        "uuid": str(uuid),
        "at": [round(longitude, 5), round(latitude, 5)],
        "state": state,
        "label": label,
        "tone": tone,
        "lateness": lateness,
        "name": name,
    }


def _listed(case: Case) -> dict[str, Any]:
    """A case of a spot, with what its popup says."""
    row = tuple(getattr(case, name.replace("__", "_")) for name in _POINT)
    return _point(row) | {
        "number": case.number,
        "words": case.words,
        "address": case.address,
        "clock": clock(case.due_at),
    }


def features(
    visible: QuerySet[Case], *, box: Box, zoom: int, filters: dict[str, Any] | None = None, now: dt.datetime
) -> dict[str, Any]:
    """Clusters and single cases of a box (degrees, WGS-84) at a zoom of Web-Mercator, in two statements.

    A cluster is ``{at: [lon, lat], count, waiting, working, checking, settled, yellow, red}`` without its zeros; a case
    is ``{uuid, at, state, label, tone, lateness, name}``. From zoom 22 on the cases of the box are listed, 50 at most, each
    with ``number, words, address, clock`` too.
    """
    found = filtered(visible, filters or {}, now=now)
    cells = Cells.of(box, zoom)
    if zoom >= LIST_ZOOM:
        listed = with_row(cells.within(found), ("category_name",), characters=60).by_due_date()
        points = [_listed(case) for case in listed[: MOST_LISTED + 1]]
        return {"total": len(points), "clusters": [], "cases": points[:MOST_LISTED]}
    is_settled = (filters or {}).get("state") == SETTLED_NAME
    rows = cells.clusters(found)
    alone = [one for _, _, n, one, *_ in rows if n == 1]
    points = Case.objects.filter(pk__in=alone).values_list(*_POINT) if alone else []
    return {
        "total": sum(row[2] for row in rows),
        "clusters": [_cluster(row, cells.shift, is_settled) for row in rows if row[2] > 1],
        "cases": [_point(row) for row in points],
    }


# Outlines ---------------------------------------------------------------------------------------------------------

#: From which zoom on a level of the tree is drawn; the coarser ones stay under it.
OUTLINES_FROM = {Level.DISTRICT: 0, Level.STREET: 0, Level.COMMUNITY: 13}
GRIDS_FROM = 15
NOTE = "街道、社区和网格界线为示意划分，不作勘界依据"


def _middle(ring: list[list[float]]) -> list[float]:
    """The centre of area of a ring, good enough for a name."""
    area = x = y = 0.0
    left, top = ring[0]
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = (ax - left) * (by - top) - (bx - left) * (ay - top)
        area, x, y = area + cross, x + (ax + bx - 2 * left) * cross, y + (ay + by - 2 * top) * cross
    if not area:
        return ring[0]
    return [round(left + x / (3 * area), 5), round(top + y / (3 * area), 5)]


def _outline(pk: int, level: str, name: str, ring: list[list[float]]) -> dict[str, Any]:
    rounded = [[round(lon, 5), round(lat, 5)] for lon, lat in ring]
    return {"id": pk, "level": level, "name": name, "label": _middle(ring), "ring": rounded}


def _in_box(rings: QuerySet, box: Box | None) -> QuerySet:
    if box is None:
        return rings
    return rings.extra(where=["box(ring) && box(point(%s, %s), point(%s, %s))"], params=list(box))


def outlines(*, box: Box | None, zoom: int, on: dt.date) -> dict[str, Any]:
    """Outlines of the territories that a zoom shows; streets whole, communities and grids of the box alone."""
    levels = [level for level, from_zoom in OUTLINES_FROM.items() if zoom >= from_zoom]
    wide = Q(organization__level__lt=Level.COMMUNITY)
    rings = TerritoryRing.objects.filter(
        organization__in=Organization.objects.active(on).filter(level__in=levels)
    )
    near = _in_box(TerritoryRing.objects.filter(organization__level=Level.COMMUNITY), box).values("pk")
    columns = ("organization_id", "organization__level", "organization__name", "ring")
    areas = [
        _outline(pk, Level(level).name.lower(), name, ring)
        for pk, level, name, ring in rings.filter(wide | Q(pk__in=near)).order_by("pk").values_list(*columns)
    ]
    if zoom >= GRIDS_FROM:
        found = _in_box(GridRing.objects.filter(grid__in=Grid.objects.active(on)), box).order_by("pk")
        areas += [
            _outline(pk, "grid", name, ring)
            for pk, name, ring in found.values_list("grid_id", "grid__name", "ring")
        ]
    return {"illustrative": Grid.objects.filter(is_illustrative=True).exists(), "note": NOTE, "areas": areas}


def compact(answer: dict[str, Any]) -> bytes:
    """JSON without spaces and without escaped Chinese: a third of the size."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def box_around(places: list[int]) -> Box | None:
    """The box that holds the outlines of some territories; None where they have none."""
    rings = TerritoryRing.objects.filter(organization__in=places).values_list("ring", flat=True)
    positions = [position for ring in rings for position in ring]
    if not positions:
        return None
    longitudes, latitudes = zip(*positions, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)
