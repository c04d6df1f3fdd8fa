"""Legs, requests and supervision orders: who has the case, until when, and what was asked."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from cases.deadlines import Basis, Limit, Unit
from cases.models.case import Case
from cases.models.catalogue import Responsibility
from cases.models.time import CalendarChange
from cases.workflow import Lateness, PositionSource, State, Step, loops_here
from governance.models import Organization, Post, User
from governance.roles import Duty


class LegQuerySet(models.QuerySet):
    def open(self) -> "LegQuerySet":
        return self.filter(stopped_at=None)

    def left(self, on: dt.date) -> "LegQuerySet":
        """Open checks whose drawn person is no longer at a post for which people are drawn."""
        drawn = self.open().filter(person__isnull=False, step__in=[Step.CHECKING, Step.VERIFYING])
        there = Post.objects.on_duty(on).with_duty(Duty.VERIFY, Duty.INTAKE)
        return drawn.exclude(person__in=there.values("user"))

    def due_for_sweep(self, now) -> "LegQuerySet":
        """Open legs on which time has something to do."""
        return self.open().filter(sweep_at__lte=now).order_by("sweep_at", "pk")

    def put_off(self, now: dt.datetime, most: dt.timedelta) -> "LegQuerySet":
        """Open legs past their due date without a red mark: the sweep failed on them and looks again within ``most``."""
        again = self.open().filter(sweep_at__gt=now, sweep_at__lte=now + most)
        return again.filter(due_at__lt=F("sweep_at"), due_at__lte=now).exclude(lateness=Lateness.RED)

    def outdated(self) -> "LegQuerySet":
        """Open legs that were counted across a day that the calendar says otherwise about by now."""
        return self.open().filter(outdated_by__isnull=False).order_by("sweep_at", "pk")


class Leg(models.Model):
    """A step of the case in one pair of hands; to-do list, clock ledger and base of all figures."""

    class Outcome(models.TextChoices):
        DONE = "done", "完成"
        PAUSED = "standing", "暂停"
        REFUSED = "refused", "回退"
        FAILED = "failed", "未通过"
        ESCALATED = "climbed", "上报上级"
        DELEGATED = "delegated", "下沉"
        REDRAWN = "redrawn", "重新抽派"
        LAPSED = "lapsed", "逾期终止"
        ENDED = "ended", "终止"

    case = models.ForeignKey(Case, models.PROTECT, related_name="legs", verbose_name="案件")
    step = models.CharField("环节", max_length=20, choices=Step)
    loop = models.CharField("闭环", max_length=20, choices=loops_here)
    centre = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="指挥中心")
    unit = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+", verbose_name="单位")
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="legs", verbose_name="人员")
    # Which row of the list gave the limit: any deadline can be explained later.
    responsibility = models.ForeignKey(
        Responsibility, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="适用权责"
    )
    desk_allowed = models.BooleanField("可由坐席远程办理", default=False)
    tried = ArrayField(models.BigIntegerField(), default=list, verbose_name="已抽派过")

    opened_at = models.DateTimeField("开始")
    limit_amount = models.DecimalField("时限", max_digits=9, decimal_places=4)
    limit_unit = models.CharField("单位", max_length=20, choices=Unit)
    # When the marks below were set: by the calendar of then.
    counted_at = models.DateTimeField("计时时间")
    # What the due date was counted from; a leg from before this was kept has nothing here and is not counted again.
    counted_from = models.DateTimeField("起算", null=True)
    counted_amount = models.DecimalField("起算量", max_digits=9, decimal_places=4, null=True)
    added_amount = models.DecimalField("起算后延期", max_digits=9, decimal_places=4, default=0)
    # All extensions within the limit: another one is measured by what was given at first.
    extended_amount = models.DecimalField("延期合计", max_digits=9, decimal_places=4, default=0)
    due_at = models.DateTimeField("截止")
    warn_at = models.DateTimeField("预警")
    escalate_at = models.DateTimeField("宽限止")
    sweep_at = models.DateTimeField("下次到时", null=True)
    # A red mark that was written late is to be seen for a while before anything follows from it.
    held_until = models.DateTimeField("升级暂缓至", null=True)
    lateness = models.CharField("时限", max_length=10, choices=Lateness, default=Lateness.NONE)
    is_provisional = models.BooleanField("日历未公布", default=False)
    # The change of the calendar after which this leg is to be counted again; nothing for one that is right.
    outdated_by = models.ForeignKey(
        CalendarChange, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="待重算"
    )

    stopped_at = models.DateTimeField("结束", null=True)
    outcome = models.CharField("结果", max_length=20, choices=Outcome, blank=True)
    is_late = models.BooleanField("超期完成", default=False)
    back_to = models.CharField("回到", max_length=20, choices=State, blank=True)
    rest_amount = models.DecimalField("余量", max_digits=9, decimal_places=4, null=True)
    # Where a check was made: whole metres from the case, and who says so; ``is_far``: further off than the rule has it, or
    # without a fix.
    checked_metres = models.PositiveIntegerField("核查距离", null=True)
    # Pages of the release before, which may still be answered for a while, write neither.
    position_source = models.CharField(
        "位置来源", max_length=10, choices=PositionSource, blank=True, default="", db_default=""
    )
    is_far = models.BooleanField("远距离核查", default=False, db_default=False)

    objects = LegQuerySet.as_manager()

    class Meta:
        db_table = "cases_assignment"
        verbose_name = verbose_name_plural = "办理环节"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(stopped_at=None), name="case_has_one_open_leg"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, outcome="") | Q(stopped_at__isnull=False) & ~Q(outcome=""),
                name="stopped_leg_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="leg_of_case"),
            models.Index(fields=["sweep_at", "id"], condition=Q(stopped_at=None), name="leg_sweep"),
            models.Index(fields=["person", "due_at"], condition=Q(stopped_at=None), name="leg_of_person"),
            models.Index(fields=["case"], condition=Q(stopped_at=None, lateness="red"), name="leg_late"),
            models.Index(
                fields=["sweep_at", "id"],
                condition=Q(stopped_at=None, outdated_by__isnull=False),
                name="leg_outdated",
            ),
            models.Index(
                fields=["case"], condition=Q(stopped_at=None, is_provisional=True), name="leg_provisional"
            ),
            models.Index(fields=["case"], condition=Q(is_far=True), name="leg_far"),
        ]

    @property
    def limit(self) -> Limit:
        return Limit(amount=self.limit_amount, unit=Unit(self.limit_unit))

    @property
    def limit_at_first(self) -> Limit:
        """The limit without the extensions in it."""
        return Limit(amount=self.limit_amount - self.extended_amount, unit=Unit(self.limit_unit))

    @property
    def basis(self) -> Basis | None:
        """What the due date was counted from, if that was kept."""
        if self.counted_from is None or self.counted_amount is None:
            return None
        return Basis(since=self.counted_from, amount=self.counted_amount, added=self.added_amount)


class Request(models.Model):
    """Asked, then granted or denied by another: never a state, never a leg."""

    class Kind(models.TextChoices):
        EXTENSION = "extension", "延期"
        SUSPENSION = "suspension", "挂账"
        VOID = "void", "作废"

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests", verbose_name="案件")
    kind = models.CharField("种类", max_length=20, choices=Kind)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间")
    amount = models.DecimalField("延长", max_digits=9, decimal_places=4, null=True)
    until = models.DateField("挂账至", null=True)
    endorsed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="同意人")
    decider = models.CharField("由谁决定", max_length=1)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="决定人")
    decided_at = models.DateTimeField("决定时间", null=True)
    is_granted = models.BooleanField("批准", null=True)
    # What a granted extension moved, for the ledger: both due dates, and the red mark that it took back.
    due_before = models.DateTimeField("原截止", null=True)
    due_after = models.DateTimeField("延期后截止", null=True)
    red_at = models.DateTimeField("批准前标超期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "申请"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(decided_at=None), name="one_request_of_a_kind_waits"
            ),
        ]


class Supervision(models.Model):
    """A supervision order 督办: to the unit, or at the top of the tree to a named leader."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="supervisions", verbose_name="案件")
    ordered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="督办人")
    ordered_at = models.DateTimeField("督办时间")
    leader = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="supervisions", verbose_name="责任领导"
    )
    unit = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="责任单位")
    deadline = models.DateTimeField("答复期限")
    replied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="答复人")
    replied_at = models.DateTimeField("答复时间", null=True)
    accepted_at = models.DateTimeField("销号时间", null=True)
    # The system comes back to its order while the case is late: one order, with a count and the date of the last.
    times = models.PositiveSmallIntegerField("督办次数", default=1)
    told_on = models.DateField("最近告知", null=True)
    note = models.CharField("说明", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "督办"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(accepted_at=None), name="one_supervision_stands"
            ),
        ]
