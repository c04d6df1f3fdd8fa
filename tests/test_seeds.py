"""``docs/seeds.md``: no row is empty, and what a row names can be opened."""

import csv
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from cases.workflow import MOVES
from governance.roles import Role
from partybuilding.workflow import MOVES as WHISTLE_MOVES

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "seeds.md").read_text()
NOTHING = "—"
LEFT_OUT = "left out: "


def rows() -> list[list[str]]:
    """Number, term, meaning, shown today, still to come."""
    lines = [line.strip().strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
    return [[cell.strip() for cell in line] for line in lines]


def later(cell: str) -> list[str]:
    """Subjects that a row waits for, and what of it is left out."""
    return [] if cell == NOTHING else re.split(r", |; ", cell)


@cache
def subjects() -> frozenset[str]:
    table = PAGE.split("## Still to come, by subject")[1].split("\n## ")[0]
    return frozenset(line.split("|")[1].strip() for line in table.splitlines()[4:] if line.startswith("|"))


@cache
def left_out() -> frozenset[str]:
    """What ``docs/scope.md`` leaves out on purpose."""
    part = (ROOT / "docs" / "scope.md").read_text().split("\n## ")[1]
    assert part.startswith("Left out on purpose")
    return frozenset(re.findall(r"^- \*\*(.+?)\*\*", part, re.MULTILINE))


@cache
def category_codes() -> frozenset[str]:
    files = sorted((ROOT / "cases" / "data").glob("*categories.csv"))
    return frozenset(row["code"] for file in files for row in csv.DictReader(file.read_text().splitlines()))


def is_there(name: str) -> bool:
    """Whether an address, a command, a move, a role, a category or a file of this name exists."""
    if name.startswith("/"):
        try:
            # The configuration answers every address below its own; its last resort is none.
            return resolve(name.split("?")[0]).func.__name__ != "catch_all_view"
        except Resolver404:
            return False
    if name.startswith("manage.py "):
        return name.removeprefix("manage.py ") in get_commands()
    if re.fullmatch(r"\w+", name):
        return name in {*MOVES, *WHISTLE_MOVES, *Role.values, *category_codes()}
    return (ROOT / name).is_file()


def wrong_with(row: list[str]) -> list[str]:
    """What a row lacks, or names without reason."""
    if len(row) != 5:
        return ["not five cells"]
    _, term, meaning, today, to_come = row
    wrong = [] if term and meaning else ["no term or no meaning"]
    if (today, to_come) == (NOTHING, NOTHING):
        wrong.append("neither shown, nor to come, nor left out")
    named = re.findall(r"`([^`]+)`", today)
    if today != NOTHING and not named:
        wrong.append("what is shown cannot be looked up")
    wrong += [f"{name} does not exist" for name in named if not is_there(name)]
    known = {*subjects(), *(LEFT_OUT + name for name in left_out())}
    return wrong + [f"{part} is no subject and not left out" for part in later(to_come) if part not in known]


def test_every_row_shows_something_or_says_when_or_why_not():
    assert {row[0]: wrong for row in rows() if (wrong := wrong_with(row))} == {}


def test_every_row_has_a_number_of_its_own():
    numbers = [int(row[0]) for row in rows()]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_every_subject_and_everything_left_out_has_its_rows():
    used = {part.removeprefix(LEFT_OUT) for row in rows() for part in later(row[4])}
    assert used == subjects() | left_out()


@pytest.mark.parametrize(
    "today, to_come",
    [
        ("—", "—"),
        ("a page", "—"),
        ("`/desk/nothing/`", "—"),
        ("`/admin/nothing/`", "—"),
        ("`manage.py nothing`", "—"),
        ("`docs/nothing.md`", "—"),
        ("move `nothing`, category `99999`", "—"),
        ("—", "nothing"),
        ("—", "left out: nothing"),
    ],
)
def test_a_row_that_is_empty_or_names_what_does_not_exist_is_found_out(today, to_come):
    assert wrong_with(["1", "term", "meaning", today, to_come])
