"""Whom cases and their rows point to, by name: within the statement of a list, or in one of its own for a page.

As joins they cost the planner ten times what finding them costs, and Django more than that.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import ForeignKey, Model, QuerySet
from django.db.models.expressions import RawSQL

from cases.models import Case
from governance.models import ApiKey, Organization, User
from grid.models import Grid

# Lists ------------------------------------------------------------------------------------------------------------

_HOLDER = "FROM cases_assignment leg {} WHERE leg.case_id = cases_case.id AND leg.stopped_at IS NULL"
#: Written out: building them takes the ORM longer than the list takes the database.
LOOKUPS = {
    "category_name": "SELECT name FROM cases_category WHERE id = cases_case.category_id",
    "grid_name": "SELECT name FROM grid_grid WHERE id = cases_case.grid_id",
    **{
        f"{column}_name": f"SELECT name FROM governance_organization WHERE id = cases_case.{column}_id"
        for column in ("street", "community", "centre", "unit")
    },
    "holder_id": f"SELECT leg.person_id {_HOLDER.format('')}",
    "picture": "SELECT uuid FROM cases_photo WHERE case_id = cases_case.id ORDER BY id LIMIT 1",
    "holder_name": f"SELECT u.name {_HOLDER.format('JOIN governance_user u ON u.id = leg.person_id')}",
}
_WORDS = "SELECT left(body, %s) FROM cases_casetext WHERE case_id = cases_case.id AND sequence = 1"


def with_names(cases: QuerySet[Case], *names: str, characters: int = 0) -> QuerySet[Case]:
    """Cases with some of ``LOOKUPS``, and with the first characters of what was reported as ``words``.

    For the list itself, not for a part of another statement: the lookups name the table of cases.
    """
    if characters:
        cases = cases.annotate(words=RawSQL(_WORDS, [characters]))
    return cases.annotate(**{name: RawSQL(LOOKUPS[name], []) for name in names})


# Pages ------------------------------------------------------------------------------------------------------------

_SQL = """
    SELECT 0, id, name, level FROM governance_organization WHERE id = ANY(%s)
    UNION ALL SELECT 1, id, name, NULL FROM governance_user WHERE id = ANY(%s)
    UNION ALL SELECT 2, id, name, NULL FROM grid_grid WHERE id = ANY(%s)
    UNION ALL SELECT 3, id, name, NULL FROM governance_apikey WHERE id = ANY(%s)
"""
#: Kinds in the order of the statement, with what it says of each; any other field is asked for when it is touched.
_KINDS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Organization, ("id", "name", "level")),
    (User, ("id", "name")),
    (Grid, ("id", "name")),
    (ApiKey, ("id", "name")),
)
_INDEXES = {model: index for index, (model, _) in enumerate(_KINDS)}


@cache
def _pointers(model: type[Model]) -> list[tuple[ForeignKey, int]]:
    """Columns of a table that point to one of the kinds, with the index of the kind."""
    fields = model._meta.concrete_fields
    return [(field, _INDEXES[field.related_model]) for field in fields if field.related_model in _INDEXES]


def give_names(rows: Sequence[Model], units: Iterable[int] = ()) -> dict[int, Organization]:
    """Set what rows point to; returns the organizations by number, ``units`` that no row points to among them."""
    wanted: list[set[int]] = [set(units), *(set() for _ in _KINDS[1:])]
    held = [
        (row, field, index, number)
        for row in rows
        for field, index in _pointers(type(row))
        if (number := getattr(row, field.attname)) is not None
    ]
    for _, _, index, number in held:
        wanted[index].add(number)
    found = _find(wanted)
    for row, field, index, number in held:
        setattr(row, field.name, found[index][number])
    return found[_INDEXES[Organization]]


def _find(wanted: list[set[int]]) -> list[dict[int, Any]]:
    """Rows of each kind by number, as far as the statement goes."""
    rows: list[dict[int, Any]] = [{} for _ in _KINDS]
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(numbers) for numbers in wanted])
        for index, *values in cursor.fetchall():
            model, columns = _KINDS[index]
            rows[index][values[0]] = model.from_db(connection.alias, columns, values[: len(columns)])
    return rows
