"""Clocks with a ladder: moments that are counted once, and how far up somebody has been pressed."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from cases.workflow import Lateness
from partybuilding.models.whistles import Whistle
from partybuilding.workflow import Rung


class ClockQuerySet(models.QuerySet):
    def running(self) -> "ClockQuerySet":
        return self.filter(stopped_at=None)

    def due(self, now: dt.datetime) -> "ClockQuerySet":
        """Clocks on whose ladder the next rung is due."""
        return self.running().filter(next_at__lte=now).order_by("next_at", "pk")


class Clock(models.Model):
    """A limit that runs: its moments, frozen when it was started (``clocks.moments``), and how far up its ladder it is."""

    #: The rungs of its ladder, the lowest first; each has the column of its moment.
    RUNGS: ClassVar[tuple[Rung, ...]]

    limit = models.CharField("时限", max_length=30)
    opened_at = models.DateTimeField("开始")
    yellow_at = models.DateTimeField("预警")
    red_at = models.DateTimeField("截止")
    leader_at = models.DateTimeField("报分管领导")
    rung = models.CharField("已到", max_length=10, choices=Rung, blank=True)
    next_at = models.DateTimeField("下次到时", null=True)
    lateness = models.CharField("时限状态", max_length=10, choices=Lateness, default=Lateness.NONE)
    stopped_at = models.DateTimeField("结束", null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def after(self) -> Rung | None:
        """The rung that comes next."""
        at = self.RUNGS.index(Rung(self.rung)) + 1 if self.rung else 0
        return self.RUNGS[at] if at < len(self.RUNGS) else None

    def at(self, rung: Rung) -> dt.datetime:
        return getattr(self, f"{rung}_at")


class DecisionClock(Clock):
    """How long the street has to decide on a whistle that it was asked to blow; at the end its superior is told."""

    RUNGS = (Rung.YELLOW, Rung.RED, Rung.LEADER)

    whistle = models.OneToOneField(Whistle, models.PROTECT, related_name="decision", verbose_name="哨单")

    class Meta:
        verbose_name = verbose_name_plural = "决定时限"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(stopped_at=None), name="decision_clock_sweep"),
            models.Index(fields=["stopped_at"], name="decision_clock_stopped"),
        ]
