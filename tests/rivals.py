"""People who do something at the same moment, each on a database connection of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connection

from cases.actions import Refused


class Rivals:
    """Threads that start together, as often as asked; what one raises is its answer."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def at_once(self, tasks: list[Callable[[], object]]) -> list[object]:
        """Answers or problems, in the order of the tasks."""
        gate = Barrier(len(tasks), timeout=60)

        def run(task: Callable[[], object]) -> object:
            gate.wait()  # nobody takes a second task before everybody has one
            try:
                return task()
            except Exception as problem:
                return problem

        return list(self._pool.map(run, tasks))


@contextmanager
def rivals(number: int = 8) -> Iterator[Rivals]:
    """So many threads, whose connections are closed at the end."""
    with ThreadPoolExecutor(number) as pool:
        crowd = Rivals(pool)
        yield crowd
        crowd.at_once([connection.close] * number)


def is_clean(answer: object) -> bool:
    """Whether an answer is what the door gives, or a refusal that tells the person why."""
    return not isinstance(answer, Exception) or (isinstance(answer, Refused) and answer.status in (403, 409))
