"""Neighbourhoods of the stage: its buildings, courtyards and a group, what they settled themselves and what they were asked."""

import datetime as dt
import uuid
from random import Random

from django.utils import timezone

from cases.models import Case
from demo.accounts import COMMUNITY
from demo.positions import Place, Position, is_inside, point_in
from demo.world import Job, World
from governance.models import Level, Organization, Post, User
from governance.roles import Role
from grid.models import Grid
from neighbourhoods.actions import answer, give
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, NeighbourhoodLeader

Kind, Said = Neighbourhood.Kind, AskedNeighbourhood.Answer
#: Who of the printed accounts leads the building of which most is told.
LEADER, VOLUNTEER = "louzhang", "zhiyuan"
GROUP = "尚义街居民小组"
RADIUS = {Kind.BUILDING: 60, Kind.COURTYARD: 150, Kind.GROUP: 200}
#: What neighbours settled: category, how many hours ago, and the moves that followed.
SETTLED = (
    ("楼道堆物", 2, ()),
    ("楼道堆物", 26, ("fail",)),
    ("暴露垃圾", 50, ("pass",)),
    ("暴露垃圾", 98, ("pass", "close")),
    ("楼道堆物", 170, ("pass", "close", "evaluate")),
)
#: What others reported near by and is still open.
REPORTED = (("楼道堆物", 5), ("暴露垃圾", 20), ("楼道堆物", 30))
#: Small tasks: words, days ago, days until they are due, and what the building's leader said.
TASKS = (
    ("请在单元门口张贴 12 月的停水通知，贴好拍一张留底。", 1, 3, None),
    ("请看一看本楼楼道灯有没有不亮的，不亮的报上来。", 6, -2, None),
    ("请提醒一楼住户：下周一清洗化粪池，留人开门。", 9, -4, (Said.DONE, "三户都当面说了，其中一户周一白天没人，钥匙留在我这里。")),
    ("请收齐本楼的加装电梯意见表。", 14, -7, (Said.CANNOT, "四楼东户出租，联系不上房主，请社区帮忙找。")),
)  # fmt: skip


def settle_neighbourhoods() -> None:
    """Buildings and courtyards of the tree at the stage, with the holders of their posts, and a group that a volunteer leads."""
    if Neighbourhood.objects.exists():
        return
    grids = list(Grid.objects.filter(community__code=COMMUNITY, active_until=None).order_by("code"))
    places = Organization.objects.territories().filter(path__contains=f"/{COMMUNITY}/")
    courtyards = places.filter(level=Level.COURTYARD).order_by("code")
    for number, courtyard in enumerate(courtyards):
        grid = grids[number % len(grids)]
        middle = _middle(grid, courtyard.code)
        _lead(_made(courtyard.name, Kind.COURTYARD, grid, middle), Role.COURTYARD_LEADER, courtyard)
        for n, building in enumerate(courtyard.children.filter(level=Level.BUILDING).order_by("code")):
            position = _beside(middle, grid, 0.0004 * (n + 1))
            _lead(_made(building.name, Kind.BUILDING, grid, position), Role.BUILDING_LEADER, building)
    group = _made(GROUP, Kind.GROUP, grids[0], _middle(grids[0], GROUP))
    NeighbourhoodLeader.objects.create(neighbourhood=group, user=User.objects.get(username=VOLUNTEER))


def _ring(grid: Grid) -> list[Position]:
    return grid.rings.order_by("pk")[0].ring


def _middle(grid: Grid, seed: str) -> Position:
    return point_in(_ring(grid), Random(seed))


def _beside(middle: Position, grid: Grid, degrees: float) -> Position:
    """A little way off, on the side that is in the grid; else the same place."""
    for sign in (1, -1):
        there = [round(middle[0] + sign * degrees, 6), middle[1]]
        if is_inside(*there, _ring(grid)):
            return there
    return middle


def _made(name: str, kind: Kind, grid: Grid, position: Position) -> Neighbourhood:
    longitude, latitude = position
    return Neighbourhood.objects.create(
        name=name, kind=kind, grid=grid, longitude=longitude, latitude=latitude, radius=RADIUS[kind]
    )


def _lead(neighbourhood: Neighbourhood, role: Role, place: Organization) -> None:
    for post in Post.objects.filter(role=role, organization=place, ends_on=None):
        NeighbourhoodLeader.objects.create(neighbourhood=neighbourhood, user_id=post.user_id)


# What happened there ----------------------------------------------------------------------------------------------


def _own() -> tuple[User, Neighbourhood]:
    leading = NeighbourhoodLeader.objects.select_related("user", "neighbourhood__grid__community")
    first = leading.get(user__username=LEADER)
    return first.user, first.neighbourhood


def _place(neighbourhood: Neighbourhood, random: Random) -> Place:
    """Somewhere close to the middle."""
    away = [round(random.uniform(-0.0002, 0.0002), 6) for _ in range(2)]
    position = [neighbourhood.longitude + away[0], neighbourhood.latitude + away[1]]
    grid = neighbourhood.grid
    if not is_inside(*position, _ring(grid)):
        position = [neighbourhood.longitude, neighbourhood.latitude]
    floor = random.choice(("1 单元 2 楼平台", "2 单元门口", "1 单元 4 楼过道", "2 单元地下室入口"))
    return Place(grid, position, f"{neighbourhood.name}{floor}")


def neighbours_jobs(world: World) -> list[Job]:
    """Cases that neighbours settled, in every state that such a case comes to, and some that others reported there."""
    jobs = [_settled_job(world, category, hours, moves) for category, hours, moves in SETTLED]
    return jobs + [_reported_job(world, category, hours) for category, hours in REPORTED]


def _settled_job(world: World, category: str, hours: int, moves: tuple[str, ...]) -> Job:
    at = world.now - dt.timedelta(hours=hours)

    def make() -> list[uuid.UUID]:
        leader, neighbourhood = _own()
        place = _place(neighbourhood, world.random)
        given = {
            "position": place.position,
            "address": place.address,
            "category": world.categories[category],
            "words": f"{place.address}，{'邻居们一起把旧家具搬走了' if category == '楼道堆物' else '大家分头清干净了'}。",
        }
        reported = world.hands.report(by=leader, now=at, given=given, source=Case.Source.NEIGHBOURS)
        for number, move in enumerate(moves, 1):
            given = {"reason": "一楼角落还有两个旧柜子没有搬走。"} if move == "fail" else {}
            world.hands.step(reported.uuid, move, now=at + dt.timedelta(hours=number), **given)
        return [reported.uuid]

    return Job(at, make, None)


def _reported_job(world: World, category: str, hours: int) -> Job:
    at = world.now - dt.timedelta(hours=hours)
    topic = next(one for one in world.words.topics if one.category == category)

    def make() -> list[uuid.UUID]:
        _, neighbourhood = _own()
        return [world.report(topic, at, place=_place(neighbourhood, world.random)).uuid]

    return Job(at, make, None)


def give_tasks(now: dt.datetime) -> int:
    """Small tasks for all neighbourhoods of the stage that somebody leads, some answered; returns how many were given."""
    clerk = User.objects.get(username="shequ")
    community = Organization.objects.get(code=COMMUNITY)
    leader, own = _own()
    for words, ago, until, said in TASKS:
        at = now - dt.timedelta(days=ago)
        asked = list(Neighbourhood.objects.led(timezone.localdate(at)).filter(grid__community=community))
        due_on = (now + dt.timedelta(days=until)).date()
        task = give(
            by=clerk, now=at, key=uuid.uuid4(), community=community, words=words, due_on=due_on, neighbourhoods=asked
        )  # fmt: skip
        if said:
            mine = task.asked.get(neighbourhood=own)
            answer(mine.pk, by=leader, now=at + dt.timedelta(hours=8), said=said[0], words=said[1])
    return len(TASKS)
