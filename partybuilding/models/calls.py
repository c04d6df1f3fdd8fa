"""What a whistle asks of units: calls with their clocks, who came, tasks on the spot."""

import datetime as dt

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from cases.models import Case
from governance.models import Organization, Post, User
from governance.roles import Duty
from partybuilding.models.clocks import Clock
from partybuilding.models.whistles import Whistle
from partybuilding.workflow import OPEN_CALL, CallState, ClockStep, Refusal, Rung


class CallQuerySet(models.QuerySet):
    def open(self) -> "CallQuerySet":
        return self.filter(state__in=OPEN_CALL)


class Call(models.Model):
    """A unit that a whistle has called; a part of it, with states of its own."""

    whistle = models.ForeignKey(Whistle, models.PROTECT, related_name="calls", verbose_name="哨单")
    unit = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="单位")
    is_lead = models.BooleanField("牵头", default=False)
    why = models.CharField("召集理由", max_length=120, blank=True)
    stays_away = models.BooleanField("远程办理", default=False)
    state = models.CharField("状态", max_length=20, choices=CallState, default=CallState.CALLED)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="接替"
    )

    called_at = models.DateTimeField("召集")
    signed_at = models.DateTimeField("签收", null=True)
    contacted_at = models.DateTimeField("联系", null=True)
    arrived_at = models.DateTimeField("报到", null=True)
    finished_at = models.DateTimeField("办结", null=True)
    ended_at = models.DateTimeField("回退", null=True)
    released_at = models.DateTimeField("解除", null=True)
    refusal = models.CharField("回退原因", max_length=20, choices=Refusal, blank=True)
    right_unit = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name="认为应召集的单位"
    )
    # The last rung of a ladder: an order of the system to the head of the unit.
    ordered_at = models.DateTimeField("督办", null=True)
    order_answered_at = models.DateTimeField("督办答复", null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "召集"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["whistle", "unit"],
                condition=Q(state__in=OPEN_CALL),
                name="unit_called_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["whistle"], condition=Q(is_lead=True, state__in=OPEN_CALL), name="one_unit_leads"
            ),
        ]
        indexes = [models.Index(fields=["unit", "state"], name="call_of_unit")]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_CALL


class CallClock(Clock):
    """One of the four clocks of a call."""

    RUNGS = tuple(Rung)

    class Outcome(models.TextChoices):
        DONE = "done", "完成"
        REFUSED = "refused", "回退"
        RELEASED = "released", "解除"

    call = models.ForeignKey(Call, models.PROTECT, related_name="clocks", verbose_name="召集")
    step = models.CharField("环节", max_length=10, choices=ClockStep)
    head_at = models.DateTimeField("催办负责人")
    order_at = models.DateTimeField("督办")
    outcome = models.CharField("结果", max_length=10, choices=Outcome, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "召集时限"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["call", "step"], name="call_clock_once"),
            models.CheckConstraint(
                condition=Q(stopped_at=None, outcome="") | Q(stopped_at__isnull=False) & ~Q(outcome=""),
                name="stopped_call_clock_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(stopped_at=None), name="call_clock_sweep"),
            models.Index(fields=["step", "lateness"], condition=Q(stopped_at=None), name="call_clock_late"),
            models.Index(fields=["stopped_at"], name="call_clock_stopped"),
        ]


class Arrival(models.Model):
    """Somebody who reported in on the spot, by what proof, and when they left."""

    class Proof(models.TextChoices):
        CODE = "code", "扫码"
        POSITION = "position", "定位"

    call = models.ForeignKey(Call, models.PROTECT, related_name="arrivals", verbose_name="召集")
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="人员")
    proof = models.CharField("方式", max_length=10, choices=Proof)
    distance = models.PositiveIntegerField("距离（米）", null=True)
    came_at = models.DateTimeField("报到")
    claimed_at = models.DateTimeField("手机时间", null=True, help_text="只是手机的说法，时限不看它")
    left_at = models.DateTimeField("离场", null=True)
    left_early = models.BooleanField("解除前离场", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "报到"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "person"], condition=Q(left_at=None), name="person_is_there_once"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("came_at")), name="arrival_dates_in_order"
            ),
        ]

    @property
    def other_time(self) -> dt.datetime | None:
        """What the phone said, where it is more than a minute from the time of the server."""
        if self.claimed_at is None or abs(self.claimed_at - self.came_at) <= dt.timedelta(minutes=1):
            return None
        return self.claimed_at


class TaskQuerySet(models.QuerySet):
    def waiting_for(self, user: User, on: dt.date) -> "TaskQuerySet":
        """Tasks that are not done: those of this person, and of the own units those that no other person there is named for."""
        answers = Post.objects.on_duty(on).with_duty(Duty.ANSWER)
        named = answers.filter(user=OuterRef("person"), organization=OuterRef("unit"))
        own = Q(person=user.pk) | Q(person=None) | ~Exists(named)
        return self.filter(own, done_at=None, unit__in=user.authority.places(Duty.ANSWER))


class Task(models.Model):
    """Something to be done on the spot, by a unit until a time; it may have become a case of its own.

    Where a person of the unit is named it waits for that person, as long as they answer for the unit (``TaskQuerySet``).
    """

    whistle = models.ForeignKey(Whistle, models.PROTECT, related_name="tasks", verbose_name="哨单")
    unit = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="单位")
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    title = models.CharField("任务", max_length=120)
    deadline = models.DateTimeField("期限")
    given_at = models.DateTimeField("交办")
    done_at = models.DateTimeField("完成", null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="完成人")
    case = models.OneToOneField(
        Case, models.PROTECT, null=True, related_name="whistle_task", verbose_name="转成的案件"
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联合处置任务"
        ordering = ["pk"]
