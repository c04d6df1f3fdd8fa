"""What happened on a whistle and what was said: events only appended, words, photos and scores beside them."""

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Exact, LessThanOrEqual

from governance.models import User
from governance.models.actors import STATED
from partybuilding.models.calls import Call
from partybuilding.models.whistles import Whistle
from partybuilding.workflow import MARK_NAMES, Side
from records.models import Event, Picture, Text


class WhistleEvent(Event):
    """One move of a whistle, or of one of its calls; ``before`` and ``after`` are then states of the call."""

    OF = "whistle"
    OWN_COLUMNS = ("call_id",)

    whistle = models.ForeignKey(Whistle, models.PROTECT, related_name="events", verbose_name="哨单")
    call = models.ForeignKey(Call, models.PROTECT, null=True, related_name="events", verbose_name="召集")

    class Meta:
        verbose_name = verbose_name_plural = "哨单记录"
        ordering = ["whistle", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["whistle", "sequence"], name="whistle_event_sequence_once"),
            models.CheckConstraint(
                condition=Q(digest_version=2) & Q(LessThanOrEqual(STATED, 1)),
                name="whistle_event_done_by_one",
            ),
        ]


class WhistleText(Text):
    whistle = models.ForeignKey(Whistle, models.PROTECT, related_name="texts", verbose_name="哨单")

    class Meta:
        verbose_name = verbose_name_plural = "哨单文字"
        constraints = [
            models.UniqueConstraint(fields=["whistle", "sequence"], name="text_of_one_whistle_event")
        ]


class WhistlePhoto(Picture):
    """A rebuilt picture of the joint log; belongs to its uploader until a move takes it."""

    whistle = models.ForeignKey(
        Whistle, models.PROTECT, null=True, related_name="photos", verbose_name="哨单"
    )
    sequence = models.PositiveIntegerField("序号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "处置日志照片"
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Exact(STATED, 1), name="whistle_photo_by_one")]


class Score(models.Model):
    """What one side says of the other when a whistle is closed: three marks from 1 to 5, once."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="scores", verbose_name="召集")
    side = models.CharField("哪一方", max_length=10, choices=Side)
    first = models.PositiveSmallIntegerField()
    second = models.PositiveSmallIntegerField()
    third = models.PositiveSmallIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="评价人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "互评"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["call", "side"], name="side_scores_once"),
            models.CheckConstraint(
                condition=Q(first__range=(1, 5), second__range=(1, 5), third__range=(1, 5)),
                name="score_from_1_to_5",
            ),
        ]

    @property
    def marks(self) -> list[tuple[str, int]]:
        """Each mark with what it is of."""
        return list(
            zip(MARK_NAMES[Side(self.side)].values(), (self.first, self.second, self.third), strict=True)
        )
