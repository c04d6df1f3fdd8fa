"""Counts over the cases of a queryset, written as SQL: the ORM compiles the scope alone, and once."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def counted_in(seen: QuerySet, sql: str, parameters: dict[str, Any]) -> list[tuple]:
    """Rows of a statement of ours that counts in ``seen``, the columns of a queryset's ``values_list``.

    What may be seen and what it is narrowed to stays with the queryset; it is written into the statement as a part that
    the planner sees through, so that every count finds the index of its own. Figures come as the driver gives them:
    building and converting a dozen aggregates costs the ORM more than counting them costs the database.
    """
    try:
        scope, values = seen.query.sql_with_params()
    except EmptyResultSet:
        return []
    named = {f"scope_{number}": value for number, value in enumerate(values)}
    # The driver takes parameters by name or by order, not both; a per cent sign of the scope's own stays doubled.
    scope = scope.replace("%%", "%%%%") % tuple(f"%({name})s" for name in named)
    with connections[seen.db].cursor() as cursor:
        cursor.execute(f"WITH seen AS NOT MATERIALIZED ({scope}) {sql}", named | parameters)
        return cursor.fetchall()
