"""What happened and what was said: events only appended, words and photos beside them, erasable."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Exact, LessThanOrEqual

from cases.models.case import Case
from cases.workflow import MOVES, State, loops_here
from governance.models import Organization
from governance.models.actors import STATED
from records.models import Event, Picture


class CaseEvent(Event):
    """One move of a case, with where the case then was."""

    OF = "case"
    OWN_COLUMNS = ("loop", "centre_id", "unit_id")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="案件")
    move = models.CharField("动作", max_length=30, choices=[(m.name, m.label) for m in MOVES.values()])
    before = models.CharField("此前", max_length=20, choices=State, blank=True)
    after = models.CharField("此后", max_length=20, choices=State)
    loop = models.CharField("闭环", max_length=20, choices=loops_here)
    centre = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="指挥中心")
    unit = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+", verbose_name="单位")

    class Meta:
        verbose_name = verbose_name_plural = "案件记录"
        ordering = ["case", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["case", "sequence"], name="event_sequence_once"),
            models.CheckConstraint(
                condition=Q(digest_version=1, contact=None, program=None)
                | Q(digest_version=2) & Q(LessThanOrEqual(STATED, 1)),
                name="event_done_by_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["program", "at"], condition=Q(program__isnull=False), name="event_by_program"
            ),
            models.Index(
                fields=["program", "case"],
                condition=Q(program__isnull=False, sequence=1),
                name="event_first_of_program",
            ),
            # Precedents are the last decisions about a category (desk/dispute.py).
            models.Index(fields=["-at"], condition=Q(move="adjudicate"), name="event_adjudicated"),
        ]


class Contact(models.Model):
    """A resident who called or reported: encrypted at rest, masked on the page, shown with a reason and a log row.

    ``uuid`` is who acts (``Actor.contact``) where the resident does something on the own case.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Where the resident is called back: a merge takes the contact along, so that it exists once and is erased once.
    case = models.ForeignKey(Case, models.CASCADE, related_name="contacts", verbose_name="案件")
    called_about = models.ForeignKey(
        Case, models.CASCADE, related_name="calls", verbose_name="来电登记的案件"
    )
    name = models.BinaryField("称呼")
    phone = models.BinaryField("电话")

    class Meta:
        verbose_name = verbose_name_plural = "来电人"


class Photo(Picture):
    """A rebuilt picture (JPEG, no metadata); belongs to its uploader until a move takes it."""

    class Kind(models.TextChoices):
        SITE = "site", "现场"
        BEFORE = "before", "处置前"
        AFTER = "after", "处置后"
        CHECK = "check", "核查"

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="photos", verbose_name="案件")
    sequence = models.PositiveIntegerField("序号", null=True)
    kind = models.CharField("类别", max_length=10, choices=Kind, default=Kind.SITE)
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)
    marked_at = models.DateTimeField("加水印", null=True)  # when its copy was made (cases/marking.py)

    class Meta:
        verbose_name = verbose_name_plural = "照片"
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Exact(STATED, 1), name="photo_by_one")]
        indexes = [
            models.Index(
                fields=["program", "uploaded_at"],
                condition=Q(program__isnull=False),
                name="photo_by_program",
            ),
            models.Index(
                fields=["uploaded_at"],
                condition=Q(marked_at=None, case__isnull=False),
                name="photo_unmarked",
            ),
        ]
