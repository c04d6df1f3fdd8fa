"""What was dumped can be restored and is whole; a dump that was cut or changed is refused, or found out."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from django.db import DatabaseError, connection

from cases.history import anchors
from cases.models import Case, CaseEvent, CaseText
from cases.workflow import State
from records import chain
from tests import dumps
from tests.dumps import speaking_to
from tests.environment import DATABASE_NAME
from tests.invariants import contradictions
from tests.lives import MORNING, case_at, reported, walk
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.process, pytest.mark.django_db(transaction=True)]
SERVER = os.environ["GRIDLOOP_TEST_SERVER"]
KEPT = (State.REPORTED, State.SUSPENDED, State.HANDLED, State.EVALUATED, State.MERGED)
PROMISE = "a dump that was cut or changed is refused or found out"


@dataclass
class Backup:
    """A dump of a site with some cases, and what was in it."""

    path: Path
    contents: dict[str, str]


def contents() -> dict[str, str]:
    """A fingerprint of the rows of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        fingerprints = {}
        for table in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            (fingerprints[table],) = cursor.fetchone()
    return fingerprints


@pytest.fixture
def backup(transactional_db, tmp_path, settings) -> Backup:
    settings.DATA_DIR = tmp_path
    for state in KEPT:
        case_at(state)
    anchors.write(MORNING)
    path = tmp_path / "site.dump"
    dumps.dump(os.environ["DATABASE_URL"], path)
    return Backup(path, contents())


@pytest.fixture
def elsewhere() -> Iterator[Callable[[], str]]:
    """Gives the address of an empty database, a new one at every call."""
    name = f"{DATABASE_NAME}_restored"
    yield lambda: dumps.anew(SERVER, name)
    dumps.run("psql", "-q", SERVER, "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def is_found_out() -> bool:
    """Whether `verify_chains` would say that something is wrong."""
    return bool(chain.broken(CaseEvent, CaseText) or anchors.broken())


def test_a_restored_dump_is_whole_and_life_goes_on_in_it(backup, elsewhere):
    target = elsewhere()
    assert dumps.restore(backup.path, target)
    with speaking_to(target):
        assert contents() == backup.contents
        assert not is_found_out() and contradictions() == []
        with pytest.raises(DatabaseError, match="only appended"):
            CaseEvent.objects.update(move="close")
        before = Case.objects.latest("pk").pk
        case = walk(reported(), "register", "dispatch", "accept")
        assert case.pk > before and contradictions() == []


def test_a_dump_that_was_cut_or_changed_is_refused(backup, elsewhere, promise):
    """By its fingerprint: PostgreSQL alone takes a flipped bit in what a dump says of tables, of a generated column say."""
    whole, number, random = backup.path.read_bytes(), tries(4, full=10, trust=60), Random(6)
    target = elsewhere()
    for part in range(number):
        backup.path.write_bytes(whole[: len(whole) * (2 * part + 1) // (2 * number)])
        assert not dumps.restore(backup.path, target), f"cut at {part} of {number}"
        changed, at = bytearray(whole), random.randrange(len(whole))
        changed[at] ^= 1 << random.randrange(8)
        backup.path.write_bytes(changed)
        assert not dumps.restore(backup.path, target), f"byte {at}"
    backup.path.write_bytes(whole)
    assert dumps.restore(backup.path, target)
    promise(PROMISE, tried=2 * number, held=2 * number)


# Edited with care -------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """One row of a dump that is text."""

    line: int
    table: str
    values: dict[str, str]

    def __str__(self) -> str:
        return "\t".join(self.values.values())


def rows(lines: list[str]) -> Iterator[Row]:
    table, columns = "", []
    for number, line in enumerate(lines):
        if found := re.match(r"COPY public\.(\w+) \((.*)\) FROM stdin;", line):
            table, columns = found[1], found[2].split(", ")
        elif line == "\\.":
            table = ""
        elif table:
            yield Row(number, table, dict(zip(columns, line.split("\t"), strict=True)))


def changed(lines: list[str], event: Row, turn: int) -> list[str]:
    """The dump with an event changed, given another time, removed, or its case removed with all that belongs to it."""
    edited, case = list(lines), event.values["case_id"]
    if turn == 3:
        gone = {
            row.line
            for row in rows(lines)
            if case == row.values.get("id" if row.table == "cases_case" else "case_id")
        }
        return [line for number, line in enumerate(lines) if number not in gone]
    if turn == 2:
        del edited[event.line]
        return edited
    if turn == 1:
        event.values["at"] = event.values["at"].replace("2026-11-18", "2026-11-17")
    else:
        event.values["move"] = "close" if event.values["move"] != "close" else "void"
    edited[event.line] = str(event)
    return edited


def test_a_dump_that_was_edited_with_care_is_found_out(backup, elsewhere, promise):
    text = dumps.run("pg_restore", "--no-owner", "--file=-", backup.path).stdout
    lines, random, number = text.split("\n"), Random(6), tries(4, full=12, trust=80)
    script, restored = backup.path.with_suffix(".sql"), 0
    for turn in range(number):
        event = random.choice([row for row in rows(lines) if row.table == "cases_caseevent"])
        edited = changed(lines, event, turn % 4)
        assert edited != lines
        script.write_text("\n".join(edited))
        target = elsewhere()
        words = ("-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", script, target)
        if dumps.run("psql", *words, may_fail=True).returncode == 0:
            restored += 1
            with speaking_to(target):
                assert is_found_out(), (turn, str(event))
    assert restored > number // 2
    promise(PROMISE, tried=number, held=number)
