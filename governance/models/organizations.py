"""The five-level tree, with departments and member units hung on it."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F, Q

from governance.profile import Level, profile


class Kind(models.TextChoices):
    TERRITORY = "territory", "区域"
    DEPARTMENT = "department", "职能部门"
    MEMBER_UNIT = "member_unit", "共建单位"


class Function(models.TextChoices):
    """What a unit is for; the responsibility list names functions, the tree says which unit has them where."""

    COMMUNITY = "community", "社区居委会"
    PROPERTY = "property", "物业服务企业"
    STREET_OFFICE = "street_office", "街道综合办"
    STREET_ENFORCEMENT = "street_enforcement", "街道综合执法队"
    STREET_SAFETY = "street_safety", "街道平安办"
    POLICE = "police", "公安"
    URBAN_MANAGEMENT = "urban_management", "城管"
    HOUSING = "housing", "住建"
    MARKET = "market", "市场监管"
    ECOLOGY = "ecology", "生态环境"
    CIVIL_AFFAIRS = "civil_affairs", "民政"
    HEALTH = "health", "卫健"
    TRANSPORT = "transport", "交通"
    WATER = "water", "水务"
    FIRE = "fire", "消防"
    FORESTRY = "forestry", "园林绿化"
    EMERGENCY = "emergency", "应急"
    JUSTICE = "justice", "司法"
    SOCIAL_SECURITY = "social_security", "人社"
    EDUCATION = "education", "教体"
    HERITAGE = "heritage", "文旅"
    TELECOM = "telecom", "通信运营"
    POWER_GRID = "power_grid", "供电"
    GAS = "gas", "燃气"


def levels_here() -> list[tuple[int, str]]:
    """Levels of this place, in its words."""
    return [(level.value, level.label) for level in profile().levels]


#: A department or member unit, hung on a territory.
UNIT = ~Q(kind=Kind.TERRITORY)


class OrganizationQuerySet(models.QuerySet):
    def active(self, on: dt.date) -> "OrganizationQuerySet":
        return self.filter(active_from__lte=on).filter(Q(active_until=None) | Q(active_until__gt=on))

    def territories(self, level: Level | None = None) -> "OrganizationQuerySet":
        found = self.filter(kind=Kind.TERRITORY)
        return found if level is None else found.filter(level=level)

    def units(self) -> "OrganizationQuerySet":
        """Departments and member units: what a case can be dispatched to beside the territories."""
        return self.filter(UNIT)

    def under(self, organization: "Organization") -> "OrganizationQuerySet":
        """Everything below an organization, itself included: one indexed prefix."""
        return self.filter(path__startswith=organization.path)

    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """Whose pages a person (``User``) may open, as ``Authority.sees`` says of one; deny by default."""
        seen = Q(pk__in=user.authority.unit_ids)
        for place in user.authority.territories:
            seen |= Q(path__startswith=place.path)
        return self.filter(seen)


class Organization(models.Model):
    """A node of the tree; a territory is a place of government and a party organisation at once."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    party_name = models.CharField("党组织名称", max_length=80, blank=True)
    kind = models.CharField("类别", max_length=20, choices=Kind, default=Kind.TERRITORY)
    level = models.SmallIntegerField("层级", choices=levels_here, help_text="部门和单位取其所挂区域的层级")
    function = models.CharField(
        "职能", max_length=40, choices=Function, blank=True, help_text="权责清单用它找到本级的牵头单位"
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    path = models.CharField("路径", max_length=200, unique=True, db_collation="C", editable=False)
    active_from = models.DateField("生效", default=dt.date(2016, 1, 1))
    active_until = models.DateField("终止", null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "组织"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=Kind.TERRITORY, function="") | ~Q(kind=Kind.TERRITORY) & ~Q(function=""),
                name="organization_units_have_a_function",
                violation_error_message="区域没有职能，部门和单位须有职能。",
                violation_error_code="function",
            ),
            models.CheckConstraint(
                condition=Q(active_until=None) | Q(active_until__gt=F("active_from")),
                name="organization_dates_in_order",
                violation_error_message="终止日期须晚于生效日期。",
                violation_error_code="active_until",
            ),
        ]
        indexes = [models.Index(fields=["function", "parent"], name="organization_function")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.path = f"{self.parent.path if self.parent else ''}{self.code}/"
        super().save(*args, **kwargs)

    @property
    def centre_name(self) -> str:
        """The command centre of a territory, as people call it."""
        return f"{self.name}{profile().centres.get(self.level, '指挥中心')}"
