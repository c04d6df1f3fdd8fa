"""Django's PostgreSQL backend, with an end to every wait: a server that is silent must not keep a thread.

The server's own limits (statement_timeout, lock_timeout) need a server that works, and TCP's keepalive finds only a dead
machine: for a server process that hangs the kernel goes on answering. So the client counts too. psycopg2 waits through
``wait_for``, which closes the connection after the limit; Django then raises ``OperationalError``.

``DATABASES["default"]["PATIENCE"]`` holds the limits in seconds: ``connect`` (also for the look whether a kept connection
still lives) and ``statement``. Without it nothing changes; with it COPY through psycopg2 is not possible.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import POLLIN, POLLOUT, poll
from threading import Lock, local
from time import monotonic

from django.db.backends.postgresql import base
from psycopg2 import OperationalError, extensions

#: After a silence nobody asks again for so long, in seconds; then one thread asks for all.
REST = 2.0


class Silence:
    """Whether the server failed to answer lately; one for a process, so that its threads do not wait one after another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_known, self._until = False, 0.0

    def begin(self) -> None:
        with self._lock:
            self._is_known, self._until = True, monotonic() + REST

    def end(self) -> None:
        with self._lock:
            self._is_known = False

    def may_ask(self, seconds: float) -> bool:
        """Tell whether to try; who tries during a silence does so for all, for as many seconds."""
        with self._lock:
            if not self._is_known:
                return True
            if monotonic() < self._until:
                return False
            self._until = monotonic() + seconds + REST
            return True


silence = Silence()
_own = local()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give the statements of this thread another limit."""
    before = getattr(_own, "seconds", None)
    _own.seconds = seconds
    try:
        yield
    finally:
        _own.seconds = before


def waiting(usual: float) -> Callable[[extensions.connection], None]:
    """The function through which psycopg2 waits; ``usual`` is the limit in seconds."""

    def wait_for(connection: extensions.connection) -> None:
        end = None
        while (state := connection.poll()) != extensions.POLL_OK:
            if end is None:
                end = monotonic() + (getattr(_own, "seconds", None) or usual)
            socket = poll()
            socket.register(connection.fileno(), POLLIN if state == extensions.POLL_READ else POLLOUT)
            if not socket.poll(max(end - monotonic(), 0) * 1000):
                silence.begin()
                raise OperationalError("the server did not answer in time")

    return wait_for


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def limits(self) -> dict[str, float] | None:
        return self.settings_dict.get("PATIENCE")

    def connect(self) -> None:
        if self.limits is None:
            return super().connect()
        seconds = self.limits["connect"]
        if not silence.may_ask(seconds):
            raise OperationalError("the server was silent a moment ago")
        extensions.set_wait_callback(waiting(self.limits["statement"]))
        with patience(seconds):
            super().connect()
        silence.end()

    def is_usable(self) -> bool:
        if self.limits is None:
            return super().is_usable()
        with patience(self.limits["connect"]):
            return super().is_usable()
