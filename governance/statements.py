"""Statements that the same person's pages ask at every request: their text is built once.

Django builds the text of a statement anew each time, which takes longer than the database needs to answer it. The text
is kept under everything it depends on: person, posts of this moment, day and arguments. A post that ends changes the key.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from governance.models import User

#: Texts kept in a process: some of each for everybody who has a desk. A text takes about 3 kB.
KEPT = 4096

Text = tuple[str, tuple]
_texts: dict[Hashable, Text] = {}
_lock = Lock()


def ask(question: Callable[..., QuerySet], user: User, *arguments: Any, keep: bool = True) -> list[tuple]:
    """Rows of ``question(user, *arguments)``: a queryset of plain values that depends on nothing else but the day.

    Without ``keep`` the text is built for this once, as it must be where an argument is never the same again.
    """
    sql, parameters = _text(question, user, arguments, keep)
    return _rows(sql, parameters) if sql else []


#: Stands in a kept text for the number of the row that is asked about; no row has it.
_SOME_ROW = -530_103_199


def ask_about(question: Callable[..., QuerySet], row: int, user: User, *arguments: Any) -> list[tuple]:
    """Rows of ``question(user, row, *arguments)``, whose text is the same for every row: only its number is put in."""
    sql, parameters = _text(question, user, (_SOME_ROW, *arguments), keep=True)
    return _rows(sql, tuple(row if one == _SOME_ROW else one for one in parameters)) if sql else []


def count(question: Callable[..., QuerySet], user: User, *arguments: Any, keep: bool = True) -> int:
    """How many rows ``ask`` would return."""
    sql, parameters = _text(question, user, arguments, keep)
    return _rows(f"SELECT count(*) FROM ({sql}) AS found", parameters)[0][0] if sql else 0


def _rows(sql: str, parameters: tuple) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _text(question: Callable[..., QuerySet], user: User, arguments: tuple, keep: bool) -> Text:
    if not keep:
        return _built(question(user, *arguments))
    key = (question, user.pk, user.authority.key, timezone.localdate(), arguments)
    with _lock:  # an LRU cache: a hit moves to the end; only the key of the request is kept
        if found := _texts.pop(key, None):
            _texts[key] = found
            return found
    built = _built(question(user, *arguments))
    with _lock:
        _texts[key] = built
        if len(_texts) > KEPT:
            del _texts[next(iter(_texts))]
    return built


def _built(rows: QuerySet) -> Text:
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return "", ()
