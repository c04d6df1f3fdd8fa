"""History is only appended, and a change of it outside the program is found."""

import datetime as dt
import uuid
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from cases.actions import perform
from cases.history import anchors
from cases.models import Case, CaseEvent, CaseText
from cases.workflow import State
from desk.proof import proof_of
from governance.models import resident
from records import chain
from tests import people
from tests.lives import MORNING, PATHS, case_at, reported, walk
from tests.scale import tries

pytestmark = pytest.mark.django_db

OTHER = "'" + "0" * 64 + "'"
#: Every column of an event and a value it did not have.
COLUMNS = {
    "key": "gen_random_uuid()",
    "request_digest": OTHER,
    "case_id": "{other}",
    "sequence": "sequence + 1000",
    "at": "at + interval '1 microsecond'",
    "move": "'void'",
    "before": "before || ' '",
    "after": "after || ' '",
    # Who it was: another of the same kind, or of another kind.
    "by_id": "CASE WHEN by_id IS NULL THEN {person} END",
    "contact": "gen_random_uuid()",
    "program_id": "CASE WHEN program_id IS NULL THEN {program} END",
    "by_id = NULL, contact": "gen_random_uuid()",
    "by_id = NULL, program_id": "CASE WHEN program_id IS NULL THEN {program} END",
    "contact = NULL, program_id = NULL, by_id": "CASE WHEN by_id IS NULL THEN {person} END",
    "digest_version": "1",
    "loop": "CASE loop WHEN 'street' THEN 'community' ELSE 'street' END",
    "centre_id": "{elsewhere}",
    "unit_id": "CASE WHEN unit_id IS NULL THEN {elsewhere} END",
    "data": "'{{}}' || data",
    "text_digest": "CASE text_digest WHEN '' THEN 'x' ELSE '' END",
    "digest_version = 3, data": "data",
    "previous": "CASE previous WHEN '' THEN 'x' ELSE '' END",
    "digest": OTHER,
}


def run(*statements: str) -> None:
    """Run statements as a superuser who has switched triggers and constraints off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE cases_caseevent DROP CONSTRAINT IF EXISTS event_done_by_one")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def is_found_after(case: Case, *statements: str) -> bool:
    """Whether both the verifier and the file of a case find a tampering, which is taken back at once."""
    with transaction.atomic():
        run(*statements)
        found = case.pk in chain.broken(CaseEvent, CaseText) and not proof_of(case).is_whole
        transaction.set_rollback(True)
    return found


def whole_life() -> Case:
    """A case with an escalation's worth of moves and words, of staff and of the resident who reported."""
    someone = resident(uuid.uuid4())
    case = reported(by=someone, source=Case.Source.RESIDENT, contact_phone="13800001234")
    case = walk(case, *PATHS[State.VERIFIED])
    case = walk(case, "refuse_closing", "comment", "fail", "feedback", "pass", "close")
    perform(case.uuid, "evaluate", by=someone, now=MORNING, key=uuid.uuid4(), given={"grade": "satisfied"})
    return Case.objects.get(pk=case.pk)


def watched() -> Case:
    """A case that a program reported and spoke about."""
    case = reported(by=people.program(), source=Case.Source.API)
    for words in ("又停了一辆车。", "仍未离开。"):
        perform(
            case.uuid, "comment", by=people.program(), now=MORNING, key=uuid.uuid4(), given={"words": words}
        )
    return walk(case, "register")


@pytest.fixture
def case() -> Case:
    """A case with all its moves, among others."""
    case_at(State.CLOSED)
    case = whole_life()
    assert chain.broken(CaseEvent, CaseText) == []
    return case


# The database itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_caseevent SET move = 'close'",
        "UPDATE cases_caseevent SET id = id",
        "DELETE FROM cases_caseevent",
        "TRUNCATE cases_caseevent",
        "TRUNCATE cases_case CASCADE",
    ],
)
def test_the_database_refuses_to_change_or_remove_events(case, statement):
    with pytest.raises(DatabaseError, match="only appended"), transaction.atomic():
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.cursor().execute(statement)
    assert chain.broken(CaseEvent, CaseText) == []


def test_the_program_cannot_change_an_event_either(case):
    event = case.events.last()
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseEvent.objects.filter(pk=event.pk).delete()


# Tampering --------------------------------------------------------------------------------------------------------


def tamperings(case: Case, other: Case) -> dict[str, list[str]]:
    """Statements by what they do to the history of a case; ``other`` is a case with one event alone."""
    places = {
        "other": other.pk,
        "person": people.clerk().pk,
        "program": people.program().pk,
        "elsewhere": Case.objects.get(pk=other.pk).district_id,
    }
    events = list(case.events.order_by("sequence"))
    tried: dict[str, list[str]] = {}
    for event in events:
        row, name = f"WHERE id = {event.pk}", f"{event.sequence} {event.move}"
        for column, value in COLUMNS.items():
            if column == "case_id" and event.sequence == 1:
                continue  # the other case has its own first event
            tried[f"{column} of {name}"] = [
                f"UPDATE cases_caseevent SET {column} = {value.format(**places)} {row}"
            ]
        tried[f"{name} removed"] = [f"DELETE FROM cases_caseevent {row}"]
        tried[f"tail from {name} on"] = [
            f"DELETE FROM cases_caseevent WHERE case_id = {case.pk} AND sequence >= {event.sequence}"
        ]
        tried[f"{name} removed, the rest moved up"] = [
            f"DELETE FROM cases_caseevent {row}",
            f"UPDATE cases_caseevent SET sequence = sequence + 1000 WHERE case_id = {case.pk} AND sequence > {event.sequence}",
            f"UPDATE cases_caseevent SET sequence = sequence - 1001 WHERE case_id = {case.pk} AND sequence > 1000",
        ]
        tried[f"{name} copied to the end"] = [
            "INSERT INTO cases_caseevent (key, request_digest, case_id, sequence, at, move, before, after, by_id, loop,"
            " centre_id, unit_id, data, text_digest, previous, digest_version, digest) SELECT gen_random_uuid(), request_digest, case_id,"
            f" {len(events) + 1}, at, move, before, after, by_id, loop, centre_id, unit_id, data, text_digest, previous,"
            f" digest_version, digest FROM cases_caseevent {row}"
        ]
    for one, next_one in pairwise(events):
        tried[f"{one.sequence} and {next_one.sequence} swapped"] = [
            f"UPDATE cases_caseevent SET sequence = 9999 WHERE id = {one.pk}",
            f"UPDATE cases_caseevent SET sequence = {one.sequence} WHERE id = {next_one.pk}",
            f"UPDATE cases_caseevent SET sequence = {next_one.sequence} WHERE id = {one.pk}",
        ]
    for text in case.texts.all():
        row = f"WHERE id = {text.pk}"
        tried[f"words {text.sequence} changed"] = [f"UPDATE cases_casetext SET body = body || '。' {row}"]
        tried[f"words {text.sequence} salted anew"] = [f"UPDATE cases_casetext SET salt = 'x' {row}"]
        tried[f"words {text.sequence} removed"] = [f"DELETE FROM cases_casetext {row}"]
        tried[f"words {text.sequence} replaced as erased"] = [
            f"UPDATE cases_casetext SET body = '另一种说法', erased_at = now() {row}"
        ]
        tried[f"words {text.sequence} given to another"] = [
            f"UPDATE cases_casetext SET sequence = sequence + 500 {row}"
        ]
    silent = case.events.filter(text_digest="").first()
    tried["words put in"] = [
        "INSERT INTO cases_casetext (case_id, sequence, body, salt)"
        f" VALUES ({case.pk}, {silent.sequence}, '从未说过', 'x')"
    ]
    for column, value in {"uuid": "gen_random_uuid()", "chain_head": OTHER, "version": "version + 1"}.items():
        tried[f"{column} of the case"] = [f"UPDATE cases_case SET {column} = {value} WHERE id = {case.pk}"]
    return tried


@pytest.mark.trust
def test_every_tampering_by_a_superuser_is_found(case, promise):
    other, wanted = case_at(State.REPORTED), tries(200, trust=1000)
    tried = found = 0
    lives = [case, watched()]
    while lives or tried < wanted:
        case = lives.pop() if lives else whole_life()
        assert proof_of(case).is_whole
        for name, statements in tamperings(case, other).items():
            assert is_found_after(case, *statements), name
            tried, found = tried + 1, found + 1
    assert chain.broken(CaseEvent, CaseText) == []
    promise("a tampering by a superuser is found", tried=tried, held=found)


def forge(event: CaseEvent, **changes) -> None:
    """Rewrite an event and seal it with a digest that fits, as somebody would who knows the program."""
    for name, value in changes.items():
        setattr(event, name, value)
    event.digest = chain.digest(event)
    run(
        f"UPDATE cases_caseevent SET at = '{event.at.isoformat()}', after = '{event.after}',"
        f" previous = '{event.previous}', digest = '{event.digest}' WHERE id = {event.pk}"
    )


def test_an_event_sealed_anew_does_not_fit_its_neighbours(case):
    for event in case.events.order_by("sequence"):
        with transaction.atomic():
            forge(event, at=event.at - dt.timedelta(days=1))
            assert chain.broken(CaseEvent, CaseText) == [case.pk]
            transaction.set_rollback(True)


@pytest.fixture
def anchored(case, settings, tmp_path) -> Case:
    """A case whose events lie before an anchor, with some more behind it and a second anchor."""
    settings.DATA_DIR = tmp_path
    anchors.write(MORNING)
    reported()
    anchors.write(MORNING + dt.timedelta(days=1))
    reported()
    assert anchors.broken() == []
    return case


def test_a_whole_chain_sealed_anew_shows_in_the_anchor_alone(anchored):
    previous = ""
    for event in anchored.events.order_by("sequence"):
        forge(event, at=event.at - dt.timedelta(days=1), previous=previous)
        previous = event.digest
    Case.objects.filter(pk=anchored.pk).update(chain_head=previous)
    assert chain.broken(CaseEvent, CaseText) == []
    assert anchors.broken() == [MORNING.isoformat(timespec="seconds")]


def test_a_tail_cut_with_care_shows_in_the_anchor_alone(anchored):
    last = anchored.events.order_by("-sequence")[1]
    run(f"DELETE FROM cases_caseevent WHERE case_id = {anchored.pk} AND sequence > {last.sequence}")
    Case.objects.filter(pk=anchored.pk).update(chain_head=last.digest, version=last.sequence)
    assert chain.broken(CaseEvent, CaseText) == []
    assert anchors.broken() == [MORNING.isoformat(timespec="seconds")]


def test_moves_after_an_anchor_leave_it_whole(anchored):
    walk(reported(), "comment")
    assert anchors.broken() == []


def test_erasing_words_does_not_break_the_chain(case):
    assert CaseText.objects.filter(case=case).update(body="", erased_at=timezone.now()) > 3
    assert chain.broken(CaseEvent, CaseText) == []


def test_an_event_holds_no_words_of_people(case):
    words = set(case.texts.values_list("body", flat=True))
    assert words and not any(word in event.data for word in words for event in case.events.all())


def test_the_digest_in_python_is_the_digest_in_sql():
    for given in ("引号\"'\\ 与\n换行", "🚧 emoji", "尾随空格 "):
        case = reported(words=given, address=given.strip()[:100])
        walk(case, "comment", words=given)
    assert chain.broken(CaseEvent, CaseText) == []


def test_the_command_names_what_is_broken(case, settings, tmp_path):
    from django.core.management import CommandError, call_command

    settings.DATA_DIR = tmp_path
    call_command("verify_chains", "--anchor")
    call_command("verify_chains")
    run(f"UPDATE cases_caseevent SET key = '{uuid.uuid4()}' WHERE id = {case.events.first().pk}")
    with pytest.raises(CommandError, match=rf"^1 件案件的记录链不完整：{case.pk}$"):
        call_command("verify_chains")


def test_the_command_says_when_an_anchor_no_longer_fits(anchored):
    from django.core.management import CommandError, call_command

    last = anchored.events.order_by("-sequence")[1]
    run(f"DELETE FROM cases_caseevent WHERE case_id = {anchored.pk} AND sequence > {last.sequence}")
    Case.objects.filter(pk=anchored.pk).update(chain_head=last.digest, version=last.sequence)
    with pytest.raises(CommandError, match="整链改写"):
        call_command("verify_chains")


def test_an_anchor_that_cannot_be_read_is_named_and_none_at_all_is_said(anchored, capsys):
    from django.core.management import CommandError, call_command

    call_command("verify_chains")
    assert "2 行锚点相符" in capsys.readouterr().out
    with anchors.file().open("a") as kept:
        kept.write("2026-11-18T02:10")
    with pytest.raises(CommandError, match="第 3 行"):
        call_command("verify_chains")
    anchors.file().unlink()
    call_command("verify_chains")
    assert "还没有锚点" in capsys.readouterr().out


def test_an_anchor_over_many_events_is_put_together_in_steps(anchored, monkeypatch):
    monkeypatch.setattr(anchors, "step", 3)
    assert anchors.broken() == []
