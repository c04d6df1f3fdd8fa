"""Checking a password: who may still try one. Failed tries are counted in PostgreSQL, from all processes.

Within 15 minutes

- an account is tried five times from devices that it never signed in on, wherever they stand;
- each device that the person signed in on before has five tries of its own, so that strangers keep nobody out;
- from one address, tries on ten different accounts may fail before unknown devices there have to wait. A person who
  mistypes ten times counts once: an office behind one address is not locked out by it.

A try is counted before the password is checked and taken back when it was right, so that no lock is held meanwhile.
"""

import datetime as dt
import ipaddress
import math
from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth import authenticate
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from psycopg2.errors import LockNotAvailable

from governance import devices
from governance.hashing import slot_in_line, too_many
from governance.models import SignIn, SignInTry, User
from governance.refusals import Busy, Unavailable

WINDOW = dt.timedelta(minutes=15)
TRIES = 5
WRONG_KEYS = "从这个网络地址送来的对接密钥多次不对。请 {minutes} 分钟后再试，并向系统管理员核对密钥。"
ACCOUNTS = 10
#: How long a try waits for the lock of another one (PostgreSQL's notation).
LOCK_TIMEOUT = "1s"

Found = TypeVar("Found")


class Locked(Unavailable):
    """Too many failed tries: this one was not checked."""

    status = 429

    def __init__(self, sentence: str, *, until: dt.datetime, now: dt.datetime) -> None:
        self.until = until
        seconds = max(1, math.ceil((until - now).total_seconds()))
        super().__init__(sentence.format(minutes=math.ceil(seconds / 60)), retry_after=seconds)


def sign_in(request: HttpRequest, username: str, password: str, *, now: dt.datetime) -> User | None:
    """The person with this name and password, or None; raises ``Locked`` or ``Busy`` when it was not checked."""

    def check() -> User | None:
        return authenticate(request, username=username, password=password)

    user = attempt(request, username, check, now=now)
    if user is not None:
        SignIn.objects.create(user=user, address=address_of(request), at=now)
    return user


def confirm(request: HttpRequest, password: str, *, now: dt.datetime) -> bool:
    """Whether somebody who is signed in knows their own password; counted like signing in."""
    user = request.user
    return attempt(request, user.username, lambda: user.check_password(password) or None, now=now) is not None


def attempt(
    request: HttpRequest, username: str, check: Callable[[], Found | None], *, now: dt.datetime
) -> Found | None:
    """What ``check`` finds out about a password, or None; a failed try stays counted.

    Raises ``Locked`` when this try is one too many and ``Busy`` when too many come at once; then nothing was checked.
    """
    device = devices.known_as(request, username)
    try_ = SignInTry(account=account_of(username), address=address_of(request), device=device, at=now)
    with slot_in_line(is_known=bool(device)):
        _count(try_, now=now)
        try:
            found = check()
        except Busy:
            try_.delete()
            raise
    if found is not None:
        mine = SignInTry.objects.filter(account=try_.account, device=device)
        (mine if device else mine.filter(address=try_.address)).delete()
    return found


def count_wrong_key(request: HttpRequest, text: str, *, now: dt.datetime) -> None:
    """Count a key of a program that is not right, like a password but apart from those.

    Raises ``Locked`` once this key was sent too often, or too many keys from the address. Unlike a password a key
    cannot be guessed, so that it is looked up first and a right one is never kept waiting.
    """
    address = f"key {address_of(request)}"[:45]
    try_ = SignInTry(account=account_of(text), address=address, at=now)
    try:
        _count(try_, now=now)
    except Locked as problem:
        raise Locked(WRONG_KEYS, until=problem.until, now=now) from None


def unlock(user: User) -> None:
    """Forget the failed tries on an account."""
    SignInTry.objects.filter(account=account_of(user.username)).delete()


def forget_old(*, now: dt.datetime) -> None:
    """Remove tries that no rule counts any more."""
    SignInTry.objects.filter(at__lt=now - WINDOW).delete()


def account_of(username: str) -> str:
    """How the tries on a name are found; the same for all spellings with capitals."""
    return salted_hmac("governance.signing_in", username.casefold(), algorithm="sha256").hexdigest()


def address_of(request: HttpRequest) -> str:
    """The client's address; of IPv6 the network of 64 bits, which belongs to one customer as a whole."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text[:45]
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False).network_address)


def _count(try_: SignInTry, *, now: dt.datetime) -> None:
    """Write a try down unless it is one too many; tries on one account or from one address come one by one."""
    with transaction.atomic():
        _lock(try_)
        _refuse_account(try_, now=now)
        if not try_.device:
            _refuse_address(try_, now=now)
        try_.save()


def _lock(try_: SignInTry) -> None:
    """Hold the locks of what is counted until the transaction ends: always the account's before the address's, so that
    there is no deadlock. A known device does not wait for the locks of unknown ones."""
    locks = [("account", try_.account + try_.device)]
    if not try_.device:
        locks.append(("address", try_.address))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            for kind, name in locks:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [kind, name])
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            raise too_many() from problem
        raise


def _refuse_account(try_: SignInTry, *, now: dt.datetime) -> None:
    failed = SignInTry.objects.filter(account=try_.account, device=try_.device, at__gt=now - WINDOW)
    times = failed.order_by("-at").values_list("at", flat=True)[:TRIES]
    if len(times) < TRIES:
        return
    way_in = "" if try_.device else "在登录过的设备上仍可登录；"
    raise Locked(
        f"密码已输错 {TRIES} 次，账号已锁定。请 {{minutes}} 分钟后再试；{way_in}急用请联系安全管理员解锁。",
        until=times[TRIES - 1] + WINDOW,
        now=now,
    )


def _refuse_address(try_: SignInTry, *, now: dt.datetime) -> None:
    failed = SignInTry.objects.filter(address=try_.address, device="", at__gt=now - WINDOW)
    last = failed.values("account").annotate(last=Max("at")).order_by("-last").values_list("last", flat=True)
    times = last[:ACCOUNTS]
    if len(times) < ACCOUNTS:
        return
    raise Locked(
        f"这个网络地址上有 {ACCOUNTS} 个账号输错密码，暂不接受新设备登录。"
        "请 {minutes} 分钟后再试；在登录过的设备上仍可登录。",
        until=times[ACCOUNTS - 1] + WINDOW,
        now=now,
    )
