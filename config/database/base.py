"""Django's PostgreSQL backend, with a time-out for every wait: a server that does not answer must not block a thread.

The server's own limits (statement_timeout, lock_timeout) need a server that works, and TCP's keepalive finds only a dead
machine: for a server process that hangs the kernel goes on answering. So the client counts too. psycopg2 waits through
``wait_for``, which closes the connection after the limit; Django then raises ``OperationalError``.

``DATABASES["default"]["TIMEOUTS"]`` holds the limits in seconds: ``connect`` (also for the check whether a kept connection
is still usable) and ``statement``. Without it nothing changes; with it COPY through psycopg2 is not possible.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import POLLIN, POLLOUT, poll
from threading import Lock, local
from time import monotonic

from django.db.backends.postgresql import base
from psycopg2 import OperationalError, extensions

#: Seconds without an attempt after a time-out; then one thread tries for all.
RETRY_SECONDS = 2.0


class CircuitBreaker:
    """Fails at once after a time-out; one for a process, so that its threads do not wait one after another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_open, self._until = False, 0.0

    def open(self) -> None:
        """The server did not answer in time."""
        with self._lock:
            self._is_open, self._until = True, monotonic() + RETRY_SECONDS

    def close(self) -> None:
        """The server answers."""
        with self._lock:
            self._is_open = False

    def allows(self, seconds: float) -> bool:
        """Whether to try; while the breaker is open one thread may, and has so many seconds for it."""
        with self._lock:
            if not self._is_open:
                return True
            if monotonic() < self._until:
                return False
            self._until = monotonic() + seconds + RETRY_SECONDS
            return True


breaker = CircuitBreaker()
_thread = local()


@contextmanager
def timeout(seconds: float) -> Iterator[None]:
    """Give the statements of this thread another time-out."""
    before = getattr(_thread, "seconds", None)
    _thread.seconds = seconds
    try:
        yield
    finally:
        _thread.seconds = before


def wait_callback(default: float) -> Callable[[extensions.connection], None]:
    """The function through which psycopg2 waits; ``default`` is the time-out in seconds."""

    def wait_for(connection: extensions.connection) -> None:
        end = None
        while (state := connection.poll()) != extensions.POLL_OK:
            if end is None:
                end = monotonic() + (getattr(_thread, "seconds", None) or default)
            socket = poll()
            socket.register(connection.fileno(), POLLIN if state == extensions.POLL_READ else POLLOUT)
            if not socket.poll(max(end - monotonic(), 0) * 1000):
                breaker.open()
                raise OperationalError("the server did not answer in time")

    return wait_for


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def timeouts(self) -> dict[str, float] | None:
        return self.settings_dict.get("TIMEOUTS")

    def connect(self) -> None:
        if self.timeouts is None:
            return super().connect()
        seconds = self.timeouts["connect"]
        if not breaker.allows(seconds):
            raise OperationalError("the server did not answer a moment ago")
        extensions.set_wait_callback(wait_callback(self.timeouts["statement"]))
        with timeout(seconds):
            super().connect()
        breaker.close()

    def is_usable(self) -> bool:
        if self.timeouts is None:
            return super().is_usable()
        with timeout(self.timeouts["connect"]):
            return super().is_usable()
