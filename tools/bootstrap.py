"""Everything a fresh machine needs, called by the targets of the Makefile. Standard library only; Python 3.11 or newer."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the sentence is for people with an older one
    sys.exit("GridLoop needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parent))

import field_keys
import machine
import servers
from machine import ROOT, VENV, SetupError, locked

PYTHON = VENV / "bin" / "python"
BEGUN = time.monotonic()


def say(text: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"{time.monotonic() - BEGUN:6.1f} s | {text}", flush=True)


def digest(*parts: Path | str) -> str:
    """Hash files and texts into a stamp."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return total.hexdigest()


def command(*parts: object, **options) -> None:
    """Run a step that ends with us; a failing one ends the set-up with a sentence."""
    words = [str(part) for part in parts]
    result = subprocess.run(words, cwd=ROOT, preexec_fn=machine.dies_with_parent(), **options)
    if result.returncode:
        raise SetupError(f"This step failed (exit code {result.returncode}): {' '.join(words)}")


# --- Python packages


def locked_block(name: str, lock: str) -> str:
    """Cut one package with its hashes out of a lock file."""
    match = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if not match:
        raise SetupError(f"{name} is missing in requirements.lock.")
    return match[0]


def make_venv() -> None:
    """Make .venv with pip inside, also where Debian left ensurepip out."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    bare = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], capture_output=True)
    outer_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    if bare.returncode or (outer_pip.returncode and not shutil.which("uv")):
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            "Python cannot make an environment here. On Debian or Ubuntu run `apt-get install python3-venv` once, "
            "then start again."
        )


def pip() -> list[str]:
    """Name the pip that can install into .venv."""
    inner = subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True)
    if inner.returncode == 0:
        return [str(PYTHON), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def fast_installer(lock: Path) -> Path | None:
    """Install uv by its locked hash; where that fails the slower pip does all the work."""
    path = VENV / "bin" / "uv"
    if path.exists():
        return path
    only_uv = VENV / "uv.lock.txt"
    only_uv.write_text(locked_block("uv", lock.read_text()))
    quiet = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(only_uv)]
    result = subprocess.run([*pip(), "install", *quiet], capture_output=True, cwd=ROOT)
    if result.returncode == 0 and path.exists():
        return path
    found = shutil.which("uv")
    return Path(found) if found else None


def python_packages(lock: Path, stamp: Path) -> None:
    """Install a lock file into .venv unless the stamp says that it is in already."""
    wanted = digest(lock, sys.version)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Python packages of {lock.name} …")
    if uv := fast_installer(ROOT / "requirements.lock"):
        plain = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        command(
            *(uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock), env=plain
        )
    else:
        say("  (without uv: pip takes about a minute)")
        command(*pip(), "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock)
    stamp.write_text(wanted)


def prepare_python() -> None:
    """Make .venv hold exactly what requirements.lock says."""
    maker = VENV / "made-by"
    if not (PYTHON.exists() and maker.exists() and maker.read_text() == sys.version):
        say("Python environment …")
        make_venv()
        maker.write_text(sys.version)
    python_packages(ROOT / "requirements.lock", VENV / "requirements.stamp")


# --- JavaScript packages


def node_tools() -> tuple[str, dict[str, str]]:
    """Find npm with node ≥ 20, or install both from a wheel; return npm and the environment to run it in."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if (number := re.match(r"v(\d+)", version)) and int(number[1]) >= 20:
            return npm, dict(os.environ)
    python_packages(ROOT / "requirements-node.lock", VENV / "requirements-node.stamp")
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return str(VENV / "bin" / "npm"), {**os.environ, "PATH": path}


def prepare_node() -> None:
    """Make node_modules hold exactly what package-lock.json says."""
    stamp = ROOT / "node_modules" / ".stamp"
    wanted = digest(ROOT / "package-lock.json", ROOT / ".npmrc")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("JavaScript packages (npm ci) …")
    if stamp.parent.is_symlink():
        stamp.parent.unlink()  # of another worktree, which npm would empty
    npm, environment = node_tools()
    command(npm, "ci", "--silent", "--no-audit", "--no-fund", env=environment)
    stamp.write_text(wanted)


def prepare() -> None:
    """Bring Python and JavaScript packages up to their lock files; two callers wait for each other."""
    with locked("setup"):
        prepare_python()
        prepare_node()


# --- Commands


def base_environment() -> dict[str, str]:
    """The environment of everything we start: the venv first, keys and demo mode unless set by hand or in .env."""
    set_by_hand = {name: value for name, value in os.environ.items() if value}
    environment = {
        **os.environ,
        **machine.env_file_values(),
        **set_by_hand,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(VENV),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    if (
        "SECRET_KEY" not in environment
    ):  # who sets that one by hand sets both, else the settings ask for the other
        own = machine.own_secrets()
        environment["SECRET_KEY"] = own["secret_key"]
        environment.setdefault("FIELD_KEYS", own["field_keys"])
    environment.setdefault("DEMO", "1")
    return environment


@contextmanager
def no_interrupt():
    """Let Ctrl-C reach the child alone: it decides when to end, we tidy up afterwards."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_inside(words: list[str], addresses: dict[str, str], extra: dict[str, str]) -> int:
    """Run a command with the servers' addresses and hand back its exit code."""
    environment = {**base_environment(), **addresses, **extra}
    if words and words[0] in {"python", "python3"}:
        words = [str(PYTHON), *words[1:]]
    if not shutil.which(words[0], path=environment["PATH"]):
        raise SetupError(f"There is no program {words[0]} here.")
    with no_interrupt():
        process = subprocess.Popen(
            words, env=environment, preexec_fn=machine.dies_with_parent(signal.SIGTERM)
        )
        return process.wait()


def do_exec(arguments: argparse.Namespace) -> int:
    """Run any command with servers: named ones that keep data, those of a running `make run`, or throw-away ones."""
    prepare()
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not words:
        raise SetupError("Say what to run: python3 tools/bootstrap.py exec -- python manage.py …")
    if arguments.keep:
        chosen = servers.kept_servers(arguments.keep)
    elif os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        chosen = nullcontext({})
    elif not arguments.fresh and (addresses := servers.running_servers()):
        chosen = nullcontext(addresses)
    else:
        chosen = servers.throwaway_servers()
    with chosen as addresses:
        return run_inside(words, addresses, {})


def world_stamp() -> str:
    """Hash everything that shapes the tables and the test world; pages and addresses do not."""
    pages = {"views", "urls.py", "forms.py", "api.py", "admin.py", "views.py", "__pycache__"}
    sources = [ROOT / "requirements.lock", ROOT / "config" / "settings.py", *ROOT.glob("tests/world.py")]
    for app in (
        "governance",
        "grid",
        "patrols",
        "exports",
        "neighbourhoods",
        "cases",
        "appraisal",
        "partybuilding",
        "desk",
        "field",
        "dashboard",
        "demo",
    ):
        sources += [path for path in sorted((ROOT / app).rglob("*")) if path.is_file()]
    kept = [path for path in sources if not pages.intersection(path.relative_to(ROOT).parts)]
    names = "".join(str(path.relative_to(ROOT)) for path in kept)
    return digest(names, time.strftime("%F"), *kept)[:12]  # the test world depends on the day


def do_test(arguments: argparse.Namespace) -> int:
    """Run the tests on servers of their own, whatever else runs here."""
    prepare()
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    stamp = world_stamp()
    extra = {"DEMO": "1", "HTTPS": "0", "GRIDLOOP_TEST_TEMPLATE": f"test_template_{stamp}"}
    with servers.throwaway_servers(cached=f"world-{stamp}") as addresses:
        return run_inside([str(PYTHON), "-m", "pytest", *words], addresses, extra)


PRODUCTION = {
    "DEBUG": "0",
    "DEMO": "0",
    "HTTPS": "1",
    "PLAIN_STATIC": "0",
    "SECRET_KEY": "a-text-for-the-deploy-check-alone-with-more-than-fifty-characters-0123456789",
    "FIELD_KEYS": field_keys.next_ring(""),
    "ALLOWED_HOSTS": "gridloop.example",
    "CSRF_TRUSTED_ORIGINS": "https://gridloop.example",
}


def do_check(arguments: argparse.Namespace) -> int:
    """Check format, lint, types on the rules, import direction, migrations, deployment and the diagrams."""
    prepare()
    manage = [str(PYTHON), "manage.py"]
    checks = {
        "format": (["ruff", "format", "--check", "--quiet", "."], {}),
        "lint": (["ruff", "check", "--quiet", "."], {}),
        "templates": (["djlint", "templates", "--lint", "--quiet"], {}),
        "import direction": (["lint-imports"], {}),
        "types on the rules": (["mypy"], {}),
        "missing migrations": ([*manage, "makemigrations", "--check", "--dry-run"], {}),
        "deployment": ([*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        "workflow diagram": ([*manage, "workflow_diagram", "--check"], {}),
        "whistle diagram": ([*manage, "whistle_diagram", "--check"], {}),
        "page of the measures": ([*manage, "measures_page", "--check"], {}),
        "diagram of the layers": ([str(PYTHON), "tools/layers.py", "--check"], {}),
    }
    failed = []
    with servers.throwaway_servers() as addresses:
        for name, (words, extra) in checks.items():
            environment = {**base_environment(), **addresses, **extra}
            words = [str(VENV / "bin" / words[0]), *words[1:]] if not words[0].startswith("/") else words
            result = subprocess.run(
                words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            say(f"{'ok    ' if result.returncode == 0 else 'FAILED'} {name}")
            if result.returncode:
                failed.append(name)
                print(result.stdout, flush=True)
    if failed:
        print(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def do_fix(arguments: argparse.Namespace) -> int:
    """Put right what a program can: lint first, then format."""
    prepare()
    command(VENV / "bin" / "ruff", "check", "--fix", "--quiet", ".")
    command(VENV / "bin" / "ruff", "format", "--quiet", ".")
    return 0


def do_setup(arguments: argparse.Namespace) -> int:
    """Only bring the packages in."""
    prepare()
    return 0


def do_lock(arguments: argparse.Namespace) -> int:
    """Make the lock files anew from requirements*.in and package.json."""
    with locked("setup"):
        prepare_python()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    flags = ["--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url"]
    for name in ("requirements", "requirements-node"):
        source, target = ROOT / f"{name}.in", ROOT / f"{name}.lock"
        words = [VENV / "bin" / "uv", "pip", "compile", "--quiet", "--upgrade", *flags]
        command(*words, "--no-header", "--no-annotate", source, "-o", target, env=plain)
    npm, environment = node_tools()
    command(npm, "install", "--package-lock-only", "--silent", env=environment)
    return 0


def do_run(arguments: argparse.Namespace) -> int:
    """Start the whole site and keep it going until Ctrl-C."""
    prepare()
    import supervisor

    return supervisor.run(base_environment(), say)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    plain = {"run": do_run, "check": do_check, "fix": do_fix, "setup": do_setup, "lock": do_lock}
    for name, function in plain.items():
        commands.add_parser(name, help=function.__doc__).set_defaults(function=function)
    for name, function in [("exec", do_exec), ("test", do_test)]:
        entry = commands.add_parser(name, help=function.__doc__)
        entry.set_defaults(function=function)
        if name == "exec":
            entry.add_argument("--keep", metavar="NAME", help="servers of this name, whose data stay")
            entry.add_argument("--fresh", action="store_true", help="new servers even if the site runs")
        entry.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    try:
        return arguments.function(arguments)
    except SetupError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
