"""An open desk: what came to its list meanwhile, and who else has the case open."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from cases.models import Case
from cases.workflow import Loop, State
from desk import presence
from governance.models import User
from tests import people
from tests.lives import MORNING, case_at, reported, walk

pytestmark = pytest.mark.django_db
LATER = MORNING + dt.timedelta(hours=1)


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def told(client: Client, *, case: Case | None = None, since: dt.datetime = MORNING, **query) -> dict:
    given = {"since": since.timestamp(), **query} | ({"case": case.uuid} if case else {})
    with time_machine.travel(LATER, tick=False):
        return client.get("/desk/live/", given, headers={"X-By-Itself": "1"}).json()


# What is new -------------------------------------------------------------------------------------------------------


def test_what_began_to_wait_after_the_list_was_shown_is_new():
    case_at(State.REGISTERED, loop=Loop.STREET)
    shown_at = MORNING + dt.timedelta(minutes=20)
    for nth in range(2):
        case_at(State.REGISTERED, loop=Loop.STREET, now=shown_at + dt.timedelta(minutes=nth))
    dispatcher = signed_in("paiqian")
    assert told(dispatcher, since=shown_at, queue="mine-registered")["new"] == 2
    assert told(dispatcher, since=shown_at, queue="mine")["new"] == 2
    assert told(dispatcher, since=shown_at, queue="mine", loop="district")["new"] == 0
    assert told(signed_in("zhiban"), since=shown_at, queue="mine")["new"] == 0


def test_a_request_is_new_to_whoever_decides_it():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    shown_at = MORNING + dt.timedelta(minutes=30)
    walk(case, "ask_extension", now=shown_at, reason="待材料", amount=1)
    assert told(signed_in("paiqian"), since=shown_at, queue="asked")["new"] == 1
    assert told(signed_in("zhiban"), since=shown_at, queue="asked")["new"] == 0


def test_lists_without_an_end_tell_nothing_new():
    reported()
    assert told(signed_in("shequ"), since=MORNING - dt.timedelta(hours=1), queue="all")["new"] == 0


def test_the_page_says_when_its_list_was_read():
    with time_machine.travel(LATER, tick=False):
        page = signed_in("shequ").get("/desk/?queue=mine").content.decode()
    assert f'data-since="{LATER.timestamp():.3f}"' in page


def test_a_question_without_a_moment_is_refused():
    assert signed_in("shequ").get("/desk/live/").status_code == 400


# Who else is there -------------------------------------------------------------------------------------------------


def names(*usernames: str) -> list[str]:
    return sorted(User.objects.filter(username__in=usernames).values_list("name", flat=True))


def test_two_who_have_a_case_open_see_each_other_and_nobody_sees_oneself():
    case, other = reported(loop=Loop.STREET), reported(loop=Loop.STREET)
    chief, leader = signed_in("zhiban"), signed_in("jielingdao")
    assert told(chief, case=case)["others"] == []
    assert told(leader, case=case)["others"] == names("zhiban")
    assert told(chief, case=case)["others"] == names("jielingdao")
    assert told(chief, case=other)["others"] == []


def test_who_says_nothing_for_a_minute_is_gone_and_nothing_is_kept():
    case = reported(loop=Loop.STREET)
    chief, leader = User.objects.get(username="zhiban"), User.objects.get(username="jielingdao")
    presence.see(case, chief, now=MORNING)
    assert presence.see(case, leader, now=MORNING + dt.timedelta(seconds=59)) == [chief.name]
    assert presence.see(case, leader, now=MORNING + dt.timedelta(seconds=61)) == []
    assert 0 < presence._redis().ttl(presence._key(case)) <= presence.SEEN_FOR


def test_out_of_scope_nobody_is_told_who_is_there():
    case = reported(loop=Loop.STREET)
    told(signed_in("zhiban"), case=case)
    stranger = Client()
    stranger.force_login(people.stranger())
    assert stranger.get("/desk/live/", {"since": 0, "case": case.uuid}).status_code == 404


def test_auditors_and_mere_readers_are_neither_named_nor_told():
    case = reported(loop=Loop.COMMUNITY)
    clerk, auditor, reader = signed_in("shequ"), signed_in("shenji"), signed_in("zhiban")
    for client in (auditor, reader, clerk):
        assert told(client, case=case)["others"] == []
    assert told(clerk, case=case)["others"] == []
    for client in (auditor, reader):
        assert told(client, case=case)["others"] == []
    assert presence._redis().zcard(presence._key(case)) == 1


def test_without_redis_nobody_is_seen_and_the_list_is_told_of_all_the_same(settings):
    presence._redis.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert told(
            signed_in("shequ"), case=reported(), queue="mine", since=MORNING - dt.timedelta(minutes=1)
        ) == {
            "new": 1,
            "others": [],
        }
    finally:
        presence._redis.cache_clear()
