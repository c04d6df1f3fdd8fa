"""Devices on which somebody signed in before: a signed cookie names the device and whom it knows.

Whom it knows is bound to their password of that day: after a change of the password the device is unknown again.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from governance.models import User

COOKIE = "device"
LIFETIME_SECONDS = 365 * 24 * 60 * 60
#: Several people share a computer in an office; the most recent one is the last of the list.
PEOPLE = 8
_SALT = "governance.devices"


def known_as(request: HttpRequest, username: str) -> str:
    """The name of the device if this person signed in on it before, else nothing."""
    device, known = _read(request)
    if not known:
        return ""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or str(user.pk) not in known:
        return ""
    now = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return device if known[str(user.pk)] in {_short(one) for one in now} else ""


def remember(response: HttpResponse, request: HttpRequest, user: User) -> None:
    """Let this device know the person who has just given the right password."""
    device, known = _read(request)
    known.pop(str(user.pk), None)
    known[str(user.pk)] = _short(user.get_session_auth_hash())
    value = signing.dumps([device or secrets.token_urlsafe(12), dict([*known.items()][-PEOPLE:])], salt=_SALT)
    response.set_cookie(
        COOKIE, value, LIFETIME_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def _read(request: HttpRequest) -> tuple[str, dict[str, str]]:
    try:
        device, known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME_SECONDS)
    except signing.BadSignature:
        return "", {}
    return device, known


def _short(fingerprint: str) -> str:
    return fingerprint[:24]
