"""Heartbeats of the background processes."""

from django.db import models


class Heartbeat(models.Model):
    """When a part was last heard of; one row each, written by the part itself."""

    class Part(models.TextChoices):
        WORKER = "worker", "任务进程"
        BEAT = "beat", "定时器"
        SWEEP = "sweep", "时限巡检"
        LADDERS = "ladders", "哨令催办"

    part = models.CharField("部分", max_length=20, choices=Part, primary_key=True)
    at = models.DateTimeField("最近一次")
    # When the part was first at work again after the last absence that was longer than it may be.
    returned_at = models.DateTimeField("中断后恢复", null=True)
