"""Places that a person's boards are about: the own territories and units, and whatever lies below them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from appraisal.slices import Slice
from cases.workflow import Loop
from governance.models import Kind, Level, Organization, User
from governance.statements import ask
from grid.models import Grid

UNIT, GRID = "unit", "grid"
#: What a territory of a level is called as a dimension of figures.
DIMENSIONS = {loop.level: loop.column for loop in Loop}


@dataclass(frozen=True)
class Place:
    """A territory, unit or grid; ``path`` is the way through the tree."""

    pk: int
    name: str
    dimension: str
    level: int
    parent: int | None
    path: str

    @property
    def slice(self) -> Slice:
        return Slice(self.dimension, self.pk)

    @property
    def label(self) -> str:
        """What kind of place it is, in words."""
        if self.dimension == UNIT:
            return "单位"
        return "网格" if self.dimension == GRID else Level(self.level).label

    @property
    def below(self) -> str:
        """The dimension that its parts have."""
        return {"district": "street", "street": "community", "community": GRID}.get(self.dimension, "")


class Places:
    """All places in sight, asked once a request; ``roots`` are those of the own posts, the widest first."""

    def __init__(self, roots: list[Place], every: Iterable[Place]) -> None:
        self.roots = roots
        self.by_pk = {place.pk: place for place in every}

    def find(self, pk: int | None) -> Place | None:
        """A place in sight; the own widest one where none is named."""
        if pk is None:
            return self.roots[0] if self.roots else None
        return self.by_pk.get(pk)

    def children(self, place: Place) -> list[Place]:
        """Streets of a district, communities of a street."""
        return [one for one in self.by_pk.values() if one.parent == place.pk and one.dimension == place.below]

    def units(self, place: Place) -> list[Place]:
        """Units hung on a territory or below it."""
        return [
            one for one in self.by_pk.values() if one.dimension == UNIT and one.path.startswith(place.path)
        ]

    def way(self, place: Place) -> list[Place]:
        """The places above one, as far as they are in sight, the widest first, itself last."""
        above = [
            one for one in self.by_pk.values() if place.path.startswith(one.path) and one.dimension != UNIT
        ]
        return [*sorted((one for one in above if one.pk != place.pk), key=lambda one: one.path), place]

    def peers(self, place: Place) -> list[Place]:
        """Places of the same dimension in sight."""
        return [one for one in self.by_pk.values() if one.dimension == place.dimension]


def _rows(user: User) -> QuerySet:
    found = Organization.objects.active(timezone.localdate()).visible_to(user)
    return found.order_by("path").values_list("pk", "name", "kind", "level", "parent", "path")


def _roots(user: User) -> list[Organization]:
    """Own territories, and units of which the person sees all cases."""
    units = [
        post.organization
        for post in user.authority.posts
        if post.organization_id in user.authority.unit_ids and post.organization.function
    ]
    found = {one.pk: one for one in (*user.authority.territories, *units)}
    return sorted(found.values(), key=lambda one: (one.function != "", one.level, one.path))


def places_of(user: User) -> Places:
    """Whatever this person may look at; without a duty in the loop there is none."""
    roots = [one.pk for one in _roots(user)]
    if not roots:
        return Places([], [])
    places = [
        Place(
            pk,
            name,
            UNIT if kind != Kind.TERRITORY else DIMENSIONS.get(Level(level), ""),
            level,
            parent,
            path,
        )
        for pk, name, kind, level, parent, path in ask(_rows, user)
    ]
    known = {place.pk: place for place in places if place.dimension}
    return Places([known[pk] for pk in roots if pk in known], known.values())


def grids_of(community: Place) -> list[Place]:
    """The grids of a community, as places."""
    rows = Grid.objects.filter(community=community.pk).order_by("code").values_list("pk", "name", "code")
    return [
        Place(pk, name, GRID, community.level, community.pk, f"{community.path}{code}/")
        for pk, name, code in rows
    ]
