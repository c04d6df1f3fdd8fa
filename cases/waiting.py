"""Waits as they stand on the row of a case: short marks, and the queries for a person; ``cases/waits.py`` says which."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Q, TextChoices

from governance.models import Post, User
from governance.roles import DUTIES, Duty, Role


class Matter(TextChoices):
    """What somebody is waited for to do; the letter stands at the head of a mark. Handling is the next step too."""

    STEP = "t", "下一步"
    HANDLING = "h", "处置"
    EXTENSION = "e", "延期"
    SUSPENSION = "s", "挂账"
    VOID = "v", "作废"
    ORDER = "o", "督办"


#: Steps that wait for a person, and requests that wait for a person's word.
STEPS = (Matter.STEP, Matter.HANDLING, Matter.ORDER)
ASKED = (Matter.EXTENSION, Matter.SUSPENSION, Matter.VOID)
#: Stands on the row of every case with an order.
ORDERED = Matter.ORDER.value

#: Duties whose places are waited for in a matter.
_AT_PLACES: dict[Matter, tuple[Duty, ...]] = {
    Matter.STEP: (Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH),
    Matter.HANDLING: (Duty.HANDLE,),
    Matter.EXTENSION: (Duty.DISPATCH, Duty.CHIEF),
    Matter.SUSPENSION: (Duty.CHIEF, Duty.LEAD),
    Matter.VOID: (Duty.CHIEF, Duty.LEAD),
    Matter.ORDER: (Duty.HANDLE, Duty.CHIEF, Duty.LEAD),
}


#: Duties with which somebody who was drawn or named does it too.
_INSTEAD = {Duty.VERIFY: (Duty.VERIFY, Duty.INTAKE), Duty.LEAD: (Duty.LEAD, Duty.CHIEF)}


class Row(NamedTuple):
    """What the gaps read of a case."""

    pk: int
    waits_for: list[str]


@dataclass(frozen=True)
class Wait:
    """One wait: for whoever holds a duty at a place (organization id), or for a person in a duty.

    Where both are known, the place waits and the person is told. ``never`` are people who may not do it themselves: they
    hold the duty there, but asked, reported or handled.
    """

    matter: Matter
    duty: Duty
    place: int | None = None
    person: int | None = None
    never: tuple[int, ...] = ()

    @property
    def mark(self) -> str:
        """``tC12``: the chief at organization 12; ``tV@45``: person 45, who was drawn."""
        return f"{self.matter}{self.duty}{self.place if self.place is not None else f'@{self.person}'}"

    @property
    def address(self) -> dict[str, Any]:
        """Whom a notice goes to."""
        if self.person and self.person not in self.never:
            return {"user": self.person}
        found = {"organization": self.place, "duty": self.duty}
        return found | {"never": list(self.never)} if self.never else found

    @classmethod
    def read(cls, mark: str) -> "Wait":
        """A wait from its mark."""
        matter, duty, who = Matter(mark[0]), Duty(mark[1]), mark[2:]
        if who.startswith("@"):
            return cls(matter, duty, person=int(who[1:]))
        return cls(matter, duty, place=int(who))


def marks(waits: Iterable[Wait], *, has_order: bool) -> list[str]:
    """What stands on the row: a mark for each wait, ``-e45`` for who may not see to it, and whether there is an order."""
    found = {wait.mark for wait in waits}
    found |= {_never(wait.matter, person) for wait in waits for person in wait.never}
    return sorted(found | ({ORDERED} if has_order else set()))


def _never(matter: Matter, person: int) -> str:
    return f"-{matter}{person}"


def speaks_of(found: Iterable[str], *matters: Matter) -> bool:
    """Whether some marks say that somebody is waited for in one of some matters."""
    return any(mark[0] in matters for mark in found)


def read_all(found: Iterable[str]) -> list[Wait]:
    """The waits of a row; who may not see to it and whether there is an order are no waits."""
    return [Wait.read(mark) for mark in found if _is_wait(mark)]


def _is_wait(mark: str) -> bool:
    return mark != ORDERED and not mark.startswith("-")


def gaps(rows: Iterable[Row], on: dt.date) -> dict[int, list[Wait]]:
    """Cases, by id, in which a matter waits for nobody who is there and may see to it; with those waits.

    A post that nobody holds, somebody who has left, or the only holder may not see to it. Where one of several is there,
    nothing is missing.
    """
    by_mark = cache(Wait.read)
    read = [(row, [by_mark(mark) for mark in row.waits_for if _is_wait(mark)]) for row in rows]
    waits = {wait for _, some in read for wait in some}
    posts = Post.objects.on_duty(on)
    places = {wait.place for wait in waits if wait.place}
    people = {wait.person for wait in waits if wait.person}
    held: dict[tuple[Duty, int], set[int]] = {}
    for place, role, user in posts.filter(organization__in=places).values_list(
        "organization", "role", "user"
    ):
        for duty in DUTIES[Role(role)]:
            held.setdefault((duty, place), set()).add(user)
    can = {
        (user, duty)
        for user, role in posts.filter(user__in=people).values_list("user", "role")
        for duty in DUTIES[Role(role)]
    }

    def is_answered(row: Row, wait: Wait) -> bool:
        if wait.person:
            return any((wait.person, duty) in can for duty in _INSTEAD.get(wait.duty, (wait.duty,)))
        never = {int(mark[2:]) for mark in row.waits_for if mark.startswith(f"-{wait.matter}")}
        return bool(held.get((wait.duty, wait.place), set()) - never)

    missing: dict[int, list[Wait]] = {}
    for row, some in read:
        for matter in {wait.matter for wait in some}:
            of_matter = [wait for wait in some if wait.matter == matter]
            if not any(is_answered(row, wait) for wait in of_matter):
                missing.setdefault(row.pk, []).extend(of_matter)
    return missing


# Queries ----------------------------------------------------------------------------------------------------------


def _marks_of(user: User, matter: Matter) -> list[str]:
    """Marks under which a person is waited for."""
    authority = user.authority
    marks = [f"{matter}{duty}{place}" for duty in _AT_PLACES[matter] for place in authority.places(duty)]
    if matter == Matter.STEP:
        marks += _drawn(user)
    if matter == Matter.ORDER:  # named, or the giver of an order
        marks.append(Wait(matter, Duty.LEAD, person=user.pk).mark)
    return marks


def _drawn(user: User) -> list[str]:
    """The mark of checks that were drawn for a person, who still holds a post for which people are drawn."""
    can = user.authority.has(Duty.VERIFY) or user.authority.has(Duty.INTAKE)
    return [Wait(Matter.STEP, Duty.VERIFY, person=user.pk).mark] if can else []


def matters_of(user: User, found: Iterable[str]) -> set[Matter]:
    """The matters in which some marks wait for a person."""
    marks = set(found)
    asked = {matter for matter in Matter if marks.intersection(_marks_of(user, matter))}
    return {matter for matter in asked if _never(matter, user.pk) not in marks}


def waiting_for(user: User, *matters: Matter) -> Q:
    """Cases that wait for a person in one of some matters."""
    condition = Q(pk=None)
    for matter in matters:
        if own := _marks_of(user, matter):
            condition |= Q(waits_for__overlap=own) & ~Q(waits_for__contains=[_never(matter, user.pk)])
    return condition


def marked_for(user: User, *matters: Matter) -> Q:
    """Cases with a mark of a person in some matters, also where the person never may: few, and found by one index."""
    own = [mark for matter in matters for mark in _marks_of(user, matter)]
    return Q(waits_for__overlap=own) if own else Q(pk__in=[])


def outdoors(user: User) -> Q:
    """Checks that were drawn for a person, and what the person's units have to handle: the work on site."""
    return Q(waits_for__overlap=_drawn(user)) | waiting_for(user, Matter.HANDLING)
