"""The people of the demo district: who holds which post, and who covers which grid."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import count
from random import Random

from django.contrib.auth.hashers import make_password
from django.db import transaction

from demo.accounts import COMMUNITY, DEMO_PASSWORD, DISTRICT, STAGE
from demo.names import Names
from demo.units import LEFT, settle_units
from governance.models import Kind, Level, Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty

SEED = 530103
WORKERS, INSPECTORS, VOLUNTEERS = 520, 150, 60
#: A street whose leader's post is vacant: the deputy acts.
WITHOUT_LEADER = "530103011"

#: How many hold a post at every place of a kind.
AT_DISTRICT = {
    Role.LEADER: 1,
    Role.DEPUTY_LEADER: 2,
    Role.ACCEPTOR: 8,
    Role.DUTY_CHIEF: 4,
    Role.DISPATCHER: 8,
    Role.INSPECTOR: INSPECTORS,
    Role.AUDITOR: 1,
    Role.SYSTEM_ADMIN: 1,
    Role.SECURITY_ADMIN: 1,
}
AT_STREET = {
    Role.LEADER: 1,
    Role.DEPUTY_LEADER: 1,
    Role.ACCEPTOR: 2,
    Role.DUTY_CHIEF: 2,
    Role.DISPATCHER: 2,
}
AT_COMMUNITY = {Role.CLERK: 2, Role.COMMUNITY_WORKER: 1}
AT_UNIT = {Role.HANDLER: 2}

#: Party organisations of territories, and who answers whistles for a unit; drawn last, so that nobody else changes.
PARTY = {Role.SECRETARY: 1, Role.DEPUTY_SECRETARY: 1}
ANSWERING = {Role.UNIT_HEAD: 1, Role.LIAISON: 1}
#: Units whose head's post is vacant, and the one in which every post is.
WITHOUT_HEAD = ("530103-heritage", "530103001-health")
WITHOUT_ANYBODY = f"{LEFT[0]}-{LEFT[1]}"

Slot = tuple[Role, Organization]


def vacant_grids(grids: list[Grid], random: Random) -> set[int]:
    """Grids without a worker; every community keeps two workers where it has two grids, and the stage is full."""
    left = Counter(grid.community_id for grid in grids)
    vacant: set[int] = set()
    for grid in random.sample(grids, len(grids)):
        if len(vacant) == len(grids) - WORKERS:
            break
        if left[grid.community_id] > 2 and not grid.code.startswith(COMMUNITY):
            left[grid.community_id] -= 1
            vacant.add(grid.pk)
    return vacant


def slots(places: list[Organization], grids: dict[int, list[Grid]], random: Random) -> Iterator[Slot]:
    """Every post of the district except the grid workers', in a fixed order."""
    for place in places:
        if place.kind != Kind.TERRITORY:
            wanted = AT_UNIT if place.code != WITHOUT_ANYBODY else {}
        elif place.level == Level.STREET:
            wanted = {**AT_STREET, Role.SUPERVISOR: min(4, max(2, round(len(grids[place.pk]) / 18)))}
            if place.code == WITHOUT_LEADER:
                wanted = {**wanted, Role.LEADER: 0}
        else:
            wanted = {
                Level.DISTRICT: AT_DISTRICT,
                Level.COMMUNITY: AT_COMMUNITY,
                Level.COURTYARD: {Role.COURTYARD_LEADER: 1},
                Level.BUILDING: {Role.BUILDING_LEADER: 1},
            }[Level(place.level)]
        for role, number in wanted.items():
            yield from ((role, place) for _ in range(number))
    communities = [
        place for place in places if place.kind == Kind.TERRITORY and place.level == Level.COMMUNITY
    ]
    stage = [place for place in communities if place.code == COMMUNITY]
    for place in stage + random.choices(communities, k=VOLUNTEERS - len(stage)):
        yield Role.VOLUNTEER, place


def party_slots(places: list[Organization]) -> Iterator[Slot]:
    """Secretaries of district, streets and communities, heads and liaisons of units."""
    for place in places:
        if place.kind != Kind.TERRITORY:
            wanted = ANSWERING if place.code != WITHOUT_ANYBODY else {}
        else:
            wanted = PARTY if place.level <= Level.COMMUNITY else {}
        for role, number in wanted.items():
            if role != Role.UNIT_HEAD or place.code not in WITHOUT_HEAD:
                yield from ((role, place) for _ in range(number))


def grids_by_place(places: list[Organization], grids: list[Grid]) -> dict[int, list[Grid]]:
    """Grids of every territory by its id; courtyards and buildings share those of their community."""
    by_place = defaultdict(list)
    by_code = {place.code: place.pk for place in places if place.kind == Kind.TERRITORY}
    for grid in grids:
        for length in (6, 9, 12):
            by_place[by_code[grid.code[:length]]].append(grid)
    for place in places:
        if place.level > Level.COMMUNITY:
            by_place[place.pk] = by_place[by_code[place.code[:12]]]
    return by_place


def hire(held: list[Slot], names: Names) -> list[User]:
    """One new person a slot; the accounts of the stage get its password, nobody else gets any."""
    stage = {(role, code): username for username, (role, code, _) in STAGE.items()}
    password, numbers = make_password(DEMO_PASSWORD), count(1)
    people = []
    for role, place in held:
        username = stage.pop((role, place.code), None)
        people.append(
            User(
                username=username or f"{role.value.replace('_', '')}{next(numbers):04d}",
                name=names.draw(),
                password=password if username else make_password(None),
            )
        )
    assert not stage, f"nobody holds the posts of {stage}"
    return User.objects.bulk_create(people, batch_size=1000)


def shared(people: list[User], grids: list[Grid], duty: GridDuty.Duty) -> list[GridDuty]:
    """Divide neighbouring grids evenly among professional staff."""
    return [
        GridDuty(
            user=people[i * len(people) // len(grids)],
            grid=grid,
            duty=duty,
            engagement=GridDuty.Engagement.PROFESSIONAL,
        )
        for i, grid in enumerate(grids)
    ]


@transaction.atomic
def settle_staff() -> None:
    """Units, people, posts and grid duties on an imported district; does nothing where they are settled."""
    if User.objects.filter(username__in=STAGE).exists():
        return
    random = Random(SEED)
    district = Organization.objects.get(code=DISTRICT)
    settle_units(district)
    places = list(Organization.objects.under(district).order_by("path"))
    grids = list(Grid.objects.filter(active_until=None).select_related("community").order_by("code"))
    cover = grids_by_place(places, grids)
    vacant = vacant_grids(grids, random)
    worked = [grid for grid in grids if grid.pk not in vacant]
    held: list[Slot] = [(Role.GRID_WORKER, grid.community) for grid in worked]
    held += slots(places, cover, random)
    held += party_slots(places)
    people = hire(held, Names(random))
    posts = [
        Post(user=user, organization=place, role=role)
        for user, (role, place) in zip(people, held, strict=True)
    ]
    acting = next(p for p in posts if p.role == Role.DEPUTY_LEADER and p.organization.code == WITHOUT_LEADER)
    posts.append(Post(user=acting.user, organization=acting.organization, role=Role.LEADER, is_acting=True))
    Post.objects.bulk_create(posts, batch_size=1000)
    holders = defaultdict(list)
    for user, (role, place) in zip(people, held, strict=True):
        holders[role, place.pk].append(user)
    Duty = GridDuty.Duty
    duties = [
        GridDuty(user=user, grid=grid, duty=Duty.WORKER, engagement=GridDuty.Engagement.FULL_TIME)
        for user, grid in zip(people, worked, strict=False)
    ]
    duties += shared(holders[Role.INSPECTOR, district.pk], grids, Duty.INSPECTOR)
    for place in places:
        supervisors = holders[Role.SUPERVISOR, place.pk]
        if supervisors:
            duties += shared(supervisors, cover[place.pk], Duty.SUPERVISOR)
    helping = (Role.VOLUNTEER, Role.COURTYARD_LEADER, Role.BUILDING_LEADER)
    duties += [
        GridDuty(
            user=user,
            grid=random.choice(cover[place.pk]),
            duty=Duty.HELPER,
            engagement=GridDuty.Engagement.PART_TIME,
        )
        for user, (role, place) in zip(people, held, strict=True)
        if role in helping
    ]
    GridDuty.objects.bulk_create(duties, batch_size=1000)
