"""Patrols: where somebody walked between a start and an end of their own choice. Nobody else ever sees whose it was."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import User
from grid.models import Grid


class PatrolQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PatrolQuerySet":
        """A person's own; no post opens those of others."""
        return self.filter(by=user)


class Patrol(models.Model):
    """One patrol, as the phone told it when it was over; its ``uuid`` is the client's key.

    ``points`` holds ``[seconds since the start, longitude, latitude, accuracy in metres]``, degrees WGS-84, in order of time.
    """

    uuid = models.UUIDField(unique=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="巡查人")
    begun_at = models.DateTimeField("开始")
    ended_at = models.DateTimeField("结束")
    received_at = models.DateTimeField("收到")
    metres = models.PositiveIntegerField("路程（米）")
    points = models.JSONField("轨迹")
    #: Keys under which what was found was reported: such a case carries it as its ``uuid``, whenever it arrives.
    findings = ArrayField(models.UUIDField(), default=list, verbose_name="发现")
    digest = models.CharField(max_length=64, help_text="内容摘要：同一标识再次上传时比对")

    objects = PatrolQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "巡查"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("begun_at")), name="patrol_ends_after_it_began"
            ),
        ]
        indexes = [models.Index(F("by"), F("begun_at").desc(), name="patrol_own")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.begun_at):%Y-%m-%d %H:%M}"

    @property
    def distance(self) -> str:
        """How far the way led, in words."""
        return f"{self.metres} 米" if self.metres < 1000 else f"{self.metres / 1000:.1f} 公里"


class PatrolledGridQuerySet(models.QuerySet):
    def between(self, begin: dt.date, end: dt.date) -> "PatrolledGridQuerySet":
        """Of some days, both among them."""
        return self.filter(day__range=(begin, end))


class PatrolledGrid(models.Model):
    """A grid in which a patrol spent some time; goes with the patrol."""

    patrol = models.ForeignKey(Patrol, models.CASCADE, related_name="grids")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格")
    day = models.DateField("日期")

    objects = PatrolledGridQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "巡查到的网格"
        constraints = [models.UniqueConstraint("patrol", "grid", name="grid_once_a_patrol")]
        indexes = [models.Index(F("grid"), F("day").desc(), name="patrolled_grid_day")]
