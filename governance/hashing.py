"""Hashing of passwords, a few at a time: argon2 takes 100 MB and every core on purpose."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

#: In one process, which serves requests with eight threads (config/gunicorn.py): two passwords are hashed while three
#: wait for it; so the others stay free for everybody who is signed in. Some of these places are for known devices alone.
AT_ONCE, IN_LINE, FOR_KNOWN = 2, 3, 2
PATIENCE_SECONDS = 1.0

_slots = BoundedSemaphore(AT_ONCE)
#: Everybody stands in the line; strangers stand in a shorter one before they come to it.
_line = BoundedSemaphore(AT_ONCE + IN_LINE)
_strangers = BoundedSemaphore(AT_ONCE + IN_LINE - FOR_KNOWN)


class TryLater(Exception):
    """Not now, but after some seconds: 429. ``sentence`` is for people."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.sentence, self.seconds = sentence, seconds


class Busy(TryLater):
    """More people sign in at this moment than passwords can be checked; nothing was checked or counted."""

    def __init__(self) -> None:
        super().__init__("同时登录的人较多，密码还没有核对。请过 3 秒再试一次。", 3)


@contextmanager
def place_in_line(*, is_known: bool) -> Iterator[None]:
    """Stand among the few whose password is looked at now; raises ``Busy`` at once when no place is left."""
    with ExitStack() as places:
        for line in (_line,) if is_known else (_strangers, _line):
            if not line.acquire(blocking=False):
                raise Busy
            places.callback(line.release)
        yield


@contextmanager
def slot() -> Iterator[None]:
    """Hold one of the places for hashing; raises ``Busy`` when none is free within a second."""
    if not _slots.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _slots.release()


class SharedArgon2(Argon2PasswordHasher):
    """Django's own hasher, behind the places: whoever checks or sets a password, on whatever page."""

    #: The same work as Django's eight threads in one: beside 16 of them at once no page gets its share of two cores.
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with slot():
            return super().verify(password, encoded)
