"""Guards of the shape: what import-linter and ruff cannot see."""

import inspect
import re
import subprocess
import uuid
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import grimp
import pytest
from celery import current_app
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from cases.models.case import page_of
from field.views.offline import SHELL_FILES
from partybuilding import addresses

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
#: From the ground up; an app knows those of lower floors and nobody beside or above it.
FLOORS = {
    "governance": 0, "grid": 1, "cases": 2, "appraisal": 3, "partybuilding": 4, "desk": 5, "field": 5, "dashboard": 5,
    "demo": 6, "config": 7,
}  # fmt: skip
#: Apps of pages: what they write, they write in their actions.
FACES = ("desk", "field", "dashboard")
APPS = "|".join(FLOORS)
#: A longer file is split by topic into a package.
LONG = 450
#: Django and its packages look for these by their names.
LOOKED_FOR = {"403.html", "403_csrf.html", "404.html", "500.html"}


def tracked(*patterns: str) -> list[Path]:
    """Files that are in the repository, or will be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def templates() -> dict[str, str]:
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in sorted(TEMPLATES.rglob("*.html"))}


def python_files() -> Iterator[tuple[str, str]]:
    for path in tracked("*.py"):
        yield str(path.relative_to(ROOT)), path.read_text()


# Templates --------------------------------------------------------------------------------------------------------


def test_every_template_can_be_read():
    for name in templates():
        get_template(name)


def test_every_template_is_used():
    found = templates()
    named = re.compile(r"""["']([\w/.-]+\.html)["']""")
    used = {name for text in found.values() for name in named.findall(text)}
    used |= {name for _, text in python_files() for name in named.findall(text)}
    assert sorted(set(found) - used - LOOKED_FOR) == []


def test_every_macro_is_used():
    found = templates()
    macros = {name for text in found.values() for name in re.findall(r"{%-? macro (\w+)\(", text)}
    pages = [text for name, text in found.items() if "styleguide" not in name]  # which shows what pages use
    called = {name for text in pages for name in re.findall(r"(?<!macro )\b(\w+)\(", text)}
    assert sorted(macros - called) == []


def test_no_template_carries_script_or_style_of_its_own():
    wrong = []
    inline = {
        "script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I),
        "style element": re.compile(r"<style\b", re.I),
        "style attribute": re.compile(r"""<[^>]*\sstyle\s*=""", re.I),
        "handler": re.compile(r"""<[a-z][^>]*\son[a-z]+\s*=\s*["']""", re.I),
        "address": re.compile(r"""(?:href|src|action)\s*=\s*["']\s*javascript:""", re.I),
    }
    for name, text in templates().items():
        wrong += [f"{name}: {what}" for what, pattern in inline.items() if pattern.search(text)]
    assert wrong == []


def test_templates_do_not_point_upward():
    """Faces link to each other's pages, but take no piece of each other."""
    addresses, pieces = (
        re.compile(rf"""url\(\s*['"]({APPS}):"""),
        re.compile(rf"""['"]({APPS})/[\w./-]+\.html['"]"""),
    )
    wrong = []
    for name, text in templates().items():
        if (own := name.split("/")[0]) in FLOORS:
            above = {app for app in addresses.findall(text) if FLOORS[app] > FLOORS[own]}
            above |= {app for app in pieces.findall(text) if app != own and FLOORS[app] >= FLOORS[own]}
            wrong += [f"{name} → {app}" for app in above]
    assert wrong == []


def test_templates_call_what_is_to_be_called():
    """A method that is only named would be true in every condition."""
    methods = (
        r"get_\w+_display|has_(?:next|previous|other_pages)|(?:next|previous)_page_number|get_full_name|get_username"
        r"|(?:hidden|visible)_fields|non_field_errors|isoformat|tag|(?:field|form\.\w+)\.value"
    )
    named = re.compile(rf"\.(?:{methods})\b(?!\()|\bfield\.value\b(?!\()")
    code = re.compile(r"{[{%].*?[%}]}", re.S)
    wrong = [
        f"{name}: {found}"
        for name, text in templates().items()
        for piece in code.findall(text)
        for found in named.findall(piece)
    ]
    assert wrong == []


def test_code_does_not_point_upward_either():
    """Addresses and templates are named by texts, which import-linter does not read."""
    addresses = re.compile(rf"""(?:reverse(?:_lazy)?|redirect|resolve_url)\(\s*['"]({APPS}):""")
    pieces = re.compile(rf"""['"]({APPS})/[\w./-]+\.html['"]""")
    wrong = []
    for name, text in python_files():
        if (own := name.split("/")[0]) in FLOORS:
            above = {app for app in addresses.findall(text) if FLOORS[app] > FLOORS[own]}
            above |= {app for app in pieces.findall(text) if app != own and FLOORS[app] >= FLOORS[own]}
            wrong += [f"{name} → {app}" for app in above]
    assert wrong == []


def test_the_address_of_a_case_that_is_stored_is_that_of_its_page():
    case = uuid.uuid4()
    assert page_of(case) == reverse("desk:case", args=[case])


def test_addresses_of_the_party_half_that_are_texts_are_those_of_its_pages():
    one = uuid.uuid4()
    pages = {
        addresses.LIST: ("whistles",),
        addresses.PROPOSALS: ("proposals",),
        addresses.PHOTOS: ("photos",),
        addresses.page_of(one): ("whistle", one),
        addresses.blow(one): ("blow", one),
        addresses.photo(one): ("photo", one),
        addresses.photo(one, is_small=True): ("photo_small", one),
    }
    for text, (name, *args) in pages.items():
        assert text == reverse(f"partybuilding:{name}", args=args)
    written = re.compile(r"/party/(?!\")")  # the face alone is named by its module
    apart = ("partybuilding/addresses.py", "partybuilding/urls.py")
    texts = {name: text for name, text in python_files() if name.startswith("partybuilding/")}
    assert [name for name, text in texts.items() if name not in apart and written.search(text)] == []


@pytest.mark.parametrize(
    ("app", "prefixes"),
    [
        ("desk", ("desk/", "cases/", "categories/")),
        ("field", ("field/", "sw.js")),
        ("dashboard", ("board/", "wall/")),
        ("cases", ("api/", "map/", "photos/")),
    ],
)
def test_an_address_tells_the_folder(app, prefixes):
    for pattern in import_module(f"{app}.urls").urlpatterns:
        module = inspect.unwrap(pattern.callback).__module__
        assert str(pattern.pattern).startswith(prefixes), pattern
        assert module.split(".")[0] in (app, "drf_spectacular"), pattern


def test_no_module_imports_itself_by_way_of_others():
    """A circle is two files that are one; what both need stands in a third."""
    graph = grimp.build_graph(*(app for app in FLOORS if (ROOT / app).is_dir()), cache_dir=None)
    TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    ).prepare()


# Python -----------------------------------------------------------------------------------------------------------


def test_views_write_nothing():
    writing = re.compile(r"\.(save|create|bulk_create|bulk_update|get_or_create|update_or_create|delete)\(")
    wrong = [
        f"{name}:{number}"
        for name, text in python_files()
        if (re.search(r"(^|/)(views|forms|\w*api)(\.py$|/)", name) and not name.startswith("tests/"))
        or (name.split("/")[0] in FACES and not re.search(r"/(actions\.py|migrations/)", name))
        for number, line in enumerate(text.splitlines(), 1)
        if writing.search(line)
    ]
    assert wrong == []


def test_nothing_is_imported_with_a_star():
    pattern = re.compile(r"^\s*from\s+\S+\s+import\s+\*", re.M)
    assert [name for name, text in python_files() if pattern.search(text)] == []


def test_rules_do_not_fetch_the_time():
    """Time is passed in; only who calls from outside asks for it."""
    rules = re.compile(r"^(cases/(actions/|workflow|deadlines|routing|permissions|chain)|governance/actions)")
    asking = re.compile(r"timezone\.now\(|datetime\.now\(|date\.today\(|localdate\(\)")
    assert [name for name, text in python_files() if rules.match(name) and asking.search(text)] == []


def test_loop_level_and_column_are_tied_together_in_one_place():
    """Who needs the territories of a case by loop asks ``cases/loops.py``: no second list of columns, no second order."""
    columns = re.compile(r"\b(district|street|community)_id\b")
    ordered = re.compile(
        r"\bLoop\.(COMMUNITY|STREET|DISTRICT):\s*(?!\s|\")|\bLevel\.(COMMUNITY|STREET|DISTRICT): *\""
    )
    wrong = [
        f"{name}:{number}"
        for name, text in python_files()
        if name.split("/")[0] in {"cases", *FACES} and "/migrations/" not in name
        for number, line in enumerate(text.splitlines(), 1)
        if len(set(columns.findall(line))) > 1 or ordered.search(line)
    ]
    assert wrong == []


def test_files_stay_short():
    long = {
        name: text.count("\n")
        for name, text in python_files()
        if name.split("/")[0] in FLOORS and "/migrations/" not in name and text.count("\n") > LONG
    }
    assert long == {}


#: What was called otherwise before, and how it is called now.
GIVEN_UP = {
    r"\bAssignments?\b": "Leg",
    r"(?<![\"\w])(climb(?!ed(_by_time)?\")|Climb|CLIMB)": "escalate",
    r"\bSTANDING\b|\bstanding\(": "paused, current or existing",
    r"\bDuty\.ACCEPT\b": "Duty.INTAKE",
    r"\.powers\b|\bPowers\b": "authority",
    r"\bplace_l(ong|at)itude\b": "position_longitude, position_latitude",
    r"what_breaks_next": "by_due_date",
}
#: Forms of today take the names that phones kept under an earlier release.
TAKES_EARLIER_NAMES = {"cases/forms.py", "tests/cases/test_replay.py", "tests/stories/phones.py"}


@pytest.mark.parametrize("word", GIVEN_UP)
def test_a_word_that_was_given_up_does_not_come_back(word):
    """One word for one thing (``docs/glossary.md``); stored values, columns and migrations keep the old ones."""
    wrong = [
        f"{name}:{number}: {line.strip()} (say {GIVEN_UP[word]})"
        for name, text in python_files()
        if "/migrations/" not in name and ROOT / name != Path(__file__)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(word, line) and not ("place_l" in word and name in TAKES_EARLIER_NAMES)
    ]
    assert wrong == []


# JavaScript -------------------------------------------------------------------------------------------------------


SCRIPTS = ROOT / "static" / "js"


@pytest.mark.parametrize(
    ("what", "only"),
    [
        (r"\bfetch\(", {"http.js", "sw.js"}),  # the worker is no module
        (r"\bcsrftoken\b", {"http.js"}),
        (r"\bcreateElement\(", {"dom.js"}),
        (r"\.innerHTML\b", {"field/report.js", "field/pages.js"}),  # a piece of our own, as htmx takes them
        (
            r"(?<![\w.])L\.\w",
            {
                f"map/{name}.js"
                for name in (
                    "base",
                    "cases",
                    "controls",
                    "ground",
                    "heat",
                    "marker",
                    "outlines",
                    "pin",
                    "shade",
                    "track",
                )
            },
        ),
        (r"indexedDB|\bopenDB\(", {"field/store.js"}),
        (r"\becharts\b", {"chart/index.js"}),
    ],
)
def test_one_script_knows_how(what, only):
    scripts = {
        str(path.relative_to(SCRIPTS))
        for path in SCRIPTS.rglob("*.js")
        if re.search(what, re.sub(r"//.*", "", path.read_text()))
    }
    assert scripts == only


def imported(script: Path) -> set[Path]:
    """Modules that a script names, in whatever way."""
    named = re.findall(r"""(?:\bfrom|\bimport|\bimport\()\s*["'](\.[^"']+)["']""", script.read_text())
    return {(script.parent / name).resolve() for name in named}


def test_what_a_script_of_the_kept_page_imports_is_kept_with_it():
    kept = {(ROOT / "static" / name).resolve() for name in SHELL_FILES}
    scripts = {path for path in kept if path.suffix == ".js" and path.is_relative_to(SCRIPTS)}
    assert len(scripts) > 5
    assert set().union(*map(imported, scripts)) - kept == set()


def test_every_script_and_every_vendor_file_is_loaded_by_some_page():
    pages = "".join(templates().values()) + "".join(
        text for name, text in python_files() if "/views/" in name or name == "cases/base_map.py"
    )
    wanted = {(ROOT / "static" / name).resolve() for name in re.findall(r"(?:js|vendor)/[\w./-]+\.js", pages)}
    loaded: set[Path] = set()
    while new := wanted - loaded:
        loaded |= new
        wanted = set().union(*(imported(path) for path in new if path.exists()))
    assert {path.resolve() for path in SCRIPTS.rglob("*.js")} - loaded == set()
    assert {(ROOT / "static" / name).resolve() for name in settings.VENDOR_FILES} - loaded == set()


def test_every_decision_has_a_number_of_its_own():
    numbers = [path.name[:4] for path in tracked("docs/decisions/*.md")]
    assert numbers and all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)


# Wiring -----------------------------------------------------------------------------------------------------------


def test_every_entry_of_the_schedule_names_a_task():
    current_app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in current_app.tasks, name


def test_tasks_are_three_lines_without_rules():
    for name, text in python_files():
        if name.endswith("/tasks.py"):
            for body in re.findall(r"^def \w+\(.*?\) -> \w+:\n((?:    .*\n)+)", text, re.M):
                assert len(body.splitlines()) <= 3, name


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-node.lock", "package-lock.json"])
def test_lock_files_name_no_registry(name):
    assert not re.search(
        r"https?://(?!opencollective|github\.com/sponsors|tidelift)", _without_funding(ROOT / name)
    )


def _without_funding(path: Path) -> str:
    """A lock file without the addresses at which authors ask for support."""
    return re.sub(r'"funding": (\{[^}]*\}|\[[^\]]*\]|"[^"]*")', "", path.read_text())


def test_no_file_names_a_place_on_somebodys_machine_or_a_registry():
    home = re.compile(rb"(?<![\w.-])/(?:work|root|home/\w+|Users/\w+)/")
    registry = re.compile(
        rb"https?://[\w.:@-]*(?:pypi|pythonhosted|npmjs|npmmirror|artifactory|nexus|verdaccio)"
    )
    own = Path(__file__)
    wrong = []
    for path in tracked():
        if path != own and path.suffix not in {".png", ".jpg", ".webp", ".woff2", ".ico"}:
            text = path.read_bytes()
            wrong += [
                f"{path.relative_to(ROOT)}: {found[0]!r}"
                for found in (home.search(text), registry.search(text))
                if found
            ]
    assert wrong == []
