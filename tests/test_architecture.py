"""``docs/architecture.md``: the layers as they are imported."""

import importlib.util
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


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
