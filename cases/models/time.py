"""Working days and working hours: what a clerk would look up in the official calendar, and how it changed."""

import datetime as dt
import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cases.hours import HELP, WindowsField
from governance.models import Organization, User

#: Days outside are typing errors, and nothing could be counted with them.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
IN_RANGE = "日期应在 2000 年至 2099 年之间。"


class WorkDay(models.Model):
    """A day that differs from its weekday: a holiday, or a Saturday worked to make up for one 调休.

    Rows alone publish nothing; a year is complete when somebody declared it (``CalendarYear``).
    """

    day = models.DateField("日期", unique=True)
    is_working = models.BooleanField("上班")
    note = models.CharField("说明", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "节假日与调休"
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(day__range=(FIRST_DAY, LAST_DAY)),
                name="work_day_in_range",
                violation_error_message=IN_RANGE,
                violation_error_code="day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'上班' if self.is_working else '放假'}"


class CalendarYear(models.Model):
    """A year whose holidays and make-up workdays are all in; limits that reach another year are provisional."""

    year = models.PositiveSmallIntegerField("年份", unique=True)
    notice = models.CharField("依据", max_length=120)
    declared_at = models.DateTimeField("确认时间")
    declared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="确认人")

    class Meta:
        verbose_name = verbose_name_plural = "已公布年份"
        ordering = ["year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(year__range=(FIRST_DAY.year, LAST_DAY.year)),
                name="calendar_year_in_range",
                violation_error_message=IN_RANGE,
                violation_error_code="year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年"


class WorkingHours(models.Model):
    """Working windows of a district from a date on, stored as ``09:00-12:00 13:00-17:00``.

    The database checks the spelling and the order too (``cases_windows_hold``): what is stored can be counted with.
    """

    district = models.ForeignKey(Organization, models.CASCADE, verbose_name="区")
    valid_from = models.DateField("自")
    windows = WindowsField("工作时段", max_length=120, default="09:00-12:00 13:00-17:00", help_text=HELP)

    class Meta:
        verbose_name = verbose_name_plural = "工作时段"
        constraints = [
            models.UniqueConstraint(
                fields=["district", "valid_from"],
                name="working_hours_once_a_day",
                violation_error_message="这个区已有同一天生效的工作时段，请改那一条。",
                violation_error_code="valid_from",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__range=(FIRST_DAY, LAST_DAY)),
                name="working_hours_in_range",
                violation_error_message=IN_RANGE,
                violation_error_code="valid_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district}自 {self.valid_from:%Y-%m-%d} {self.windows}"


class CalendarChange(models.Model):
    """A change of the calendar: which days, by whom, on what grounds; deadlines counted across it are counted again."""

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Of what came under the key (``chain.request_digests``); nothing where no page sent it.
    request_digest = models.CharField(max_length=64, editable=False, default="")
    made_at = models.DateTimeField("时间")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    words = models.CharField("变动", max_length=200)
    first_day = models.DateField("自")
    last_day = models.DateField("至")
    # Nothing: the holidays, which hold everywhere.
    district = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+", verbose_name="区")
    # Legs that were opened while the change was being saved have been looked for as well.
    is_settled = models.BooleanField(default=False)

    class Meta:
        verbose_name = verbose_name_plural = "日历变动"
        ordering = ["pk"]
        indexes = [models.Index(fields=["id"], condition=Q(is_settled=False), name="calendar_change_open")]
        constraints = [
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="calendar_change_has_days")
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at):%Y-%m-%d} {self.words}"
