"""The set-up itself: lock files, static files, settings and the servers of a test run."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import connection, transaction

ROOT = Path(__file__).resolve().parent.parent
KEY = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
LOCKS = ["requirements.lock", "requirements-node.lock", "package-lock.json"]


def in_a_process(code: str, **environment: str | None) -> subprocess.CompletedProcess:
    """Run Python with another environment; None removes a variable."""
    merged = {**os.environ, **environment}
    clean = {name: value for name, value in merged.items() if value is not None}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_name_no_registry_and_no_folder(name):
    text = (ROOT / name).read_text()
    lines = [line for line in text.splitlines() if re.search(r"://|file:|find-links", line)]
    assert [line for line in lines if '"url": "https://' not in line] == []  # npm repeats donation pages
    assert '"resolved"' not in text


def test_every_locked_python_package_has_a_hash():
    blocks = re.split(r"^(?=\S)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    assert [
        block.splitlines()[0] for block in blocks if block.strip() and "--hash=sha256:" not in block
    ] == []


def test_python_requirements_are_all_locked():
    wanted = re.findall(r"^([a-z][a-z0-9-]*)", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    held = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert set(wanted) - held == set()


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "REDIS_URL"])
def test_a_missing_setting_is_named_in_a_sentence(name, tmp_path):
    code = "import config.settings as s; s.read_env_file"
    result = in_a_process(code, **{name: None, "DEBUG": "0"})
    assert result.returncode != 0
    assert f"{name} is not set." in result.stderr


@pytest.mark.parametrize(
    "ring", ["1", "1:", "1:c2hvcnQ=", f"0:{KEY}", f"256:{KEY}", f"1:{KEY},1:{KEY}", f"one:{KEY}", f"1:{KEY}x"]
)
def test_a_ring_of_keys_that_cannot_be_used_is_refused_at_the_start(ring):
    result = in_a_process("import config.settings", FIELD_KEYS=ring)
    assert "FIELD_KEYS must read 1:key,2:key" in result.stderr


def test_another_database_than_postgresql_is_refused():
    result = in_a_process("import config.settings", DATABASE_URL="sqlite:///x.db")
    assert "must begin with postgresql://" in result.stderr


@pytest.mark.django_db
def test_the_database_sorts_the_same_on_every_machine():
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()")
        provider, locale = cursor.fetchone()
    assert (provider, locale) == ("b", "C.UTF-8")


@pytest.mark.django_db
def test_acknowledged_writes_are_synchronous():
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_row_is_gone_in_the_next_test(turn):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('left_behind') IS NULL")
        assert cursor.fetchone() == (True,)
        cursor.execute("CREATE TABLE left_behind (number integer)")


def test_the_worker_has_a_broker_number_of_its_own():
    assert os.environ["REDIS_URL"] == settings.CELERY_BROKER_URL
    assert not settings.CELERY_BROKER_URL.endswith("/0")


def test_former_keys_of_the_site_are_read():
    code = "from config import settings; print(settings.SECRET_KEY_FALLBACKS)"
    assert in_a_process(code, SECRET_KEY_FALLBACKS="one, two").stdout.strip() == "['one', 'two']"


def test_static_files_collect_under_hashed_names(tmp_path):
    code = "from django.core.management import call_command; import django; django.setup(); "
    code += "call_command('collectstatic', interactive=False, verbosity=0)"
    result = in_a_process(code, PLAIN_STATIC="0", DATA_DIR=str(tmp_path))
    assert result.returncode == 0, result.stderr
    names = {path.name for path in (tmp_path / "static" / "vendor" / "htmx").iterdir()}
    assert any(re.fullmatch(r"htmx\.min\.[0-9a-f]{12}\.js", name) for name in names)


def test_every_scheduled_task_exists():
    from config.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_a_dead_broker_is_an_error_and_no_endless_wait():
    code = (
        "import kombu, django; django.setup(); from config.celery import app\n"
        "try: app.send_task('governance.tasks.relay')\n"
        "except kombu.exceptions.OperationalError: print('refused')"
    )
    result = in_a_process(code, REDIS_URL="redis://127.0.0.1:1/0")
    assert result.stdout.strip() == "refused", result.stderr


def test_the_page_rules_allow_no_inline_code():
    rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert "'unsafe-inline'" not in rules["script-src"] + rules["style-src"]
    assert "'unsafe-eval'" not in rules["script-src"]


def test_compose_starts_what_the_supervisor_starts():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "beat", "proxy"}
    supervisor = (ROOT / "tools" / "supervisor.py").read_text()
    for service in ("worker", "beat"):
        for word in services[service]["command"]:
            assert word.startswith("/data/") or not word or f'"{word}"' in supervisor
    for service in ("web", "worker", "beat"):
        assert "migrate" in services[service]["depends_on"]


def test_a_container_serves_as_the_supervisor_does():
    same = '"--config", "config/gunicorn.py", "--bind", '
    for name in ("Dockerfile", "tools/supervisor.py"):
        assert same in (ROOT / name).read_text(), name


def test_the_proxy_closes_a_connection_before_we_do():
    ours = runpy.run_path(str(ROOT / "config" / "gunicorn.py"))["keepalive"]
    (proxys,) = re.findall(r"keepalive (\d+)s", (ROOT / "Caddyfile").read_text())
    assert ours >= int(proxys) + 10


def test_what_the_proxy_lets_through_is_kept_in_memory():
    sizes = re.findall(r"(?:max_size|request_buffers) (\d+)MB", (ROOT / "Caddyfile").read_text())
    assert {int(size) * 10**6 <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE for size in sizes} == {True}


def test_the_example_environment_names_every_variable_that_the_settings_read():
    read = set(
        re.findall(r'env(?:_bool|_list)?\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text())
    )
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    only_for_us = {
        "PLAIN_STATIC",
        "STATIC_ROOT",
        "MEDIA_ROOT",
        "DATA_DIR",
        "SERVICE_NAME",
        "SERVICES_FILE",
        "CONN_MAX_AGE",
        "DEBUG",
    }
    assert read - named == only_for_us & read


def test_every_documented_setting_reaches_the_containers_or_is_not_needed_there():
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    text = (ROOT / "docker-compose.yml").read_text()
    passed = yaml.safe_load(text)["x-app"]["environment"]
    own = {name for name in named if f"${{{name}" in str(passed.get(name, ""))}
    filled_in = {"DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "HTTPS"}
    assert filled_in <= set(passed)
    of_the_servers = {"SITE_NAME", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    assert all(f"${{{name}" in text for name in of_the_servers)
    of_make_run = {"HOST", "PORT"}  # where the site answers says the proxy
    assert named - own == filled_in | of_the_servers | of_make_run


def test_leftovers_of_killed_test_runs_are_swept_up(tmp_path, monkeypatch):
    import servers

    monkeypatch.setattr(servers, "DATA", tmp_path)
    monkeypatch.setattr(servers, "server_home", lambda: tmp_path)
    dead = subprocess.Popen(["true"])
    dead.wait()
    left, used = tmp_path / "throwaway" / f"{dead.pid}-a-pg", tmp_path / "throwaway" / f"{os.getpid()}-b-pg"
    left.mkdir(parents=True)
    used.mkdir()
    servers.sweep_leftovers()
    assert (left.exists(), used.exists()) == (False, True)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_browser_loads_the_login_page_without_a_complaint(browser, live_server):
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(f"{live_server.url}/login/")
    page.wait_for_load_state("networkidle")
    assert answer.status == 200
    assert page.locator("input[name=password]").count() == 1
    assert complaints == []
    page.close()


@pytest.mark.parametrize(
    ("header", "address"),
    [("", "10.0.0.2"), ("203.0.113.9", "203.0.113.9"), ("1.2.3.4, 203.0.113.9", "203.0.113.9")],
)
def test_behind_the_proxy_only_the_address_counts_that_the_proxy_saw(rf, header, address):
    from config.proxy import ClientAddress

    request = rf.get("/", REMOTE_ADDR="10.0.0.2", **({"HTTP_X_FORWARDED_FOR": header} if header else {}))
    ClientAddress(lambda passed: passed)(request)
    assert request.META["REMOTE_ADDR"] == address


def test_without_https_nobody_may_claim_an_address():
    code = "import config.settings as s; print('config.proxy.ClientAddress' in s.MIDDLEWARE)"
    assert in_a_process(code, HTTPS="0").stdout.strip() == "False"
    assert in_a_process(code, HTTPS="1").stdout.strip() == "True"
