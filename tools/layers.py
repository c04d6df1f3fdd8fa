"""Write the layers of the packages into ``docs/architecture.md`` from the real imports; ``--check`` only compares."""

import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- layers: written by tools/layers.py -->\n", "<!-- end of layers -->\n"

#: Package → the packages that its modules import.
Imports = dict[str, set[str]]


def layers() -> list[list[str]]:
    """Packages of each layer, from the top down, as import-linter's contract names them; those to be built are left out."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(one for one in linter["contracts"] if one["type"] == "layers")
    named = [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]
    there = [[name for name in layer if name in linter["root_packages"]] for layer in named]
    return [layer for layer in there if layer]


def imports_between(packages: list[str]) -> Imports:
    """Which of some packages import which others, by a statement in any of their modules."""
    graph = grimp.build_graph(
        *packages, cache_dir=None
    )  # kept graphs of other sets of packages would spoil it
    imports: Imports = {package: set() for package in packages}
    for module in graph.modules:
        importer = module.split(".")[0]
        imported = {name.split(".")[0] for name in graph.find_modules_directly_imported_by(module)}
        imports[importer] |= imported - {importer}
    return imports


def reached(imports: Imports, package: str) -> set[str]:
    """Everything that a package imports, directly or through others."""
    return imports[package].union(*(reached(imports, near) for near in imports[package]))


def without_detours(imports: Imports) -> Imports:
    """The same, less what follows from the rest: what an imported package reaches itself."""
    return {
        importer: direct - set().union(*(reached(imports, near) for near in direct))
        for importer, direct in imports.items()
    }


def drawn(stack: list[list[str]], imports: Imports) -> str:
    """A Mermaid flowchart of the layers, and a table of all that each package imports."""
    lines = ["```mermaid", "flowchart TB"]
    for layer in stack:
        if len(layer) > 1:  # beside each other
            lines += [f'    subgraph {"_".join(layer)}[" "]', *(f"        {one}" for one in layer), "    end"]
    shown = without_detours(imports)
    order = [package for layer in stack for package in layer]
    lines += [f"    {a} --> {b}" for a in order for b in order if b in shown[a]]
    lines += ["```", "", "| package | imports |", "|---|---|"]
    for package in order:
        imported = ", ".join(f"`{one}`" for one in order if one in imports[package])
        lines.append(f"| `{package}` | {imported or '—'} |")
    return "\n".join(lines)


def replaced(page: str, block: str) -> str:
    """A page with another block between the two markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{block}\n\n{END}{after}"


def main(words: list[str]) -> int:
    """Write the page, or say that it no longer agrees."""
    sys.path.insert(0, str(ROOT))
    stack = layers()
    block = drawn(stack, imports_between([package for layer in stack for package in layer]))
    page = PAGE.read_text(encoding="utf-8")
    if "--check" not in words:
        PAGE.write_text(replaced(page, block), encoding="utf-8")
    elif replaced(page, block) != page:
        print("docs/architecture.md does not agree with the imports; run tools/layers.py.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
