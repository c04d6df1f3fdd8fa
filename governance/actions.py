"""What governance writes: notices into the outbox and from there into inboxes, looks at personal data, kinds of communities."""

import datetime as dt
import os
from base64 import b64encode

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from governance import modules, secrets
from governance.audience import asked_of, reached
from governance.models import (
    AccessLog,
    CommunityKind,
    Heartbeat,
    Notice,
    Organization,
    Outbox,
    StoreKey,
    User,
)
from governance.refusals import Refused

STORE_KEY_BYTES = 32
LEASE = dt.timedelta(minutes=1)
TRIES = 5


def tell(
    subject: str,
    *,
    url: str,
    audience: list[dict],
    now: dt.datetime,
    verb: str = "",
    instead: dict | None = None,
    kind: str = "inbox",
) -> None:
    """Write a notice to be delivered, in the transaction of the change it speaks of.

    ``verb`` says what happened; an address says with ``"asks"`` what its people are to do. ``instead`` is the desk (an address) that is told where all people of the audience have left.
    """
    if instead:
        audience = [address | {"instead": instead} if "user" in address else address for address in audience]
    if audience:
        Outbox.objects.create(
            kind=kind, verb=verb, subject=subject[:120], url=url, audience=audience, created_at=now
        )


def relay(*, now: dt.datetime, most: int = 200) -> int:
    """Deliver what waits in the outbox; returns how many rows were delivered.

    Rows are leased first, so that a relay that dies leaves them to the next one; a notice is unique per row and
    person, so that nobody sees it twice.
    """
    with transaction.atomic():
        free = Outbox.objects.waiting().filter(Q(leased_until=None) | Q(leased_until__lt=now))
        ids = list(
            free.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:most]
        )
        Outbox.objects.filter(pk__in=ids).update(leased_until=now + LEASE, attempts=F("attempts") + 1)
    delivered = 0
    for row in Outbox.objects.filter(pk__in=ids).order_by("pk"):
        try:
            deliver(row, now=now)
            delivered += 1
        except Exception as problem:  # one bad row must not stop the others; it is shown, not swallowed
            dead = now if row.attempts >= TRIES else None
            Outbox.objects.filter(pk=row.pk).update(error=repr(problem)[:200], dead_at=dead)
    return delivered


@transaction.atomic
def deliver(row: Outbox, *, now: dt.datetime) -> None:
    """Let the handler of its kind work off one outbox row."""
    modules.handler(row.kind)(row, now)
    Outbox.objects.filter(pk=row.pk).update(done_at=now)


def to_inbox(row: Outbox, now: dt.datetime) -> None:
    """Put an outbox row into the inboxes of its audience of today; raises ``NobodyThere`` where there is none."""
    today = timezone.localdate(now)
    asked = asked_of(row.audience, on=today)
    told = set(asked) if asked and len(row.audience) == 1 else reached(row.audience, on=today)
    notices = [
        Notice(user_id=person, outbox=row, asks=asked.get(person, ""), at=now) for person in sorted(told)
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def read_all(*, by: User, now: dt.datetime, upto: int) -> int:
    """Mark every notice of a person as read, up to the id of the last one that was seen."""
    return by.notices.unread().filter(pk__lte=upto).update(read_at=now)


def read_notice(notice: Notice, *, now: dt.datetime) -> None:
    """Mark one notice as read."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now)


def log_access(subject: str, *, by: User, reason: str, now: dt.datetime) -> AccessLog:
    """Record a look at personal data before it is shown."""
    return AccessLog.objects.create(user=by, subject=subject, reason=reason, at=now)


def change_password(new: str, *, by: User) -> User:
    """Set the own password; raises ``Busy`` when too many passwords are hashed at this moment."""
    by.set_password(new)
    by.save(update_fields=["password"])
    return by


def store_key(*, of: User, now: dt.datetime) -> str:
    """The key of somebody's offline store, base64 of 32 bytes: made at random when it is first asked for."""
    fresh = secrets.seal(b64encode(os.urandom(STORE_KEY_BYTES)).decode())
    row, _ = StoreKey.objects.get_or_create(user=of, defaults={"key": fresh, "created_at": now})
    return secrets.unseal(row.key)


def heartbeat(part: Heartbeat.Part, *, now: dt.datetime) -> None:
    """Record a heartbeat of a part of the site."""
    row = Heartbeat(part=part, at=now)
    Heartbeat.objects.bulk_create([row], update_conflicts=True, unique_fields=["part"], update_fields=["at"])


def returned(part: Heartbeat.Part, *, now: dt.datetime, pause: float) -> dt.datetime | None:
    """When a part last came back from an absence of more than ``pause`` seconds, which is now if it was away until now."""
    row = Heartbeat.objects.filter(part=part)
    row.filter(at__lt=now - dt.timedelta(seconds=pause)).update(returned_at=now)
    return row.values_list("returned_at", flat=True).first()


@transaction.atomic
def classify(row: CommunityKind, *, by: User, now: dt.datetime) -> CommunityKind | None:
    """Write of which kind a community is from a day on; the kind that held until then ends there and is returned.

    Raises ``Refused`` where the community is of that kind already, or where another one is set for these days.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=row.organization_id)
    others = CommunityKind.objects.filter(organization=row.organization_id)
    before = others.filter(valid_until=None, valid_from__lt=row.valid_from).first()
    if before is not None:
        if before.kind == row.kind:
            raise Refused(
                f"自 {before.valid_from} 起已是{before.get_kind_display()}，不必再定。", field="kind"
            )
        before.valid_until = row.valid_from
        before.save(update_fields=["valid_until"])
    if taken := others.across(row.valid_from, row.valid_until).first():
        raise Refused(
            f"这些天已定为{taken.get_kind_display()}（{taken.valid_from} 起），请另选日期。",
            field="valid_from",
        )
    row.set_by, row.set_at = by, now
    row.save()
    return before
