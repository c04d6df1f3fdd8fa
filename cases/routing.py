"""Where a case goes and why: the responsibility list read against the location (pure, no query)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cases.deadlines import Limit
from cases.loops import loops, lowest, top
from cases.models import Category, Responsibility
from cases.rule_numbers import LIMITS_WITHOUT_A_ROW
from cases.workflow import Loop
from governance.models import Function, Organization
from grid.models import Grid

#: What can be done about a unit where nobody is there.
ELSEWHERE = "请派给其他单位，或先安排人员上岗"


@dataclass(frozen=True)
class Location:
    """A point on the tree; everything but the district may be missing."""

    district: Organization
    street: Organization | None = None
    community: Organization | None = None
    grid: Grid | None = None
    is_community_staffed: bool = False

    @classmethod
    def of(cls, place: Organization) -> "Location":
        """A location of which no more is known than a territory, and those above it."""
        by_level, above = {place.level: place}, place.parent
        while above is not None:
            by_level[above.level], above = above, above.parent
        district, street, community = (by_level.get(loop.level) for loop in reversed(Loop))
        assert district is not None
        return cls(district, street, community)

    def territory(self, loop: Loop) -> Organization | None:
        """The territory that commands a loop here."""
        return getattr(self, loop.column)


@dataclass(frozen=True)
class Route:
    loop: Loop
    centre: Organization
    responsibility: Responsibility | None
    reason: str


def limit_without_a_row(loop: Loop) -> Limit:
    """The desk's own limit for a case about which the list says nothing; handling has none before registering."""
    return Limit.parse(LIMITS_WITHOUT_A_ROW[loop])


def explain(row: Responsibility, category: Category) -> str:
    """Why a row of the list applies, in words for the case page."""
    return (
        f"权责 {category.code} {category.name} v{row.version}（{row.condition}）："
        f"{Loop(row.loop).label}{row.get_power_display()}，牵头{Function(row.lead).label}"
    )


def reason_in(
    loop: Loop, listed: Responsibility | None, before: Responsibility | None, *, turned: str
) -> str:
    """Why a case that was turned up or down is in a loop, and by which row its limits are counted there."""
    if listed is not None:
        return f"{turned}；{explain(listed, listed.category)}"
    if before is not None:
        return f"{turned}；权责清单在{loop.label}没有此类别，时限沿用{Loop(before.loop).label}的权责 v{before.version}"
    return f"{turned}；权责清单无此类别"


def route_report(category: Category, location: Location, rows: Iterable[Responsibility]) -> Route:
    """The lowest loop that has the power; no match or nobody on duty → the second loop; no grid → the top one."""
    listed = {Loop(row.loop): row for row in rows}
    if location.grid is None or location.street is None:
        row = listed.get(top())
        basis = explain(row, category) if row else "权责清单无此类别"
        why = f"位置不在任何网格内，由{top().level.label}级指挥中心受理；{basis}"
        return Route(top(), _centre(location, top()), row, why)
    second = lowest().above or lowest()
    settling = [
        loop for loop in loops() if loop in listed and listed[loop].power == Responsibility.Power.SETTLE
    ]
    if not settling:
        why = f"权责清单无 {category.code} {category.name}，由{second.level.label}受理"
        return Route(second, _centre(location, second), None, why)
    loop = settling[0]
    if loop == Loop.COMMUNITY and not location.is_community_staffed and loop != top():
        row = listed.get(second) or listed[loop]
        why = f"社区坐席无人在岗，由{second.level.label}受理；{explain(row, category)}"
        return Route(second, _centre(location, second), row, why)
    return Route(loop, _centre(location, loop), listed[loop], explain(listed[loop], category))


def _centre(location: Location, loop: Loop) -> Organization:
    centre = location.territory(loop)
    assert centre is not None  # a grid has one for every loop, a point outside all grids for the highest
    return centre


def propose_unit(
    responsibility: Responsibility | None, units: Iterable[Any], centre_id: int
) -> tuple[Organization | None, str]:
    """The unit of the lead function at the commanding centre, and why; ``units`` are those of ``units_in_reach``."""
    if responsibility is None:
        return None, "权责清单无匹配，请人工选择单位"
    leads = [unit for unit in units if unit.function == responsibility.lead and unit.parent_id == centre_id]
    if responsibility.lead == Function.COMMUNITY:
        leads = [unit for unit in units if not unit.function]
    label = Function(responsibility.lead).label
    if not leads:
        return None, f"本级没有承担“{label}”职能的单位，请人工选择"
    staffed = [unit for unit in leads if unit.is_staffed]
    if not staffed:
        return None, f"权责清单的牵头单位{leads[0].name}没有能办理本案的在岗人员，{ELSEWHERE}"
    return staffed[0], f"权责清单 v{responsibility.version} 牵头职能：{label}"
