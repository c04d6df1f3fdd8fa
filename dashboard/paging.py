"""Lists of the board page by page: which page an address asks for, and what is said of it."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest

PAGE = 20


@dataclass
class Paged:
    """A page of a list: its rows, its number from 1 on, and how many there are of everything."""

    rows: list[Any]
    number: int
    total: int
    size: int = PAGE

    @property
    def pages(self) -> int:
        return pages_of(self.total, self.size)


def pages_of(total: int, size: int) -> int:
    """How many pages there are; nothing is a page too."""
    return max(1, ceil(total / size))


def asked_page(request: HttpRequest) -> int:
    """The number of the page that an address asks for; the first one where it cannot be read."""
    word = request.GET.get("page", "")
    return max(1, int(word)) if word.isdecimal() and len(word) < 7 else 1


def paged(request: HttpRequest, rows: QuerySet) -> Paged:
    """The page of a list that an address asks for, in one statement; the last one where it asks for more."""
    number = asked_page(request)
    counted = rows.annotate(total=Window(Count("pk")))
    found = list(counted[(number - 1) * PAGE : number * PAGE])
    if not found and number > 1:
        number = pages_of(rows.count(), PAGE)
        found = list(counted[(number - 1) * PAGE : number * PAGE])
    return Paged(found, number, found[0].total if found else 0)
