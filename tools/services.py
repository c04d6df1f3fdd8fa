"""Processes that have to live as long as the site: started, followed, and started again when they end by themselves."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from machine import SetupError

NOISE = ("Memory overcommit must be enabled",)  # Valkey's advice for big installations
#: Seconds until the next try: doubled with every end, forgotten after a minute of life.
FIRST_PAUSE, LONGEST_PAUSE, ESTABLISHED = 0.5, 60.0, 60.0


class Log:
    """Write the lines of all processes to one stream, each with its sender's name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        # Where it goes may be full or closed: that must end neither the site nor the reading of what others say.
        with self.lock, contextlib.suppress(OSError):
            print(f"{name:<8} | {text}", flush=True)

    def follow(self, name: str, process: subprocess.Popen) -> None:
        """Copy a process's output line by line until it ends."""

        def copy() -> None:
            with process.stdout as lines:
                for raw in lines:
                    text = raw.decode(errors="replace").rstrip()
                    if text and not any(noise in text for noise in NOISE):
                        self.line(name, text)

        threading.Thread(target=copy, daemon=True, name=f"log of {name}").start()


class Service:
    """A process that ends only when the site does; whatever goes wrong with it, the others go on."""

    def __init__(
        self,
        name: str,
        start: Callable[[], subprocess.Popen],
        log: Log,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name, self._start, self.log, self._is_wanted = name, start, log, is_wanted
        self.process: subprocess.Popen | None = None
        self.started = 0.0
        self.failures = 0  # in a row
        self.restarts = 0
        self.next_try: float | None = None
        self.ended_at: dt.datetime | None = None
        self.reason = ""
        self.code: int | None = None  # what it ended with; nothing where it could not even start

    def start(self) -> None:
        self.started, self.next_try = time.monotonic(), None
        self.process = self._start()
        self.log.follow(self.name, self.process)

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def watch(self) -> bool:
        """Start again what ended, after a pause that grows; returns whether there is something new to tell."""
        if self.next_try is None:
            if not self.has_ended():
                return False
            self.code = self.process.returncode
            self._pause(how_it_ended(self.code))
            return True
        if time.monotonic() < self.next_try or not self._is_wanted():
            return False
        self.restarts += 1
        try:
            self.start()
        except (OSError, SetupError) as problem:  # a full disk, a port that is taken: told, and tried again
            self.code = None
            self._pause(str(problem))
        return True

    def _pause(self, reason: str) -> None:
        now = time.monotonic()
        if now - self.started >= ESTABLISHED:
            self.failures = 0
        pause = min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures += 1
        self.next_try, self.reason = now + pause, reason
        self.ended_at = dt.datetime.now(dt.UTC)
        self.log.line(
            self.name,
            f"{reason} after {now - self.started:.0f} s; starting it again in {pause:g} s (failure {self.failures})",
        )

    def state(self) -> dict[str, object]:
        """What the status page shows; a service that lives for a minute again has settled."""
        settled = self.next_try is None and time.monotonic() - self.started >= ESTABLISHED
        return {
            "is_running": self.next_try is None,
            "failures": 0 if settled else self.failures,
            "restarts": self.restarts,
            "code": self.code,
            "ended_at": self.ended_at.isoformat(timespec="seconds") if self.ended_at else None,
        }

    def signal(self, number: int) -> None:
        """Send a signal to the process, or for SIGKILL to its whole group."""
        if self.process is None or self.process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


class Notes:
    """The file in which the status page reads how the services are."""

    def __init__(self, path: Path, log: Log) -> None:
        self.path, self.log = path, log
        self._written = 0.0

    def write(self, services: list[Service], *, is_news: bool) -> None:
        """Write when something happened, and every ten seconds: an old file means that nobody watches any more."""
        now = time.monotonic()
        if not is_news and now - self._written < 10:
            return
        self._written = now
        told = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
        told["services"] = {service.name: service.state() for service in services}
        draft = self.path.with_suffix(".part")
        try:
            draft.write_text(json.dumps(told))
            draft.replace(self.path)
        except OSError as problem:  # the page then says that it does not know
            self.log.line("site", f"cannot write {self.path.name}: {problem}")
