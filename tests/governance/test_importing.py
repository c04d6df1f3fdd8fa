import csv
import datetime as dt
from pathlib import Path

import pytest

from governance.importing import DIVISIONS, import_divisions, read_csv
from governance.models import Level, Organization

ON = dt.date(2026, 12, 1)


@pytest.fixture
def altered(tmp_path: Path):
    """Write the divisions again with some rows changed."""

    def write(change) -> Path:
        rows = [new for row in read_csv(DIVISIONS) if (new := change(row))]
        path = tmp_path / "divisions.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.mark.django_db
def test_panlong_has_twelve_streets_and_105_communities():
    places = Organization.objects.territories().filter(code__startswith="530103")
    assert places.filter(level=Level.DISTRICT).count() == 1
    assert places.filter(level=Level.STREET).count() == 12
    assert places.filter(level=Level.COMMUNITY).count() == 105


@pytest.mark.django_db
def test_a_second_import_changes_nothing():
    changes = import_divisions(on=ON)
    assert (changes.created, changes.changed, changes.ended, changes.unchanged) == ([], [], [], 118)


@pytest.mark.django_db
def test_every_place_is_government_and_party_at_once():
    community = Organization.objects.get(code="530103001001")
    assert (community.name, community.party_name) == ("尚义社区", "中共拓东街道尚义社区委员会")
    assert community.path == "530103/530103001/530103001001/"
    village = Organization.objects.get(code="530103011201")
    assert (village.name, village.party_name) == ("白邑村", "白邑村党总支")


@pytest.mark.django_db
def test_a_renamed_community_is_reported_as_changed(altered):
    path = altered(lambda row: {**row, "name": "新名社区居委会"} if row["code"] == "530103001001" else row)
    changes = import_divisions(on=ON, path=path)
    assert changes.changed == ["新名社区"]
    assert changes.unchanged == 117


@pytest.mark.django_db
def test_a_merged_community_ends_and_keeps_its_row(altered):
    path = altered(lambda row: None if row["code"] == "530103001001" else row)
    changes = import_divisions(on=ON, path=path)
    assert changes.ended == ["尚义社区"]
    assert Organization.objects.get(code="530103001001").active_until == ON
    assert import_divisions(on=ON, path=path).ended == []


@pytest.mark.django_db
def test_an_unknown_district_is_refused():
    with pytest.raises(ValueError, match="999999"):
        import_divisions(on=ON, district="999999")
