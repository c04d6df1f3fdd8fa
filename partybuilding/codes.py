"""Codes of the spot: shown on the street's screen as a QR picture that changes every 30 seconds.

A code is good in its own half minute and the one after. Whoever opened the page with a good one gets a pass, bound to
the person: every limit counts from the scan, whatever page is opened after it (docs/decisions/0030).
"""

import datetime as dt
import hmac
import uuid
from typing import NamedTuple

from django.conf import settings
from django.core import signing

WINDOW = 30
#: How long after the scan the button is pressed: at once, or by who had to sign in first.
PASS_SECONDS, SCAN_SECONDS = 120, 600
#: How long a screen shows codes without somebody who is signed in.
SCREEN_SECONDS = 12 * 3600
#: Clocks of two servers may differ by so much.
SKEW_SECONDS = 5
_PASS, _SCAN, _SCREEN = (f"partybuilding.{name}" for name in ("pass", "scan", "screen"))


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


def give_pass(
    whistle: uuid.UUID, user_id: int, scanned_at: dt.datetime, *, seconds: int = PASS_SECONDS
) -> str:
    """What the page of report-in carries for somebody who scanned a good code; ``seconds`` count from the scan."""
    return _sign(_PASS, whistle, scanned_at, seconds, user_id)


def pass_until(text: str, whistle: uuid.UUID, user_id: int, now: dt.datetime) -> dt.datetime | None:
    """Until when a pass is good; None where it is not this person's, not for this whistle, or over."""
    found = _read(_PASS, text, whistle, now)
    return found.until if found and found.person == user_id else None


def keep_scan(whistle: uuid.UUID, now: dt.datetime) -> str:
    """What the browser keeps of a good scan while its person signs in (a cookie; worth nothing on another whistle)."""
    return _sign(_SCAN, whistle, now, SCAN_SECONDS)


def scan_time(text: str, whistle: uuid.UUID, now: dt.datetime) -> dt.datetime | None:
    """When a browser scanned a good code of this whistle, if that was within ``SCAN_SECONDS``."""
    found = _read(_SCAN, text, whistle, now)
    return found.at if found else None


def screen_ticket(whistle: uuid.UUID, user_id: int, now: dt.datetime) -> str:
    """What the address of a screen carries, so that it goes on showing codes when nobody is signed in on it any more."""
    return _sign(_SCREEN, whistle, now, SCREEN_SECONDS, user_id)


def opened_by(text: str, whistle: uuid.UUID, now: dt.datetime) -> int | None:
    """The id of who opened a screen of this whistle, if that was within ``SCREEN_SECONDS``."""
    found = _read(_SCREEN, text, whistle, now)
    return found.person if found else None


class _Signed(NamedTuple):
    at: dt.datetime
    until: dt.datetime
    person: int  # 0 where it is nobody's


def _sign(what: str, whistle: uuid.UUID, at: dt.datetime, seconds: int, person: int = 0) -> str:
    return signing.dumps([str(whistle), int(at.timestamp()), seconds, person], salt=what)


def _read(what: str, text: str, whistle: uuid.UUID, now: dt.datetime) -> _Signed | None:
    """What was signed for this whistle and is not over."""
    try:
        of, at, seconds, person = signing.loads(text, salt=what)
    except (signing.BadSignature, ValueError):
        return None
    if of != str(whistle) or not -SKEW_SECONDS <= now.timestamp() - at <= seconds:
        return None
    begun = dt.datetime.fromtimestamp(at, dt.UTC)
    return _Signed(begun, begun + dt.timedelta(seconds=seconds), person)
