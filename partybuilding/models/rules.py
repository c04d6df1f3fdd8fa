"""The rules of a district's whistles, dated: which kinds there are, who blows them, how long each clock runs."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from cases.deadlines import Limit
from governance.models import Organization
from governance.profile import Level
from governance.roles import DUTIES, Duty, Role
from partybuilding.workflow import ClockStep, Source


def validate_limits(value: dict[str, str]) -> None:
    """Every clock has a limit that ``Limit.parse`` can read."""
    if missing := [step.label for step in ClockStep if step not in value]:
        raise ValidationError(f"缺少时限：{'、'.join(missing)}")
    for step, text in value.items():
        if step not in ClockStep:
            raise ValidationError(f"没有名为 {step} 的环节")
        try:
            Limit.parse(text)
        except ValueError as problem:
            raise ValidationError(f"{ClockStep(step).label}：{problem}") from problem


def validate_blowers(value: Iterable[str]) -> None:
    """Posts that may blow a whistle, as ``level:role``; the role must be one that blows at all."""
    for text in value:
        level, _, role = text.partition(":")
        if level.upper() not in Level.__members__ or role not in Role:
            raise ValidationError(f"看不懂“{text}”，应写成 street:secretary（层级:岗位）。")
        if Duty.BLOW not in DUTIES[Role(role)]:
            raise ValidationError(f"{Role(role).label}不是能吹哨的岗位。")


class WhistleRuleQuerySet(models.QuerySet):
    def in_force(self, on: dt.date) -> "WhistleRuleQuerySet":
        return self.filter(valid_from__lte=on).filter(Q(valid_until=None) | Q(valid_until__gt=on))


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
    distance = models.PositiveIntegerField("定位报到距离（米）", default=200)
    may_stay_away = models.BooleanField(
        "可远程办结", default=False, help_text="联系后不到场也可办结，如提供意见"
    )
    most_a_month = models.PositiveSmallIntegerField(
        "每岗位每月提醒线", default=10, help_text="超过只提醒，不阻止"
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
            "limits": dict(self.limits),
            "distance": self.distance,
            "may_stay_away": self.may_stay_away,
            "basis": self.basis,
        }
