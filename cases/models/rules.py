"""Numbers of the rules that a district sets for itself."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from cases.models.time import FIRST_DAY, IN_RANGE, LAST_DAY
from cases.rule_numbers import MAY_BE_NONE, MOST, MOST_METRES, Overridable
from governance.models import Organization


class RuleOverride(models.Model):
    """A number of the rules as a district sets it from a date on; without a row the usual one holds."""

    district = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name="区")
    name = models.CharField("规则", max_length=20, choices=Overridable)
    valid_from = models.DateField("自")
    value = models.PositiveSmallIntegerField(
        "数值", validators=[MinValueValidator(0), MaxValueValidator(MOST_METRES)]
    )
    basis = models.CharField("依据", max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = "规则数值"
        ordering = ["district", "name", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "name", "valid_from"],
                name="rule_override_once_a_day",
                violation_error_message="这个区的这一条规则已有同一天生效的数值，请改那一条。",
                violation_error_code="valid_from",
            ),
            models.CheckConstraint(
                condition=models.Q(name__in=MAY_BE_NONE) | models.Q(value__gte=1),
                name="rule_override_above_nothing",
                violation_error_message="这一条规则的数值至少为 1。",
                violation_error_code="value",
            ),
            models.CheckConstraint(
                condition=models.Q(name=Overridable.CHECK_METRES) | models.Q(value__lte=MOST),
                name="rule_override_days_at_most",
                violation_error_message=f"这一条规则的数值最多为 {MOST}。",
                violation_error_code="value",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_from__range=(FIRST_DAY, LAST_DAY)),
                name="rule_override_in_range",
                violation_error_message=IN_RANGE,
                violation_error_code="valid_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district}自 {self.valid_from:%Y-%m-%d} {self.get_name_display()} {self.value}"
