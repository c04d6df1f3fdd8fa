"""The page of a place or a unit: of what kind it is, who answers for it, what is missing, with whom it is compared."""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appraisal.peers import peers_of
from cases.loops import loops
from cases.models import Category, Responsibility
from dashboard.places import DIMENSIONS
from governance.models import CommunityKind, Level, Organization, Post, User
from governance.profile import profile
from governance.roles import Role
from grid.models import Grid, GridDuty, lacks

#: Posts that answer for a place or a unit, in the order of the page; who covers a grid stands at the grid.
ANSWERING = (
    Role.SECRETARY, Role.DEPUTY_SECRETARY, Role.LEADER, Role.DEPUTY_LEADER, Role.UNIT_HEAD, Role.LIAISON, Role.HANDLER,
    Role.DUTY_CHIEF, Role.ACCEPTOR, Role.DISPATCHER, Role.CLERK, Role.COMMUNITY_WORKER, Role.COURTYARD_LEADER,
    Role.BUILDING_LEADER,
)  # fmt: skip
#: Posts without whose holder something waits for nobody; of territories where they command a loop.
NEEDED_ABOVE = (Role.SECRETARY, Role.LEADER, Role.DUTY_CHIEF, Role.ACCEPTOR, Role.DISPATCHER)
NEEDED: dict[Level, tuple[Role, ...]] = {
    Level.COMMUNITY: (Role.SECRETARY, Role.CLERK),
    Level.STREET: NEEDED_ABOVE,
    Level.DISTRICT: NEEDED_ABOVE,
}
NEEDED_OF_UNIT = (Role.UNIT_HEAD, Role.HANDLER)


@login_required
@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A territory or a unit of the viewer's scope."""
    places = Organization.objects.visible_to(request.user).select_related("parent__parent")
    found, today = get_object_or_404(places, pk=pk), timezone.localdate()
    people = _people(found, today)
    context = {
        "place": found,
        "above": _above(found, request.user),
        "people": people,
        "missing": _vacant(found, people),
    }
    if found.function:
        context |= _unit(found)
    elif found.level <= Level.COMMUNITY:
        context |= (
            _community(found, request.user, today)
            if found.level == Level.COMMUNITY
            else _above_communities(found, today)
        )
        context["missing"] += context.pop("missing_there")
        context["units"] = Organization.objects.units().active(today).filter(parent=found).order_by("path")
        context["ways"] = _ways(found)
    return render(request, "dashboard/place.html", context)


def _above(found: Organization, user: User) -> list[tuple[Organization, bool]]:
    """The territories above, the highest first, and whether the viewer may open their pages."""
    parent = found.parent
    above = [one for one in (parent and parent.parent, parent) if one is not None]
    return [(one, user.authority.sees(one)) for one in above]


def _ways(found: Organization) -> dict[str, str]:
    """Addresses of what is counted, listed and missing here; the whole district needs no filter."""
    is_part = found.level >= Level.STREET
    here = {DIMENSIONS[Level(found.level)]: found.pk} if is_part else {}
    street = found.parent_id if found.level == Level.COMMUNITY else found.pk
    asked = {
        "board": ("dashboard:board", {"place": found.pk}),
        "cases": ("desk:list", {"queue": "open"} | here),
        "gaps": ("desk:gaps", {"street": street} if is_part else {}),
    }
    return {
        way: f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)
        for way, (name, query) in asked.items()
    }


# People ------------------------------------------------------------------------------------------------------------


def _people(found: Organization, on: dt.date) -> dict[Role, list[Post]]:
    """Who is on duty there, by post; posts that are needed stand here although nobody holds them."""
    posts = Post.objects.on_duty(on).filter(organization=found, role__in=ANSWERING).select_related("user")
    held: dict[Role, list[Post]] = {role: [] for role in ANSWERING}
    for post in posts.order_by("is_acting", "pk"):
        held[Role(post.role)].append(post)
    needed = _needed(found)
    return {role: there for role, there in held.items() if there or role in needed}


def _needed(found: Organization) -> tuple[Role, ...]:
    if found.function:
        return NEEDED_OF_UNIT
    return NEEDED.get(Level(found.level), ()) if found.level in profile().centres else ()


def _vacant(found: Organization, people: dict[Role, list[Post]]) -> list[str]:
    return [f"{role.label}岗位空缺" for role in _needed(found) if not people[role]]


# Territories -------------------------------------------------------------------------------------------------------


def _community(found: Organization, user: User, on: dt.date) -> dict[str, Any]:
    kinds = list(found.kinds.select_related("set_by").order_by("-valid_from"))
    now = next((row for row in kinds if row.holds_on(on)), None)
    peers = list(peers_of(found, on).select_related("parent").order_by("path")) if now else []
    duties = GridDuty.objects.on_duty(on).filter(grid__community=found).select_related("user").order_by("pk")
    covering: dict[tuple[int, str], list[str]] = {}
    for duty in duties:
        covering.setdefault((duty.grid_id, duty.duty), []).append(duty.user.name)
    grids = list(Grid.objects.active(on).filter(community=found).with_gaps(on).order_by("code"))
    for grid in grids:
        grid.short = grid.name.removeprefix(found.name)
        grid.people = {cover: covering.get((grid.pk, cover.value), []) for cover in profile().covers}
    lacking = [(label, [grid.short for grid in grids if label in grid.gaps]) for label in _labels()]
    missing = [f"{len(there)} 个网格缺{label}（{'、'.join(there)}）" for label, there in lacking if there]
    return {
        "sorts": bool(profile().kinds),
        "kind": now,
        "kind_words": profile().kinds.get(now.kind) if now else None,
        "kinds": kinds,
        "peers": [
            (street.name, [(one, user.authority.sees(one)) for one in there])
            for street, there in groupby(peers, key=lambda one: one.parent)
        ],
        "peer_count": len(peers),
        "grids": grids,
        "grid_count": len(grids),
        "covers": profile().covers,
        "missing_there": _without_kind([] if now else [found.name]) + missing,
    }


def _above_communities(found: Organization, on: dt.date) -> dict[str, Any]:
    """Streets, and communities by kind in the order of the profile; those without one last."""
    today = CommunityKind.objects.as_of(on).filter(organization=OuterRef("pk")).values("kind")
    active = Q(grids__active_from__lte=on) & (Q(grids__active_until=None) | Q(grids__active_until__gt=on))
    communities = list(
        Organization.objects.territories(Level.COMMUNITY).active(on).under(found).order_by("path")
        .select_related("parent")
        .annotate(kind_today=Subquery(today), grid_count=Count("grids", filter=active))
    )  # fmt: skip
    kinds = profile().kinds
    by_kind = [
        (words.label, [one for one in communities if one.kind_today == key]) for key, words in kinds.items()
    ]
    others = [one for one in communities if one.kind_today not in kinds]
    by_kind.append(("未定类型" if kinds else Level.COMMUNITY.label, others))
    by_street = groupby(communities, key=lambda one: one.parent) if found.level < Level.STREET else ()
    grids = Grid.objects.active(on).filter(community__path__startswith=found.path).with_gaps(on)
    lacking = grids.aggregate(
        **{cover.value: Count("pk", filter=Q(**{lacks(cover): True})) for cover in profile().needed}
    )
    missing = [
        f"{lacking[cover.value]:,} 个网格缺{rule.label}"
        for cover, rule in profile().needed.items()
        if lacking[cover.value]
    ]
    return {
        "by_kind": [(label, there) for label, there in by_kind if there],
        "streets": [(street, len(list(there))) for street, there in by_street],
        "community_count": len(communities),
        "grid_count": sum(one.grid_count for one in communities),
        "missing_there": _without_kind([one.name for one in others]) + missing,
    }


def _labels() -> list[str]:
    return [rule.label for rule in profile().needed.values()]


def _without_kind(names: list[str]) -> list[str]:
    return [f"未定社区类型：{'、'.join(names)}"] if names and profile().kinds else []


# Units -------------------------------------------------------------------------------------------------------------


def _unit(found: Organization) -> dict[str, Any]:
    """What a unit answers for in the loop of its territory, by class of categories."""
    loop = next((one for one in loops() if one.level == found.level), None)
    rows = Responsibility.objects.to_register_under().filter(loop=loop)
    rows = rows.filter(Q(lead=found.function) | Q(helpers__contains=[found.function])).select_related(
        "category"
    )
    listed = list(rows.order_by("category__kind", "category__class_name", "category__code", "condition"))
    return {
        "loop": loop,
        "leads": [row for row in listed if row.lead == found.function],
        "helps": [row for row in listed if row.lead != found.function],
        "classes": [
            {
                "kind": Category.Kind(kind).label,
                "name": name,
                "leads": _names(there, found, True),
                "helps": _names(there, found, False),
            }
            for (kind, name), there in _by_class(listed)
        ],
    }


def _by_class(rows: Iterable[Responsibility]) -> list[tuple[tuple[str, str], list[Responsibility]]]:
    of_class = groupby(rows, key=lambda row: (row.category.kind, row.category.class_name))
    return [(one, list(there)) for one, there in of_class]


def _names(rows: list[Responsibility], found: Organization, is_lead: bool) -> list[str]:
    """Categories, each once whatever its conditions."""
    return list(dict.fromkeys(row.category.name for row in rows if (row.lead == found.function) == is_lead))
