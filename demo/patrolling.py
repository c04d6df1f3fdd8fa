"""Patrols of the last month, for those who walk them under a name that is printed; sent as their phones would."""

import datetime as dt
import uuid
from itertools import pairwise
from random import Random

from cases.deadlines import SHANGHAI
from cases.models import Case
from demo.hours import DAY
from demo.positions import Position, point_in
from governance.models import User
from grid.models import Grid
from patrols.actions import Told, keep_patrol
from patrols.tracks import Point

WALKERS = ("wangge", "xuncha", "jiandu")
#: Reports between these hours come from a patrol, whoever of the grid's staff makes them.
HOURS = (9, 10, 14, 15)
DAYS = 25
#: A walk of two hours: a fix every half minute, a turn every four.
WALK = dt.timedelta(hours=2)
SECONDS, FIXES = 30, 8
MOST_GRIDS = 3


def is_patrol(at: dt.datetime) -> bool:
    """Whether the staff of grids walk at a time."""
    return at.astimezone(SHANGHAI).hour in HOURS


def make_patrols(random: Random, now: dt.datetime) -> int:
    """A patrol on most days, and whenever something was reported on one; returns how many."""
    made = 0
    for user in User.objects.filter(username__in=WALKERS).order_by("pk"):
        grids = Grid.objects.filter(duties__user=user, duties__ends_on=None).order_by("code")[:MOST_GRIDS]
        rings = [grid.rings.first().ring for grid in grids.prefetch_related("rings")]
        for begun in _starts(user, random, now):
            ended = begun + WALK
            if rings and ended < now:
                _send(user, begun, ended, _way(rings, random), random)
                made += 1
    return made


def _starts(user: User, random: Random, now: dt.datetime) -> list[dt.datetime]:
    """When a person set out in the last weeks, in the morning or after the break."""
    begin = (now - DAYS * DAY).astimezone(SHANGHAI).replace(hour=HOURS[0], minute=0, second=0, microsecond=0)
    mornings = (begin + days * DAY for days in range(DAYS + 1))
    starts = {at for at in mornings if at.weekday() < 5 and random.random() < 0.7}
    found = Case.objects.reported_by(user).filter(source=Case.Source.PATROL, reported_at__gte=begin)
    for at in found.values_list("reported_at", flat=True):
        local = at.astimezone(SHANGHAI)
        first = HOURS[0] if local.hour < HOURS[2] else HOURS[2]
        starts.add(local.replace(hour=first, minute=0, second=0, microsecond=0))
    return sorted(starts)


def _send(user: User, begun: dt.datetime, ended: dt.datetime, way: list[Point], random: Random) -> None:
    found = Case.objects.reported_by(user).filter(
        source=Case.Source.PATROL, reported_at__range=(begun, ended)
    )
    told = Told(begun, ended, way, list(found.values_list("uuid", flat=True)))
    keep_patrol(by=user, now=ended, key=uuid.UUID(int=random.getrandbits(128), version=4), told=told)


def _way(rings: list[list[Position]], random: Random) -> list[Point]:
    """A way through some grids, one after the other, at the pace of somebody who looks around."""
    fixes = WALK // dt.timedelta(seconds=SECONDS)
    turns = fixes // FIXES + 1
    corners = [point_in(rings[turn * len(rings) // turns], random) for turn in range(turns)]
    way: list[Point] = []
    for here, there in pairwise(corners):
        for step in range(FIXES):
            share = step / FIXES
            longitude, latitude = (a + (b - a) * share for a, b in zip(here, there, strict=True))
            way.append((SECONDS * len(way), round(longitude, 6), round(latitude, 6), 8.0))
    return way
