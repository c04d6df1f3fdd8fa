"""The partition of Panlong as data: what the file must hold before anything is imported from it."""

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Polygon, shape

ROOT = Path(__file__).resolve().parents[2]
PARTITION = ROOT / "grid/data/panlong_grids.json"

# Metres of one degree at 25.1 N.
METRES = (100_868.0, 110_774.0)
LEVELS = ("streets", "communities", "grids")
PARENT_LEVELS = (("district", "streets"), ("streets", "communities"), ("communities", "grids"))


@cache
def document() -> dict:
    return json.loads(PARTITION.read_text(encoding="utf-8"))


@cache
def parts(level: str) -> dict[str, Polygon]:
    """Polygons of a level in metres, by code."""
    if level == "district":
        path = ROOT / "grid/data/panlong_outline.geojson"
        feature = json.loads(path.read_text(encoding="utf-8"))["features"][0]
        return {feature["properties"]["code"]: flat(shape(feature["geometry"]))}
    return {code: flat(Polygon(ring)) for code, ring in document()[level].items()}


def flat(polygon: Polygon) -> Polygon:
    return shapely.transform(polygon, lambda points: (points - (102.85, 25.1)) * METRES)


def children_of(code: str, level: str) -> list[Polygon]:
    return [part for child, part in parts(level).items() if child.startswith(code)]


def divisions(level: str) -> set[str]:
    path = ROOT / "governance/data/divisions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["level"] == level]
    return {row["code"] for row in rows if row["code"].startswith("530103")}


def test_streets_and_communities_are_the_real_ones():
    assert set(parts("streets")) == divisions("street")
    assert set(parts("communities")) == divisions("community")
    assert (len(parts("streets")), len(parts("communities"))) == (12, 105)


def test_there_are_620_grids_and_every_community_has_one():
    owners = Counter(code[:12] for code in parts("grids"))
    assert sum(owners.values()) == 620
    assert set(owners) == set(parts("communities"))


def test_a_grid_code_is_its_community_and_a_serial_that_starts_at_one():
    owners = Counter(code[:12] for code in parts("grids"))
    expected = {f"{code}{serial:03}" for code, count in owners.items() for serial in range(1, count + 1)}
    assert set(parts("grids")) == expected


@pytest.mark.parametrize("level", LEVELS)
def test_every_part_is_one_closed_ring_that_does_not_cross_itself(level):
    for code, ring in document()[level].items():
        assert ring[0] == ring[-1], code
        assert Polygon(ring).is_valid, code
        assert Polygon(ring).exterior.is_simple, code


@pytest.mark.parametrize(("above", "level"), PARENT_LEVELS)
def test_parts_leave_at_most_one_square_metre_of_the_level_above(above, level):
    residue = 0.0
    for code, parent in parts(above).items():
        residue += parent.symmetric_difference(shapely.unary_union(children_of(code, level))).area
    assert residue <= 1


@pytest.mark.parametrize("level", LEVELS)
def test_parts_share_at_most_one_square_metre(level):
    everything = list(parts(level).values())
    overlap = sum(part.area for part in everything) - shapely.unary_union(everything).area
    assert abs(overlap) <= 1


@pytest.mark.parametrize(("above", "level"), PARENT_LEVELS)
def test_every_part_lies_inside_the_part_its_code_names(above, level):
    for code, parent in parts(above).items():
        for child in children_of(code, level):
            assert child.difference(parent).area <= 0.01, code


def test_a_point_inside_a_grid_is_in_no_other():
    tree = shapely.STRtree(list(parts("grids").values()))
    for polygon in parts("grids").values():
        assert len(tree.query(polygon.representative_point(), predicate="within")) == 1


def test_no_grid_is_a_splinter():
    for code, polygon in parts("grids").items():
        assert polygon.area > 10_000, code


def test_the_file_is_small_and_says_that_it_is_illustrative():
    assert PARTITION.stat().st_size < 1_500_000
    assert document()["note"].startswith("示意划分")
