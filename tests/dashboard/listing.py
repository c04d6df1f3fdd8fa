"""The list behind a number, as a person turns its pages."""

from typing import Any

from django.test import Client


def listed(client: Client, url: str) -> list[Any]:
    """All lines on all pages of the list behind an address; as many as it says."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    return lines_of(client, url, answer)


def lines_of(client: Client, url: str, first: Any) -> list[Any]:
    """The same, with the answer for the first page."""
    paged = first.context["paged"]
    lines = list(paged.rows)
    for page in range(2, paged.pages + 1):
        lines += client.get(f"{url}&page={page}").context["paged"].rows
    assert len(lines) == paged.total, url
    return lines


def counted(client: Client, url: str) -> int:
    """How many lines that is."""
    return len(listed(client, url))
