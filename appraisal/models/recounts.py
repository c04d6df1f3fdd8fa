"""Recounts in the background: what was asked by whom, how far the worker has come, and whether the board agrees."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from governance.models import User

#: What two rows are about the same question by; a version that came later asks the same.
QUESTION = ("measure", "dimension", "place", "narrowed", "begin", "end")


class RecountQuerySet(models.QuerySet):
    def unfinished(self) -> "RecountQuerySet":
        """Those that wait or run, in the order in which they are worked off: people's first."""
        return self.filter(finished_at=None).order_by(F("asked_by").asc(nulls_last=True), "pk")

    def disagreeing(self) -> "RecountQuerySet":
        """Those that found a difference, where no later one of the same question found none."""
        same = {name: OuterRef(name) for name in QUESTION}
        later = Recount.objects.filter(**same, pk__gt=OuterRef("pk"), finished_at__isnull=False)
        return self.filter(agrees=False).exclude(Exists(later.exclude(agrees=None)))


class Recount(models.Model):
    """A question that events are to answer: how often each counter of a measure counts, at a place, in a period.

    Without a measure all of them are asked, without a person the site itself asks. The worker goes on with it part by part
    (``RecountPart``), whoever was killed meanwhile.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "正在复算"
        DONE = "done", "已完成"
        FAILED = "failed", "没有算成"

    measure = models.CharField("指标", max_length=60, blank=True)
    version = models.PositiveSmallIntegerField("版本", default=0)
    dimension = models.CharField("地方是", max_length=10)
    place = models.BigIntegerField("地方")
    #: What else the slice is narrowed to, by the names of ``Slice``.
    narrowed = models.JSONField("筛选", default=dict)
    begin = models.DateField("从")
    end = models.DateField("到")
    #: Place and filters as people read them.
    words = models.CharField("说明", max_length=200)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="提出人")
    asked_at = models.DateTimeField("提出时间")

    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField("已看", default=0)
    of = models.PositiveIntegerField("共", default=0)
    #: The parts were counted by these definitions; by others they are counted again.
    definitions = models.CharField("定义摘要", max_length=64, blank=True)
    #: Until then whoever works on it is left alone; a worker that was killed says nothing more.
    taken_until = models.DateTimeField("有人在算，至", null=True)
    #: Rounds since the last part was done.
    tries = models.PositiveSmallIntegerField("没有进展的轮数", default=0)

    agrees = models.BooleanField("一致", null=True)
    records = models.PositiveIntegerField("计入的记录", default=0)
    events = models.PositiveIntegerField("办理记录", default=0)
    #: Of every counter, or only of those that differ where all are asked: counter, board, events (none: untold).
    lines = models.JSONField("各计数项", default=list)
    problem = models.CharField("问题", max_length=200, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True)

    objects = RecountQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "复算"
        constraints = [
            models.UniqueConstraint(
                fields=[*QUESTION, "version"], condition=Q(finished_at=None), name="recount_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None, agrees=None, state__in=["waiting", "running"])
                | Q(finished_at__isnull=False, agrees__isnull=False, state="done")
                | Q(finished_at__isnull=False, agrees=None, state="failed"),
                name="recount_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["measure", "place", "begin", "end", "-id"], name="recount_of_question"),
            models.Index(fields=["place"], condition=Q(agrees=False), name="recount_disagreeing"),
        ]


class RecountPart(models.Model):
    """Some records of a recount, by their ids: from after the part before up to ``last``.

    ``rows`` records of the place with ``versions`` together were looked at: a sum that differs later says that one of them
    has moved since, or came to the place, or left it.
    """

    recount = models.ForeignKey(Recount, models.CASCADE, related_name="parts")
    subject = models.CharField(max_length=20)
    last = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    versions = models.BigIntegerField()
    records = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    untold = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recount", "subject", "last"], name="recount_part_once")
        ]
