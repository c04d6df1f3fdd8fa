"""What the environment says, read into what settings need."""

import os
from base64 import b64decode
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def read_env_file(path: Path) -> None:
    """Take NAME=value lines of a file into the environment; what is already set wins."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


# Before anything is asked for.
read_env_file(Path(__file__).resolve().parent.parent / ".env")


def env(name: str, default: str | None = None, *, hint: str = "") -> str:
    """Read a variable; without a default a missing one is an error that says what to do."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. {hint}".strip())
    return value


def env_bool(name: str, default: bool = False) -> bool:
    """Read a yes/no variable."""
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def env_list(name: str, default: str = "") -> list[str]:
    """Read a comma-separated variable."""
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


KEYS_HINT = (
    "`python3 tools/field_keys.py` prints the line for .env; on a site that has run without FIELD_KEYS so far it keeps "
    "what was encrypted readable."
)


def key_ring(text: str) -> dict[int, str]:
    """Read ``version:key`` pairs with commas between them; a key is the base64 of 32 bytes, a version 1 to 255."""
    pairs = [pair.strip().partition(":") for pair in text.split(",") if pair.strip()]
    try:
        ring = {int(version): key for version, _, key in pairs}
        sizes = {len(b64decode(key, validate=True)) for key in ring.values()}
    except ValueError:
        ring, sizes = {}, set()
    if sizes != {32} or len(ring) != len(pairs) or not all(1 <= version <= 255 for version in ring):
        raise ImproperlyConfigured(
            "FIELD_KEYS must read 1:key,2:key – each key the base64 of 32 bytes, each version once. "
            + KEYS_HINT
        )
    return ring


#: For SSDs: with the default random_page_cost of 4 the planner scans whole indexes where it needs a few single pages
#: (docs/performance.md). Requests share the cores: a query runs on one.
PLANNER = "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"


class Limits(NamedTuple):
    """Seconds that PostgreSQL gives a statement, a wait for a lock and a transaction in which nothing happens."""

    statement: float
    lock: float
    idle: float

    def as_options(self) -> str:
        seconds = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return "".join(f" -c {name}={limit * 1000:.0f}" for name, limit in seconds.items())


#: By who asks. Commands (migrations, the demo world) take the time they need; a task ends after 240 s anyhow.
LIMITS = {
    "gridloop-web": Limits(statement=float(env("STATEMENT_SECONDS", "10")), lock=5, idle=30),
    "gridloop-worker": Limits(statement=120, lock=10, idle=120),
    "gridloop-beat": Limits(statement=5, lock=5, idle=30),
}
#: A machine that is gone is noticed by TCP within a quarter of a minute, whoever asks.
TCP = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def database(url: str) -> dict[str, object]:
    """Turn postgresql://user:password@host:port/name into Django's settings."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql:// – GridLoop relies on PostgreSQL's row locks and indexes."
        )
    service = env("SERVICE_NAME", "gridloop")
    limits = LIMITS.get(service)
    return {
        "ENGINE": "config.database",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": int(env("CONN_MAX_AGE", "60")),
        "CONN_HEALTH_CHECKS": True,
        # A server that does not even keep its own limits has two seconds more.
        "TIMEOUTS": {"connect": 3, "statement": limits.statement + 2} if limits else None,
        "OPTIONS": {
            **TCP,
            "application_name": service,
            "options": PLANNER + (limits.as_options() if limits else ""),
        },
    }
