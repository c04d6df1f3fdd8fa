"""Addresses as people say them: taken apart, and matched with what is known to lie there, so that a caller's gets its grid.

What is known comes from sources, one function each: earlier cases, neighbourhoods, communities and their grids. Another one
(estates and buildings of a registry) is added to ``SOURCES``.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone

from cases.models import Case
from cases.search import Search, Words, plain
from cases.workflow import ROUGH
from governance.models import User
from grid.models import Grid
from neighbourhoods.models import Neighbourhood

#: So many suggestions, and so many earlier cases of a road or an estate that are looked through.
ROWS, LOOKED_AT = 7, 400
#: A name that so many people wrote, each in a case of the own, is one of a road or an estate, not somebody's.
VOUCHING = 2
#: From here on a suggestion is the place that was named, not one beside it.
SURE = 80

# Taken apart ----------------------------------------------------------------------------------------------------------

_HAN = "一-鿿"
_TERRITORY = re.compile(
    rf"^(?:[{_HAN}]{{2,6}}(?:省|市)|[{_HAN}]{{1,5}}?(?<![小片园校厂社城])区(?!域)|[{_HAN}]{{2,6}}?街道(?:办事处|办)?|[{_HAN}]{{2,8}}?社区)(?=.)"
)
_ROAD = re.compile(
    rf"(?P<road>[{_HAN}]{{1,8}}?(?:大道|[路街巷道弄]))(?P<part>[东南西北中]段)?(?P<number>(?![0-9-]*(?:[0-9]{{7}}|[0-9]{{4}}-[0-9]{{4}}))[0-9]{{1,5}}(?:-[0-9]{{1,4}})?(?![0-9])(?:号(?!楼)|(?!栋|幢|座|号楼|单元)))?"
)
_BUILDING = re.compile(r"(?<![0-9a-z])(?P<building>[0-9]{1,3}|[a-z])(?:号楼|[栋幢座])")
_ESTATES = "小区|花园|家园|新村|公寓|大厦|广场|宿舍|市场|中学|小学|学校|医院|大院|[苑府园村院厂]"
_ESTATE = re.compile(rf"(?P<estate>[{_HAN}a-z]{{2,10}}?(?:{_ESTATES}))")
_NAME = re.compile(rf"[{_HAN}a-z]{{2,10}}$")
#: What leads from a person to a place ("王秀英家住北京路"), and what speaks of a person.
_LEADS = re.compile(r".*(?:住(?!宅)|在)")
_PERSON = re.compile(
    r"..家(?![园属乐])|女士|先生|小姐|老师|师傅|阿姨|大爷|大妈|爷爷|奶奶|老板|电话|手机|号码|姓名"
)
#: The hundred surnames that most people have, and what begins with one and is long enough for a name and a place.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤欧"
)
_NAMED_FIRST = re.compile(rf"[{_SURNAMES}].{{3,}}?(?:{_ESTATES}|大道|[路街巷道弄])")
_FIGURES = "零一二三四五六七八九"
_SPOKEN = re.compile(r"[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]")
_COUNTED = re.compile(rf"({_SPOKEN.pattern})(?=号|栋|幢|座|单元)")


def _figures(found: re.Match[str]) -> str:
    tens, has_ten, ones = found[0].partition("十")
    if not has_ten:
        return str(_FIGURES.index(tens))
    return str((_FIGURES.index(tens) if tens else 1) * 10 + (_FIGURES.index(ones) if ones else 0))


def _name(run: str) -> str:
    """The name of a place at the end of a run of letters; nothing where it may be or speak of a person, or has figures."""
    name = _LEADS.sub("", run)
    is_one = _NAME.match(name) and not _PERSON.search(name) and not _NAMED_FIRST.match(name)
    return name if is_one else ""


@dataclass(frozen=True)
class Address:
    """The parts of an address that name a place that others know too: never a unit of a house, a flat or other words."""

    road: str = ""
    number: str = ""
    estate: str = ""
    building: str = ""

    @classmethod
    def of(cls, text: str) -> "Address":
        """路, 号, 小区, 栋 of a text; 幢, 座 and 号楼 are 栋, spoken figures are figures."""
        rest = _COUNTED.sub(_figures, plain(text))
        while found := _TERRITORY.match(rest):
            rest = rest[found.end() :]
        building = _BUILDING.search(rest)
        road = _ROAD.match(rest)
        if road and building and not road["number"] and not _ESTATE.match(rest[road.end() :]):
            road = None if building.start() > road.end() else road  # 铁路新村3栋
        after = rest[road.end() :] if road else rest
        estate = _ESTATE.match(after)
        name = estate["estate"] if estate else ""
        if not road and not name and building:
            name = re.sub(r".*[0-9]{7,}", "", rest[: building.start()])
        named = _name(road["road"]) if road else ""
        return cls(
            named + (road["part"] or "") if road and named else "",
            (road["number"] or "").removesuffix("号") if road and named else "",
            _name(name),
            building["building"] if building else "",
        )

    def __str__(self) -> str:
        number = f"{self.number}号" if self.number else ""
        building = (
            f"{self.building.upper()}{'座' if self.building.isalpha() else '栋'}" if self.building else ""
        )
        return f"{self.road}{number}{self.estate}{building}"

    @property
    def names(self) -> list[str]:
        return [name for name in (self.estate, self.road) if name]

    def keeping(self, names: Set[str]) -> "Address":
        """The parts that some names of roads and estates vouch for."""
        keeps_road, keeps_estate = self.road in names, self.estate in names
        return Address(
            self.road if keeps_road else "",
            self.number if keeps_road else "",
            self.estate if keeps_estate else "",
            self.building if keeps_estate or (keeps_road and not self.estate) else "",
        )

    def likeness(self, known: "Address") -> tuple[int, str]:
        """How surely a known address is the place that this one names, up to 100, and in which respect."""
        same_estate = bool(self.estate) and self.estate == known.estate
        same_road = bool(self.road) and self.road == known.road
        same_building = self.building == known.building
        if same_road and self.number and self.number == known.number:
            return (100, "同一门牌") if same_building or not self.building else (70, "同一门牌，楼栋不同")
        if same_estate:
            if same_building and self.building:
                return 100, "同一楼栋"
            return (60, "同一小区，楼栋不同") if self.building else (85, "同一小区")
        if same_road and self.number and known.number:
            return _beside(self.number, known.number)
        return (20, "同一条路") if same_road else (0, "")


def _beside(mine: str, other: str) -> tuple[int, str]:
    """Neighbouring numbers; a side of a road has the odd or the even ones."""
    first, second = (int(number.partition("-")[0]) for number in (mine, other))
    apart = abs(first - second)
    side = 0 if apart % 2 == 0 else 10
    return max(25, 68 - apart - side), f"邻近门牌 {other} 号"


# Matched --------------------------------------------------------------------------------------------------------------


@dataclass
class Suggestion:
    """A place that an address may mean: its grid, and a position (degrees, WGS-84) unless its middle has to do."""

    label: str
    grid: int
    where: str
    why: str
    points: int
    position: tuple[float, float] | None = None
    #: Earlier cases there.
    held: int = 0

    @property
    def is_sure(self) -> bool:
        return self.points >= SURE


@dataclass(frozen=True)
class Asked:
    """A typed address, and the grids in which it may lie, by number."""

    user: User
    text: str
    grids: dict[int, "Row"] = field(hash=False)

    @cached_property
    def address(self) -> Address:
        return Address.of(self.text)

    @cached_property
    def plain(self) -> str:
        return plain(self.text)

    @property
    def narrower(self) -> str:
        """What the house or the building is searched by where a road or an estate has too many cases; nothing where none is named."""
        address = self.address
        if address.road and address.number:
            return address.road + address.number
        return address.estate + address.building if address.estate and address.building else ""

    @cached_property
    def neighbourhoods(self) -> list[tuple[str, int, float, float]]:
        """Name, grid and position of each."""
        known = Neighbourhood.objects.active(timezone.localdate()).filter(grid__in=list(self.grids))
        return list(known.values_list("name", "grid", "longitude", "latitude"))

    def suggestion(self, grid: int, label: str, why: str, points: int, **more) -> Suggestion:
        row = self.grids[grid]
        bonus = 5 if row.community_plain in self.plain or row.street_plain in self.plain else 0
        return Suggestion(
            label,
            grid,
            row.where,
            why,
            points + bonus if points < SURE - 5 else points,
            **more,
        )


@dataclass(frozen=True)
class Row:
    """A grid, with the names of what it lies in."""

    name: str
    community: str
    street: str

    @property
    def where(self) -> str:
        return self.name if self.name.startswith(self.community) else f"{self.community} · {self.name}"

    @cached_property
    def community_plain(self) -> str:
        return plain(self.community)

    @cached_property
    def street_plain(self) -> str:
        return plain(self.street)


def _positions(cases: QuerySet[Case]) -> QuerySet:
    return cases.values_list("id", "address", "grid", "longitude", "latitude", "reporters")


def _names_of_places(known: list[tuple[Address, list[int]]], sure: Set[str]) -> Set[str]:
    """Names that no single person brought up: of things on the map, or written by several."""
    writers = defaultdict(set)
    for address, reporters in known:
        for name in address.names:
            writers[name].update(
                reporters if len(reporters) == 1 else ()
            )  # a merged case has the words of one
    return {name for name, people in writers.items() if len(people) >= VOUCHING} | sure


def from_cases(asked: Asked) -> Iterator[Suggestion]:
    """Addresses of earlier cases in scope, as far as they surely name a place; the newest of a place says where it is."""
    words = asked.address.names[:1] or ([asked.plain] if len(asked.plain) > 1 else [])
    if not words:
        return
    seen = Case.objects.visible_to(asked.user).filter(grid__in=list(asked.grids))
    seen = seen.exclude(position_source__in=ROUGH).exclude(address="")
    rows, held = Search(seen, words[0], asked.user, most=LOOKED_AT).page(_positions, 0, LOOKED_AT)
    is_cut = held > LOOKED_AT
    if is_cut and asked.narrower:
        rest, held = Search(seen, asked.narrower, asked.user, most=LOOKED_AT).page(_positions, 0, LOOKED_AT)
        rows, is_cut = list({row[0]: row for row in [*rows, *rest]}.values()), held > LOOKED_AT
    parsed = [Address.of(row[1]) for row in rows]
    on_the_map = {name for row in asked.neighbourhoods for name in Address.of(row[0]).names}
    names = _names_of_places([(one, row[-1]) for one, row in zip(parsed, rows, strict=True)], on_the_map)
    found: dict[tuple[str, int], Suggestion] = {}
    for address, (_, _, grid, longitude, latitude, _) in zip(parsed, rows, strict=True):
        known = address.keeping(names)
        points, why = asked.address.likeness(known)
        if not asked.address.names and asked.plain in str(known):
            points, why = 40, "名称相近"
        if not points or not (known.number or known.estate):
            continue
        place = found.get((str(known), grid))
        if place is None:
            position = (longitude, latitude)
            points = min(points, SURE - 1) if is_cut else points  # those not looked at may lie elsewhere
            place = asked.suggestion(grid, str(known), why, points, position=position)
            found[str(known), grid] = place
        place.held += 1
    yield from found.values()


def from_neighbourhoods(asked: Asked) -> Iterator[Suggestion]:
    """Buildings, courtyards and groups that are on the map."""
    for name, grid, longitude, latitude in asked.neighbourhoods:
        known, said = Address.of(name), plain(name)
        points, why = asked.address.likeness(known)
        if said == asked.plain and not known.building:  # "3栋" alone is in every estate
            points, why = max(points, 90), "楼组"
        elif len(asked.plain) > 1 and asked.plain in said:
            points, why = max(points, 50), why or "楼组"
        if points:
            yield asked.suggestion(grid, name, why, points, position=(longitude, latitude))


def from_territories(asked: Asked) -> Iterator[Suggestion]:
    """Grids that are named, or whose community or street is: their middle has to do."""
    if len(asked.plain) < 2:
        return
    for number, row in asked.grids.items():
        name = plain(row.name)
        if name in asked.plain or asked.plain in name:
            yield asked.suggestion(number, row.name, "网格", 75 if row.community_plain in asked.plain else 45)
        elif row.community_plain in asked.plain or asked.plain in row.community_plain:
            yield asked.suggestion(number, row.name, "社区内的网格", 15)
        elif row.street_plain in asked.plain:
            yield asked.suggestion(number, row.name, "街道内的网格", 5)


SOURCES: tuple[Callable[[Asked], Iterable[Suggestion]], ...] = (
    from_cases,
    from_neighbourhoods,
    from_territories,
)


def _found(user: User, text: str, grids: QuerySet[Grid]) -> list[Suggestion]:
    if not Words.of(text).words:
        return []
    columns = ("pk", "name", "community__name", "community__parent__name")
    asked = Asked(
        user, text, {pk: Row(*names) for pk, *names in grids.order_by("code").values_list(*columns)}
    )
    found = [one for source in SOURCES for one in source(asked)]
    return sorted(found, key=lambda one: (-one.points, -one.held, one.label))


def suggest(user: User, text: str, grids: QuerySet[Grid]) -> list[Suggestion]:
    """Places in some grids that a typed address may mean, the likeliest first; one or two statements a source, and one for the grids.

    They say nothing of what somebody wrote but names of roads and estates that several people wrote, numbers of houses
    and buildings.
    """
    return _found(user, text, grids)[:ROWS]


def sure_place(user: User, text: str, grids: QuerySet[Grid]) -> Suggestion | None:
    """The place that an address names beyond doubt: all that is sure lies in one grid, shown or not."""
    found = [one for one in _found(user, text, grids) if one.is_sure]
    return found[0] if found and len({one.grid for one in found}) == 1 else None
