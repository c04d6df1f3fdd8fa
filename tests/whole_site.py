"""The whole site as ``make run`` starts it, on servers of its own with durable storage; parts can be killed."""

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import cluster
import machine
import servers
import services
import supervisor

from tests import dumps

ROOT = Path(__file__).parent.parent


def children(pid: int) -> list[int]:
    """Processes that a process has started and that run."""
    processes = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # ended while we looked
        if int(parent) == pid and state != "Z":
            processes.append(int(stat.parent.name))
    return processes


def is_backend(pid: int) -> bool:
    """Whether a process of PostgreSQL serves a client."""
    try:
        return b"postgres: gridloop" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class FileLog(services.Log):
    """The lines of all processes, in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def line(self, name: str, text: str) -> None:
        with self.lock, self.path.open("a") as out:
            out.write(f"{time.strftime('%T')} {name:<8} | {text}\n")


class WholeSite(supervisor.Site):
    """Database, broker, web, worker and beat under the supervisor's watch, in a folder of the test."""

    def __init__(self, folder: Path, random: Random) -> None:
        own = {"MEDIA_ROOT": str(folder / "media"), "DATA_DIR": str(folder), "RELAY_SECONDS": "1"}
        environment = {**os.environ, **own}
        super().__init__(environment, lambda _text: None)
        self.log, self.random = FileLog(folder / "site.log"), random
        self.notes = services.Notes(folder / "services.json", self.log)
        home = cluster.server_home() / "throwaway"
        mark = f"{os.getpid()}-{secrets.token_hex(3)}"
        self.postgres = servers.Postgres("PostgreSQL", home / mark, machine.free_port(), throwaway=False)
        self.valkey = servers.Valkey("Valkey", folder / "valkey", machine.free_port(), throwaway=False)
        self.address = ""

    @property
    def pids(self) -> dict[str, int]:
        """The processes under watch, by name."""
        return {one.name: one.process.pid for one in self.services if not one.has_ended()}

    @property
    def database(self) -> str:
        return self.environment["DATABASE_URL"]

    def begin(self, source: str) -> None:
        """Start everything on a copy of a database (address)."""
        subprocess.run(["cp", "-a", cluster.cluster_template(), self.postgres.folder], check=True)
        self.serve("postgres", lambda: self.postgres.start(subprocess.PIPE))
        self.serve("valkey", lambda: self.valkey.start(subprocess.PIPE))
        self.postgres.wait_ready()
        self.valkey.wait_ready()
        dump, server = self.log.path.with_name("start.dump"), self.postgres.url()
        dumps.dump(source, dump)
        self.environment["DATABASE_URL"] = dumps.restored(dump, server, "gridloop")
        dumps.run("psql", "-q", server, "-c", "CHECKPOINT")  # a crash is to read again what came since
        self.environment["REDIS_URL"] = self.valkey.url()
        port = machine.free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.start_web("127.0.0.1", port)
        self.wait_for_page(self.address)
        self.start_tasks()

    def end(self) -> None:
        """End everything at once, since nothing is kept, and remove the database."""
        self.stopping = True
        for one in self.services:
            one.signal(signal.SIGKILL)
        for one in self.services:
            one.process.wait()
        self.postgres.throwaway = True
        self.postgres.stop()

    # Killing

    def victims(self) -> dict[str, Callable[[], list[int]]]:
        """What can be killed, and the processes that it is at this moment."""
        pids = self.pids

        def of(name: str) -> list[int]:
            return [pids[name]] if name in pids else []

        def below(name: str) -> list[int]:
            return [child for pid in of(name) for child in children(pid)]

        return {
            "web worker": lambda: below("web"),
            "web master": lambda: of("web"),
            "task process": lambda: below("worker"),
            "task worker": lambda: of("worker"),
            "beat": lambda: of("beat"),
            "broker": lambda: of("valkey"),
            "database": lambda: of("postgres"),
            "database connection": lambda: [pid for pid in below("postgres") if is_backend(pid)],
        }

    def kill(self, what: str) -> bool:
        """Kill -9 one process of a kind; false where none runs at this moment."""
        found = self.victims()[what]()
        if not found:
            return False
        pid = self.random.choice(found)
        self.log.line("test", f"kill -9 {what} {pid}")
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has ended since it was listed
            return False
        return True

    def ends(self) -> list[str]:
        """What ended otherwise than by SIGKILL, in lines of the log.

        A database waits for the last process of the one before. A worker whose broker or database was killed may end
        with an error of its own library, once for each of these kills, and is started again.
        """
        lines = self.log.path.read_text().splitlines()
        ended = [line for line in lines if re.search(r"^\S+ (?!postgres)\S+ +\| ended (?!by SIGKILL)", line)]
        of_worker = [line for line in ended if re.search(r"^\S+ worker +\|", line)]
        excused = sum(re.search(r"kill -9 (broker|database) ", line) is not None for line in lines)
        return [line for line in ended if line not in of_worker] + of_worker[excused:]


VICTIMS = (
    "web worker", "web master", "task process", "task worker", "beat", "broker", "database", "database connection",
)  # fmt: skip
