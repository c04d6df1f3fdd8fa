"""Working days and working hours: what a clerk would look up in the official calendar."""

from django.db import models

from governance.models import Organization


class WorkDay(models.Model):
    """A day that differs from its weekday: a holiday, or a Saturday worked to make up for one 调休."""

    day = models.DateField("日期", unique=True)
    is_working = models.BooleanField("上班")
    note = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "节假日与调休"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'上班' if self.is_working else '放假'}"


class WorkingHours(models.Model):
    """Working windows of a district from a date on, written ``09:00-12:00 13:00-17:00``."""

    district = models.ForeignKey(Organization, models.CASCADE, verbose_name="区")
    valid_from = models.DateField("自")
    windows = models.CharField("工作时段", max_length=60, default="09:00-12:00 13:00-17:00")

    class Meta:
        verbose_name = verbose_name_plural = "工作时段"
        constraints = [
            models.UniqueConstraint(fields=["district", "valid_from"], name="working_hours_once_a_day")
        ]
