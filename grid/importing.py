"""Read the illustrative partition into grids and outlines, again and again, and say what changed."""

import datetime as dt
import json
from pathlib import Path

from django.db import models, transaction

from governance.importing import Changes, synchronize
from governance.models import Organization
from grid.models import Grid, GridRing, TerritoryRing

FOLDER = Path(__file__).parent / "data"
PARTITION = FOLDER / "panlong_grids.json"
OUTLINE = FOLDER / "panlong_outline.geojson"

Ring = list[list[float]]


def district_outline(path: Path = OUTLINE) -> tuple[str, Ring]:
    """Code and outer ring of the district."""
    feature = json.loads(path.read_text(encoding="utf-8"))["features"][0]
    return feature["properties"]["code"], feature["geometry"]["coordinates"][0]


def draw_rings(changes: Changes, model: type[models.Model], owner: str, wanted: dict[int, Ring]) -> None:
    """Give each owner exactly one ring, replacing those that differ; rings of other owners stay."""
    existing: dict[int, list[Ring]] = {}
    for row in model.objects.filter(**{f"{owner}__in": list(wanted)}):
        existing.setdefault(getattr(row, owner), []).append(row.ring)
    fresh = {pk: ring for pk, ring in wanted.items() if existing.get(pk) != [ring]}
    model.objects.filter(**{f"{owner}__in": list(fresh)}).delete()
    model.objects.bulk_create([model(**{owner: pk, "ring": ring}) for pk, ring in fresh.items()])
    for pk in fresh:
        (changes.changed if pk in existing else changes.created).append(str(pk))
    changes.unchanged += len(wanted) - len(fresh)


@transaction.atomic
def import_grids(*, on: dt.date, path: Path = PARTITION, outline: Path = OUTLINE) -> list[Changes]:
    """Bring grids and outlines in line with the partition; a grid that left it ends on ``on``.

    Raises ``KeyError`` when a community of the file is not in the tree.
    """
    partition = json.loads(path.read_text(encoding="utf-8"))
    district, ring = district_outline(outline)
    places = {place.code: place for place in Organization.objects.territories()}
    grids, borders, outlines = Changes("网格"), Changes("网格边界"), Changes("区域边界")
    wanted = {}
    for code in partition["grids"]:
        community = places[code[:12]]
        wanted[code] = {
            "code": code,
            "name": f"{community.name}第{int(code[12:])}网格",
            "community_id": community.pk,
            "is_illustrative": True,
            "active_until": None,
        }
    existing = {grid.code: grid for grid in Grid.objects.filter(code__startswith=district)}
    synchronize(grids, Grid, wanted, existing)
    gone = [grid for code, grid in existing.items() if code not in wanted and grid.active_until is None]
    Grid.objects.filter(pk__in=[grid.pk for grid in gone]).update(active_until=on)
    grids.ended += [str(grid) for grid in gone]
    ids = dict(Grid.objects.values_list("code", "pk"))
    draw_rings(borders, GridRing, "grid_id", {ids[code]: r for code, r in partition["grids"].items()})
    territories = {**partition["communities"], **partition["streets"], district: ring}
    draw_rings(
        outlines, TerritoryRing, "organization_id", {places[code].pk: r for code, r in territories.items()}
    )
    return [grids, borders, outlines]
