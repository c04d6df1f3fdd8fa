"""``docs/architecture.md``: the layers as they are imported, and the files that two requests pass."""

import importlib.util
import re
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import grimp
import pytest
from django.conf import settings
from django.test import Client

from cases.workflow import Loop, State
from tests import people
from tests.lives import case_at, inside, settled_by

ROOT = Path(settings.BASE_DIR)
PAGE = ROOT / "docs" / "architecture.md"
#: The lists do not follow a request into the layers below the loop, the wiring and the templates.
BELOW = ("governance", "grid", "config", "templates")
#: Who reads how a report is made reads at most so many files.
MOST = 12


@pytest.fixture(scope="module")
def layers():
    spec = importlib.util.spec_from_file_location("layers", ROOT / "tools" / "layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_import_that_the_page_does_not_show_is_found_out(layers, tmp_path, monkeypatch):
    page = tmp_path / "architecture.md"
    page.write_text(layers.PAGE.read_text())
    monkeypatch.setattr(layers, "PAGE", page)
    assert layers.main(["--check"]) == 0
    page.write_text(page.read_text().replace("    grid --> governance\n", ""))
    assert layers.main(["--check"]) == 1
    layers.main([])
    assert page.read_text() == (ROOT / "docs" / "architecture.md").read_text()


def test_what_follows_from_other_arrows_is_left_out(layers):
    imports = {"top": {"middle", "bottom"}, "middle": {"layer"}, "layer": {"bottom"}, "bottom": set()}
    assert layers.without_detours(imports) == imports | {"top": {"middle"}}


def test_packages_beside_each_other_stand_on_one_layer(layers):
    drawn = layers.drawn([["a", "b"], ["c"]], {"a": {"c"}, "b": {"c"}, "c": set()})
    assert 'subgraph a_b[" "]\n        a\n        b\n    end' in drawn
    assert "| `a` | `c` |" in drawn


# The trips --------------------------------------------------------------------------------------------------------


def trip(title: str) -> tuple[list[str], set[str]]:
    """Files of a list of the page in their order, and the files that are asked on the way."""
    part = PAGE.read_text().split(f"### The trip of a {title}:")[1].split("\n### ")[0]
    table, asked = part.split("Asked on the way:")
    return re.findall(r"^\| `([\w/.]+)` \|", table, re.MULTILINE), set(re.findall(r"`([\w/.]+)`", asked))


def files_that_run(request: Callable) -> list[str]:
    """Files of ours in which a function is called, in the order of the first call."""
    called: dict[str, None] = {}

    def note(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "tests"):
            called.setdefault(str(path.relative_to(ROOT)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        answer = request()
    finally:
        sys.setprofile(before)
    assert answer.status_code == 302, answer.content.decode()
    return [name for name in called if not name.startswith((".venv", "node_modules"))]


def report() -> list[str]:
    client = Client()
    client.force_login(people.worker())
    client.get("/field/report/")  # what is loaded once is loaded
    longitude, latitude = inside()
    form = {
        "key": uuid.uuid4(),
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by(Loop.COMMUNITY).pk,
        "words": "单元门口堆放旧家具",
    }
    return files_that_run(lambda: client.post("/field/report/", form))


def dispatch() -> list[str]:
    case, client = case_at(State.REGISTERED), Client()
    client.force_login(people.clerk())
    page = client.get(f"/cases/{case.uuid}/").context
    form = {"key": uuid.uuid4(), "leg": page["leg"].pk, "unit": page["proposed"].pk}
    return files_that_run(lambda: client.post(f"/cases/{case.uuid}/moves/dispatch/", form))


@pytest.mark.django_db
@pytest.mark.parametrize("request_of", [report, dispatch], ids=["report", "dispatch"])
def test_the_files_of_a_trip_are_those_that_run(request_of):
    files, asked = trip(request_of.__name__)
    run = request_of()
    own = {name for name in run if name.split("/")[0] not in BELOW}
    assert sorted(own - set(files) - asked) == [], "they run and are not on the page"
    assert [name for name in files if not name.endswith("/urls.py") and name not in run] == []
    assert asked - set(run) <= {"cases/hours.py", "cases/calendar.py"}, (
        "kept from an earlier request, perhaps"
    )


def test_each_file_of_a_trip_is_imported_by_one_before_it_or_registers_itself_there():
    graph = grimp.build_graph("desk", "field", "cases", "records", cache_dir=None)
    for title in ("report", "dispatch"):
        files = [name.removesuffix(".py").replace("/", ".") for name in trip(title)[0]]
        for number, module in enumerate(files[1:], 1):
            before = set(files[:number])
            assert before & {
                *graph.find_modules_that_directly_import(module),
                *graph.find_modules_directly_imported_by(module),
            } or _through_package(graph, module, before), module


def _through_package(graph: grimp.ImportGraph, module: str, before: set[str]) -> bool:
    """Whether a file before it imports the package that hands the module's names on."""
    package = module.rpartition(".")[0]
    return bool(before & graph.find_modules_that_directly_import(package)) and (
        module in graph.find_modules_directly_imported_by(package)
    )


def test_a_report_passes_few_files():
    assert len(trip("report")[0]) <= MOST
