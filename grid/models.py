"""Grids, their rings, and the people who cover them."""

import datetime as dt
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from governance.models import Organization, Post, User
from governance.profile import Cover, Engagement, profile
from governance.refusals import Refused
from grid import staffing


class PolygonField(models.Field):
    """PostgreSQL's native ``polygon``: one ring, given as ``[[lon, lat], …]`` in degrees, WGS-84."""

    description = "one ring of positions"

    def db_type(self, connection) -> str:
        return "polygon"

    def get_prep_value(self, value: list[list[float]] | None) -> str | None:
        if value is None:
            return None
        return "(" + ",".join(f"({lon!r},{lat!r})" for lon, lat in value) + ")"

    def from_db_value(self, value: str | None, expression, connection) -> list[list[float]] | None:
        if value is None:
            return None
        pairs = value.strip("()").split("),(")
        return [[float(number) for number in pair.split(",")] for pair in pairs]


#: What holds for a ring around a point, given three times as longitude and latitude.
_AROUND = ["box(ring) @> box(point(%s, %s), point(%s, %s))", "ring @> point(%s, %s)"]


def lacks(cover: Cover) -> str:
    """The name under which a grid says that too few hold a duty."""
    return f"lacks_{cover.value}"


class GridQuerySet(models.QuerySet):
    def active(self, on: dt.date) -> "GridQuerySet":
        return self.filter(active_from__lte=on).filter(Q(active_until=None) | Q(active_until__gt=on))

    def containing(self, longitude: float, latitude: float) -> "GridQuerySet":
        """Grids around a point (degrees, WGS-84).

        The box comes first because it is what the GiST index knows; ``polygon @> point`` alone would scan.
        """
        rings = GridRing.objects.extra(where=_AROUND, params=[longitude, latitude] * 3)
        return self.filter(pk__in=rings.values("grid"))

    def with_gaps(self, on: dt.date) -> "GridQuerySet":
        """Annotate for which of the duties that a grid needs here too few are there: ``lacks_worker``, say."""
        holders = GridDuty.objects.on_duty(on).filter(grid=OuterRef("pk"))
        return self.annotate(
            **{
                lacks(cover): ~Exists(holders.filter(duty=cover)[rule.least - 1 :])
                for cover, rule in profile().needed.items()
            }
        )

    def uncovered(self, on: dt.date) -> "GridQuerySet":
        """Grids where one of the duties that are needed is vacant."""
        vacant = reduce(or_, (Q(**{lacks(cover): True}) for cover in profile().needed), Q(pk=None))
        return self.with_gaps(on).filter(vacant)


class Grid(models.Model):
    """The smallest cell of responsibility; it belongs to a community, never directly to a street."""

    code = models.CharField(
        "网格编码",
        max_length=15,
        unique=True,
        validators=[RegexValidator(r"^\d{15}$", "网格编码为 15 位数字：区 6 + 街道 3 + 社区 3 + 序号 3。")],
    )
    name = models.CharField("名称", max_length=60)
    community = models.ForeignKey(
        Organization, models.PROTECT, related_name="grids", limit_choices_to={"level": 3}, verbose_name="社区"
    )
    is_illustrative = models.BooleanField("示意边界", default=False, help_text="非勘测成果，仅供演示")
    active_from = models.DateField("生效", default=dt.date(2016, 1, 1))
    active_until = models.DateField("终止", null=True, blank=True)

    objects = GridQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^\d{15}$"),
                name="grid_code_has_15_digits",
                violation_error_message="网格编码为 15 位数字。",
                violation_error_code="code",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gaps(self) -> list[str]:
        """Which duties too few hold, in the words of the place; of a grid that was asked for ``with_gaps``."""
        return [rule.label for cover, rule in profile().needed.items() if getattr(self, lacks(cover))]


class GridRing(models.Model):
    """One outer ring of a grid; a grid in two parts has two."""

    grid = models.ForeignKey(Grid, models.CASCADE, related_name="rings", verbose_name="网格")
    ring = PolygonField("边界")

    class Meta:
        verbose_name = verbose_name_plural = "网格边界"


class TerritoryRingQuerySet(models.QuerySet):
    def containing(self, longitude: float, latitude: float) -> "TerritoryRingQuerySet":
        """Outlines around a point (degrees, WGS-84)."""
        return self.extra(where=_AROUND, params=[longitude, latitude] * 3)


class TerritoryRing(models.Model):
    """Outline of a district, street or community: for the base map, and for points outside every grid."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="rings", verbose_name="区域")
    ring = PolygonField("边界")

    objects = TerritoryRingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区域边界"


class GridDutyQuerySet(models.QuerySet):
    def current(self, on: dt.date) -> "GridDutyQuerySet":
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gt=on))

    def on_duty(self, on: dt.date) -> "GridDutyQuerySet":
        """Current duties of people who hold a post and can sign in."""
        return self.current(on).filter(user__in=Post.objects.on_duty(on).values("user"))

    @transaction.atomic
    def bulk_create(self, objs: Iterable["GridDuty"], *args: Any, **options: Any) -> list["GridDuty"]:
        rows = list(objs)
        _refuse_what_does_not_fit(rows)
        return super().bulk_create(rows, *args, **options)

    def update(self, **values: Any) -> int:
        """Only an end is written past the rules: whoever leaves, leaves."""
        if values.keys() != {"ends_on"} or values["ends_on"] is None:
            raise TypeError("a grid duty is saved row by row: its rules are asked there")
        return super().update(**values)


def covers_here() -> list[tuple[str, str]]:
    """Duties that grids have here, in the words of the place."""
    return [(cover.value, rule.label) for cover, rule in profile().covers.items()]


def engagements_here() -> list[tuple[str, str]]:
    return [(way.value, rule.label) for way, rule in profile().engagements.items()]


class GridDuty(models.Model):
    """User × grid × duty × engagement, dated; how many of each, and how engaged, says the profile (``staffing.py``)."""

    Duty = Cover
    Engagement = Engagement

    user = models.ForeignKey(User, models.PROTECT, related_name="grid_duties", verbose_name="人员")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="duties", verbose_name="网格")
    duty = models.CharField("职责", max_length=20, choices=covers_here)
    engagement = models.CharField("力量", max_length=20, choices=engagements_here)
    starts_on = models.DateField("起", default=dt.date(2016, 1, 1))
    ends_on = models.DateField("止", null=True, blank=True)

    objects = GridDutyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格值守"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "grid", "duty"],
                condition=Q(ends_on=None),
                name="grid_duty_held_once",
                violation_error_message="这个人在这个网格已有这项值守。",
                violation_error_code="duty",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="grid_duty_dates_in_order",
                violation_error_message="止期须晚于起期。",
                violation_error_code="ends_on",
            ),
        ]
        indexes = [models.Index(fields=["user", "duty"], name="grid_duty_by_user")]

    def __str__(self) -> str:
        return f"{self.grid} · {self.get_duty_display()} {self.user}"

    @transaction.atomic
    def save(self, *args: Any, **options: Any) -> None:
        """Raises ``Refused`` where the staffing of the place has no room for it."""
        _refuse_what_does_not_fit([self])
        super().save(*args, **options)

    def clean(self) -> None:
        """Say it at the form already; ``save`` asks once more, when nobody else can save meanwhile."""
        if self.grid_id and self.user_id and self.duty and self.engagement and (refusal := _why_not([self])):
            raise ValidationError(refusal.sentence, code=refusal.field)


def _refuse_what_does_not_fit(rows: list[GridDuty]) -> None:
    """Raise why some duties cannot be saved; grids and people stay locked until the transaction ends.

    Always grids before people and both by number, so that two who save at once wait for each other and never for ever.
    """
    for model, ids in ((Grid, {row.grid_id for row in rows}), (User, {row.user_id for row in rows})):
        locked = model.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        list(locked.values_list("pk", flat=True))
    if refusal := _why_not(rows):
        raise refusal


def _why_not(rows: list[GridDuty]) -> Refused | None:
    """What is in the way of rows, new or changed; an old row may end whatever the rules of today say."""
    asked = [row for row in rows if row._state.adding or row.ends_on is None]
    wanted = [
        staffing.Covering(row.grid_id, row.user_id, row.duty, row.engagement, row.ends_on is None)
        for row in asked
    ]
    touched = Q(grid__in={one.grid for one in wanted}) | Q(user__in={one.user for one in wanted})
    beside = GridDuty.objects.filter(touched, ends_on=None).exclude(pk__in=[row.pk for row in rows if row.pk])
    found = beside.values_list("grid", "user", "duty", "engagement")
    return staffing.why_not(wanted, [staffing.Covering(*one) for one in found])
