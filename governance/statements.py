"""Statements that the same person's pages ask at every request: their text is built once.

Django builds the text of a statement anew each time, which takes longer than the database needs to answer it. The text
is kept under everything it depends on: person, posts of this moment, day and arguments. A post that ends changes the key.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from governance.models import User

#: Texts kept in a process: some of each for everybody who has a desk. A text takes about 3 kB.
KEPT = 4096


@dataclass(frozen=True)
class _Statement:
    key: Hashable
    build: Callable[[], QuerySet] = field(compare=False)


@lru_cache(KEPT)
def _text(statement: _Statement) -> tuple[str, tuple]:
    try:
        return statement.build().query.sql_with_params()
    except EmptyResultSet:
        return "", ()


def ask(question: Callable[..., QuerySet], user: User, *arguments: Hashable) -> list[tuple]:
    """Rows of ``question(user, *arguments)``: a queryset of plain values that depends on nothing else but the day."""
    key = (question, user.pk, user.powers.key, timezone.localdate(), *arguments)
    sql, parameters = _text(_Statement(key, lambda: question(user, *arguments)))
    if not sql:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
