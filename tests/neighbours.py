"""Neighbourhoods for tests: a building at the stage, around the place where reports of tests lie, and who leads it."""

import datetime as dt
import uuid

from django.utils import timezone

from governance.models import Organization, User
from governance.roles import Role
from grid.models import Grid
from neighbourhoods.actions import give
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, NeighbourhoodLeader
from tests import people

BEGUN = dt.date(2026, 1, 1)
#: One degree of latitude in metres, near enough for tests.
DEGREE = 111_320


def building(
    name: str = "尚义大厦 1 栋", *, position: list[float] | None = None, radius: int = 80
) -> Neighbourhood:
    """A building in the grid of the stage's worker, made once."""
    from tests.lives import inside

    longitude, latitude = position or inside()
    defaults = {
        "kind": Neighbourhood.Kind.BUILDING,
        "longitude": longitude,
        "latitude": latitude,
        "radius": radius,
    }
    grid = Grid.objects.get(code=f"{people.COMMUNITY}001")
    return Neighbourhood.objects.get_or_create(grid=grid, name=name, defaults=defaults)[0]


def leader(
    of: Neighbourhood | None = None, *, username: str = "louzhang_test", role: Role = Role.BUILDING_LEADER
) -> User:
    """Who leads a neighbourhood, fresh from the database."""
    if not User.objects.filter(username=username).exists():
        user = people.newcomer(username, "李楼长", role)
        NeighbourhoodLeader.objects.create(neighbourhood=of or building(), user=user, starts_on=BEGUN)
    return User.objects.get(username=username)


def community() -> Organization:
    return Organization.objects.get(code=people.COMMUNITY)


def asked(by: User) -> AskedNeighbourhood:
    """A small task of the building that this person leads from now on."""
    NeighbourhoodLeader.objects.get_or_create(
        neighbourhood=building(), user=by, defaults={"starts_on": BEGUN}
    )
    now = timezone.now()
    due_on = timezone.localdate(now) + dt.timedelta(days=3)
    task = give(
        by=people.clerk(), now=now, key=uuid.uuid4(), community=community(), words="请看一看楼道灯有没有不亮的。", due_on=due_on,
        neighbourhoods=[building()],
    )  # fmt: skip
    return task.asked.get()
