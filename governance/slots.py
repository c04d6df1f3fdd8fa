"""Work that must not take a whole process: a few at a time, the rest wait briefly or are refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from governance.refusals import Busy


class Slots:
    """So many at a time in this process; whoever finds none free within ``seconds`` gets what ``busy`` makes."""

    def __init__(self, count: int, busy: Callable[[], Busy], *, seconds: float = 0) -> None:
        self.seconds = seconds
        self._busy, self._free = busy, BoundedSemaphore(count)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep a slot for the time of the block."""
        if not self._free.acquire(timeout=self.seconds):
            raise self._busy()
        try:
            yield
        finally:
            self._free.release()
