import datetime as dt
import json

import pytest

from grid.importing import PARTITION, import_grids
from grid.models import Grid, GridRing, TerritoryRing

ON = dt.date(2026, 12, 1)


@pytest.mark.django_db
def test_there_are_620_illustrative_grids_with_their_rings():
    assert Grid.objects.filter(is_illustrative=True, active_until=None).count() == 620
    assert GridRing.objects.count() == 620
    assert TerritoryRing.objects.count() == 1 + 12 + 105
    assert Grid.objects.get(code="530103001001003").name == "尚义社区第3网格"


@pytest.mark.django_db
def test_a_second_import_of_grids_changes_nothing():
    for changes in import_grids(on=ON):
        assert (changes.created, changes.changed, changes.ended) == ([], [], [])


@pytest.mark.django_db
def test_a_grid_that_left_the_partition_ends_and_a_moved_border_is_drawn_anew(tmp_path):
    partition = json.loads(PARTITION.read_text(encoding="utf-8"))
    gone, moved = sorted(partition["grids"])[:2]
    partition["grids"][moved] = partition["grids"].pop(gone)
    path = tmp_path / "partition.json"
    path.write_text(json.dumps(partition), encoding="utf-8")
    grids, borders, outlines = import_grids(on=ON, path=path)
    assert len(grids.ended) == 1 and len(borders.changed) == 1 and not outlines.changed
    assert Grid.objects.get(code=gone).active_until == ON
    assert GridRing.objects.filter(grid__code=moved).count() == 1
