"""Screens on a wall: each shows one board without anybody being signed in, until somebody ends it."""

import datetime as dt

from django.db import models
from django.db.models import Q

from governance.models import User
from governance.roles import Duty


class WallQuerySet(models.QuerySet):
    def not_ended(self) -> "WallQuerySet":
        """Screens that nobody ended; whether the maker still leads is asked of the maker (``is_live``)."""
        return self.filter(revoked_at=None)


class Wall(models.Model):
    """A screen that shows a leader's board, read only.

    ``filters`` are the board's (names and values of its address). The link is good once and for minutes; what the screen
    keeps afterwards is a token, of which only the digest is here.
    """

    key = models.UUIDField(
        unique=True, null=True, editable=False
    )  # of the form: sent twice, it is one screen
    name = models.CharField("名称", max_length=40)
    maker = models.ForeignKey(User, models.PROTECT, related_name="walls", verbose_name="设立人")
    filters = models.JSONField("显示内容", default=dict)
    link_digest = models.CharField(max_length=64, blank=True, editable=False)
    link_until = models.DateTimeField("链接有效至", editable=False)
    token_digest = models.CharField(max_length=64, blank=True, editable=False)
    made_at = models.DateTimeField("设立")
    opened_at = models.DateTimeField("开通", null=True)
    seen_at = models.DateTimeField("最近显示", null=True)
    revoked_at = models.DateTimeField("停用", null=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="walls_ended", verbose_name="停用人"
    )

    objects = WallQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "大屏"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["token_digest"],
                condition=~Q(token_digest=""),
                name="wall_token_once",
                violation_error_message="这个开通码已在另一块屏上使用。",
                violation_error_code="name",
            ),
            models.UniqueConstraint(
                fields=["link_digest"],
                condition=~Q(link_digest=""),
                name="wall_link_once",
                violation_error_message="这个链接已属于另一块屏。",
                violation_error_code="name",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it may show anything: not ended, and its maker still leads today."""
        return self.revoked_at is None and self.maker.is_active and self.maker.authority.has(Duty.LEAD)

    def state_in_words(self, now: dt.datetime) -> str:
        """What a list says of it."""
        if self.revoked_at:
            return "已停用"
        if not self.is_live:
            return "已失效，设立人不再任领导岗位"
        if self.opened_at is None:
            return "等待在大屏上打开" if now < self.link_until else "链接已过期，没有打开"
        return "使用中"
