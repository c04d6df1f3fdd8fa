"""Grids, their rings, and the people who cover them (1+1+1+N)."""

import datetime as dt

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from governance.models import Organization, Post, User


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
        """Annotate for which of the three single duties nobody is there."""
        holders = GridDuty.objects.on_duty(on).filter(grid=OuterRef("pk"))
        return self.annotate(
            lacks_worker=~Exists(holders.filter(duty=GridDuty.Duty.WORKER)),
            lacks_supervisor=~Exists(holders.filter(duty=GridDuty.Duty.SUPERVISOR)),
            lacks_inspector=~Exists(holders.filter(duty=GridDuty.Duty.INSPECTOR)),
        )

    def uncovered(self, on: dt.date) -> "GridQuerySet":
        """Grids where one of the three single duties is vacant."""
        return self.with_gaps(on).filter(
            Q(lacks_worker=True) | Q(lacks_supervisor=True) | Q(lacks_inspector=True)
        )


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


class GridDuty(models.Model):
    """User × grid × duty × engagement, dated: 1 inspector + 1 supervisor + 1 worker + N others a grid."""

    class Duty(models.TextChoices):
        INSPECTOR = "inspector", "区级巡查员"
        SUPERVISOR = "supervisor", "街道监督员"
        WORKER = "worker", "社区网格员"
        HELPER = "helper", "志愿者、庭院长、楼栋长"

    class Engagement(models.TextChoices):
        FULL_TIME = "full_time", "专职（一格一员）"
        PROFESSIONAL = "professional", "专业（一员多格）"
        PART_TIME = "part_time", "兼职（一格多员）"

    user = models.ForeignKey(User, models.PROTECT, related_name="grid_duties", verbose_name="人员")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="duties", verbose_name="网格")
    duty = models.CharField("职责", max_length=20, choices=Duty)
    engagement = models.CharField("力量", max_length=20, choices=Engagement)
    starts_on = models.DateField("起", default=dt.date(2016, 1, 1))
    ends_on = models.DateField("止", null=True, blank=True)

    objects = GridDutyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格值守"
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "duty"],
                condition=Q(ends_on=None) & ~Q(duty="helper"),
                name="grid_has_one_of_each",
                violation_error_message="这个网格的该岗位已经有人。",
                violation_error_code="duty",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ends_on=None, engagement="full_time"),
                name="full_time_means_one_grid",
                violation_error_message="专职网格员一人只能负责一个网格。",
                violation_error_code="user",
            ),
            models.UniqueConstraint(
                fields=["user", "grid", "duty"],
                condition=Q(ends_on=None),
                name="grid_duty_held_once",
                violation_error_message="这个人在这个网格已有这项值守。",
                violation_error_code="duty",
            ),
            models.CheckConstraint(
                condition=Q(duty="worker", engagement="full_time")
                | Q(duty__in=["inspector", "supervisor"], engagement="professional")
                | Q(duty="helper", engagement="part_time"),
                name="engagement_fits_duty",
                violation_error_message="专职力量一格一员，专业力量一员多格，兼职力量一格多员。",
                violation_error_code="engagement",
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
