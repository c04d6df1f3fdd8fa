"""The shape of the demo year as data: what is reported how often, when and where, and what a leader should find.

All of it is invented. ``demo/planning.py`` draws cases from it, ``demo/history.py`` makes them by real moves.
"""

import datetime as dt
from dataclasses import dataclass

from governance.models import Function

#: Everyday cases of the year; what stands out comes on top.
EVERYDAY = 5000

# When people report ------------------------------------------------------------------------------------------------

#: How busy the days of a week are, Monday to Sunday, and the hours of a day, 0 to 23.
WEEKDAYS = (1.2, 1.1, 1.05, 1.05, 1.1, 0.75, 0.65)
BY_DAY = (1, 0, 0, 0, 0, 1, 3, 8, 15, 20, 18, 12, 6, 8, 14, 17, 16, 12, 8, 6, 5, 3, 2, 1)
BY_NIGHT = (5, 2, 1, 0, 0, 1, 2, 3, 3, 3, 3, 3, 4, 3, 3, 3, 4, 6, 10, 15, 18, 18, 15, 9)
#: What people meet in the evening and at night.
AT_NIGHT = frozenset({"噪声扰民", "邻里噪声纠纷", "施工扰民", "油烟污染", "占道经营", "店外经营", "路灯异常"})


@dataclass(frozen=True)
class Season:
    """Days of every year (month, day; both in it) on which some categories are reported so many times as often.

    A topic may belong to a season by its name (``Topic.only``): it is seen in that season alone.
    """

    name: str
    begins: tuple[int, int]
    ends: tuple[int, int]
    times: float
    categories: tuple[str, ...]

    def includes(self, day: dt.date) -> bool:
        today = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= today <= self.ends
        return today >= self.begins or today <= self.ends


SEASONS = (
    Season("夏夜", (6, 1), (9, 15), 2.4, ("占道经营", "店外经营", "噪声扰民", "油烟污染")),
    Season("雨季", (5, 20), (9, 30), 2.4, ("雨水箅子异常", "污水井盖异常", "道路破损", "漏水渗水纠纷")),
    Season("冬", (11, 20), (2, 20), 0.5, ("占道经营", "店外经营", "雨水箅子异常")),
    Season("寒潮", (12, 10), (2, 20), 3.0, ("停水停电求助", "独居老人探访", "室内燃气安全隐患")),
    Season("烟花", (1, 20), (3, 5), 1.0, ()),
    Season("年前", (1, 5), (2, 15), 3.0, ("劳资纠纷",)),
    Season("春", (3, 1), (5, 15), 3.0, ("病虫害", "绿地脏乱", "行道树异常")),
    Season("春季学期", (2, 25), (7, 10), 1.6, ("机动车乱停放", "交通标线不清晰")),
    Season("秋季学期", (9, 1), (1, 15), 1.6, ("机动车乱停放", "交通标线不清晰")),
    Season("暑假", (7, 11), (8, 31), 1.8, ("邻里噪声纠纷", "高空抛物", "宠物扰民纠纷")),
)

# Who reports -------------------------------------------------------------------------------------------------------

#: Of a hundred reports, those of people and programs without a post; the others come from the grids and the desks.
OUTSIDE = {"resident": 10, "hotline": 6, "camera": 3}

# How cases go ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Odds:
    """Of a hundred cases, how many have a trait."""

    endings: tuple[float, ...] = (90, 5, 2, 3)  # settled, decline, withdraw, void
    checked: float = 18
    refusals: tuple[float, ...] = (90, 8, 2)  # none, one, two
    neglected: float = 9
    late: float = 20
    extension: float = 7
    suspension: float = 3
    rework: float = 7
    closing_refused: float = 2
    reopened: float = 3
    handed_up: float = 4
    handed_down: float = 2
    commented: float = 22
    supervised: float = 4
    is_evaluated: float = 85
    pleases: float = 0
    pace: float = 1.0


USUAL_ODDS = Odds()

# What stands out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Storm:
    """Days on which some streets have so many times their usual cases, of the topics that belong to the storm.

    What is not done at once is worked off within some days after it.
    """

    name: str
    days_ago: int
    days: int
    streets: tuple[str, ...]
    times: float
    at_once: float  # the share
    worked_off: int


@dataclass(frozen=True)
class Growth:
    """Cases of one category in one community in each of the last weeks, the latest last."""

    community: str
    category: str
    weeks: tuple[int, ...]


@dataclass(frozen=True)
class Repeat:
    """The same matter at the same spot of a grid again and again, so many days ago."""

    grid: str
    category: str
    address: str
    days_ago: tuple[int, ...]


@dataclass(frozen=True)
class Overlooked:
    """A grid whose worker is there on so many days of the last weeks, and whose residents report what he passed by."""

    grid: str
    seen: str  # a category that the worker settles on the spot on the same day
    passed_by: tuple[str, ...]
    days: int
    weeks: int


#: Seven weeks ago: 金辰, 青云, 龙泉, 茨坝.
STORM = Storm(
    "暴雨", 49, 2, ("530103005", "530103006", "530103007", "530103008"), 7, at_once=0.35, worked_off=7
)
#: 盘龙区通信运营服务中心: late, and what it has done often does not pass the check.
SLOW = Function.TELECOM
SLOW_ODDS = Odds(
    refusals=(78, 16, 6), neglected=18, late=55, extension=18, rework=38, reopened=8, supervised=8
)
#: 东华街道: fast, nothing is sent back, people are satisfied.
MODEL = "530103003"
MODEL_ODDS = Odds(
    refusals=(98, 2, 0), neglected=0, late=1, extension=2, rework=1, closing_refused=0, reopened=0,
    handed_up=1, supervised=0, is_evaluated=97, pleases=85, pace=0.6,
)  # fmt: skip
#: 长青社区 of 联盟街道.
GROWTH = Growth("530103004002", "飞线充电", (2, 3, 5, 8, 12, 15))
REPEATS = (
    Repeat("530103002002004", "暴露垃圾", "穿金路 88 号旁垃圾收集点", (4, 9, 15, 20, 26, 33, 41)),
    Repeat("530103007004002", "占道经营", "龙泉路上坝菜市场门口", (3, 8, 12, 19, 24, 36)),
    Repeat("530103005003003", "污水井盖异常", "沣源路任旗营公交站旁", (6, 17, 27, 44)),
)
OVERLOOKED = Overlooked(
    "530103006004003", "乱堆杂物", ("暴露垃圾", "楼道堆物", "垃圾站（箱）满溢", "非机动车乱停放"), 26, 12
)


def times(category: str, only: str, day: dt.date) -> float:
    """How many times as often as usual a topic of a category is reported on a day."""
    factor, seen = 1.0, not only
    for season in SEASONS:
        if season.includes(day):
            seen |= season.name == only
            if category in season.categories:
                factor *= season.times
    return factor if seen else 0.0
