"""Reporting: where, what, which loop has the power; the moves that make a case."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from cases.actions import legs
from cases.actions.door import DOOR, EFFECTS
from cases.models import Case, Contact, Photo, Responsibility
from cases.models.catalogue import USUAL
from cases.permissions import reach_of, reports_at
from cases.routing import Location, route_report
from cases.situations import Walk
from cases.workflow import ROUGH, Loop, PositionSource, Step
from governance import secrets, telephones
from governance.models import Actor, ApiKey, By, Organization, Post, actor_of
from governance.models.organizations import OrganizationQuerySet
from governance.profile import profile
from governance.roles import ActorKind, Duty
from grid.models import Grid, TerritoryRing
from grid.tiles import tile
from neighbourhoods.models import Neighbourhood, led_by
from records.door import Answer
from records.refusals import Forbidden, Unfit


def locate(longitude: float, latitude: float, *, by: By, now: dt.datetime) -> Location:
    """Grid, community, street and district of a point (degrees, WGS-84).

    Outside every grid only the territory of the reporter that commands the highest loop, and what it lies in.
    Raises ``Unfit`` where not even that is known.
    """
    today = timezone.localdate(now)
    on_duty = Post.objects.on_duty(today).with_duty(Duty.INTAKE).filter(organization=OuterRef("community"))
    found = Grid.objects.active(today).containing(longitude, latitude)
    # Neighbours share their border: a point on it belongs to both, the lower code takes it.
    grid = (
        found.annotate(is_staffed=Exists(on_duty))
        .select_related("community__parent__parent")
        .order_by("code")
        .first()
    )
    if grid is not None:
        street = grid.community.parent
        return Location(street.parent, street, grid.community, grid, grid.is_staffed)
    level = profile().top
    highest = _highest(longitude, latitude, actor_of(by)).select_related("parent").first()
    if highest is None:
        raise Unfit(f"位置不在任何网格内，也无法确定所属{level.label}。", field="position")
    return Location.of(highest)


def _highest(longitude: float, latitude: float, actor: Actor) -> OrganizationQuerySet:
    """The territory with the highest loop of staff or a program; a resident's is the one around the point."""
    found = Organization.objects.territories(profile().top)
    if actor.kind == ActorKind.CONTACT:
        around = TerritoryRing.objects.containing(longitude, latitude)
        return found.filter(pk__in=around.values("organization"))
    posts = actor.user.authority.posts if actor.user else ()
    paths = [post.organization.path for post in posts] or reach_of(actor)
    return found.filter(code__in={code for path in paths for code in path.split("/") if code})


def report(
    *,
    by: By,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any],
    source: Case.Source = Case.Source.FIELD,
    device_time: dt.datetime | None = None,
) -> Answer:
    """Report a case, or with a source of ``Case.ON_THE_SPOT`` one that was settled on the spot.

    ``given``: ``position`` (longitude, latitude in degrees WGS-84), ``address``, ``category``, ``condition``, ``words``,
    photo ids in ``photos`` (or ``before_photo`` and ``after_photo``), for a call or a resident's own report
    ``contact_name`` and ``contact_phone``.

    Raises ``Forbidden``, ``Unfit`` or ``KeyReused``; the same key and content give the same answer again.
    """
    move = "report_handled" if source in Case.ON_THE_SPOT else "report"
    case = Case(uuid=key, source=source, device_time=device_time)
    return DOOR.perform(case, move, by=by, now=now, key=key, given=given)


def _demand_two_pictures(given: dict[str, Any]) -> None:
    """One picture shown twice proves nothing."""
    before, after = (Photo.objects.filter(uuid__in=given[name]) for name in ("before_photo", "after_photo"))
    if before.filter(sha256__in=after.values("sha256")).exists():
        raise Unfit("处置前、处置后须是两张不同的照片。", field="after_photo")


@EFFECTS.of("report")
def new_report(walk: Walk) -> None:
    _route(walk)
    legs.open_leg(walk, Step.REGISTERING)
    if walk.given.get("contact_phone") or walk.actor.contact:
        walk.rows.append(_contact(walk))


@EFFECTS.of("report_handled")
def new_handled_report(walk: Walk) -> None:
    """Settled on the spot: the case begins with the check of its result."""
    _demand_two_pictures(walk.given)
    _route(walk)
    if walk.case.source == Case.Source.NEIGHBOURS:
        walk.facts["neighbourhood"] = _own_neighbourhood(walk).pk
    walk.case.handlers = list(walk.case.reporters)
    legs.open_check(walk, Step.VERIFYING)


def _route(walk: Walk) -> None:
    """Where a new case lies, who reported it, and which loop takes it."""
    case, given = walk.case, walk.given
    longitude, latitude = given["position"]
    location = locate(longitude, latitude, by=walk.by, now=walk.now)
    if program := walk.actor.program:
        _demand_own_territory(walk, program)
    condition = given.get("condition") or USUAL
    listed = Responsibility.objects.current().filter(category=given["category"], condition=condition)
    rows = list(listed.order_by())
    if not rows and condition != USUAL:  # an unknown condition would silently find no row of the list
        raise Unfit("这个类别没有这种情形。", field="condition")
    route = route_report(given["category"], location, rows)
    case.category, case.responsibility, case.routing_reason = (
        given["category"],
        route.responsibility,
        route.reason,
    )
    case.longitude, case.latitude, case.address = longitude, latitude, given.get("address", "")
    case.tile_x, case.tile_y = tile(longitude, latitude)
    case.position_source = given.get("position_source", "")
    if case.is_place_rough:
        walk.facts["position_source"] = case.position_source
    case.grid, case.community, case.street, case.district = (
        location.grid,
        location.community,
        location.street,
        location.district,
    )
    case.loop, case.centre = route.loop, route.centre
    case.is_from_resident = case.source in (Case.Source.PHONE, Case.Source.RESIDENT)
    reporters = [walk.user.pk] if walk.user else []  # staff alone: who reports neither handles nor checks
    case.reporters, case.people, case.reported_at = reporters, list(reporters), walk.now
    walk.facts |= {"loop": Loop(case.loop), "responsibility": case.responsibility_id}


@EFFECTS.of("correct_position")
def correct_position(walk: Walk) -> None:
    """Where the case really lies: in the territory that commands it, since its clocks and its unit stay what they are."""
    case, (longitude, latitude) = walk.case, walk.given["position"]
    source = walk.given.get("position_source") or PositionSource.PIN
    if source in ROUGH:
        raise Unfit("请用手机定位，或在地图上点选位置。", field="position")
    location, loop = locate(longitude, latitude, by=walk.by, now=walk.now), Loop(case.loop)
    place = location.territory(loop)
    if place is None or place.pk != getattr(case, f"{loop.column}_id"):
        raise Unfit(
            f"这个位置不在办理这件案件的{loop.level.label}内。请核对位置；确在别处的，请转交或重新上报。",
            field="position",
        )
    walk.facts |= {"before": [case.longitude, case.latitude], "position_source": source}
    case.longitude, case.latitude, case.position_source = longitude, latitude, source
    case.tile_x, case.tile_y = tile(longitude, latitude)
    case.grid, case.community, case.street = location.grid, location.community, location.street


def _demand_own_territory(walk: Walk, program: ApiKey) -> None:
    """A program reports in the territory of its key."""
    longitude, latitude = walk.given["position"]
    if not reports_at(walk.by, longitude, latitude, on=walk.today):
        raise Forbidden(f"这个密钥只能上报{program.organization.name}内的案件。", field="position")


def _own_neighbourhood(walk: Walk) -> Neighbourhood:
    """The nearest one that the person leads at the place of the case; neighbours settle nothing elsewhere."""
    assert walk.user is not None
    case, led = walk.case, led_by(walk.user, walk.today)
    if case.is_place_rough:
        raise Unfit("楼栋自办须有准确位置，请用手机定位，或在地图上点选。", field="position")
    here = [one for one in led if one.grid.community_id == case.community_id]
    reached = [one for one in here if one.reaches(case.longitude, case.latitude)]
    if not reached:
        where = "、".join(f"{one.name}（{one.radius} 米）" for one in led)
        raise Unfit(f"楼栋自办须在您的楼组范围内：{where}。别处的事请按上报办理。", field="position")
    return min(reached, key=lambda one: one.metres_to(case.longitude, case.latitude))


def _contact(walk: Walk) -> Contact:
    """Who called or reported, encrypted."""
    try:
        phone = telephones.read(walk.given.get("contact_phone", ""))
    except ValueError as problem:
        raise Unfit(str(problem), field="contact_phone") from None
    name = walk.given.get("contact_name", "")
    contact = Contact(
        case=walk.case, called_about=walk.case, name=secrets.seal(name), phone=secrets.seal(phone)
    )
    contact.uuid = walk.actor.contact or contact.uuid
    return contact
