"""How things stand now: counts of rows by the same definitions as counters, read from the rows; no period, no tally."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count, Q, QuerySet

from appraisal.catalogue import Stock, stocks
from appraisal.counting import By, Counts, in_slice
from appraisal.grains import Grain
from appraisal.slices import Slice


def rows_of(stock: Stock, of: Slice, now: dt.datetime) -> QuerySet:
    """Rows that a stock counts in a slice."""
    rows = _asked(stock.grain, [stock], in_slice(stock.grain, stock.grain.rows(), of.within), now)
    return rows.filter(*(condition.q for condition in stock.conditions))


def _asked(grain: Grain, some: Sequence[Stock], rows: QuerySet, now: dt.datetime) -> QuerySet:
    names = {condition.column for one in some for condition in one.conditions}
    found = {
        f"x_{name}": grain.columns_now[name](now) if name in grain.columns_now else grain.expression(name)
        for name in sorted(names)
    }
    return rows.order_by().alias(**{name: one.copy() for name, one in found.items()})


def counts_now(
    keys: Iterable[str], of: Slice, now: dt.datetime, by: By = By.ALL, places: Iterable[int] = ()
) -> dict[int | None, Counts]:
    """Counts of some stocks by group, in one statement a grain; a group without any is left out.

    ``by`` is one of all, street, community, grid, unit, category; ``places`` are the places that are told apart.
    """
    wanted = [stocks()[key] for key in sorted(set(keys))]
    found: dict[int | None, Counts] = {}
    for name in {one.grain.name for one in wanted}:
        some = [one for one in wanted if one.grain.name == name]
        for group, values in _grouped(some[0].grain, some, of, now, by, list(places)):
            if any(values):
                mine = found.setdefault(group, dict.fromkeys((one.key for one in wanted), 0))
                mine |= dict(zip((one.key for one in some), values, strict=True))
    return found


def _grouped(
    grain: Grain, some: list[Stock], of: Slice, now: dt.datetime, by: By, places: list[int]
) -> list[tuple[int | None, list[int]]]:
    rows = _asked(grain, some, in_slice(grain, grain.rows(), of.within), now)
    whole = [Q(*(condition.q for condition in one.conditions)) for one in some]
    any_of_them = Q()
    for one in whole:
        any_of_them |= one
    counted = {f"n{number}": Count("pk", filter=one) for number, one in enumerate(whole)}
    rows = rows.filter(any_of_them)
    if by == By.ALL:
        return [(None, list(rows.aggregate(**counted).values()))]
    grouped = grain.expression(by.value)
    rows = rows.annotate(grouped=grouped.copy()).exclude(grouped=None)
    if places:
        rows = rows.filter(grouped__in=places)
    return [(row.pop("grouped"), list(row.values())) for row in rows.values("grouped").annotate(**counted)]
