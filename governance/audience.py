"""Whom a notice reaches today: people on duty, else those who stand in for them, never nobody."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import F

from governance.models import Organization, Post
from governance.profile import profile
from governance.roles import DUTIES, Duty, Role

A, C, D, H, V, L = Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH, Duty.HANDLE, Duty.VERIFY, Duty.LEAD
B, U, K = Duty.BLOW, Duty.ANSWER, Duty.HEAD

# fmt: off
#: Who is told where nobody holds a duty, one after another; "above" is each territory up to the district.
STAND_INS: dict[Duty, tuple[tuple[Duty, ...], tuple[Duty, ...]]] = {
    #    at the place itself   above
    A: ((A, C, L),            (A, C)),
    C: ((C, L),               (C,)),
    D: ((D, C, L),            (D, C)),
    H: ((H, D, C, L),         (D, C)),  # who gave the case to the unit can give it to another
    V: ((V, A, C, L),         (A, C)),
    L: ((L,),                 (L,)),
    B: ((B, L),               (B, L)),
    U: ((U, K),               (L, C)),  # of a unit nobody is at, the leaders and the desk above
    K: ((K, U),               (L, C)),
}
#: At the end, where nobody of the district stands in either.
LAST = (L, C)
# fmt: on


class NobodyThere(Exception):
    """A notice that would reach nobody: it is shown as failing, not as delivered."""


def reached(audience: Iterable[dict], *, on: dt.date) -> set[int]:
    """Ids of the people that an audience of the outbox reaches on a day; ``never`` of an address are people it is not for.

    Somebody who is not on duty is left out. Where nobody else is told, the desk named in the address stands in, which
    lies where the matter lies; without one, the desk of the person's last post.

    Raises ``NobodyThere`` when nobody is reached at all.
    """
    told = _people_of(audience, on=on)
    if not told:
        raise NobodyThere("收件人都不在岗，上级也无人在岗")
    return told


def _people_of(audience: Iterable[dict], *, on: dt.date) -> set[int]:
    audience = list(audience)
    named = sorted({address["user"] for address in audience if "user" in address})
    told: set[int] = set()
    if named:
        told.update(Post.objects.on_duty(on).filter(user__in=named).values_list("user", flat=True))
    for address in audience:
        if "organization" in address:
            without = frozenset(address.get("never", ()))
            told |= holders(Duty(address["duty"]), address["organization"], on=on, without=without)
    desks = set() if told else {_desk_instead(address) for address in audience if "user" in address}
    for duty, place_id in filter(None, desks):
        told |= holders(duty, place_id, on=on)
    return told


def asked_of(audience: Iterable[dict], *, on: dt.date) -> dict[int, str]:
    """What each person is asked to do, by their id: of several addresses the first counts."""
    asked: dict[int, str] = {}
    for address in audience:
        if "asks" in address:
            for person in _people_of([address], on=on):
                asked.setdefault(person, address["asks"])
    return asked


def _desk_instead(address: dict) -> tuple[Duty, int] | None:
    """The desk that looks after what somebody would have been told."""
    if desk := address.get("instead"):
        return Duty(desk["duty"]), desk["organization"]
    posts = Post.objects.filter(user=address["user"])
    last = posts.order_by(F("ends_on").desc(nulls_first=True), "-starts_on", "-pk").first()
    return (_stands_in(Role(last.role)), last.organization_id) if last else None


class Nearest(NamedTuple):
    """People who hold a duty at a place."""

    duty: Duty
    place: int
    people: set[int]


def holders(duty: Duty, place_id: int, *, on: dt.date, without: frozenset[int] = frozenset()) -> set[int]:
    """Who holds a duty at a place on a day besides some people, or the first who stand in; empty where nobody does."""
    found = nearest(duty, place_id, on=on, without=without)
    return found.people if found else set()


def nearest(
    duty: Duty, place_id: int, *, on: dt.date, without: frozenset[int] = frozenset()
) -> Nearest | None:
    """As ``holders``, and by which duty at which place they are told."""
    posts = Post.objects.on_duty(on).exclude(user__in=without)
    if there := set(posts.with_duty(duty).filter(organization=place_id).values_list("user", flat=True)):
        return Nearest(duty, place_id, there)
    places = _upward(place_id)
    held = list(posts.filter(organization__in=places).values_list("organization", "role", "user"))
    here, above = STAND_INS[duty]
    tried = [(place, one) for place in places for one in (here if place == place_id else above)]
    for place, one in [*tried, *((place, one) for place in places[-1:] for one in LAST)]:
        if there := {user for at, role, user in held if at == place and one in DUTIES[Role(role)]}:
            return Nearest(one, place, there)
    return None


def _upward(place_id: int) -> list[int]:
    """A place and the territories above it up to the highest that commands, nearest first."""
    path = Organization.objects.values_list("path", flat=True).get(pk=place_id)
    above = Organization.objects.filter(code__in=path.split("/"), level__gte=profile().top)
    return list(above.order_by("-path").values_list("pk", flat=True))


def _stands_in(role: Role) -> Duty:
    """Whose duty it is to look after what somebody in a role leaves behind: outdoors, the desk's."""
    held = DUTIES[role]
    return next((duty for duty in (L, C, D, A, H) if duty in held and V not in held), A)
