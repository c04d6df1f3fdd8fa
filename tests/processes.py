"""Real workers, beats and brokers as processes of their own, on the database of the running test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import machine
import servers

ROOT = Path(__file__).parent.parent


class Broker:
    """A Valkey that can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, machine.free_port()
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
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """A process that ends with the block, by force if it must."""
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
            preexec_fn=machine.dies_with_parent(),
        )
    with ended(process):
        yield process


@contextmanager
def web(*flags: str, log: Path, **environment: str) -> Iterator[str]:
    """The web server as the site runs it, with flags and settings of its own; yields its address."""
    port = machine.free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", *flags]
    settings = {**os.environ, "SERVICE_NAME": "gridloop-web", "CONN_MAX_AGE": "60", **environment}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "config.wsgi"],
            cwd=ROOT,
            env=settings,
            stdout=out,
            stderr=out,
            preexec_fn=machine.dies_with_parent(signal.SIGQUIT),
        )
    with ended(process):
        wait_for(lambda: machine.answers(port), 60, [log])
        yield f"http://127.0.0.1:{port}"


@dataclass
class Answer:
    """What came back, and after how many seconds."""

    status: int
    headers: Message
    text: str
    seconds: float


def ask(url: str, data: bytes | None = None, **headers: str) -> Answer:
    """One request without following redirects; underscores in names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    begun = time.monotonic()
    try:
        answer = _OPENER.open(Request(url, data, named), timeout=120)
    except HTTPError as problem:
        answer = problem
    with answer:
        text = answer.read().decode(errors="replace")
    return Answer(answer.status, answer.headers, text, time.monotonic() - begun)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args, **_options) -> None:
        return None


_OPENER = build_opener(_Stay)


def worker(*, broker: str, log: Path, **environment: str):
    """One worker process with one child."""
    words = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "info")
    return celery(*words, broker=broker, log=log, **environment)


def beat(*, broker: str, folder: Path, **environment: str):
    """The beat, with its schedule file in a folder of the test."""
    words = ("beat", "--loglevel", "info", "--schedule", str(folder / "beat"))
    return celery(*words, broker=broker, log=folder / "beat.log", **environment)


def wait_for(what: Callable[[], object], seconds: float, logs: list[Path] | None = None) -> object:
    """Ask again and again until there is an answer; fails with the last lines that the processes wrote."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.25)
    said = "\n".join(path.read_text()[-2000:] for path in logs or [] if path.exists())
    raise AssertionError(f"not within {seconds:.0f} s\n{said}")
