"""What happens to a screen on a wall: made by a leader, opened once, ended by its maker or the security administrator."""

import datetime as dt
import hashlib
import secrets
import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.crypto import salted_hmac

from dashboard.models import Wall
from governance.models import User
from governance.roles import Duty, Role

LINK_LIFETIME = dt.timedelta(minutes=10)
#: The time of a screen's last request is written at most this often.
WRITTEN_EVERY = dt.timedelta(minutes=5)
#: Letters and figures that cannot be confused: the code can be typed. Ten of them are 50 bits.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 10


@transaction.atomic
def make_wall(
    name: str, *, filters: dict[str, str], by: User, now: dt.datetime, key: uuid.UUID
) -> tuple[Wall, str]:
    """A new screen and the code that opens it once; the same key again is the same screen, with a fresh code until then.

    Raises ``PermissionDenied`` for who is no leader.
    """
    if not by.authority.has(Duty.LEAD):
        raise PermissionDenied("大屏由领导设立。")
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    link = {"link_digest": _digest_of_code(code), "link_until": now + LINK_LIFETIME}
    wall, is_new = Wall.objects.get_or_create(
        key=uuid.uuid5(key, str(by.pk)),
        maker=by,
        defaults={"name": name, "filters": filters, "made_at": now, **link},
    )
    if not is_new and not Wall.objects.not_ended().filter(pk=wall.pk, opened_at=None).update(**link):
        return wall, ""
    return wall, f"{code[:5]}-{code[5:]}"


@transaction.atomic
def open_wall(code: str, *, now: dt.datetime) -> str | None:
    """The token for the screen that opens a code for the first time, in time; else None."""
    digest = _digest_of_code(code.strip().replace("-", "").upper())
    found = Wall.objects.not_ended().filter(link_digest=digest, link_until__gt=now)
    wall = found.select_for_update().first()
    if wall is None or not wall.is_live:
        return None
    token = secrets.token_urlsafe(32)
    wall.link_digest, wall.token_digest, wall.opened_at = "", _digest(token), now
    wall.save(update_fields=["link_digest", "token_digest", "opened_at"])
    return token


def revoke_wall(wall: Wall, *, by: User, now: dt.datetime) -> None:
    """End a screen for good; raises ``PermissionDenied`` for anybody but its maker and the security administrator."""
    if wall.maker_id != by.pk and not any(post.role == Role.SECURITY_ADMIN for post in by.authority.posts):
        raise PermissionDenied("大屏由设立人或安全管理员停用。")
    Wall.objects.not_ended().filter(pk=wall.pk).update(
        revoked_at=now, revoked_by=by, link_digest="", token_digest=""
    )


def wall_of(token: str, *, now: dt.datetime) -> Wall | None:
    """The screen that a token belongs to, if it may still show anything; writes the time of the request."""
    wall = Wall.objects.not_ended().filter(token_digest=_digest(token)).select_related("maker").first()
    if wall is None or not wall.is_live:
        return None
    if wall.seen_at is None or wall.seen_at <= now - WRITTEN_EVERY:
        Wall.objects.filter(pk=wall.pk).update(seen_at=now)
    return wall


def _digest_of_code(code: str) -> str:
    """With the site's key: 50 bits could be tried out against a stolen table."""
    return salted_hmac("dashboard.wall", code, algorithm="sha256").hexdigest()


def _digest(token: str) -> str:
    """Without a key: 256 random bits need none, and screens go on showing when ``SECRET_KEY`` is changed."""
    return hashlib.sha256(token.encode()).hexdigest()
