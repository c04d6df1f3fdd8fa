"""Which figures stand on whose board: five at the top, and the columns of the tables below. Keys of measures."""

from dataclasses import dataclass

from governance.models import User
from governance.roles import Duty, Role


@dataclass(frozen=True)
class Board:
    """``five`` come first; ``parts`` compare the places below, ``units`` those that handle there."""

    name: str
    label: str
    five: tuple[str, ...]
    parts: tuple[str, ...] = ("open_now", "overdue_now", "closed", "closed_in_time_rate", "base_rate")
    units: tuple[str, ...] = (
        "in_handling_now",
        "overdue_handling_now",
        "handled",
        "handling_in_time_rate",
        "rework_rate",
    )

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((*self.five, *self.parts))


LEADER = Board("leader", "领导", ("open_now", "overdue_now", "reported", "closed_in_time_rate", "base_rate"))
COMMUNITY = Board(
    "community",
    "社区",
    ("open_now", "overdue_now", "reported", "handling_in_time_rate", "satisfied_rate"),
    parts=("reported", "closed", "closed_in_time_rate", "rework_rate"),
)
UNIT = Board(
    "unit",
    "单位",
    ("in_handling_now", "overdue_handling_now", "handled", "handling_in_time_rate", "rework_rate"),
)
CHIEF = Board(
    "chief",
    "值班",
    (
        "to_register_now",
        "to_dispatch_now",
        "to_close_now",
        "registering_in_time_rate",
        "accurate_dispatch_rate",
    ),
    parts=(
        "open_now",
        "overdue_now",
        "registering_in_time_rate",
        "dispatching_in_time_rate",
        "verifying_in_time_rate",
    ),
)
AUDITOR = Board(
    "auditor",
    "审计",
    ("orders_past_deadline_now", "overdue_now", "voiding_rate", "reopening_rate", "passing_rate"),
    parts=("closed", "closed_in_time_rate", "rework_rate", "reopening_rate", "voiding_rate"),
)
BOARDS = {board.name: board for board in (LEADER, COMMUNITY, UNIT, CHIEF, AUDITOR)}


def boards_of(user: User, dimension: str) -> list[Board]:
    """Boards that a person is offered for a place, the own one first."""
    if dimension == "unit":
        return [UNIT]
    about = COMMUNITY if dimension in ("community", "grid") else LEADER
    mine = []
    if any(post.role == Role.AUDITOR for post in user.authority.posts):
        mine.append(AUDITOR)
    if user.authority.has(Duty.LEAD) or user.authority.has(Duty.BLOW):
        mine.append(about)
    if user.authority.has(Duty.CHIEF):
        mine.append(CHIEF)
    return list(dict.fromkeys([*mine, about, *([CHIEF] if about in mine else [])]))
