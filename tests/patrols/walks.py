"""Patrols that somebody walked, as their phones tell them."""

import datetime as dt
import uuid
from typing import Any

from governance.models import User
from patrols.actions import Told, keep_patrol
from patrols.models import Patrol
from tests import lives, people

HOUR = dt.timedelta(hours=1)
#: About half a metre to the north, in degrees.
STEP = 0.000005


def points_through(*codes: str, minutes: int = 5, accuracy: float = 12) -> list[list[float]]:
    """A walk through grids, one after the other, with a fix every half minute."""
    points, seconds = [], 0
    for code in codes or (f"{people.COMMUNITY}001",):
        longitude, latitude = lives.inside(code)
        for number in range(2 * minutes):
            points.append([seconds, longitude, latitude + number * STEP, accuracy])
            seconds += 30
        seconds += 3600  # so far away that nothing between is a jump
    return points


def walked(by: User | None = None, *, now: dt.datetime, **told: Any) -> Patrol:
    """A patrol of an hour that has just ended; by default through the first grid of the stage."""
    points = [(int(seconds), *rest) for seconds, *rest in told.pop("points", points_through())]
    what = Told(now - HOUR, now, points, told.pop("findings", []))
    return keep_patrol(by=by or people.worker(), now=now, key=uuid.uuid4(), told=what)[0]
