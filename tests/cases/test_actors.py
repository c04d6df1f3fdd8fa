"""A resident without an account, a program with a key and the system go through the same door as staff."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from cases import actions, photos
from cases.actions import Forbidden, KeyReused, Refused, Unfit, perform, sweep
from cases.models import Case, CaseEvent, CaseText, Contact, Photo
from cases.workflow import MOVES, State
from governance import secrets
from governance.models import SYSTEM, Actor, By, Notice, Organization, Outbox, actor_of, resident
from governance.roles import ActorKind
from records import chain
from tests import people
from tests.lives import MORNING, PATHS, inside, reported, settled_by, walk
from tests.photos import jpeg

pytestmark = pytest.mark.django_db

PHONE = "13800001234"


def of_resident(contact: uuid.UUID | None = None, **given: Any) -> Case:
    given = {"contact_name": "王小明", "contact_phone": PHONE} | given
    return reported(by=resident(contact or uuid.uuid4()), source=Case.Source.RESIDENT, **given)


def of_program(by: By | None = None, **given: Any) -> Case:
    return reported(by=by or people.program(), source=Case.Source.API, **given)


def who_reported(case: Case) -> Actor:
    return case.events.select_related("by", "program").get(sequence=1).actor


def does(case: Case, move: str, by: By, now: dt.datetime = MORNING, **given: Any) -> Case:
    perform(case.uuid, move, by=by, now=now, key=uuid.uuid4(), given=given)
    return Case.objects.get(pk=case.pk)


# Whole lives -------------------------------------------------------------------------------------------------------


def test_a_resident_reports_says_more_reopens_and_confirms():
    case = of_resident()
    me = who_reported(case)
    assert (me.kind, me.name) == (ActorKind.CONTACT, "居民（来电人）")
    assert (case.source, case.is_from_resident, case.reporters, case.people) == ("resident", True, [], [])
    does(case, "comment", me, words="还在那里。")
    case = walk(case, "send_to_check", "found", "register", "dispatch", "accept", "feedback", "pass", "close")
    case = does(case, "reopen", me, reason="没有清走。")
    case = walk(case, "dispatch", "accept", "feedback", "pass", "close")
    case = does(case, "evaluate", me, grade="satisfied")
    assert (case.state, case.grade) == (State.EVALUATED, "satisfied")
    by_resident = case.events.filter(contact=me.contact).order_by("sequence").values_list("move", flat=True)
    assert list(by_resident) == ["report", "comment", "reopen", "evaluate"]
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_program_reports_and_says_more_and_nobody_is_waited_for_to_evaluate():
    case = of_program()
    program = who_reported(case)
    assert (program.kind, program.name) == (ActorKind.PROGRAM, "系统对接：路口摄像头")
    assert (case.source, case.is_from_resident, case.reporters, case.people) == ("api", False, [], [])
    does(case, "comment", people.program(), words="又停了一辆车。")
    case = walk(case, *PATHS[State.CLOSED])
    assert (case.state, case.grade, case.due_at) == (State.EVALUATED, "nobody", None)
    assert case.closed_at == case.events.get(move="close").at and not case.legs.filter(stopped_at=None)
    kinds = [event.actor.kind for event in case.events.select_related("by", "program").order_by("sequence")]
    assert kinds[:3] == ["program", "program", "staff"] and kinds[-1] == "staff"
    assert chain.broken(CaseEvent, CaseText) == []
    client = Client()
    client.force_login(people.clerk())
    page = client.get(f"/cases/{case.uuid}/").content.decode()
    assert "由系统上报，无评价人" in page and "待评价" not in page


def test_what_staff_or_a_resident_reported_too_is_evaluated_by_them():
    call = {"source": Case.Source.PHONE, "contact_phone": PHONE}
    for given, who in (({}, people.worker()), (call, people.clerk())):
        case = of_program()
        walk(reported(by=who, **given), "merge", target=case)
        case = walk(case, *PATHS[State.CLOSED], now=MORNING + dt.timedelta(minutes=2))
        assert (case.state, case.grade) == (State.CLOSED, "") and case.due_at
        assert walk(case, "evaluate", now=MORNING + dt.timedelta(minutes=30)).grade in ("5", "satisfied")


def test_a_case_of_a_program_that_waited_for_its_evaluation_before_ends_without_one():
    case = walk(reported(), *PATHS[State.CLOSED])
    Case.objects.filter(pk=case.pk).update(reporters=[])
    sweep(now=case.due_at)
    case.refresh_from_db()
    assert (case.state, case.grade) == (State.EVALUATED, "nobody")


def test_a_resident_is_kept_encrypted_under_the_id_that_acts():
    me = uuid.uuid4()
    case = of_resident(me)
    contact = Contact.objects.get(uuid=me)
    assert (contact.case, contact.called_about) == (case, case)
    assert (secrets.unseal(contact.name), secrets.unseal(contact.phone)) == ("王小明", PHONE)
    stored = [case.events.values(), Outbox.objects.values()]
    assert PHONE not in str([list(rows) for rows in stored])


def test_who_called_can_act_later_where_the_contact_is():
    call = reported(by=people.clerk(), source=Case.Source.PHONE, contact_phone=PHONE)
    target = reported()
    me = resident(Contact.objects.get(case=call).uuid)
    walk(call, "merge", target=target)
    does(target, "comment", me, words="我打过电话。")
    with pytest.raises(Case.DoesNotExist):
        does(call, "comment", me, words="我打过电话。")


def test_erasing_a_resident_leaves_history_whole():
    case = of_resident()
    Contact.objects.filter(case=case).delete()
    assert chain.broken(CaseEvent, CaseText) == []
    assert who_reported(case).name == "居民（来电人）"


# What they may ------------------------------------------------------------------------------------------------------


def test_residents_and_programs_reach_their_own_case_alone():
    cases = [of_resident(), of_program(), of_program(people.program("热线平台")), reported()]
    for own in cases[:3]:
        me = who_reported(own)
        assert list(Case.objects.visible_to(me)) == [own]
        for other in cases:
            if other != own:
                with pytest.raises(Case.DoesNotExist):
                    does(other, "comment", me, words="别人的事。")
    assert Case.objects.visible_to(SYSTEM).count() == 4


@pytest.mark.parametrize("made", [of_resident, of_program])
@pytest.mark.parametrize("state", [state for state in PATHS if state != State.MERGED])
def test_nothing_but_the_own_moves_is_theirs_in_any_state(made, state):
    """A reporter with an account withdraws and scores; the walk does it for who has none."""
    case = made()
    me = who_reported(case)
    path = [move for move in PATHS[state] if move not in ("withdraw", "evaluate")]
    case = walk(case, *path)
    before = (case.version, case.events.count())
    for move in MOVES.values():
        if not move.sources or case.state not in move.sources or move.name in MAY[me.kind]:
            continue
        with pytest.raises(Forbidden):
            does(case, move.name, me)
    case.refresh_from_db()
    assert (case.version, case.events.count()) == before


MAY = {ActorKind.CONTACT: {"withdraw", "comment", "evaluate", "reopen"}, ActorKind.PROGRAM: {"comment"}}


def test_a_resident_withdraws_the_own_report_but_not_what_was_merged_into_it():
    case = does(of_resident(), "withdraw", who_reported(Case.objects.latest("pk")))
    assert case.state == State.WITHDRAWN
    target, other = of_resident(), of_resident()
    walk(other, "merge", target=target)
    with pytest.raises(Refused, match="他人的上报"):
        does(target, "withdraw", who_reported(target))


def test_staff_do_not_withdraw_a_case_that_a_residents_report_was_merged_into():
    target, other = reported(), of_resident()
    walk(other, "merge", target=target)
    with pytest.raises(Refused, match="他人的上报"):
        does(target, "withdraw", people.worker())


def test_each_kind_of_actor_reports_by_its_own_door():
    for by, source in (
        (people.worker(), Case.Source.RESIDENT),
        (people.program(), Case.Source.FIELD),
        (people.program(), Case.Source.PHONE),
        (people.program(), Case.Source.SELF),
        (resident(uuid.uuid4()), Case.Source.API),
        (resident(uuid.uuid4()), Case.Source.SELF),
        (SYSTEM, Case.Source.API),
    ):
        with pytest.raises(Forbidden):
            report(by, source)
    assert not Case.objects.exists()


def report(by: By, source: Case.Source, key: uuid.UUID | None = None, **given: Any) -> actions.Answer:
    given = {"position": inside(), "category": settled_by("community"), "words": "井盖松动。"} | given
    return actions.report(by=by, now=MORNING, key=key or uuid.uuid4(), given=given, source=source)


def test_a_resident_says_how_to_be_called_back():
    with pytest.raises(Unfit) as refused:
        report(resident(uuid.uuid4()), Case.Source.RESIDENT)
    assert refused.value.field == "contact_phone" and not Case.objects.exists()


def test_a_report_is_repeated_by_the_same_actor_alone():
    key, me = uuid.uuid4(), resident(uuid.uuid4())
    first = report(me, Case.Source.RESIDENT, key, contact_phone=PHONE)
    again = report(me, Case.Source.RESIDENT, key, contact_phone=PHONE)
    assert again.is_repeat and again.uuid == first.uuid
    for other in (resident(uuid.uuid4()), people.program(), people.worker()):
        with pytest.raises((KeyReused, Forbidden)):
            report(other, Case.Source.RESIDENT, key, contact_phone=PHONE)
    assert Case.objects.count() == 1


def test_a_second_report_of_a_contact_is_refused_with_a_sentence():
    me = uuid.uuid4()
    of_resident(me)
    with pytest.raises(Refused, match="单独登记"):
        of_resident(me)


def test_a_program_reports_in_the_territory_of_its_key_alone():
    street = people.program("街道平台", people.STREET)
    assert of_program(street).street.code == people.STREET
    with pytest.raises(Forbidden) as refused:
        of_program(street, position=inside(f"{people.ELSEWHERE}001"))
    assert refused.value.field == "position"


def test_the_desk_is_told_what_became_of_a_residents_report():
    case = walk(of_resident(), "decline")
    told = Outbox.objects.get(subject__startswith=case.number, verb="不予立案")
    assert [address["duty"] for address in told.audience] == ["A"]
    assert not Notice.objects.exists()


def test_a_handler_who_reported_nothing_may_handle_and_check_what_others_reported():
    """No user stands among the reporters; separation holds between handler and checker."""
    case = walk(of_program(), "register", "dispatch", "accept", "feedback")
    handler, drawn = case.handlers, case.legs.get(stopped_at=None).person_id
    assert drawn is not None and drawn not in handler


# Photos -------------------------------------------------------------------------------------------------------------


def test_photos_belong_to_whoever_took_them():
    me, program = resident(uuid.uuid4()), people.program()
    mine = photos.store(jpeg(), by=me, now=timezone.now())
    theirs = photos.store(jpeg(), by=program, now=timezone.now())
    assert (mine.actor, theirs.actor) == (me, actor_of(program))
    with pytest.raises(Unfit):
        of_program(photos=[mine.uuid])
    with pytest.raises(KeyReused):
        photos.store(jpeg(), by=program, now=timezone.now(), key=mine.uuid)
    case = of_program(photos=[theirs.uuid])
    assert Photo.objects.get(case=case) == theirs


# Rows ---------------------------------------------------------------------------------------------------------------


def test_an_actor_is_exactly_one_thing():
    with pytest.raises(ValueError):
        Actor(ActorKind.STAFF)
    with pytest.raises(ValueError):
        Actor(ActorKind.SYSTEM, user=people.worker())
    with pytest.raises(ValueError):
        Actor(ActorKind.PROGRAM, contact=uuid.uuid4())


def test_nobody_at_all_is_not_the_system():
    with pytest.raises(ValueError):
        perform(reported().uuid, "comment", by=None, now=MORNING, key=uuid.uuid4(), given={"words": "谁？"})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cases_photo SET contact = gen_random_uuid()",
        "UPDATE cases_photo SET by_id = NULL",
        "INSERT INTO cases_caseevent SELECT (jsonb_populate_record(e, jsonb_build_object('id', 0, 'key', gen_random_uuid(),"
        " 'sequence', 99, 'contact', gen_random_uuid()))).* FROM cases_caseevent e LIMIT 1",
    ],
)
def test_the_database_knows_one_actor_a_row(change):
    photos.store(jpeg(), by=people.worker(), now=timezone.now())
    reported()
    with pytest.raises(IntegrityError, match="by_one"), transaction.atomic():
        connection.cursor().execute(change)


# Pages --------------------------------------------------------------------------------------------------------------


def test_the_case_page_and_the_api_say_who_it_was(client: Client):
    client.force_login(people.clerk())
    for case, name in ((of_resident(), "居民（来电人）"), (of_program(), "系统对接：路口摄像头")):
        page = client.get(f"/cases/{case.uuid}/").content.decode()
        assert f"{name}" in page and "王小明" not in page
        rows = client.get(f"/api/v1/cases/{case.uuid}/").json()["events"]
        assert [row["by_name"] for row in rows] == [name]
    assert CaseEvent.objects.count() == 2 and Organization.objects.exists()
