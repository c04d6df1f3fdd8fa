"""How things stand now: counts of rows by the same definitions as counters, read from the rows; no period, no tally."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import BigIntegerField, Count, Q, QuerySet, Value
from django.db.models.functions import Cast

from appraisal.catalogue import Stock, stocks
from appraisal.counting import By, Counts, in_slice
from appraisal.grains import Grain
from appraisal.slices import Slice

_NONE = Value(0, output_field=BigIntegerField())
_EVERYTHING = Cast(Value(None), BigIntegerField())


def rows_of(stock: Stock, of: Slice, now: dt.datetime) -> QuerySet:
    """Rows that a stock counts in a slice."""
    rows = _asked(stock.grain, [stock], _standing(stock.grain, of), now)
    return rows.filter(*(condition.q for condition in stock.conditions))


def _standing(grain: Grain, of: Slice) -> QuerySet:
    return in_slice(grain, grain.rows(), of.within).filter(grain.standing)


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
    """Counts of some stocks by group, in one statement; a group without any is left out.

    ``by`` is one of all, street, community, grid, unit, category; ``places`` are the places that are told apart.
    """
    wanted = [stocks()[key] for key in sorted(set(keys))]
    grains = {one.grain.name: one.grain for one in wanted}.values()
    if not grains:
        return {}
    first, *others = [_grouped(grain, wanted, of, now, by, list(places)) for grain in grains]
    found: dict[int | None, Counts] = {}
    for group, *values in first.union(*others, all=True) if others else first:
        if any(values):
            mine = found.setdefault(group, dict.fromkeys((one.key for one in wanted), 0))
            for one, value in zip(wanted, values, strict=True):
                mine[one.key] += value
    return found


def _grouped(
    grain: Grain, wanted: Sequence[Stock], of: Slice, now: dt.datetime, by: By, places: list[int]
) -> QuerySet:
    """Group and counts of the stocks of a grain; of other stocks there is none of it."""
    mine = [one for one in wanted if one.grain is grain]
    whole = {one.key: Q(*(condition.q for condition in one.conditions)) for one in mine}
    any_of_them = Q()
    for one in whole.values():
        any_of_them |= one
    counted = {
        f"n{number}": Count("pk", filter=whole[one.key]) if one.key in whole else _NONE
        for number, one in enumerate(wanted)
    }
    rows = _asked(grain, mine, _standing(grain, of), now).filter(any_of_them)
    if by == By.ALL:
        rows = rows.annotate(grouped=_EVERYTHING)
    else:
        rows = rows.annotate(grouped=grain.expression(by.value).copy()).exclude(grouped=None)
    if places:
        rows = rows.filter(grouped__in=places)
    return rows.values("grouped").annotate(**counted).values_list("grouped", *counted)
