"""The list that an address of the desk asks for, and which of its cases opens after a move."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from cases.filters import SEARCH, narrow, places_in_sight
from cases.models import Case
from cases.search import Search, rows_of
from cases.waiting import matters_of
from desk import queues
from desk.forms import FilterForm
from governance.models import User

#: Nobody turns more pages than are counted.
PAGES = queues.COUNTED // queues.PAGE


def page_number(text: str | None) -> int:
    """The page of an address; the first where it names none."""
    return min(max(int(text[:6]), 1), PAGES) if text and text.isdecimal() else 1


@dataclass(frozen=True)
class Wanted:
    """The list that an address asks for."""

    queue: queues.Queue
    chosen: tuple[tuple[str, str], ...]
    #: What is searched for; None where it was too short, which finds nothing.
    text: str | None = ""

    def found(self, user: User, now: dt.datetime | None = None) -> QuerySet[Case]:
        """Its cases, in its order; where something is searched for, those among which ``search`` looks."""
        return narrow(queues.cases_in(self.queue, user), dict(self.chosen), now or timezone.now())

    def search(self, user: User, most: int) -> Search:
        """What is searched for in it, the newest first."""
        places = tuple(int(value) for name, value in self.chosen if name in ("street", "community"))
        is_open = self.queue not in queues.ENDLESS
        return Search(self.found(user), self.text or "", user, is_open, places, most)

    def held(
        self, user: User, most: int = queues.COUNTED_ENDLESS, now: dt.datetime | None = None
    ) -> QuerySet[Case]:
        """Its cases, in its order; of a search the newest hits."""
        return self.found(user, now) if self.text == "" else rows_of(self.search(user, most).numbers())


def wanted(form: FilterForm, groups: list[queues.Group]) -> Wanted:
    """The queue and the filters of an address; filters without a queue look through all cases."""
    chosen = dict(form.chosen)
    text = None if form.asks_for_more else chosen.pop(SEARCH, "")
    name = form.data.get("queue", "") or (queues.ALL.name if form.chosen or text is None else "")
    return Wanted(queues.find_queue(groups, name), tuple(chosen.items()), text)


def wanted_by(user: User, query: QueryDict) -> Wanted:
    """The list of an address as one person sees it."""
    return wanted(FilterForm(query, places_in_sight(user)), queues.groups_for(user))


# After a move ------------------------------------------------------------------------------------------------------


def is_list(address: str) -> bool:
    """Whether an address is one of the desk's list with something asked for."""
    return address.startswith(reverse("desk:list") + "?")


@dataclass(frozen=True)
class Place:
    """Where a case stood in a list before a move: ``rows`` are (id, uuid) of its page and the first of the next one."""

    query: QueryDict
    list_: Wanted
    rows: list[tuple[int, uuid.UUID]]

    @classmethod
    def of(cls, address: str, user: User) -> "Place":
        """The page of a list (``is_list``) as it stands now."""
        query = QueryDict(address.partition("?")[2], mutable=True)
        narrows_by_place = "street" in query or "community" in query
        form = FilterForm(query, places_in_sight(user) if narrows_by_place else [])
        list_ = wanted(form, queues.groups_for(user))
        start = (page_number(query.get("page")) - 1) * queues.PAGE
        rows: Any = list_.held(user).values_list("pk", "uuid")[start : start + queues.PAGE + 1]
        return cls(query, list_, list(rows))

    def next_of(self, case: Case, user: User, *, before: str) -> tuple[str, bool]:
        """The address of the list with the case to open now, and whether that is another than ``case``.

        The same one stays while it stands in the list and either nothing about it has changed but words (its state is
        still ``before``), or the next step is this person's too. Else the one below it comes, or the first one left.
        """
        ids = [pk for pk, _ in self.rows]
        there = self.list_.found(user).filter(pk__in=[*ids, case.pk]).order_by()
        left = {pk: (state, waits) for pk, state, waits in there.values_list("pk", "state", "waits_for")}
        own = left.pop(case.pk, None)
        if own is not None and (own[0] == before or matters_of(user, own[1])):
            return self._with(case.uuid), False
        here = ids.index(case.pk) if case.pk in ids else -1
        in_turn = [*self.rows[here + 1 :], *self.rows[: max(here, 0)]]
        return self._with(next((row[1] for row in in_turn if row[0] in left), None)), True

    def _with(self, case: uuid.UUID | None) -> str:
        query = self.query.copy()
        query.pop("case", None)
        if case is not None:
            query["case"] = str(case)
        return f"{reverse('desk:list')}?{query.urlencode()}"
