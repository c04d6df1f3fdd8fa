"""This machine and this checkout: folders, ports, processes, locks, packages, keys. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import field_keys

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
VENV = ROOT / ".venv"


class SetupError(Exception):
    """Something a person has to settle; its text says what."""


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
