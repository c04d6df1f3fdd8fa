"""Files that are made in the background: who asked for which list, how far it is, until when it lies there."""

import hashlib
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import User
from grid.models import GridDuty

FOLDER = "exports"


def posts_digest(user: User) -> str:
    """The posts and grids of a person today, so that a file does not outlive them."""
    held = sorted(f"{post.role}:{post.organization_id}" for post in user.authority.posts)
    duties = GridDuty.objects.current(timezone.localdate()).filter(user=user)
    held += [f"grid:{grid}" for grid in duties.order_by("grid").values_list("grid", flat=True)]
    return hashlib.sha256("\n".join(held).encode()).hexdigest()


class ExportQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ExportQuerySet":
        """A person's own; no post opens those of others. The access log says who took what."""
        return self.filter(by=user)

    def unfinished(self) -> "ExportQuerySet":
        return self.filter(state__in=Export.UNFINISHED)


class Export(models.Model):
    """One file; its ``uuid`` is the key of the form that asked for it. The row goes with the file."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待生成"
        MAKING = "making", "正在生成"
        READY = "ready", "可以下载"
        FAILED = "failed", "没有生成"

    UNFINISHED: ClassVar = (State.WAITING, State.MAKING)

    uuid = models.UUIDField(unique=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="导出人")
    posts = models.CharField(max_length=64, help_text="申请时岗位的摘要：岗位变动后文件不再给出")
    source = models.CharField("清单", max_length=30)
    name = models.CharField("名称", max_length=80)
    query = models.TextField("筛选", blank=True, max_length=2000)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField("申请")
    #: Until then its worker keeps others away; each part of the rows renews it.
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveIntegerField("行数", default=0)
    done = models.PositiveIntegerField("已写", default=0)
    ended_at = models.DateTimeField("完成", null=True)
    expires_at = models.DateTimeField("到期删除")
    problem = models.CharField("原因", max_length=200, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导出文件"
        constraints = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="export_writes_what_there_is")
        ]
        indexes = [
            models.Index(F("by"), F("asked_at").desc(), name="export_own"),
            models.Index(F("id"), name="export_unfinished", condition=Q(state__in=["waiting", "making"])),
            models.Index(F("expires_at"), name="export_expires"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Where the file lies once it is ready."""
        return Path(settings.MEDIA_ROOT) / FOLDER / f"{self.uuid}.xlsx"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED
