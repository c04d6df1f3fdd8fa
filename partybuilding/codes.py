"""Codes of the spot: shown on the street's screen as a QR picture that changes every 30 seconds.

A code is good in its own half minute and the one after. Whoever opened the page with a good one gets a pass, bound to
the person, that lasts long enough to press the button.
"""

import datetime as dt
import hmac
import uuid

from django.conf import settings
from django.core import signing

WINDOW = 30
PASS_SECONDS = 600
_SALT = "partybuilding.pass"


def code_at(whistle: uuid.UUID, now: dt.datetime) -> str:
    """The code of a whistle in the half minute around a moment: ten hexadecimal figures."""
    return _code(whistle, int(now.timestamp()) // WINDOW)


def _code(whistle: uuid.UUID, window: int) -> str:
    message = f"whistle:{whistle}:{window}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, "sha256").hex()[:10]


def is_good(whistle: uuid.UUID, code: str, now: dt.datetime) -> bool:
    """Whether a code is that of now or of the half minute before."""
    window = int(now.timestamp()) // WINDOW
    return any(
        hmac.compare_digest(code.encode(), _code(whistle, one).encode()) for one in (window, window - 1)
    )


def give_pass(whistle: uuid.UUID, user_id: int, now: dt.datetime) -> str:
    """What the page of report-in carries for somebody who scanned a good code."""
    return signing.dumps([str(whistle), user_id, int(now.timestamp())], salt=_SALT)


def is_pass(text: str, whistle: uuid.UUID, user_id: int, now: dt.datetime) -> bool:
    """Whether a pass is this person's, for this whistle, and not older than ``PASS_SECONDS``."""
    try:
        of, person, at = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return False
    return of == str(whistle) and person == user_id and 0 <= now.timestamp() - at <= PASS_SECONDS


# A scan that has to sign in first; the screen -----------------------------------------------------------------------

#: How long a scan waits for its person to sign in, and how long a screen shows codes without somebody who is signed in.
SCAN_SECONDS, SCREEN_SECONDS = 600, 12 * 3600
_SCAN_SALT, _SCREEN_SALT = "partybuilding.scan", "partybuilding.screen"


def keep_scan(whistle: uuid.UUID, now: dt.datetime) -> str:
    """What the browser keeps of a good scan while its person signs in (a cookie; worth nothing on another whistle)."""
    return signing.dumps([str(whistle), int(now.timestamp())], salt=_SCAN_SALT)


def is_scan(text: str, whistle: uuid.UUID, now: dt.datetime) -> bool:
    """Whether a browser scanned a good code of this whistle within ``SCAN_SECONDS``."""
    return _is_signed(text, whistle, now, _SCAN_SALT, SCAN_SECONDS)


def screen_ticket(whistle: uuid.UUID, now: dt.datetime) -> str:
    """What the address of a screen carries, so that it goes on showing codes when nobody is signed in on it any more."""
    return signing.dumps([str(whistle), int(now.timestamp())], salt=_SCREEN_SALT)


def is_screen_ticket(text: str, whistle: uuid.UUID, now: dt.datetime) -> bool:
    """Whether a screen of this whistle was opened within ``SCREEN_SECONDS``."""
    return _is_signed(text, whistle, now, _SCREEN_SALT, SCREEN_SECONDS)


def _is_signed(text: str, whistle: uuid.UUID, now: dt.datetime, salt: str, seconds: int) -> bool:
    try:
        of, at = signing.loads(text, salt=salt)
    except (signing.BadSignature, ValueError):
        return False
    return of == str(whistle) and 0 <= now.timestamp() - at <= seconds
