"""Exclusions 剔除: cases that a figure is also shown without, each asked for by one person and agreed to by two others."""

from django.db import models
from django.db.models import Q

from cases.models import Case
from cases.workflow import Tone
from governance.models import User


class ExclusionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ExclusionQuerySet":
        """Those of the cases that a person sees; deny by default."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def granted(self) -> "ExclusionQuerySet":
        """Those without whose cases figures are shown too."""
        return self.filter(state=Exclusion.State.GRANTED)


class Exclusion(models.Model):
    """That a case is to be left out of figures shown beside the raw ones: written once, only its state goes on.

    The database itself refuses any other change, and a granted one without two people who agreed (``appraisal.triggers``).
    """

    class Ground(models.TextChoices):
        FORCE_MAJEURE = "force_majeure", "不可抗力"
        NOT_OURS = "not_ours", "不属本地、本单位职责"
        REPEATED = "repeated", "重复立案"
        SYSTEM_FAULT = "system_fault", "系统故障"
        OTHER = "other", "其他"

    class State(models.TextChoices):
        ASKED = "asked", "待第一人同意"
        AGREED = "agreed", "待领导同意"
        GRANTED = "granted", "已剔除"
        DENIED = "denied", "不予剔除"
        ENDED = "ended", "已恢复计入"

    #: A case has one of these at most.
    RUNNING = (State.ASKED, State.AGREED, State.GRANTED)
    TONES = {
        State.ASKED: Tone.WAITING,
        State.AGREED: Tone.CHECKING,
        State.GRANTED: Tone.SETTLED,
        State.DENIED: Tone.VOID,
        State.ENDED: Tone.VOID,
    }

    case = models.ForeignKey(Case, models.PROTECT, related_name="exclusions", verbose_name="案件")
    ground = models.CharField("事由", max_length=20, choices=Ground)
    words = models.CharField("说明", max_length=200)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=10, choices=State, default=State.ASKED)

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "剔除"
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["asked", "agreed", "granted"]),
                name="exclusion_runs_once",
            )
        ]
        indexes = [
            models.Index(fields=["case"], condition=Q(state="granted"), name="exclusion_granted"),
        ]

    @property
    def tone(self) -> Tone:
        return self.TONES[self.State(self.state)]

    @property
    def is_decided_on(self) -> bool:
        """Whether it waits for somebody to agree."""
        return self.state in (self.State.ASKED, self.State.AGREED)


class ExclusionDecision(models.Model):
    """What a person said about an exclusion, with the reason: appended, never changed."""

    class Verdict(models.TextChoices):
        AGREE = "agree", "同意剔除"
        REFUSE = "refuse", "不同意"
        END = "end", "恢复计入"

    exclusion = models.ForeignKey(Exclusion, models.PROTECT, related_name="decisions", verbose_name="剔除")
    verdict = models.CharField("意见", max_length=10, choices=Verdict)
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="决定人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "剔除意见"
        ordering = ["pk"]
        constraints = [
            # Who agreed may end it later, as any leader.
            models.UniqueConstraint(
                fields=["exclusion", "by"], condition=~Q(verdict="end"), name="exclusion_decided_once_each"
            ),
            models.UniqueConstraint(
                fields=["exclusion"], condition=~Q(verdict="agree"), name="exclusion_stopped_once"
            ),
        ]
