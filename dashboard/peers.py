"""With whom a place is compared: streets with streets, communities with those of their kind, units with those of their function.

Peers are named as far as they are in sight. Of all of them together, those out of sight too, only the mean is said, and the
place's own rank: both are counted from sums, and there are none among fewer than ``FEWEST``.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from appraisal.catalogue import Measure
from appraisal.counting import By, Counts, counts
from appraisal.figures import Figure
from appraisal.peers import peers_of
from appraisal.slices import Slice
from dashboard.filters import Chosen
from dashboard.places import Place, grids_of
from dashboard.points import Point, lateness_of, point
from governance.models import Kind, Level, Organization
from governance.models.organizations import OrganizationQuerySet

#: Among fewer a mean would tell what a single one has.
FEWEST = 4
#: Of more the first and the last are shown, and the place itself.
SHOWN, ENDS = 15, 7


@dataclass(frozen=True)
class Peers:
    """Bars of a place and those beside it; ``words`` say who they are."""

    words: str
    who: str
    rows: list[dict[str, Any]]
    mean: dict[str, Any] | None
    note: str


@dataclass(frozen=True)
class _Group:
    """Who is compared: what they are together, what one is called, how they are told apart, and within what."""

    words: str
    who: str
    by: By
    pks: list[int]
    of: Slice


def peers(chosen: Chosen, measure: Measure, today: dt.date) -> Peers | None:
    """A place among its peers for the period, in two statements: who they are, and the counts; of a district, its streets."""
    return _compared(chosen, measure, _group(chosen, today))


def _group(chosen: Chosen, today: dt.date) -> _Group:
    place, of = chosen.place, chosen.slice
    match place.dimension:
        case "district":
            streets = [one.pk for one in chosen.places.children(place)]
            return _Group("各街道", "街道", By.STREET, streets, of)
        case "street":
            streets = _pks(_beside(place, today).territories(Level.STREET))
            return _Group("各街道", "街道", By.STREET, streets, of)
        case "community":
            same_kind = _pks(peers_of(Organization(pk=place.pk, path=place.path), today))
            return _Group("同类社区", "社区", By.COMMUNITY, [place.pk, *same_kind], of)
        case "grid":
            grids = [one.pk for one in grids_of(chosen.places.by_pk[place.parent])]
            return _Group("本社区各网格", "网格", By.GRID, grids, of.at("community", place.parent))
    district, units = _units(place, today)
    return _Group("同职能单位", "单位", By.UNIT, units, replace(of.at("district", district), unit=None))


@dataclass(frozen=True)
class Beside:
    """Figures of a place beside those of all its peers together; ``words`` say who they are."""

    words: str
    rows: list[dict[str, Any]]


def beside(chosen: Chosen, wanted: Iterable[Measure], today: dt.date) -> Beside | None:
    """Some measures of a place beside its peers, in two statements; of a district, which has none here, nothing."""
    measures = [one for one in wanted if not one.is_now and not one.lacks]
    if chosen.place.dimension == "district" or not measures:
        return None
    group, own = _group(chosen, today), chosen.place.pk
    if len(group.pks) < FEWEST:
        return None
    keys = {name for one in measures for name in one.counters}
    found = counts(keys, [chosen.period], group.of, group.by, group.pks)
    by_pk = {pk: found.get((0, pk), {}) for pk in group.pks}
    rows = []
    for measure in measures:
        figures = {pk: chosen.figure(measure, one) for pk, one in by_pk.items()}
        mean = _mean(chosen, measure, by_pk)
        if mean and own in figures:
            rows.append(
                {
                    "measure": measure,
                    "url": chosen.address("trends", measure=measure.key),
                    "own": point(figures[own], *chosen.lists(measure.key)),
                    "mean": mean,
                    "rank": _rank(own, figures, measure),
                }
            )
    within = "本社区" if group.by == By.GRID else "全区"
    kind = group.who if group.by in (By.GRID, By.STREET) else group.words
    return Beside(f"{within} {len(group.pks)} 个{kind}", rows) if rows else None


def _beside(place: Place, today: dt.date) -> OrganizationQuerySet:
    """Organizations of the same level under the same parent."""
    return Organization.objects.active(today).filter(parent=place.parent, level=place.level)


def _pks(found: OrganizationQuerySet) -> list[int]:
    return list(found.order_by("path").values_list("pk", flat=True))


def _units(unit: Place, today: dt.date) -> tuple[int, list[int]]:
    """The district of a unit, and the units of its function and level in it."""
    every, codes = Organization.objects.active(today), unit.path.split("/")
    above = ["/".join(codes[:number]) + "/" for number in range(1, len(codes) - 1)]
    function = Organization.objects.filter(pk=unit.pk).values("function")
    same = Q(level=unit.level, function__in=function)
    rows = every.filter(same | Q(kind=Kind.TERRITORY, level=Level.DISTRICT, path__in=above)).order_by("path")
    found = list(rows.values_list("pk", "kind"))
    district = next(pk for pk, kind in found if kind == Kind.TERRITORY)
    return district, [pk for pk, kind in found if kind != Kind.TERRITORY]


def _compared(chosen: Chosen, measure: Measure, group: _Group) -> Peers | None:
    found = counts(measure.counters, [chosen.period], group.of, group.by, group.pks)
    by_pk = {pk: found.get((0, pk), {}) for pk in group.pks}
    figures = {pk: chosen.figure(measure, one) for pk, one in by_pk.items()}
    if not any(one.value for one in figures.values()):
        return None
    shown = _in_sight(chosen, group.by, group.pks)
    rows = [_row(chosen, one, figures[one.pk], group.by) for one in shown]
    rows.sort(key=lambda row: _order(figures[row["pk"]], measure))
    note = _note(chosen.place.pk, figures, measure, len(rows), group.who)
    if len(rows) > SHOWN:
        ends = range(ENDS, len(rows) - ENDS)
        rows = [row for number, row in enumerate(rows) if row["is_own"] or number not in ends]
        note = f"只列前后各 {ENDS} 个；{note}"
    return Peers(group.words, group.who, rows, _mean(chosen, measure, by_pk), note)


def _in_sight(chosen: Chosen, by: By, pks: list[int]) -> list[Place]:
    if by == By.GRID:
        return grids_of(chosen.places.by_pk[chosen.place.parent or chosen.place.pk])
    return [chosen.places.by_pk[pk] for pk in pks if pk in chosen.places.by_pk]


def _row(chosen: Chosen, one: Place, found: Figure, by: By) -> dict[str, Any]:
    where = chosen.at(one)
    return {
        "pk": one.pk,
        "name": one.name,
        "url": chosen.address("trends", measure=found.measure.key, **where),
        "point": point(found, *chosen.lists(found.measure.key, **where)),
        "lateness": lateness_of(found),
        "is_own": one.pk == chosen.place.pk,
    }


def _order(found: Figure, measure: Measure) -> tuple[bool, bool, float]:
    """The better first; those with too few stand behind, unranked, and those without anything last."""
    value = found.value or 0
    return found.value is None, found.is_small, value if measure.direction == "down" else -value


def _mean(chosen: Chosen, measure: Measure, by_pk: Mapping[int, Counts]) -> dict[str, Any] | None:
    """A rate of all counts together, or a count by place; never the mean of rates."""
    if len(by_pk) < FEWEST:
        return None
    together = {name: sum(one.get(name, 0) for one in by_pk.values()) for name in measure.counters}
    found = chosen.figure(measure, together)
    if found.value is None:
        return None
    if measure.is_ratio:
        return {"name": "合计", **vars(point(found))}
    value = found.value / len(by_pk)
    return {"name": "平均", **vars(Point(round(value, 1), f"{value:,.1f}"))}


def _rank(own: int, figures: Mapping[int, Figure], measure: Measure) -> str:
    """Where a place stands among those with enough; nothing where there is no better or worse."""
    ranked = {pk: one for pk, one in figures.items() if one.value is not None and not one.is_small}
    if own not in ranked or measure.direction == "none" or len(ranked) < FEWEST:
        return ""
    better = [one for one in ranked.values() if _order(one, measure) < _order(ranked[own], measure)]
    return f"第 {len(better) + 1} 位"


def _note(own: int, figures: Mapping[int, Figure], measure: Measure, shown: int, who: str) -> str:
    """How many there are, where the place stands among them, and how many have too little to be ranked."""
    said = [f"{len(figures)} 个{who}" + (f"，显示您看得到的 {shown} 个" if shown < len(figures) else "")]
    if rank := _rank(own, figures, measure):
        said.append(rank)
    small = sum(one.is_small for one in figures.values())
    if small:
        said.append(f"{small} 个样本少，不排")
    return "；".join(said)
