"""The history of whistles is only appended, and a change of it outside the program is found."""

import datetime as dt
import uuid
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from partybuilding.history import HISTORY, anchors
from partybuilding.models import Whistle
from tests import people
from tests.lives import MORNING, walk
from tests.partybuilding.blowing import MANAGEMENT, MARKS, MINUTE, NEED, blown, call_of, do, settled, user
from tests.scale import tries

pytestmark = pytest.mark.django_db

EVENTS, TEXTS = "partybuilding_whistleevent", "partybuilding_whistletext"
OTHER = "'" + "0" * 64 + "'"
#: Every column of an event and a value it did not have.
COLUMNS = {
    "key": "gen_random_uuid()",
    "request_digest": OTHER,
    "sequence": "sequence + 1000",
    "at": "at + interval '1 microsecond'",
    "move": "'withdraw'",
    "before": "before || ' '",
    "after": "after || ' '",
    "by_id": "CASE WHEN by_id IS NULL THEN {person} END",
    "contact": "gen_random_uuid()",
    "program_id": "{program}",
    "by_id = NULL, contact": "gen_random_uuid()",
    "digest_version": "1",
    "digest_version = 3, data": "data",
    "call_id": "CASE WHEN call_id IS NULL THEN {call} END",
    "data": "'{{}}' || data",
    "text_digest": "CASE text_digest WHEN '' THEN 'x' ELSE '' END",
    "previous": "CASE previous WHEN '' THEN 'x' ELSE '' END",
    "digest": OTHER,
}


def run(*statements: str) -> None:
    """Run statements as a superuser who has switched triggers and constraints off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {EVENTS} DROP CONSTRAINT IF EXISTS whistle_event_done_by_one")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def whistle() -> Whistle:
    """A whistle with moves of people and of the system, of its own and of its calls, with words and without; and another."""
    blown()
    whistle = settled()
    walk(whistle.case, "feedback", "pass", "close", now=MORNING + 10 * MINUTE)
    call = call_of(whistle, MANAGEMENT)
    do(whistle, "score_unit", "jieshuji", call=call, **MARKS)
    whistle = do(whistle, "score_whistle", "cg_lianluo", call=call, **NEED)
    assert HISTORY.broken() == []
    return whistle


def tamperings(whistle: Whistle) -> dict[str, list[str]]:
    """Statements by what they do to the history of a whistle."""
    ids = {
        "person": user("shequ").pk,
        "program": people.program().pk,
        "call": call_of(whistle, MANAGEMENT).pk,
    }
    events = list(whistle.events.order_by("sequence"))
    tried: dict[str, list[str]] = {}
    for event in events:
        row, name = f"WHERE id = {event.pk}", f"{event.sequence} {event.move}"
        for column, value in COLUMNS.items():
            tried[f"{column} of {name}"] = [f"UPDATE {EVENTS} SET {column} = {value.format(**ids)} {row}"]
        tried[f"{name} removed"] = [f"DELETE FROM {EVENTS} {row}"]
        tried[f"tail from {name} on"] = [
            f"DELETE FROM {EVENTS} WHERE whistle_id = {whistle.pk} AND sequence >= {event.sequence}"
        ]
    for one, following in pairwise(events):
        tried[f"{one.sequence} and {following.sequence} swapped"] = [
            f"UPDATE {EVENTS} SET sequence = 9999 WHERE id = {one.pk}",
            f"UPDATE {EVENTS} SET sequence = {one.sequence} WHERE id = {following.pk}",
            f"UPDATE {EVENTS} SET sequence = {following.sequence} WHERE id = {one.pk}",
        ]
    for text in whistle.texts.all():
        tried[f"words {text.sequence} changed"] = [
            f"UPDATE {TEXTS} SET body = body || '。' WHERE id = {text.pk}"
        ]
        tried[f"words {text.sequence} removed"] = [f"DELETE FROM {TEXTS} WHERE id = {text.pk}"]
    for column, value in {"uuid": "gen_random_uuid()", "chain_head": OTHER, "version": "version + 1"}.items():
        tried[f"{column} of the whistle"] = [
            f"UPDATE partybuilding_whistle SET {column} = {value} WHERE id = {whistle.pk}"
        ]
    return tried


@pytest.mark.parametrize("what", ["UPDATE {} SET move = 'close'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_or_remove_events(whistle, what):
    with pytest.raises(DatabaseError, match="append"), transaction.atomic():
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.cursor().execute(what.format(EVENTS))
    assert HISTORY.broken() == []


@pytest.mark.trust
def test_every_tampering_is_found(whistle, promise):
    tried = tamperings(whistle)
    names = list(tried)[:: max(len(tried) // tries(60, full=len(tried)), 1)]
    missed = []
    for name in names:
        with transaction.atomic():
            run(*tried[name])
            if HISTORY.broken() != [whistle.pk]:
                missed.append(name)
            transaction.set_rollback(True)
    assert missed == []
    promise("tamperings with the history of whistles are found", tried=len(names), held=len(names))


def test_the_command_verifies_and_anchors_whistles_beside_cases(whistle, settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    call_command("verify_chains", "--anchor")
    call_command("verify_chains")
    assert "2 行锚点相符" in capsys.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == {"anchors.txt", "anchors-whistles.txt"}
    event = whistle.events.first()
    with transaction.atomic():
        run(f"UPDATE {EVENTS} SET key = '{uuid.uuid4()}' WHERE id = {event.pk}")
        with pytest.raises(CommandError, match=rf"^1 件哨单的记录链不完整：{whistle.pk}$"):
            call_command("verify_chains")
        transaction.set_rollback(True)


def test_a_tail_cut_with_care_shows_in_the_anchor_alone(whistle, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    anchors.write(MORNING)
    anchors.write(MORNING + dt.timedelta(days=1))
    assert anchors.broken() == []
    last = whistle.events.order_by("-sequence")[1]
    run(f"DELETE FROM {EVENTS} WHERE whistle_id = {whistle.pk} AND sequence > {last.sequence}")
    Whistle.objects.filter(pk=whistle.pk).update(chain_head=last.digest, version=last.sequence)
    run(f"DELETE FROM {TEXTS} WHERE whistle_id = {whistle.pk} AND sequence > {last.sequence}")
    assert HISTORY.broken() == []
    assert anchors.broken() == [MORNING.isoformat(timespec="seconds")]


def test_an_event_holds_no_words_of_people(whistle):
    words = set(whistle.texts.values_list("body", flat=True))
    assert words and not any(word in event.data for word in words for event in whistle.events.all())
