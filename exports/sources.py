"""Which lists become files: each module declares its own in ``Module.exports``, by a name."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from governance import modules
from governance.models import User
from records.sheet import Columns

#: Rows that a page hands out at once, and that a file holds at most: written well within the time of a task (240 s).
AT_ONCE, MOST = 5_000, 50_000


@dataclass(frozen=True)
class Source:
    """A list as its page shows it: the same filters, scope and order, whoever asks and whenever.

    ``ids`` gives the rows that a person sees under the filters of an address, in its order, ``most`` of them; ``cells``
    writes some, as far as the person sees them. ``one`` is what a row is counted by (件).
    """

    label: str
    one: str
    columns: Columns
    name: Callable[[User, QueryDict], str]
    ids: Callable[[User, QueryDict, dt.datetime, int], list[int]]
    cells: Callable[[User, list[int]], Iterable[Sequence[object]]]


def source(name: str) -> Source:
    """Raises ``LookupError`` where no module in use makes such files."""
    for module in modules.used():
        if name in module.exports:
            return module.exports[name]
    raise LookupError(f"no module makes files of {name!r}")
