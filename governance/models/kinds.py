"""Of which kind a community is, dated: whoever compares it with others asks as of a day."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value

from governance.models.organizations import Kind, Organization
from governance.models.people import User
from governance.profile import LONGEST_KIND, Level, profile

_END_AFTER_BEGIN = "终止日期须晚于生效日期。"


def kinds_here() -> list[tuple[str, str]]:
    """Kinds of communities of this place, in its words."""
    return [(key, kind.label) for key, kind in profile().kinds.items()]


class CommunityKindQuerySet(models.QuerySet):
    def as_of(self, day: dt.date) -> "CommunityKindQuerySet":
        """What held on a day: at most one row a community."""
        return self.filter(valid_from__lte=day).filter(Q(valid_until=None) | Q(valid_until__gt=day))

    def across(self, begin: dt.date, end: dt.date | None) -> "CommunityKindQuerySet":
        """What held on any of some days, the last of them left out; None: without end."""
        found = self.filter(Q(valid_until=None) | Q(valid_until__gt=begin))
        return found if end is None else found.filter(valid_from__lt=end)


class CommunityKind(models.Model):
    """A community is of a kind from a day on, until another day; who said so, and why. Never rewritten, only ended."""

    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        related_name="kinds",
        limit_choices_to={"kind": Kind.TERRITORY, "level": Level.COMMUNITY},
        verbose_name="社区",
    )
    kind = models.CharField("社区类型", max_length=LONGEST_KIND, choices=kinds_here)
    valid_from = models.DateField("生效")
    valid_until = models.DateField("终止", null=True, blank=True)
    reason = models.CharField(
        "依据", max_length=200, help_text="为什么是这一类，例如 2026 年社区分类评定会议纪要"
    )
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False, verbose_name="录入人")
    set_at = models.DateTimeField("录入时间", editable=False)

    objects = CommunityKindQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "社区类型"
        ordering = ["organization__path", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="community_kind_dates_in_order",
                violation_error_message=_END_AFTER_BEGIN,
                violation_error_code="valid_until",
            ),
            # A range of one number for the community: GiST knows ranges by itself, of numbers only with an extension.
            ExclusionConstraint(
                name="community_kind_one_at_a_time",
                expressions=[
                    (
                        Func(
                            "organization",
                            "organization",
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "valid_from", "valid_until", function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="这个社区在这些天里已有类型。",
                violation_error_code="valid_until",
            ),
        ]
        indexes = [models.Index(fields=["kind", "organization"], name="community_kind_by_kind")]

    def __str__(self) -> str:
        until = f"，至 {self.valid_until}" if self.valid_until else ""
        return f"{self.organization} {self.get_kind_display()}（{self.valid_from} 起{until}）"

    def holds_on(self, day: dt.date) -> bool:
        """What ``as_of`` asks, of a row that was read already."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def clean(self) -> None:
        """Before the days are compared with others': the database makes no range that ends before it begins."""
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValidationError({"valid_until": _END_AFTER_BEGIN})

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None:
        """Whether a new row finds its days free is asked where it is written: there the one before has given way."""
        also = {"organization"} if self._state.adding else set()
        super().validate_constraints({*(exclude or ()), *also})
