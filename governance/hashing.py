"""Hashing of passwords, a few at a time: argon2 takes 100 MB and every core on purpose."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from django.contrib.auth.hashers import Argon2PasswordHasher

from governance.refusals import Busy
from governance.slots import Slots

#: More people sign in at this moment than passwords can be checked; nothing was checked or counted.
too_many = partial(Busy, "同时登录的人较多，密码还没有核对。请过 3 秒再试一次。", status=429, retry_after=3)

#: In one process, which serves requests with eight threads (config/gunicorn.py): two passwords are hashed while three
#: wait for it; so the others stay free for everybody who is signed in. Some of these slots are for known devices alone.
AT_ONCE, IN_LINE, FOR_KNOWN = 2, 3, 2
#: Held for the time of one hash.
slots = Slots(AT_ONCE, too_many, seconds=1)
#: Held for the time of one sign-in; unknown devices need a slot of both.
_line = Slots(AT_ONCE + IN_LINE, too_many)
_strangers = Slots(AT_ONCE + IN_LINE - FOR_KNOWN, too_many)


@contextmanager
def slot_in_line(*, is_known: bool) -> Iterator[None]:
    """Stand among the few whose password is looked at now; raises ``Busy`` at once when no slot is left."""
    with ExitStack() as slots:
        for line in (_line,) if is_known else (_strangers, _line):
            slots.enter_context(line.hold())
        yield


class SharedArgon2(Argon2PasswordHasher):
    """Django's own hasher, behind the slots: whoever checks or sets a password, on whatever page."""

    #: The same work as Django's eight threads in one: beside 16 of them at once no page gets its share of two cores.
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with slots.hold():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with slots.hold():
            return super().verify(password, encoded)
