"""The search of cases: one for desk, board and programs.

Text is compared in its plain form: full width as half width, small letters, without spaces and punctuation but dashes.
A row beside each case (``SearchRow``) holds every pair of neighbouring characters of it as a number, and as marks the
places, units and people by which scope and names are asked. Cases stand in blocks by their number, and a key begins with
its block: a search goes through blocks from the newest and ends with the hits that it needs, so that it costs the same
whether a word is rare or in every tenth case, and however many years there are (decision 50).
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone

from cases.models import Case
from cases.models.case import CaseQuerySet
from governance.models import By, Level, actor_of
from grid.models import GridDuty

#: So many hits are looked for: nobody turns further pages of a search.
MOST = 1_000

# Plain text ---------------------------------------------------------------------------------------------------------

_DASHES = "‐‑‒–—―−⸺⸻"
#: What is left out, after full width has become half width: the database's ``cases_plain`` has the same.
_LEFT_OUT = (
    "".join(map(chr, range(1, 33)))
    + "!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~\x7f\xad"
    + "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff"
    + "‘’‚‛“”„‟†‡•‧‰′″‹›※‖·・、。〃〈〉《》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰«»¡¿§¶"
)
_PLAIN = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + _DASHES, "abcdefghijklmnopqrstuvwxyz" + "-" * len(_DASHES), _LEFT_OUT
)
#: What stands between two words of a search.
_BETWEEN = re.compile(r"[\s,;!?，。；、！？\u200b\ufeff]+")


def plain(text: str) -> str:
    """A text as it is compared; the plain form of a part is a part of the plain form."""
    return unicodedata.normalize("NFKC", text).translate(_PLAIN)


@dataclass(frozen=True)
class Words:
    """What a text asks for: words of two characters or more, and single characters beside them."""

    words: tuple[str, ...]
    letters: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Words":
        """Every word counts; characters that stand alone and have no word beside them are one together ("3 栋")."""
        parts = [part for piece in _BETWEEN.split(text) if (part := plain(piece))]
        words = dict.fromkeys(part for part in parts if len(part) > 1)
        if words:
            return cls(tuple(words), tuple(dict.fromkeys(part for part in parts if len(part) == 1)))
        together = "".join(parts)
        return cls((together,) if len(together) > 1 else ())


# Keys ---------------------------------------------------------------------------------------------------------------

#: Cases of a block, as a power of two; ``cases_search_rows`` in the database has the same layout of keys.
_BLOCK, _SHIFT, _PAIR, _KIND = 14, 42, 21, 38


class Mark(IntEnum):
    """What the keys of a case say beside its words; negative, with an id behind the kind."""

    PLACE = 1  # district, street and community
    GRID = 2
    UNIT = 3  # every unit that had a part in it
    PERSON = 4  # everyone who had a part in it
    REPORTER = 5
    OPEN = 6

    def of(self, number: int = 0) -> int:
        return -((self << _KIND) + number)


# The statement ------------------------------------------------------------------------------------------------------

#: A word that names more than this is a word of every name (社区, 街道) and says nothing.
MOST_NAMED = 50
#: Most names are Chinese characters alone, which have no other form: looking for one costs an eighth of making it plain.
_PLAIN_NAME = "CASE WHEN name ~ '[^一-鿿]' THEN cases_plain(name) ELSE name END"
#: Marks of what has a word in its name: places and units, colleagues who report; never callers, whose names are sealed.
_NAMED = f"""
    names AS (
        SELECT id, {_PLAIN_NAME} AS name, ARRAY[{Mark.PLACE.of()}, {Mark.UNIT.of()}] AS kinds
        FROM governance_organization WHERE level > {Level.DISTRICT.value} OR function <> ''
        UNION ALL
        SELECT id, {_PLAIN_NAME}, ARRAY[{Mark.REPORTER.of()}] FROM governance_user
    ),
    meant AS (
        SELECT word, id, kinds, count(*) OVER (PARTITION BY word) AS held
        FROM unnest(%s::text[]) WITH ORDINALITY AS words(said, word) JOIN names ON strpos(names.name, said) > 0
    ),
    named AS MATERIALIZED (
        SELECT word, kind - id AS mark FROM meant, unnest(kinds) AS kind WHERE held <= {MOST_NAMED}
    )
"""
#: From the newest block to the oldest, until there are enough. Without the addition the planner, which cannot know how
#: few cases a block has, would walk all cases by their number (1.2 s among a million).
_HITS = f"""
    hits AS MATERIALIZED (
        SELECT hit.id
        FROM generate_series((SELECT max(case_id) >> {_BLOCK} FROM cases_searchrow), 0, -1) AS number,
        LATERAL (SELECT number << {_SHIFT} AS first) AS block,
        LATERAL (
            SELECT one.case_id AS id FROM cases_searchrow one WHERE {{condition}} AND one.case_id IN ({{seen}})
            ORDER BY one.case_id + 0 DESC LIMIT %s
        ) AS hit
        LIMIT %s
    )
"""
#: A printed number, with its dash or without.
_NUMBER = re.compile(r"([0-9]{6})-?(0[0-9]{5}|[1-9][0-9]{5,12})")

#: Text of a statement, or the beginning of one, and its parameters.
Sql = tuple[str, list[Any]]


class _Condition:
    """Conditions of a statement that hold together, with their parameters in order."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def add(self, sql: str, *values: Any) -> None:
        self.parts.append(sql)
        self.values += values

    def keys(self, operator: str, keys: list[int]) -> None:
        """A comparison with keys, as they are in the block in hand."""
        each = ", ".join("block.first + %s" if key >= 0 else "%s - block.first" for key in keys)
        self.add(f"one.keys {operator} ARRAY[{each}]", *keys)


@dataclass(frozen=True)
class Search:
    """A text that is searched for among cases: the newest hits, at most ``most`` and one more.

    A word is said in what people wrote on the case, in its address, in the name of its community, street or a unit that
    had a part in it, in that of the colleague who reported it, or is its number. What may be seen is what ``cases`` holds;
    ``by`` (whose scope that is), ``is_open`` and ``places`` (territories that it is narrowed to) only repeat what is true
    of all of them, so that the index is asked for less.
    """

    cases: CaseQuerySet
    text: str
    by: By | None = None
    is_open: bool = False
    places: tuple[int, ...] = ()
    most: int = MOST

    def numbers(self) -> list[int]:
        """Numbers of the hits, the newest first."""
        return [number for (number,) in self._rows("SELECT id FROM hits")]

    def page(
        self, rows: Callable[[CaseQuerySet], QuerySet], start: int, size: int
    ) -> tuple[list[tuple], int]:
        """Some of the hits and how many there are, in one statement; ``rows`` gives the columns of plain values."""
        mine = "cases_case.id IN (SELECT id FROM hits ORDER BY id DESC OFFSET %s LIMIT %s)"
        shown = Case.objects.extra(where=[mine], params=[start, size]).order_by("-pk")
        text, values = rows(shown).query.sql_with_params()
        counted = "SELECT held.number, page.* FROM (SELECT count(*) AS number FROM hits) AS held"
        found = self._rows(f"{counted} LEFT JOIN ({text}) AS page ON true ORDER BY page.id DESC", values)
        return [row[1:] for row in found if row[1] is not None], found[0][0] if found else 0

    def _rows(self, text: str, values: Sequence[Any] = ()) -> list[tuple]:
        if (hits := self._hits()) is None:
            return []
        with connections[self.cases.db].cursor() as cursor:
            cursor.execute(f"WITH {hits[0]} {text}", [*hits[1], *values])
            return cursor.fetchall()

    def _hits(self) -> Sql | None:
        """What a statement begins with that goes on from ``hits``; None where nothing can be found."""
        asked = Words.of(self.text)
        if not asked.words:
            return None
        seen, values = _text_of(self.cases)
        condition = _saying(asked)
        sure = [Mark.PLACE.of(place) for place in self.places if place >> _KIND == 0]
        if self.is_open:
            sure.append(Mark.OPEN.of())
        if sure:
            condition.keys("@>", sure)
        if marks := _scope(self.by):
            condition.keys("&&", marks)
        limit = self.most + 1
        text = _HITS.format(condition=" AND ".join(condition.parts), seen=seen)
        return f"{_NAMED}, {text}", [list(asked.words), *condition.values, *values, limit, limit]


def _saying(asked: Words) -> _Condition:
    """That every word is said, in one way or another."""
    condition = _Condition()
    for place, word in enumerate(asked.words, 1):
        said = _Condition()
        said.keys("@>", _pairs(word))
        if len(word) > 2:  # its pairs may stand apart
            said.add("strpos(one.plain, %s) > 0", word)
        ways, values = [" AND ".join(said.parts)], said.values
        ways.append("one.keys && ARRAY(SELECT mark - block.first FROM named WHERE word = %s)")
        values.append(place)
        for text, given in map(_text_of, _numbered(word)):
            # In its own block alone: keys say which block they are of, a number does not.
            ways.append(f"one.case_id = ANY (ARRAY({text})) AND one.case_id >> {_BLOCK} = number")
            values += given
        condition.add(f"({' OR '.join(ways)})", *values)
    for letter in asked.letters:
        condition.add("strpos(one.plain, %s) > 0", letter)
    return condition


def _text_of(cases: CaseQuerySet) -> Sql:
    """The statement that gives the numbers of some cases."""
    try:
        text, values = cases.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::bigint WHERE false", []
    return text, list(values)


def _pairs(word: str) -> list[int]:
    """Keys of all neighbouring characters of a plain word."""
    return [(ord(one) << _PAIR) + ord(following) for one, following in pairwise(word)]


def _numbered(word: str) -> list[CaseQuerySet]:
    """The cases that a word may be the number of: the running number, or a printed one with its dash or without."""
    found = []
    if word.isdecimal() and len(word) <= 18:
        found.append(Case.objects.filter(pk=int(word)))
    if printed := _NUMBER.fullmatch(word):
        found.append(Case.objects.numbered(f"{printed[1]}-{printed[2]}"))
    return found


def _scope(by: By | None) -> list[int]:
    """Marks of which every case that somebody may see has one; none where that would narrow little."""
    user = None if by is None else actor_of(by).user
    if user is None or any(place.level <= Level.DISTRICT for place in user.authority.territories):
        return []
    marks = [Mark.PLACE.of(place.pk) for place in user.authority.territories]
    marks += [Mark.UNIT.of(unit) for unit in user.authority.unit_ids]
    if user.authority.covers_grids:
        grids = GridDuty.objects.current(timezone.localdate()).filter(user=user)
        marks += [Mark.GRID.of(grid) for grid in grids.values_list("grid", flat=True)]
    return [*marks, Mark.PERSON.of(user.pk)]


def rows_of(numbers: list[int]) -> CaseQuerySet:
    """The cases of a search, or of a page of it, in its order."""
    return Case.objects.filter(pk__in=numbers).order_by("-pk")
