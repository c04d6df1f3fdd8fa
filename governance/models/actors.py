"""Who does something: staff, a resident without an account, a program with a key, or the system itself."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, IntegerField, Q

from governance.models.organizations import Level, Organization
from governance.models.people import User
from governance.roles import ActorKind


class ApiKeyQuerySet(models.QuerySet):
    def active(self, on: dt.date) -> "ApiKeyQuerySet":
        begun = self.filter(revoked_at=None, active_from__lte=on)
        return begun.filter(Q(active_until=None) | Q(active_until__gt=on))


class ApiKey(models.Model):
    """A program that may report, by a key that is shown once; only its digest is here. Ended, never removed."""

    name = models.CharField("系统名称", max_length=40, help_text="案件经过里写作“系统对接：名称”")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="区域", help_text="只能上报这个区域内的案件"
    )
    purpose = models.CharField("用途", max_length=200)
    active_from = models.DateField("启用")
    active_until = models.DateField("到期", null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False, verbose_name="发放人")
    made_at = models.DateTimeField("发放", editable=False)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="停用人"
    )
    revoked_at = models.DateTimeField("停用", null=True, editable=False)

    #: What the interface for programs asks of whoever it has let in.
    is_authenticated = True

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "对接密钥"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(active_until=None) | Q(active_until__gt=F("active_from")),
                name="api_key_dates_in_order",
                violation_error_message="到期日期须晚于启用日期。",
                violation_error_code="active_until",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.organization_id is None:
            return
        place = self.organization
        if place.function or place.level not in (Level.DISTRICT, Level.STREET, Level.COMMUNITY):
            raise ValidationError({"organization": "请选择区、街道或社区。"})

    def state_in_words(self, on: dt.date) -> str:
        """What a list says of it."""
        if self.revoked_at:
            return "已停用"
        if on < self.active_from:
            return "未到启用日期"
        return "使用中" if self.is_active(on) else "已到期"

    def is_active(self, on: dt.date) -> bool:
        """Whether the key may be used on a day."""
        return (
            self.revoked_at is None
            and self.active_from <= on
            and (self.active_until is None or on < self.active_until)
        )


@dataclass(frozen=True)
class Actor:
    """Who does something; made by ``actor_of``, ``resident``, or ``SYSTEM``.

    A resident is the random id of a row with name and number that may be erased (``cases.models.Contact.uuid``).
    """

    kind: ActorKind
    user: User | None = None
    contact: uuid.UUID | None = None
    program: ApiKey | None = None

    def __post_init__(self) -> None:
        behind = {
            ActorKind.STAFF: self.user,
            ActorKind.CONTACT: self.contact,
            ActorKind.PROGRAM: self.program,
        }
        if [kind for kind, one in behind.items() if one is not None] != [
            kind for kind in behind if kind == self.kind
        ]:
            raise ValueError(f"{self.kind}: exactly what stands behind this kind of actor is to be given")

    @property
    def is_system(self) -> bool:
        return self.kind == ActorKind.SYSTEM

    @property
    def name(self) -> str:
        """Who it was, as history says it; a resident's name is personal and not said."""
        if self.user is not None:
            return self.user.name
        return f"{self.kind.label}：{self.program.name}" if self.program else str(self.kind.label)

    @property
    def columns(self) -> dict[str, Any]:
        """This actor in a row of ``DoneBy``: to write it, and to find what it did."""
        return {"by": self.user, "contact": self.contact, "program": self.program}

    @property
    def identity(self) -> int | str | None:
        """What tells this actor from all others; of staff the number of the account, of the system nothing."""
        if self.user is not None:
            return self.user.pk
        return (
            f"{self.kind}:{self.program.pk if self.program else self.contact}" if not self.is_system else None
        )


SYSTEM = Actor(ActorKind.SYSTEM)
#: Short forms: a member of staff or a program is said by its own row.
By = Actor | User | ApiKey


def actor_of(by: By) -> Actor:
    """Who does something, from a short form; nobody at all is a mistake, never the system."""
    if isinstance(by, Actor):
        return by
    if isinstance(by, ApiKey):
        return Actor(ActorKind.PROGRAM, program=by)
    return Actor(ActorKind.STAFF, user=by)


def resident(contact: uuid.UUID) -> Actor:
    """A resident without an account."""
    return Actor(ActorKind.CONTACT, contact=contact)


#: How many of the columns of ``DoneBy`` are set.
STATED = Func("by", "contact", "program", function="num_nonnulls", output_field=IntegerField())


class DoneBy(models.Model):
    """A row that says who did something: one column is set, or none for the system. Read it as ``actor``.

    The kind is which column is set; ``contact`` is no foreign key, so that a resident can be erased and the row stays.
    """

    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="办理人")
    contact = models.UUIDField("居民", null=True, editable=False)
    program = models.ForeignKey(
        ApiKey, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="对接系统"
    )

    class Meta:
        abstract = True

    @property
    def actor(self) -> Actor:
        if self.by is not None:
            return Actor(ActorKind.STAFF, user=self.by)
        if self.contact is not None:
            return Actor(ActorKind.CONTACT, contact=self.contact)
        return Actor(ActorKind.PROGRAM, program=self.program) if self.program else SYSTEM
