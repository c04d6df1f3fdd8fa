"""Reporting: where, what, which loop has the power; one new case, one open leg, one event."""

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cases import chain
from cases.actions import legs
from cases.actions.door import Answer, Walk, demand, record, repeat_of
from cases.models import Case, Contact, Photo, Responsibility
from cases.permissions import may_report
from cases.refusals import Forbidden, Refused, Unfit
from cases.routing import Location, route_report
from cases.workflow import MOVES, Loop, State, Step
from governance import secrets, telephones
from governance.models import Level, Organization, Post, User
from governance.roles import Duty
from grid.models import Grid
from grid.tiles import tile


def locate(longitude: float, latitude: float, *, by: User, now: dt.datetime) -> Location:
    """Grid, community, street and district of a point (degrees, WGS-84); outside every grid: the district alone.

    Raises ``Unfit`` when not even the reporter's district is known.
    """
    today = timezone.localdate(now)
    on_duty = Post.objects.on_duty(today).with_duty(Duty.ACCEPT).filter(organization=OuterRef("community"))
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
    codes = {code for post in by.powers.posts for code in post.organization.path.split("/") if code}
    district = Organization.objects.territories(Level.DISTRICT).filter(code__in=codes).first()
    if district is None:
        raise Unfit("位置不在任何网格内，也无法确定所属区。", field="place")
    return Location(district)


def report(
    *,
    by: User,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any],
    source: Case.Source = Case.Source.FIELD,
    device_time: dt.datetime | None = None,
) -> Answer:
    """Report a case, or with ``source=SELF`` one that was settled on the spot.

    ``given``: ``place`` (longitude, latitude in degrees WGS-84), ``address``, ``category``, ``condition``, ``words``,
    photo ids in ``photos`` (or ``before_photo`` and ``after_photo``), for a call ``contact_name``, ``contact_phone``.

    Raises ``Forbidden``, ``Unfit`` or ``KeyReused``; the same key and content give the same answer again.
    """
    move = MOVES["report_handled" if source == Case.Source.SELF else "report"]
    wanted = chain.request_digests(by.pk, move.name, given)
    if not may_report(by, move.name):
        raise Forbidden(
            "自处理上报由网格员办理。" if source == Case.Source.SELF else "您的岗位不能上报案件。"
        )
    if source == Case.Source.PHONE and not by.powers.has(Duty.ACCEPT):
        raise Forbidden("来电由受理员登记。")
    demand(move, given, by)
    try:
        with transaction.atomic():
            return _report(
                move.name,
                by=by,
                now=now,
                key=key,
                given=given,
                source=source,
                device_time=device_time,
                wanted=wanted,
            )
    except (Refused, IntegrityError):
        earlier = repeat_of(key, wanted, move.name)
        if earlier is None:
            raise
        return earlier


def _demand_two_pictures(given: dict[str, Any]) -> None:
    """One picture shown twice proves nothing."""
    before, after = (Photo.objects.filter(uuid__in=given[name]) for name in ("before_photo", "after_photo"))
    if before.filter(sha256__in=after.values("sha256")).exists():
        raise Unfit("处置前、处置后须是两张不同的照片。", field="after_photo")


def _report(
    move_name: str,
    *,
    by: User,
    now: dt.datetime,
    key: uuid.UUID,
    given: dict[str, Any],
    source: Case.Source,
    device_time: dt.datetime | None,
    wanted: tuple[str, ...],
) -> Answer:
    longitude, latitude = given["place"]
    category = given["category"]
    place = locate(longitude, latitude, by=by, now=now)
    condition = given.get("condition") or "一般"
    rows = Responsibility.objects.current().filter(category=category, condition=condition).order_by()
    route = route_report(category, place, rows)
    x, y = tile(longitude, latitude)
    handled = source == Case.Source.SELF
    if handled:
        _demand_two_pictures(given)
    case = Case(
        uuid=key,
        source=source,
        is_from_resident=source == Case.Source.PHONE,
        category=category,
        responsibility=route.responsibility,
        routing_reason=route.reason,
        longitude=longitude,
        latitude=latitude,
        tile_x=x,
        tile_y=y,
        address=given.get("address", ""),
        grid=place.grid,
        community=place.community,
        street=place.street,
        district=place.district,
        loop=route.loop,
        centre=route.centre,
        state=State.HANDLED if handled else State.REPORTED,
        reporters=[by.pk],
        handlers=[by.pk] if handled else [],
        people=[by.pk],
        reported_at=now,
        device_time=device_time,
    )
    walk = Walk(case, None, MOVES[move_name], by, now, given)
    walk.facts |= {"loop": Loop(case.loop), "responsibility": case.responsibility_id}
    if handled:
        legs.open_check(walk, Step.VERIFYING)
    else:
        legs.open_leg(walk, Step.REGISTERING)
    answer = record(walk, None, key=key, wanted=wanted)
    if given.get("contact_phone"):
        _keep_contact(case, given.get("contact_name", ""), given["contact_phone"])
    return answer


def _keep_contact(case: Case, name: str, phone: str) -> None:
    """Write down who called, encrypted."""
    try:
        phone = telephones.read(phone)
    except ValueError as problem:
        raise Unfit(str(problem), field="contact_phone") from None
    Contact.objects.create(case=case, called_about=case, name=secrets.seal(name), phone=secrets.seal(phone))
