"""Read divisions into the tree, again and again, and say what changed."""

import csv
import datetime as dt
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models, transaction

from governance import actions
from governance.models import CommunityKind, Kind, Level, Organization, User
from governance.models.kinds import kinds_here
from governance.refusals import Refused

DIVISIONS = Path(__file__).parent / "data" / "divisions.csv"
PANLONG = "530103"
LEVELS = {"district": Level.DISTRICT, "street": Level.STREET, "community": Level.COMMUNITY}


@dataclass
class Changes:
    """What an import did to one kind of row; rows are named as people name them."""

    what: str
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unchanged: int = 0

    def __str__(self) -> str:
        return (
            f"{self.what}：新增 {len(self.created)}，变更 {len(self.changed)}，"
            f"未变 {self.unchanged}，终止 {len(self.ended)}"
        )

    def lines(self) -> Iterator[str]:
        """The sum, then every row that is not as it was before."""
        yield str(self)
        for label, names in (("新增", self.created), ("变更", self.changed), ("终止", self.ended)):
            yield from (f"  {label} {name}" for name in names)


def synchronize(
    changes: Changes,
    model: type[models.Model],
    wanted: Mapping[Hashable, Mapping[str, Any]],
    existing: Mapping[Hashable, models.Model],
) -> None:
    """Create what is missing and change what differs, in bulk; what is no longer wanted is left to the caller."""
    new, touched, columns = [], [], set()
    for key, values in wanted.items():
        row = existing.get(key)
        if row is None:
            new.append(model(**values))
            continue
        different = [name for name, value in values.items() if getattr(row, name) != value]
        for name in different:
            setattr(row, name, values[name])
        columns.update(different)
        if different:
            touched.append(row)
        else:
            changes.unchanged += 1
    model.objects.bulk_create(new, batch_size=1000)
    if touched:
        model.objects.bulk_update(touched, sorted(columns), batch_size=500)
    changes.created += [str(row) for row in new]
    changes.changed += [str(row) for row in touched]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a data file of the project."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names_of(name: str, level: Level, street: str) -> tuple[str, str]:
    """The name people use and the name of the party organisation, from the official name."""
    if level == Level.DISTRICT:
        return name, f"中共{name}委"
    if level == Level.STREET:
        return name, f"{name}党工委"
    if name.endswith("村委会"):
        village = name.removesuffix("委会")
        return village, f"{village}党总支"
    community = name.removesuffix("居委会")
    return community, f"中共{street}{community}委员会"


@transaction.atomic
def import_divisions(*, on: dt.date, path: Path = DIVISIONS, district: str = PANLONG) -> Changes:
    """Bring a district, its streets and communities in line with the statistical divisions.

    Places that left the file end on ``on`` and keep their old cases. Raises ``ValueError`` for an unknown district.
    """
    changes = Changes("区划")
    rows = [row for row in read_csv(path) if row["code"].startswith(district) and row["level"] in LEVELS]
    if not rows:
        raise ValueError(f"{path.name} 中没有 {district} 的区划。")
    existing = {place.code: place for place in Organization.objects.territories()}
    names = {row["code"]: row["name"] for row in rows}
    for level in LEVELS:
        here = [row for row in rows if row["level"] == level]
        wanted = {}
        for row in here:
            parent = existing.get(row["parent"]) if level != "district" else None
            name, party_name = names_of(row["name"], LEVELS[level], names.get(row["parent"], ""))
            wanted[row["code"]] = {
                "code": row["code"],
                "name": name,
                "party_name": party_name,
                "level": LEVELS[level],
                "parent_id": parent.pk if parent else None,
                "path": f"{parent.path if parent else ''}{row['code']}/",
                "active_until": None,
            }
        synchronize(changes, Organization, wanted, existing)
        existing = {place.code: place for place in Organization.objects.territories()}
    gone = [
        place
        for code, place in existing.items()
        if code.startswith(district)
        and place.level in LEVELS.values()
        and code not in names
        and place.active_until is None
    ]
    Organization.objects.filter(pk__in=[place.pk for place in gone], kind=Kind.TERRITORY).update(
        active_until=on
    )
    changes.ended += [str(place) for place in gone]
    return changes


LONGEST_REASON = CommunityKind._meta.get_field("reason").max_length


@transaction.atomic
def import_kinds(rows: Iterable[Mapping[str, str]], *, by: User, now: dt.datetime) -> Changes:
    """Write the kinds of communities: code, kind in the words of the place, the day from which on it holds, reason.

    A later row of a community ends the one before it; what is there already stays. Raises ``ValueError`` with every row
    that does not fit, and then nothing is written.
    """
    changes, problems = Changes("社区类型"), []
    places = {place.code: place for place in Organization.objects.territories(Level.COMMUNITY)}
    kinds = {label: key for key, label in kinds_here()}
    there = {(row.organization_id, row.valid_from): row.kind for row in CommunityKind.objects.all()}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        try:
            new = _kind_of(row, places, kinds)
            if (kept := there.get((new.organization_id, new.valid_from))) == new.kind:
                changes.unchanged += 1
                continue
            if kept:
                raise Refused("这一天起已有类型，已定的类型不改写。")
            if before := actions.classify(new, by=by, now=now):
                changes.ended.append(str(before))
            changes.created.append(str(new))
        except Refused as refusal:
            problems.append(f"{row['code']} {row['valid_from']}：{refusal}")
    if problems:
        raise ValueError("\n".join(problems))
    return changes


def _kind_of(
    row: Mapping[str, str], places: Mapping[str, Organization], kinds: Mapping[str, str]
) -> CommunityKind:
    """A row of the file as a row of the table, unsaved; raises ``Refused`` for what nobody can read."""
    if row["code"] not in places:
        raise Refused("没有这个编码的社区。")
    if row["kind"] not in kinds:
        raise Refused(f"没有“{row['kind']}”这一类，本地有：{'、'.join(kinds)}。")
    if not 0 < len(row["reason"].strip()) <= LONGEST_REASON:
        raise Refused(f"依据须写，最多 {LONGEST_REASON} 字。")
    try:
        begin = dt.date.fromisoformat(row["valid_from"])
    except ValueError:
        raise Refused("生效日期应写成 2026-07-01。") from None
    return CommunityKind(
        organization=places[row["code"]],
        kind=kinds[row["kind"]],
        valid_from=begin,
        reason=row["reason"].strip(),
    )
