"""Dumps and restores with PostgreSQL's own programs, as administrators make them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cluster
from django.db import connections

from config.environment import database


def run(name: str, *words: object, may_fail: bool = False) -> subprocess.CompletedProcess:
    """One of PostgreSQL's programs to its end."""
    command = [cluster.postgres_programs() / name, *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace")
    assert may_fail or done.returncode == 0, done.stderr
    return done


def dump(source: str, path: Path) -> None:
    """Write a database (address) into a file, and its fingerprint beside it."""
    run("pg_dump", "--format=custom", f"--file={path}", source)
    done = subprocess.run(
        ["sha256sum", path.name], cwd=path.parent, capture_output=True, text=True, check=True
    )
    fingerprint_of(path).write_text(done.stdout)


def fingerprint_of(path: Path) -> Path:
    """Where the fingerprint of a dump stands."""
    return path.with_name(f"{path.name}.sha256")


def address(server: str, name: str) -> str:
    """The address of a database beside another one."""
    return f"{server.rpartition('/')[0]}/{name}"


def anew(server: str, name: str) -> str:
    """An empty database of that name; returns its address."""
    run("psql", "-q", server, "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    run("psql", "-q", server, "-c", f'CREATE DATABASE "{name}" TEMPLATE template0')
    return address(server, name)


def restore(path: Path, target: str) -> bool:
    """Restore a dump that is what was written into an empty database (address), all of it or nothing; whether that went well."""
    check = ["sha256sum", "--check", "--status", fingerprint_of(path).name]
    if subprocess.run(check, cwd=path.parent, check=False).returncode:
        return False
    words = ("--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={target}", path)
    return run("pg_restore", *words, may_fail=True).returncode == 0


def restored(path: Path, server: str, name: str) -> str:
    """The address of a new database that holds a dump."""
    target = anew(server, name)
    assert restore(path, target)
    return target


@contextmanager
def speaking_to(url: str) -> Iterator[None]:
    """Let Django's connection, in all threads, speak to another database."""
    settings = connections["default"].settings_dict
    before = dict(settings)
    connections.close_all()
    settings |= {name: value for name, value in database(url).items() if name in before and name != "OPTIONS"}
    try:
        yield
    finally:
        connections.close_all()
        settings |= before
