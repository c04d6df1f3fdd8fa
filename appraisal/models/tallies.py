"""Tallies: additive counts by day and place, what each record has added to them, what is to be counted again; and which
denominators districts chose."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cases.models.time import FIRST_DAY, IN_RANGE, LAST_DAY
from governance.models import Organization, User

#: Of a dimension that a cell does not tell apart.
NONE, ANY = 0, ""


class Cut(models.TextChoices):
    """Which dimensions the cells of a part of the tallies tell apart, beside place and day."""

    PLACE = "place", "区域"
    PLACE_DETAIL = "place_detail", "区域（闭环、来源、类型）"
    UNIT = "unit", "单位"
    UNIT_DETAIL = "unit_detail", "单位（闭环、来源、类型）"
    GRID = "grid", "网格"
    CATEGORY = "category", "区域（类别）"
    HOUR = "hour", "区域（小时）"
    PLACE_UNIT = "place_unit", "区域（单位）"


class Span(models.TextChoices):
    DAY = "day", "日"
    MONTH = "month", "月"


class Tally(models.Model):
    """A cell: how many of every counter there were, by the counter's number (the first is number 1); empty is none."""

    cut = models.CharField("切分", max_length=20, choices=Cut)
    #: An organization, or a grid in the cut by grids; no key, so that a rebuild locks nobody's tree.
    place = models.BigIntegerField("地方")
    span = models.CharField("跨度", max_length=10, choices=Span)
    day = models.DateField("首日")
    category = models.BigIntegerField("类别", default=NONE)
    kind = models.CharField("类型", max_length=20, default=ANY)
    loop = models.CharField("闭环", max_length=20, default=ANY)
    source = models.CharField("来源", max_length=20, default=ANY)
    hour = models.SmallIntegerField("小时", default=NONE)
    unit = models.BigIntegerField("单位", default=NONE)
    counts = ArrayField(models.IntegerField(), verbose_name="计数")

    class Meta:
        verbose_name = verbose_name_plural = "计数格"
        constraints = [
            models.UniqueConstraint(
                fields=["cut", "place", "span", "day", "category", "kind", "loop", "source", "hour", "unit"],
                name="tally_cell_once",
            )
        ]


class Counted(models.Model):
    """What a record has added to the tallies so far, so that a change takes exactly that away again."""

    subject = models.CharField("记录种类", max_length=20)
    record = models.BigIntegerField("记录")
    district = models.BigIntegerField()
    street = models.BigIntegerField(null=True)
    community = models.BigIntegerField(null=True)
    grid = models.BigIntegerField(null=True)
    category = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    #: Five numbers a fact: counter, hour (since 1970, by the clock of the place), unit or 0, loop, amount.
    facts = ArrayField(ArrayField(models.IntegerField(), size=5))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "record"], name="counted_once")]


#: A record that could not be counted is tried again after so long.
RETRY = dt.timedelta(minutes=10)


class TouchedQuerySet(models.QuerySet):
    def to_count(self, now: dt.datetime) -> "TouchedQuerySet":
        """What the worker takes next, oldest first; what could not be counted waits a while."""
        return self.filter(Q(tried_at=None) | Q(tried_at__lte=now - RETRY)).order_by("pk")

    def uncountable(self) -> "TouchedQuerySet":
        return self.filter(problem__gt="")


class Touched(models.Model):
    """A record that a move changed since it was counted; a trigger writes it in the transaction of the move.

    Rows are only appended, so no move waits for another one or for the worker; whatever commits late is simply found
    later. Whoever counts a record removes its rows in the same transaction.
    """

    subject = models.CharField("记录种类", max_length=20)
    record = models.BigIntegerField("记录")
    # Why the record could not be counted, and when that was tried last; the trigger knows neither.
    problem = models.CharField("问题", max_length=200, db_default="")
    tried_at = models.DateTimeField("最近一次尝试", null=True)

    objects = TouchedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["subject", "record"], name="touched_record")]


class Tallied(models.Model):
    """One row: by which definitions the tallies were counted, and when; locked by whoever counts.

    After a change of definitions everything is counted again: ``counting`` names the new ones until the queue is done up
    to ``until``, and until then readers count rows.
    """

    definitions = models.CharField("定义摘要", max_length=64, default="")
    counting = models.CharField("正在计入的定义摘要", max_length=64, default="")
    until = models.BigIntegerField(default=0)
    at = models.DateTimeField("最近一次", null=True)


class DenominatorChoice(models.Model):
    """Which of its denominators a measure has in a district from a day on; without a row the usual one."""

    district = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name="区")
    measure = models.CharField("指标", max_length=60)
    #: The name of the alternative; none is the usual denominator, chosen again.
    alternative = models.CharField("分母", max_length=60, blank=True)
    valid_from = models.DateField("自")
    basis = models.CharField("依据", max_length=120)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="设定人", editable=False)
    set_at = models.DateTimeField("设定时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "指标分母"
        ordering = ["district", "measure", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "measure", "valid_from"],
                name="denominator_chosen_once_a_day",
                violation_error_message="这个区的这个指标已有同一天生效的分母，请改那一条。",
                violation_error_code="valid_from",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__range=(FIRST_DAY, LAST_DAY)),
                name="denominator_chosen_in_range",
                violation_error_message=IN_RANGE,
                violation_error_code="valid_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district}自 {self.valid_from:%Y-%m-%d} {self.measure}"
