"""Loaded before the settings: every pytest worker gets a database and a broker number of its own."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

# Tests know the set-up's own programs by the names that these have for each other.
sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

# Playwright's synchronous API keeps an event loop in the main thread; Django would refuse its queries there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
# Pages take static files from where they lie; one test collects and hashes them for real.
os.environ["PLAIN_STATIC"] = "1"
os.environ["CONN_MAX_AGE"] = "0"

RUN = os.environ.setdefault("GRIDLOOP_TEST_RUN", str(os.getpid()))
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
NUMBER = int(WORKER.removeprefix("gw")) + 2 if WORKER.startswith("gw") else 1

# `make test` names the template by what went into it, and keeps it for the next run.
TEMPLATE_NAME = os.environ.get("GRIDLOOP_TEST_TEMPLATE") or f"test_{RUN}_template"
DATABASE_NAME = f"test_{RUN}_{WORKER}"


def with_path(url: str, path: str) -> str:
    """Replace the database name or number in an address."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


SERVER_URL = os.environ.get("GRIDLOOP_TEST_SERVER") or os.environ.get("DATABASE_URL", "")
if not SERVER_URL or not os.environ.get("REDIS_URL"):
    raise SystemExit('The tests need their servers: run them with `make test` (narrow with ARGS="-k word").')

# Processes that a test starts inherit these too, and so work on the worker's own database.
os.environ["GRIDLOOP_TEST_SERVER"] = with_path(SERVER_URL, "postgres")
os.environ["DATABASE_URL"] = with_path(SERVER_URL, DATABASE_NAME)
os.environ["REDIS_URL"] = with_path(os.environ["REDIS_URL"], str(NUMBER))
