"""`make run`: start every process of the site in order, keep them alive, print one log, end all together."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from cluster import server_home
from machine import DATA, ROOT, VENV, SetupError, answers, dies_with_parent, env_file_values, free_port
from servers import RUN_FILE, Postgres, Server, Valkey, running_servers
from services import Log, Notes, Service

BIN = VENV / "bin"
TRIES = 5  # of a service while the site starts; afterwards there is no end to them
STOP_SECONDS = 12
ROOT_IS_FINE = "ignore:You're running the worker with superuser"  # in a container everybody is root


class Site:
    """All processes of one `make run`."""

    def __init__(self, environment: dict[str, str], say: Callable[[str], None]) -> None:
        self.environment, self.say, self.log = environment, say, Log()
        self.services: list[Service] = []
        self.notes = Notes(DATA / "services.json", self.log)
        self.helpers: list[subprocess.Popen] = []
        self.ports: dict[str, int] = {}
        self.stopping = False

    # --- processes

    def popen(self, *words: object, name: str = "", tie: int = signal.SIGKILL) -> subprocess.Popen:
        """Start one of our own programs with the site's environment."""
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=ROOT,
            env={
                **self.environment,
                "SERVICE_NAME": f"gridloop-{name}",
                "SERVICES_FILE": str(self.notes.path),
                "PYTHONWARNINGS": ROOT_IS_FINE,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(tie),
        )

    def manage(self, *words: str, name: str) -> subprocess.Popen:
        """Start a management command whose output goes to the log."""
        process = self.popen(BIN / "python", "manage.py", *words, name=name)
        self.helpers.append(process)
        self.log.follow(name, process)
        return process

    def must(self, process: subprocess.Popen, what: str) -> None:
        """Wait for a step of the start."""
        while process.poll() is None:
            if self.stopping:
                raise KeyboardInterrupt
            time.sleep(0.05)
        if process.returncode:
            time.sleep(0.2)  # the rest of its output comes first
            raise SetupError(f"{what} failed (exit code {process.returncode}); see the lines above.")

    def serve(self, name: str, start: Callable[[], subprocess.Popen], needs: tuple[str, ...] = ()) -> Service:
        """Start a process and watch over it from now on; it is not started again while what it needs is down."""
        service = Service(name, start, self.log, lambda: all(self.is_up(other) for other in needs))
        self.services.append(service)
        service.start()
        return service

    # --- the steps

    def start_servers(self) -> None:
        """Start the embedded servers that the environment does not name elsewhere."""
        wanted: list[tuple[str, Server, str]] = []
        if not self.environment.get("DATABASE_URL"):
            cluster = server_home() / "postgres"
            postgres = Postgres("PostgreSQL", cluster, free_port(), throwaway=False)
            wanted.append(("postgres", postgres, "DATABASE_URL"))
            if server_home() != DATA:
                self.say(f"The checkout is closed to PostgreSQL's account; its data lie in {cluster}.")
        if not self.environment.get("REDIS_URL"):
            folder = DATA / "valkey"
            wanted.append(("valkey", Valkey("Valkey", folder, free_port(), throwaway=False), "REDIS_URL"))
        for name, server, variable in wanted:
            self.say(f"{server.name} on 127.0.0.1:{server.port} …")
            self.ports[name] = server.port
            self.serve(name, lambda server=server: server.start(subprocess.PIPE))
            self.environment[variable] = server.url()
        for _, server, _ in wanted:
            server.wait_ready()
        state = {name: self.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
        RUN_FILE.touch(mode=0o600)
        RUN_FILE.write_text(json.dumps({"pid": os.getpid(), **state}))

    def mark(self, name: str) -> Path:
        """Name the note that something was done for this very database."""
        cluster = server_home() / "postgres" / "PG_VERSION"
        born = str(cluster.stat().st_ino) if cluster.exists() else ""
        address = (
            self.environment["DATABASE_URL"].rsplit("@", 1)[-1] if "DATABASE_URL" in os.environ else born
        )
        return DATA / f"{name}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"

    def collect_static(self) -> Callable[[], None]:
        """Collect static files in the background where something changed; the result waits for the end."""
        files = [*sorted((ROOT / "static").rglob("*")), *sorted((ROOT / "config").glob("*.py"))]
        facts = [f"{path}{path.stat().st_size}{path.stat().st_mtime_ns}" for path in files if path.is_file()]
        facts += [(ROOT / name).read_text() for name in ("package-lock.json", "requirements.lock")]
        wanted, stamp = hashlib.sha256("".join(facts).encode()).hexdigest(), DATA / "static.stamp"
        if stamp.exists() and stamp.read_text() == wanted and (DATA / "static" / "staticfiles.json").exists():
            return lambda: None
        self.say("Static files …")
        process = self.manage("collectstatic", "--noinput", "--clear", "--verbosity=0", name="static")

        def finish() -> None:
            self.must(process, "Collecting the static files")
            stamp.write_text(wanted)

        return finish

    def prepare_data(self) -> None:
        """Migrate, and settle the demo world on the first start."""
        self.say("Database tables …")
        self.must(
            self.manage("migrate", "--noinput", "--verbosity=0", name="migrate"), "Migrating the database"
        )
        done = self.mark("demo")
        if self.environment.get("DEMO") == "1" and not done.exists():
            self.say("Demo world (only on the first start) …")
            self.must(self.manage("demo", name="demo"), "Making the demo world")
            done.touch()

    def start_web(self, host: str, port: int) -> None:
        """Start the web processes; they share one import of the code."""
        serving = ["--config", "config/gunicorn.py", "--bind", f"{host}:{port}", "config.wsgi"]
        self.serve("web", lambda: self.popen(BIN / "gunicorn", *serving, name="web", tie=signal.SIGQUIT))

    def start_tasks(self) -> None:
        """Start the worker, and the beat that gives it its periodic tasks."""
        celery = [BIN / "celery", "-A", "config", "--quiet"]
        worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"]
        worker += ["--without-gossip", "--without-mingle", "--hostname", f"gridloop-{os.getpid()}@localhost"]
        beat = [
            *celery,
            "beat",
            "--loglevel",
            "WARNING",
            "--schedule",
            DATA / "beat-schedule",
            "--pidfile",
            "",
        ]
        needs = ("postgres", "valkey")
        self.serve("worker", lambda: self.popen(*worker, name="worker"), needs)
        self.serve("beat", lambda: self.popen(*beat, name="beat"), needs)

    def wait_for_page(self, address: str) -> None:
        """Wait until the first page is served."""
        end = time.monotonic() + 60
        while time.monotonic() < end and not self.stopping:
            try:
                with urlopen(f"{address}/login/", timeout=5) as answer:
                    if answer.status < 500:
                        return
            except URLError as problem:
                if getattr(problem, "code", 500) < 500:
                    return
            except OSError:
                pass
            self.watch()
            for service in self.services:
                if service.failures > TRIES:
                    raise SetupError(
                        f"{service.name} {service.reason}, again and again; see the lines above."
                    )
            time.sleep(0.1)
        if not self.stopping:
            raise SetupError("The first page did not come within a minute; see the lines above.")

    def is_up(self, name: str) -> bool:
        """Tell whether a server of ours takes connections; one that runs elsewhere is not ours to judge."""
        return name not in self.ports or answers(self.ports[name])

    def watch(self) -> None:
        """Start again what ended by itself; nothing that a service does ends the others."""
        if not self.stopping:
            news = [service.watch() for service in self.services]
            self.notes.write(self.services, is_news=any(news))

    # --- the end

    def stop(self) -> None:
        """End everything, the servers last: the other processes need them until they end."""
        self.stopping = True
        self.log.line("site", "stopping …")
        for helper in self.helpers:
            if helper.poll() is None:
                helper.terminate()
        by_name = {service.name: service for service in self.services}
        self._end([by_name[name] for name in ("beat", "web", "worker") if name in by_name], signal.SIGTERM)
        self._end([by_name[name] for name in ("valkey",) if name in by_name], signal.SIGTERM)
        self._end([by_name[name] for name in ("postgres",) if name in by_name], signal.SIGINT)
        for helper in self.helpers:
            if helper.poll() is None:
                helper.kill()
        RUN_FILE.unlink(missing_ok=True)
        self.notes.path.unlink(missing_ok=True)
        self.log.line("site", "stopped; all data are kept")

    def _end(self, services: list[Service], number: int) -> None:
        for service in services:
            service.signal(number)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and not all(service.has_ended() for service in services):
            time.sleep(0.05)
        for service in services:
            service.signal(signal.SIGKILL)
            if service.process:
                service.process.wait()


def choose_port(host: str, say: Callable[[str], None]) -> int:
    """Take PORT (8000), or the next free one and say so."""
    wanted = int(os.environ.get("PORT") or 8000)
    probe_host = "127.0.0.1" if host in {"", "0.0.0.0"} else host
    for port in range(wanted, wanted + 100):
        if not answers(port, probe_host):
            if port != wanted:
                say(f"Port {wanted} is busy: the site takes {port}.")
            return port
    raise SetupError(f"No free port between {wanted} and {wanted + 99}; set PORT.")


def run(environment: dict[str, str], say: Callable[[str], None]) -> int:
    """Start the site, print its address and accounts, and keep it until Ctrl-C."""
    for name, value in env_file_values().items():
        if not os.environ.get(name):
            os.environ[name] = value
    if running_servers():
        raise SetupError("The site of this checkout runs already (see .data/run.json); end it first.")
    host = os.environ.get("HOST") or "127.0.0.1"
    if host not in {"127.0.0.1", "localhost"} and environment.get("DEMO") == "1":
        environment.setdefault("ALLOWED_HOSTS", "*")
        say(
            "HOST opens the demo to the network; its passwords are printed below for everybody who sees this log."
        )
    site = Site(environment, say)

    def ask_to_stop(*_: object) -> None:
        if site.stopping:  # asked twice: the person is in a hurry
            for service in site.services:
                service.signal(signal.SIGKILL)
        site.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    try:
        site.start_servers()
        finish_static = site.collect_static()
        site.prepare_data()
        finish_static()
        port = choose_port(host, say)
        address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        say("Web, worker and beat …")
        site.start_web(host, port)
        site.wait_for_page(address)
        site.start_tasks()
        if not site.stopping:
            say(f"Ready: {address}   (Ctrl-C ends everything)")
            after_ready(site)
        while not site.stopping:
            site.watch()
            time.sleep(0.3)
        return 0
    except KeyboardInterrupt:
        return 0
    finally:
        site.stop()


def after_ready(site: Site) -> None:
    """Print the demo accounts; make the rest of the demo world in the background."""
    if site.environment.get("DEMO") != "1":
        return
    accounts = site.manage("demo", "--accounts", name="accounts")
    more = site.mark("demo-more")

    def grow() -> None:
        accounts.wait()
        process.wait()
        if process.returncode == 0:
            more.touch()

    if not more.exists():
        process = site.manage("demo", "--more", name="demo")
        threading.Thread(target=grow, daemon=True, name="demo world").start()
