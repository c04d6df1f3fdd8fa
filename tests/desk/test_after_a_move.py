"""What the desk shows after a move: the next case of the list; which moves it offers, and how many of them in sight."""

import datetime as dt
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from cases.models import Case
from cases.workflow import Loop, State
from governance.models import User
from tests.lives import MORNING, case_at, open_leg, reported, walk

pytestmark = pytest.mark.django_db


def named(username: str) -> User:
    return User.objects.get(username=username)


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(named(username))
    return client


def made(client: Client, case: Case, move: str, then: str, **given) -> str:
    """Where a move leads that is made from an address."""
    form = {"key": uuid.uuid4(), "leg": open_leg(case).pk, "then": then, **given}
    answer = client.post(f"/cases/{case.uuid}/moves/{move}/", form)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def opened(address: str) -> str | None:
    """The case that an address of the desk opens."""
    return parse_qs(urlsplit(address).query).get("case", [None])[0]


def to_dispatch(number: int) -> list[Case]:
    """Cases that wait for the dispatcher, in the order of their queue."""
    return [
        case_at(State.REGISTERED, loop=Loop.STREET, now=MORNING + dt.timedelta(minutes=9 * nth))
        for nth in range(number)
    ]


def unit_of(client: Client, case: Case) -> int:
    return client.get(f"/cases/{case.uuid}/").context["proposed"].pk


# The next case -----------------------------------------------------------------------------------------------------


def test_a_queue_is_worked_off_case_by_case_and_the_filters_stay():
    client, cases = signed_in("paiqian"), to_dispatch(3)
    address = f"/desk/?queue=mine-registered&loop=street&case={cases[0].uuid}"
    for case, following in zip(cases, [*cases[1:], None], strict=True):
        assert opened(address) == str(case.uuid)
        address = made(client, case, "dispatch", address, unit=unit_of(client, case))
        assert opened(address) == (str(following.uuid) if following else None)
        assert address.startswith("/desk/?queue=mine-registered&loop=street")
        assert f'<a href="/cases/{case.uuid}/">看这件</a>' in client.get(address).content.decode()


def test_after_the_last_of_a_list_the_first_that_is_left_opens():
    client, cases = signed_in("paiqian"), to_dispatch(3)
    address = made(
        client,
        cases[2],
        "dispatch",
        f"/desk/?queue=mine-registered&case={cases[2].uuid}",
        unit=unit_of(client, cases[2]),
    )
    assert opened(address) == str(cases[0].uuid)


def test_the_first_of_the_next_page_comes_after_the_last_of_a_page(monkeypatch):
    monkeypatch.setattr("desk.queues.PAGE", 2)
    client, cases = signed_in("paiqian"), to_dispatch(3)
    then = f"/desk/?queue=mine-registered&case={cases[1].uuid}"
    address = made(client, cases[1], "dispatch", then, unit=unit_of(client, cases[1]))
    assert opened(address) == str(cases[2].uuid)


def test_a_case_stays_open_while_the_list_has_it_and_its_next_step_is_mine():
    case, other = reported(), reported(now=MORNING + dt.timedelta(minutes=5))
    client = signed_in("shequ")
    row = case.responsibility_id
    address = made(client, case, "register", f"/desk/?queue=mine&case={case.uuid}", responsibility=row)
    assert opened(address) == str(case.uuid)
    address = made(
        client, other, "register", f"/desk/?queue=mine-reported&case={other.uuid}", responsibility=row
    )
    assert opened(address) is None  # no other is left in that queue, and this one has left it


def test_words_alone_close_no_case():
    cases = to_dispatch(2)
    then = f"/desk/?queue=mine-registered&case={cases[0].uuid}"
    assert opened(made(signed_in("paiqian"), cases[0], "comment", then, words="已电话核对。")) == str(
        cases[0].uuid
    )


def test_what_a_colleague_took_meanwhile_is_passed_over():
    client, cases = signed_in("paiqian"), to_dispatch(3)
    then = f"/desk/?queue=mine-registered&case={cases[0].uuid}"
    walk(cases[1], "dispatch", now=MORNING + dt.timedelta(hours=1))
    assert opened(made(client, cases[0], "dispatch", then, unit=unit_of(client, cases[0]))) == str(
        cases[2].uuid
    )


# The buttons -------------------------------------------------------------------------------------------------------

#: Who looks at a case in which state, and the big button there.
BIG = [
    ("zhiban", State.REPORTED, "register"),
    ("paiqian", State.REPORTED, None),
    ("shouli", State.REPORTED, "send_to_check"),
    ("paiqian", State.REGISTERED, "dispatch"),
    ("zhiban", State.REGISTERED, None),
    ("zhifa", State.DISPATCHED, "accept"),
    ("zhiban", State.DISPATCHED, None),
    ("zhifa", State.HANDLING, "feedback"),
    ("zhiban", State.DISPUTED, "adjudicate"),
    ("jielingdao", State.DISPUTED, None),
    ("zhiban", State.SUSPENDED, None),
    ("zhiban", State.VERIFIED, "close"),
    ("jielingdao", State.VERIFIED, None),
]


@pytest.mark.parametrize(("username", "state", "expected"), BIG)
def test_the_big_button_is_what_i_am_waited_for(username, state, expected):
    case = case_at(state, loop=Loop.STREET)
    answer = signed_in(username).get(f"/cases/{case.uuid}/")
    first = answer.context["first_move"]
    assert (first.name if first else None) == expected
    assert answer.content.decode().count("btn-big") == (1 if expected else 0)


def test_what_ends_a_case_badly_is_never_the_big_button():
    case = walk(
        case_at(State.REGISTERED, loop=Loop.STREET), "ask_void", now=MORNING + dt.timedelta(minutes=9)
    )
    tried = 0
    for username in ("zhiban", "quling", "jielingdao"):
        context = signed_in(username).get(f"/cases/{case.uuid}/").context
        assert context["first_move"] is None or not context["first_move"].ends_badly
        tried += "grant_void" in [move.name for move in context["next_moves"]]
    assert tried


def test_on_a_phone_the_big_button_is_the_same_and_where_there_is_none_nothing_is_lost():
    case = reported()
    worker = signed_in("wangge")
    worker.get("/field/")
    text = worker.get(f"/cases/{case.uuid}/").content.decode()
    assert (
        "moves-more" in text and "撤回" in text and "field-action" not in text
    )  # withdrawing is for no habit of the thumb
    due = case_at(State.HANDLED, loop=Loop.COMMUNITY)
    checker = User.objects.get(pk=open_leg(due).person_id)
    client = Client()
    client.force_login(checker)
    client.get("/field/")
    action = (
        client.get(f"/cases/{due.uuid}/").content.decode().partition("field-action")[2].partition("</div>")[0]
    )
    assert "核查通过" in action and "核查不通过" in action


@pytest.mark.parametrize("username", ["zhiban", "paiqian", "shouli", "zhifa", "jielingdao", "quling"])
def test_three_other_moves_are_in_sight_and_none_is_lost(username):
    states = (State.REPORTED, State.REGISTERED, State.HANDLING, State.DISPUTED, State.VERIFIED)
    for state in states if username != "zhifa" else (State.HANDLING,):  # a unit sees what it has
        context = signed_in(username).get(f"/cases/{case_at(state, loop=Loop.STREET).uuid}/").context
        beside = [*context["moves_in_sight"], *context["moves_hidden"]]
        assert len(context["moves_in_sight"]) <= 3
        assert not context["moves_hidden"] or len(context["moves_in_sight"]) == 3
        shown = {move.name for move in (*beside, *filter(None, [context["first_move"]]))}
        assert shown == {move.name for move in (*context["next_moves"], *context["aside_moves"])}


def test_the_form_says_in_one_line_who_gets_the_case_and_until_when():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    text = signed_in("paiqian").get(f"/cases/{case.uuid}/moves/return/").content.decode()
    assert "将交：" in text and "；新时限：" in text
