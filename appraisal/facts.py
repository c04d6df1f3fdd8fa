"""Facts: what the rows of today say should be counted, as SQL; tallies, readers behind them and rebuilds all ask here.

A fact is one counter at one hour. Its columns are ``COLUMNS``; hours are counted since 1970 by the clock of the place.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from appraisal.catalogue import Condition, Counter, counters
from appraisal.grains import DIMENSIONS, Grain, grains

COLUMNS = ("record", *DIMENSIONS, "counter", "hour", "amount")
Narrow = Callable[[Grain, QuerySet], QuerySet]
Sql = tuple[str, list[Any]]


def facts(subject: str, wanted: Iterable[Counter], narrow: Narrow) -> Sql:
    """A SELECT of the facts of some counters over the records of a kind, as far as ``narrow`` lets their rows through."""
    parts = []
    wanted = list(wanted)
    for grain in grains().values():
        mine = [one for one in wanted if one.grain.name == grain.name]
        if grain.subject == subject and mine:
            parts.append(_of_grain(grain, mine, narrow(grain, grain.rows())))
    if not parts:
        return f"SELECT {', '.join(f'NULL::bigint AS {name}' for name in COLUMNS)} WHERE false", []
    return " UNION ALL ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def of_records(records: Any) -> Narrow:
    """Rows of some records: ids, or a queryset of them."""
    return lambda grain, rows: rows.filter(**{f"{grain.record}__in": records})


def all_counters(subject: str) -> list[Counter]:
    return [one for one in counters().values() if one.grain.subject == subject]


def _of_grain(grain: Grain, wanted: list[Counter], rows: QuerySet) -> Sql:
    columns = sorted({condition.column for one in wanted for condition in one.conditions})
    moments = sorted({one.at for one in wanted})
    amounts = sorted({one.amount for one in wanted if one.amount})
    names = ["record", *DIMENSIONS]
    asked: dict[str, Any] = {"x_record": F(grain.record)}
    for name in DIMENSIONS:
        asked[f"x_{name}"] = _expression(grain.dimensions[name])
    for kind, of_kind, expression in (
        ("c", columns, grain.expression),
        ("m", moments, grain.expression),
        ("a", amounts, grain.amount),
    ):
        for name in of_kind:
            names.append(f"{kind}_{name}")
            asked[f"x_{kind}_{name}"] = expression(name)
    inner, values = (
        rows.order_by().values_list(*[value.copy() for value in asked.values()]).query.sql_with_params()
    )
    lines, parameters = [], []
    for one in wanted:
        terms = [_term(condition) for condition in one.conditions]
        parameters += [condition.value for condition in one.conditions]
        amount = f"r.a_{one.amount}::int" if one.amount else "1"
        lines.append(f"({one.number}, r.m_{one.at}, {' AND '.join(terms) or 'true'}, {amount})")
    dimensions = ", ".join(f"r.{name}" for name in DIMENSIONS)
    sql = (
        f"SELECT r.record, {dimensions}, f.counter,"
        f" floor(extract(epoch FROM f.at AT TIME ZONE '{settings.TIME_ZONE}') / 3600)::int AS hour, f.amount"
        f" FROM ({inner}) AS r ({', '.join(names)})"
        f" CROSS JOIN LATERAL (VALUES {', '.join(lines)}) AS f (counter, at, counts, amount)"
        " WHERE f.counts AND f.at IS NOT NULL"
    )
    return sql, [*values, *parameters]


def _expression(found: Any) -> Any:
    return F(found) if isinstance(found, str) else found


def _term(condition: Condition) -> str:
    column = f"r.c_{condition.column}"
    term = {"in": f"{column} = ANY (%s)", "lt": f"{column} < %s", "gte": f"{column} >= %s"}[
        condition.comparison
    ]
    # An empty column is not among the values, so it counts where it must not be one of them: as the ORM reads it.
    return f"NOT coalesce({term}, false)" if condition.negated else f"({term})"
