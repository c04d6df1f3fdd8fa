"""Hashing of passwords, a few at a time: argon2 takes 100 MB and every core on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

#: In one process. Of the eight threads that serve requests the others stay free for everybody who is signed in.
AT_ONCE, IN_LINE = 2, 2
PATIENCE_SECONDS = 1.0

_slots = BoundedSemaphore(AT_ONCE)
_line = BoundedSemaphore(AT_ONCE + IN_LINE)


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
def slot() -> Iterator[None]:
    """Hold one of the places for hashing; raises ``Busy`` when none is free within a second or the line is full."""
    if not _line.acquire(blocking=False):
        raise Busy
    try:
        if not _slots.acquire(timeout=PATIENCE_SECONDS):
            raise Busy
        try:
            yield
        finally:
            _slots.release()
    finally:
        _line.release()


class SharedArgon2(Argon2PasswordHasher):
    """Django's own hasher, behind the places: whoever checks or sets a password, on whatever page."""

    def encode(self, password: str, salt: str) -> str:
        with slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with slot():
            return super().verify(password, encoded)
