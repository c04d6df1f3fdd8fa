"""The outbox (what must still happen) and the inbox (what people were told)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.people import User


class OutboxQuerySet(models.QuerySet):
    def waiting(self) -> "OutboxQuerySet":
        return self.filter(done_at=None, dead_at=None)

    def dead(self) -> "OutboxQuerySet":
        """Given up after too many tries: somebody has to look."""
        return self.filter(dead_at__isnull=False)


class Outbox(models.Model):
    """A side effect, written in the transaction of its change and worked off by the relay.

    ``audience`` is a list of ``{"organization": id, "duty": letter}`` and ``{"user": id}``; the latter may name the desk
    that is told ``"instead"`` of somebody who has left, an address of the first kind. An address may say what its people
    are asked to do (``"asks"``): their line begins with it.
    """

    # Who works it off (``modules.handler``); the inbox, where nothing else is said.
    kind = models.CharField("方式", max_length=20, default="inbox")
    # What happened, in one word: a notice that asks for nothing begins with it.
    verb = models.CharField("事由", max_length=20, blank=True)
    subject = models.CharField("标题", max_length=120)
    url = models.CharField("链接", max_length=200, blank=True)
    audience = models.JSONField("收件人")
    created_at = models.DateTimeField("产生", default=timezone.now)
    leased_until = models.DateTimeField("租约", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    error = models.CharField("错误", max_length=200, blank=True)
    done_at = models.DateTimeField("送达", null=True, blank=True)
    dead_at = models.DateTimeField("放弃", null=True, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待办通知"
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at=None, dead_at=None), name="outbox_waiting"),
            models.Index(fields=["id"], condition=Q(dead_at__isnull=False), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return self.subject


class NoticeQuerySet(models.QuerySet):
    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def duties(self) -> "NoticeQuerySet":
        """Those that ask the person to do something."""
        return self.exclude(asks="")

    def news(self) -> "NoticeQuerySet":
        return self.filter(asks="")


class Notice(models.Model):
    """One line in one person's inbox."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices", verbose_name="收件人")
    outbox = models.ForeignKey(Outbox, models.PROTECT, related_name="notices", verbose_name="来源")
    # What the person is asked to do; nothing where it is news only.
    asks = models.CharField("要办的事", max_length=20, blank=True)
    at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("已读", null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["outbox", "user"], name="notice_seen_once")]
        indexes = [
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["user", "-at", "-id"], name="notice_of_user"),
        ]
