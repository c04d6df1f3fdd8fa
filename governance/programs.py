"""Keys of programs: made and ended by the system administrator, shown once, found by their digest."""

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from governance.models import ApiKey, User
from governance.roles import Role

#: What every key begins with, so that one that was published by mistake is known as what it is.
PREFIX = "gridloop_"


def make_key(draft: ApiKey, *, by: User, now: dt.datetime) -> str:
    """Save a new key and return its text, which is kept nowhere; raises ``PermissionDenied`` for who may not."""
    _demand_administrator(by)
    text = PREFIX + secrets.token_urlsafe(32)
    draft.digest, draft.made_by, draft.made_at = _digest(text), by, now
    draft.save(force_insert=True)
    return text


def revoke_key(key: ApiKey, *, by: User, now: dt.datetime) -> None:
    """End a key at once and for good; what the program did stays its own."""
    _demand_administrator(by)
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now, revoked_by=by)


def program_of(text: str, *, now: dt.datetime) -> ApiKey | None:
    """The program that a key belongs to, if it may be used today."""
    found = ApiKey.objects.active(timezone.localdate(now)).select_related("organization")
    return found.filter(digest=_digest(text)).first()


def _demand_administrator(by: User) -> None:
    if not by.is_superuser and not any(post.role == Role.SYSTEM_ADMIN for post in by.authority.posts):
        raise PermissionDenied("对接密钥由系统管理员发放和停用。")


def _digest(text: str) -> str:
    """Without a secret: 256 random bits cannot be tried out."""
    return hashlib.sha256(text.encode()).hexdigest()
