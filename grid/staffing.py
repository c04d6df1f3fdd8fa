"""Who may cover a grid, by the profile of the place (pure, no query): asked whenever a duty is saved."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from governance.profile import Cover, Engagement, profile
from governance.refusals import Refused


class Covering(NamedTuple):
    """One duty of somebody at a grid, as far as the rules look at it; one that has ended takes nobody's place."""

    grid: int
    user: int
    cover: str
    engagement: str
    is_current: bool = True


def why_not(wanted: Iterable[Covering], beside: Iterable[Covering]) -> Refused | None:
    """Why some duties do not go beside others; None when nothing is in the way.

    ``beside``: every other duty at the same grids, and of the same people.
    """
    here, wanted = profile(), list(wanted)
    current = [duty for duty in (*wanted, *beside) if duty.is_current]
    on_grid = Counter((duty.grid, duty.cover) for duty in current)
    of_person = Counter((duty.user, duty.engagement) for duty in current)
    for duty in wanted:
        rule = here.covers.get(Cover(duty.cover))
        if rule is None:
            return Refused("本地的网格不设这项职责。", field="duty")
        if duty.engagement not in rule.engagements:
            ways = "或".join(way.label for way in rule.engagements)
            return Refused(f"{rule.label}须为{ways}。", field="engagement")
        if not duty.is_current:
            continue
        if rule.most is not None and on_grid[duty.grid, duty.cover] > rule.most:
            return Refused(f"这个网格的{rule.label}最多 {rule.most} 名，已经有人。", field="duty")
        way = here.engagements[Engagement(duty.engagement)]
        if way.grids is not None and of_person[duty.user, duty.engagement] > way.grids:
            return Refused(f"{way.label}的人员一人最多负责 {way.grids} 个网格。", field="user")
    return None
