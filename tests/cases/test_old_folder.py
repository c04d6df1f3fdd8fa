"""A data folder from before residents and programs could act starts on this code, and its history still verifies."""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from appraisal.counting import lag
from appraisal.models import Tallied, Tally
from appraisal.tallying import work
from cases.actions import sweep
from cases.history import anchors
from cases.models import Case, CaseEvent, CaseText, Contact, Leg
from cases.situations import Situation
from cases.waiting import marks
from cases.waits import waits_for
from desk.proof import proof_of
from governance.models import SYSTEM
from records import chain
from tests import dumps
from tests.appraisal.test_worker import assert_nothing_lost_or_double, assert_right
from tests.dumps import speaking_to
from tests.environment import DATABASE_NAME

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
SERVER = os.environ["GRIDLOOP_TEST_SERVER"]
#: Nine cases (39 events) of one grid, walked by the program of then and dumped by ``pg_dump``, with its anchors.
FOLDER = Path(__file__).with_name("folder_of_2026_11")


@pytest.fixture
def folder(tmp_path, settings) -> Iterator[None]:
    """The old folder, restored and brought up to date by the migrations since."""
    script = tmp_path / "site.sql"
    script.write_bytes(gzip.decompress((FOLDER / "site.sql.gz").read_bytes()))
    shutil.copy(FOLDER / "anchors.txt", tmp_path)
    settings.DATA_DIR = tmp_path
    name = f"{DATABASE_NAME}_old"
    target = dumps.anew(SERVER, name)
    dumps.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", script, target)
    with speaking_to(target):
        call_command("migrate", verbosity=0, interactive=False)
        yield
    dumps.run("psql", "-q", SERVER, "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def who_acted() -> set[str]:
    return {event.actor.kind for event in CaseEvent.objects.select_related("by", "program")}


def test_the_history_of_an_old_folder_verifies_and_goes_on_in_the_new_version(folder):
    events = CaseEvent.objects.count()
    assert set(CaseEvent.objects.values_list("digest_version", flat=True)) == {1}
    assert chain.broken(CaseEvent, CaseText) == [] and len(anchors.lines()) == 2 and anchors.broken() == []
    assert who_acted() == {"staff", "system"}
    proofs = [proof_of(case) for case in Case.objects.all()]
    assert all(proof.ends_well and all(step.is_whole for step in proof.steps) for proof in proofs)
    assert sum(len(proof.steps) for proof in proofs) == events

    late = Leg.objects.open().order_by("sweep_at").first()
    assert sweep(now=late.sweep_at) > 0
    added = CaseEvent.objects.order_by("pk")[events:]
    assert {event.digest_version for event in added} == {2} and len(added) > 0
    assert chain.broken(CaseEvent, CaseText) == [] and anchors.broken() == []


def test_residents_of_an_old_folder_get_an_id_each(folder):
    assert Contact.objects.get().uuid is not None


def test_every_index_of_an_old_folder_can_be_used(folder):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'event_first_of_program'")
        assert cursor.fetchone() == (1,)


def test_an_index_whose_build_was_interrupted_is_built_again(folder):
    call_command("migrate", "cases", "0024", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX event_first_of_program ON cases_caseevent (id)")
    call_command("migrate", "cases", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'event_first_of_program'")
        assert "(program_id, case_id) WHERE" in cursor.fetchone()[0]


#: Rows of the search as they are and as they should be.
SEARCHED = (
    "SELECT count(*), count(*) FILTER (WHERE row.plain = wanted.plain AND row.keys @> wanted.keys AND wanted.keys @> row.keys)"
    " FROM cases_search_rows(0, 1000000000) AS wanted LEFT JOIN cases_searchrow AS row USING (case_id)"
)


def searched(statement: str = SEARCHED, *values) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def test_what_moves_while_an_old_folder_is_filled_for_the_search_is_found(folder):
    call_command("migrate", "cases", "0035", verbosity=0)
    call_command("migrate", "cases", "0036", verbosity=0)
    assert searched()[1] == 0, "nothing is filled yet, and the triggers are there"
    moved = Case.objects.order_by("pk")[3]
    Case.objects.filter(pk=moved.pk).update(address="后来的路口")
    assert searched()[1] == 1
    call_command("migrate", "cases", verbosity=0)
    assert searched() == (9, 9)
    assert searched("SELECT plain LIKE '后来的路口%%' FROM cases_searchrow WHERE case_id = %s", moved.pk) == (
        True,
    )


def test_a_folder_that_an_earlier_state_of_the_fill_has_indexed_is_completed(folder):
    call_command("migrate", "cases", "0036", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX case_search ON cases_searchrow USING gin (keys) WITH (fastupdate = off)")
        cursor.execute("DROP INDEX case_address_pairs, casetext_pairs")
        cursor.execute(
            "DELETE FROM cases_searchrow WHERE case_id = (SELECT min(case_id) FROM cases_searchrow)"
        )
    call_command("migrate", "cases", verbosity=0)
    assert searched() == (9, 9)
    names = "SELECT array_agg(indexname ORDER BY indexname) FROM pg_indexes WHERE indexname IN ('case_search', 'case_address_pairs', 'casetext_pairs')"
    assert searched(names)[0] == ["case_search"]


def test_rows_of_an_old_folder_say_whom_they_wait_for_as_every_move_writes_it(folder):
    for case in Case.objects.open():
        leg = case.legs.get(stopped_at=None)
        now = Situation(case, SYSTEM, leg.opened_at, leg=leg)
        waits = waits_for(case, leg, now.open_requests.values(), now.order, now.giver_level)
        assert case.waits_for == marks(waits, has_order=now.order is not None)


def test_the_worker_counts_an_old_folder_and_boards_are_right_before_and_after(folder):
    # From before there were tallies: the migration has noted every case, and until the worker comes rows are counted.
    assert not Tally.objects.exists() and lag() == Case.objects.count() == 9
    assert_right()
    assert work() > 0
    assert lag() == 0 and Tally.objects.exists() and Tallied.objects.get().counting == ""
    assert_right()
    late = Leg.objects.open().order_by("sweep_at").first()
    assert sweep(now=late.sweep_at) > 0 and lag() > 0
    assert_right()
    assert_nothing_lost_or_double()


@pytest.mark.parametrize(
    "change",
    [
        "program_id = (SELECT max(id) FROM governance_apikey)",
        "contact = gen_random_uuid()",
        "digest_version = 2",
        "digest_version = 0",
        "by_id = CASE WHEN by_id IS NULL THEN (SELECT max(id) FROM governance_user) END",
    ],
)
def test_nobody_is_put_into_an_event_of_before_unnoticed(folder, change):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_caseevent DROP CONSTRAINT event_done_by_one")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO governance_apikey (name, purpose, active_from, digest, made_at, made_by_id, organization_id)"
            " SELECT 'x', 'x', now(), 'x', now(), (SELECT max(id) FROM governance_user), max(id) FROM governance_organization"
        )
        cursor.execute(f"UPDATE cases_caseevent SET {change}")
        assert len(chain.broken(CaseEvent, CaseText)) == 9
        transaction.set_rollback(True)


def test_an_event_of_an_old_folder_that_was_changed_is_named_in_the_file_of_its_case(folder):
    case = Case.objects.filter(version__gte=3).first()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE cases_caseevent SET at = at + interval '1 day' WHERE case_id = %s AND sequence = 2",
            [case.pk],
        )
        cursor.execute("SET session_replication_role = origin")
    steps = proof_of(case).steps
    assert {step.event.digest_version for step in steps} == {1}
    assert [step.event.sequence for step in steps if not step.fits] == [2]
