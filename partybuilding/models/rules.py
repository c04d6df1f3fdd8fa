"""The rules of a district's whistles, dated: which kinds there are, who blows them, how long each clock runs."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from cases.models.catalogue import demand_limits
from governance.models import Organization
from governance.profile import Level
from governance.roles import DUTIES, Duty, Role
from partybuilding.models.whistles import TERRITORIES
from partybuilding.workflow import ClockStep, Source


def validate_limits(value: dict[str, str]) -> None:
    """Every clock has a limit."""
    demand_limits(value, {step.value: str(step.label) for step in ClockStep})


def validate_limit(value: str) -> None:
    """A limit as ``Limit.parse`` reads it."""
    demand_limits({"decide": value}, {"decide": "决定"})


def validate_blowers(value: Iterable[str]) -> None:
    """Posts that may blow a whistle, as ``level:role``, of a territory that whistles know; the role must be one that blows."""
    for text in value:
        level, _, role = text.partition(":")
        if level.upper() not in Level.__members__ or role not in Role:
            raise ValidationError(f"看不懂“{text}”，应写成 street:secretary（层级:岗位）。")
        if Level[level.upper()] not in TERRITORIES:
            places = "、".join(str(one.label) for one in TERRITORIES)
            raise ValidationError(f"{Level[level.upper()].label}的岗位不能吹哨，只有{places}的岗位可以。")
        if Duty.BLOW not in DUTIES[Role(role)]:
            raise ValidationError(f"{Role(role).label}不是能吹哨的岗位。")


class WhistleRuleQuerySet(models.QuerySet):
    def in_force(self, on: dt.date) -> "WhistleRuleQuerySet":
        return self.filter(valid_from__lte=on).filter(Q(valid_until=None) | Q(valid_until__gt=on))

    def of(self, district_id: int, kind: str) -> "WhistleRuleQuerySet":
        return self.filter(district=district_id, kind=kind)


class WhistleRule(models.Model):
    """A kind of whistle as it holds in a district from a day on; a whistle keeps a copy of the row it was blown under."""

    district = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="区")
    kind = models.SlugField("代码", max_length=30)
    label = models.CharField("哨种", max_length=20)
    valid_from = models.DateField("生效")
    valid_until = models.DateField("终止", null=True, blank=True)
    sources = ArrayField(models.CharField(max_length=20, choices=Source), verbose_name="吹哨情形")
    blowers = models.JSONField(
        "谁可吹哨", validators=[validate_blowers], help_text='例如 ["street:secretary"]'
    )
    limits = models.JSONField(
        "时限", validators=[validate_limits], help_text='例如 {"sign": "1 工作时", "settle": "5 工作日"}'
    )
    decide_limit = models.CharField(
        "街道决定时限",
        max_length=30,
        blank=True,
        validators=[validate_limit],
        help_text="社区请街道吹哨的，街道在此时限内决定，例如 4 工作时；不填则不计时",
    )
    distance = models.PositiveIntegerField("定位报到距离（米）", default=200)
    may_stay_away = models.BooleanField(
        "可远程办结", default=False, help_text="联系后不到场也可办结，如提供意见"
    )
    most_a_month = models.PositiveSmallIntegerField(
        "吹哨方每月提醒线", default=10, help_text="一个街道（社区、区）每月吹这种哨的次数，达到只提醒，不阻止"
    )
    basis = models.CharField("依据", max_length=200)

    objects = WhistleRuleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "吹哨规则"
        ordering = ["district", "kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "kind", "valid_from"],
                name="whistle_rule_once_a_day",
                violation_error_message="这一天起已有这个哨种的规则。",
                violation_error_code="valid_from",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="whistle_rule_dates_in_order",
                violation_error_message="终止日期须晚于生效日期。",
                violation_error_code="valid_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}（{self.district}，{self.valid_from}起）"

    @property
    def snapshot(self) -> dict:
        """What a whistle keeps of it, so that later changes do not reach back."""
        return {
            "rule": self.pk,
            "sources": list(self.sources),
            "blowers": list(self.blowers),
            "limits": dict(self.limits),
            "decide_limit": self.decide_limit,
            "distance": self.distance,
            "may_stay_away": self.may_stay_away,
            "basis": self.basis,
        }


class WhistleBand(models.Model):
    """How many whistles for 100 closed cases a district thinks usual from a day on: a band, for neither many nor few is good."""

    district = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="区")
    valid_from = models.DateField("生效")
    low = models.DecimalField("下限", max_digits=5, decimal_places=2, help_text="每百件结案的哨单数")
    high = models.DecimalField("上限", max_digits=5, decimal_places=2, help_text="每百件结案的哨单数")
    basis = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "吹哨率区间"
        ordering = ["district", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "valid_from"],
                name="whistle_band_once_a_day",
                violation_error_message="这一天起已有区间。",
                violation_error_code="valid_from",
            ),
            models.CheckConstraint(
                condition=Q(low__gte=0, high__gt=F("low")),
                name="whistle_band_has_a_width",
                violation_error_message="上限须大于下限，下限不小于零。",
                violation_error_code="high",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.low}–{self.high}（{self.district}，{self.valid_from}起）"
