"""What every record with a life keeps: a row with a version, events that are only appended, words beside them. Abstract."""

import json
import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.db import models

from governance.models import DoneBy


class Record(models.Model):
    """The row that lists read; its state is written by moves alone.

    An app adds ``state``, ``objects`` with ``visible_to`` and ``number``.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField("版本", default=1)
    chain_head = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        abstract = True


class Event(DoneBy):
    """One move, chained to the one before; holds no personal text. Triggers refuse change and removal (``triggers``).

    ``data`` is canonical JSON text, so that SQL can recompute ``digest`` byte by byte (``records/chain.py``).
    """

    #: The foreign key to the record, and columns of the app's own that are under the digest, as Django's attnames.
    OF: ClassVar[str]
    OWN_COLUMNS: ClassVar[tuple[str, ...]] = ()

    key = models.UUIDField(unique=True, help_text="客户端给出的唯一标识：同一请求只做一次")
    request_digest = models.CharField(max_length=64)
    sequence = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    move = models.CharField("动作", max_length=30)
    before = models.CharField("此前", max_length=20, blank=True)
    after = models.CharField("此后", max_length=20)
    data = models.TextField("事实", default="{}")
    text_digest = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    #: What ``digest`` is made of (``records/chain.py``).
    digest_version = models.PositiveSmallIntegerField("摘要版本", default=2)
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    @property
    def record(self) -> Record:
        return getattr(self, self.OF)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What ``data`` says."""
        return json.loads(self.data)


class Text(models.Model):
    """Words that people wrote with a move; erasable without breaking the chain of events."""

    sequence = models.PositiveIntegerField("序号")
    body = models.TextField("内容", max_length=2000)
    salt = models.CharField(max_length=32)
    erased_at = models.DateTimeField("抹除", null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.body


class Picture(DoneBy):
    """A rebuilt picture (JPEG, no metadata) and where its file lies (``records/pictures.py``); belongs to its uploader."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    uploaded_at = models.DateTimeField("上传")
    file = models.CharField("文件", max_length=80)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        abstract = True
