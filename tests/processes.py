"""Real workers, beats and brokers as processes of their own, on the database of the running test."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import servers

ROOT = Path(__file__).parent.parent


class Broker:
    """A Valkey that can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, servers.free_port()
        self.server: servers.Valkey | None = None

    @property
    def url(self) -> str:
        return servers.Valkey("broker", self.folder, self.port, throwaway=False).url()

    def start(self) -> None:
        self.server = servers.Valkey("broker", self.folder, self.port, throwaway=False)
        self.server.start()
        self.server.wait_ready()

    def stop(self) -> None:
        if self.server:
            self.server.stop()


@contextmanager
def celery(*words: str, broker: str, log: Path, **environment: str) -> Iterator[subprocess.Popen]:
    """A ``celery -A config …`` process with settings of its own; it ends with the block."""
    command = [sys.executable, "-m", "celery", "-A", "config", *words]
    settings = {**os.environ, "REDIS_URL": broker, "LOG_LEVEL": "INFO", **environment}
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=settings,
            stdout=out,
            stderr=out,
            preexec_fn=servers.dies_with_parent(),
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def worker(*, broker: str, log: Path, **environment: str):
    """One worker process with one child."""
    words = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "info")
    return celery(*words, broker=broker, log=log, **environment)


def beat(*, broker: str, folder: Path, **environment: str):
    """The beat, with its schedule file in a folder of the test."""
    words = ("beat", "--loglevel", "info", "--schedule", str(folder / "beat"))
    return celery(*words, broker=broker, log=folder / "beat.log", **environment)


def wait_for(what: Callable[[], object], seconds: float, logs: list[Path] | None = None) -> object:
    """Ask again and again until there is an answer; fails with the last words of the processes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.25)
    said = "\n".join(path.read_text()[-2000:] for path in logs or [] if path.exists())
    raise AssertionError(f"not within {seconds:.0f} s\n{said}")
