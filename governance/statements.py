"""Statements that the same person's pages ask at every request: their text is built once.

Django builds the text of a statement anew each time, which takes longer than the database needs to answer it. The text
is kept under everything it depends on: person, posts of this moment, day and arguments. A post that ends changes the key.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

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

    def text(self) -> tuple[str, tuple]:
        try:
            return self.build().query.sql_with_params()
        except EmptyResultSet:
            return "", ()


_kept = lru_cache(KEPT)(_Statement.text)


def ask(question: Callable[..., QuerySet], user: User, *arguments: Any, keep: bool = True) -> list[tuple]:
    """Rows of ``question(user, *arguments)``: a queryset of plain values that depends on nothing else but the day.

    Without ``keep`` the text is built for this once, as it must be where an argument is never the same again.
    """
    return _rows("", "", question, user, arguments, keep)


def count(question: Callable[..., QuerySet], user: User, *arguments: Any, keep: bool = True) -> int:
    """How many rows ``ask`` would return."""
    found = _rows("SELECT count(*) FROM (", ") AS found", question, user, arguments, keep)
    return found[0][0] if found else 0


def _rows(
    before: str, after: str, question: Callable[..., QuerySet], user: User, arguments: tuple, keep: bool
) -> list[tuple]:
    key = (question, user.pk, user.powers.key, timezone.localdate(), arguments)
    statement = _Statement(key, lambda: question(user, *arguments))
    sql, parameters = _kept(statement) if keep else statement.text()
    if not sql:
        return []
    with connection.cursor() as cursor:
        cursor.execute(before + sql + after, parameters)
        return cursor.fetchall()
