"""Open cases near a position that may be the same matter as a new report."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from cases.models import Case, Category
from cases.rows import with_row
from governance.models import User
from grid.models import Grid
from grid.tiles import metres_between

ROWS = 5
#: So many of the newest are looked at.
LOOKED_AT = 200


@dataclass(frozen=True)
class Nearness:
    """How far is looked: metres, days since the report, and whether the same category in the same community counts too."""

    metres: int
    days: int | None = None
    in_community: bool = False


#: Somebody who stands there sees what is meant; a caller may be a street away from it.
ON_SITE = Nearness(metres=150, days=30)
BY_TELEPHONE = Nearness(metres=300, in_community=True)


def open_nearby(
    user: User,
    longitude: float,
    latitude: float,
    how: Nearness,
    *,
    now: dt.datetime,
    category: Category | None = None,
) -> list[Case]:
    """Rows of open cases that this person may see: the same category (``is_same``) first, then by ``metres``.

    The position is in degrees, WGS-84.
    """
    visible = Case.objects.visible_to(user).open()
    if how.days is not None:
        visible = visible.filter(reported_at__gte=now - dt.timedelta(days=how.days))
    around = visible.near(longitude, latitude, how.metres)
    if how.in_community and category is not None:
        here = Grid.objects.active(timezone.localdate(now)).containing(longitude, latitude)
        same = visible.filter(category=category, community__in=here.values("community"))
        # A union, since an OR of the two is looked for among all cases there are.
        around = Case.objects.filter(pk__in=around.values("pk").union(same.values("pk")))
    cases = []
    for case in with_row(around.order_by("-pk"))[:LOOKED_AT]:
        case.metres = metres_between((longitude, latitude), (case.longitude, case.latitude))
        case.is_same = category is not None and case.category_id == category.pk
        if case.metres <= how.metres or (how.in_community and case.is_same):
            cases.append(case)
    return sorted(cases, key=lambda case: (not case.is_same, case.metres))[:ROWS]
