"""What an app declares to others without being known by them: each ``module.py`` holds one ``MODULE``.

Apps below ask here and know no app above. A profile of a place leaves modules out; what is left out declares nothing and
has no address, neither of its own nor in the configuration.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.http import HttpRequest

from governance.profile import profile


@dataclass(frozen=True)
class Face:
    """A way into the site; which role opens which stands in ``governance/faces.py``."""

    name: str
    label: str
    icon: str
    address: str


@dataclass(frozen=True)
class Panel:
    """A part of the case page: ``context(request, case)`` gives what its template shows, or None for no panel."""

    name: str
    title: str
    template: str
    context: Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class ToDo:
    """One row that waits for a person: what is to be done, on what, by when."""

    verb: str
    title: str
    address: str
    due_at: dt.datetime | None = None
    is_late: bool = False


@dataclass(frozen=True)
class PhonePage:
    """A page that an app adds to the phone, for whoever holds a duty or one of some posts somewhere."""

    label: str
    icon: str
    address: str
    duty: str = ""
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A number of the board that opens the list that it counts; ``is_bad``: it should be nought."""

    label: str
    value: int
    address: str
    is_bad: bool = False


@dataclass(frozen=True)
class Told:
    """What became of the subject of a notice by now: its state, in words and colour."""

    label: str
    tone: str


@dataclass(frozen=True)
class Shown:
    """A record as a line of a list that knows no app: what and where, its number and state, and its page."""

    address: str
    title: str
    where: str
    number: str
    state: str
    tone: str
    lateness: str = "none"


@dataclass(frozen=True)
class Module:
    """Everything that an app adds to others.

    ``to_do(user, now, most)`` gives what waits for a person, most urgent first. ``figures(user, now)`` are numbers for
    the board, none where there is nothing to count. ``hears`` are called inside the
    transaction of a move, by its name, with the walk after it was written down; what they raise undoes the move.
    ``delivers`` work off outbox rows of a kind. ``states_of(user, addresses)`` says how the subjects of notices stand.
    ``shows`` makes lines of records by their ids, for each kind of them, as far as the person may see them.
    ``grains`` are rows of its own that figures may count (``appraisal.grains.Grain``), ``measures`` the folder with its
    counters and measures, ``histories`` the events from which the same rows follow (``appraisal.recounting.Source``),
    ``exports`` the lists that become files (``exports.sources.Source``).
    """

    name: str
    label: str
    is_needed: bool = False  # the loop does not work without it: no place leaves it out
    faces: tuple[Face, ...] = ()
    panels: tuple[Panel, ...] = ()
    phone: tuple[PhonePage, ...] = ()
    to_do: Callable[[Any, dt.datetime, int], Iterable[ToDo]] | None = None
    figures: Callable[[Any, dt.datetime], Iterable[Figure]] | None = None
    figures_title: str = ""
    hears: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    delivers: dict[str, Callable[[Any, dt.datetime], None]] = field(default_factory=dict)
    states_of: Callable[[Any, list[str]], dict[str, Told]] | None = None
    shows: dict[str, Callable[[Any, list[int]], dict[int, Shown]]] = field(default_factory=dict)
    grains: tuple[Any, ...] = ()
    measures: Path | None = None
    histories: tuple[Any, ...] = ()
    exports: dict[str, Any] = field(default_factory=dict)


@cache
def installed() -> tuple[Module, ...]:
    """Modules of all installed apps, in the order of the settings."""
    names = (f"{config.name}.module" for config in apps.get_app_configs())
    return tuple(import_module(name).MODULE for name in names if find_spec(name))


def is_used(name: str) -> bool:
    """Whether this place uses an app; only the modules that its profile leaves out are not used."""
    return name not in profile().without


def used() -> tuple[Module, ...]:
    """Modules that this place uses."""
    return tuple(module for module in installed() if is_used(module.name))


def kept_for_modules(question: Callable[[], Any]) -> Any:
    """Ask a question about the modules in use once for each set of them; ``cache_clear`` forgets the answers."""
    kept: dict[tuple[str, ...], Any] = {}

    @wraps(question)
    def answer() -> Any:
        names = tuple(module.name for module in used())
        if names not in kept:
            kept[names] = question()
        return kept[names]

    answer.cache_clear = kept.clear  # type: ignore[attr-defined]
    return answer


def wrongly_left_out() -> list[str]:
    """What is wrong with the modules that the profile leaves out, in sentences."""
    by_name = {module.name: module for module in installed()}
    return [
        f"The profile leaves out {name!r}, which {'no place can' if name in by_name else 'no app is'}."
        for name in sorted(profile().without)
        if name not in by_name or by_name[name].is_needed
    ]


def faces() -> dict[str, Face]:
    """Every declared face by its name."""
    return {face.name: face for module in used() for face in module.faces}


def panels(request: HttpRequest, case: Any) -> list[tuple[Panel, dict[str, Any]]]:
    """Panels that have something to show on a case."""
    asked = [(panel, panel.context(request, case)) for module in used() for panel in module.panels]
    return [(panel, context) for panel, context in asked if context is not None]


def to_do(user: Any, now: dt.datetime, most: int, *, besides: str = "") -> list[tuple[Module, ToDo]]:
    """What waits for a person in all modules, ``besides`` one that shows its own, by due date; without a date last."""
    asked = [module for module in used() if module.to_do and module.name != besides]
    rows = [(module, row) for module in asked if module.to_do for row in module.to_do(user, now, most)]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(rows, key=lambda pair: pair[1].due_at or far)[:most]


def phone_pages(user: Any) -> list[PhonePage]:
    """Pages that apps add to a person's phone."""
    held = {post.role for post in user.authority.posts}
    pages = [page for module in used() for page in module.phone]
    return [page for page in pages if user.authority.has(page.duty) or held & page.roles]


def figures(user: Any, now: dt.datetime) -> list[tuple[Module, list[Figure]]]:
    """Numbers for the board, by the module that counts them; without those that have nothing to count."""
    asked = [(module, list(module.figures(user, now))) for module in used() if module.figures]
    return [(module, found) for module, found in asked if found]


def heard(move: str, walk: Any) -> None:
    """Let every module hear of a move, in its transaction."""
    for module in used():
        if listener := module.hears.get(move):
            listener(walk)


def handler(kind: str) -> Callable[[Any, dt.datetime], None]:
    """What works off outbox rows of a kind; raises ``LookupError`` where no module delivers it."""
    for module in used():
        if kind in module.delivers:
            return module.delivers[kind]
    raise LookupError(f"no module delivers outbox rows of kind {kind!r}")


def states_of(user: Any, addresses: list[str]) -> dict[str, Told]:
    """How the subjects of notices stand now, by their addresses, as far as the person may see them."""
    states: dict[str, Told] = {}
    for module in used():
        if module.states_of and addresses:
            states |= module.states_of(user, addresses)
    return states


def shown(kind: str, user: Any, ids: list[int]) -> dict[int, Shown]:
    """Lines of some records of a kind by their ids, those that the person may see; raises ``LookupError`` for no kind."""
    for module in used():
        if kind in module.shows:
            return module.shows[kind](user, ids) if ids else {}
    raise LookupError(f"no module shows records of kind {kind!r}")
