"""A move made beside its case: what is refused stays there, with the case around it; what moved on is shown as it is."""

import datetime as dt
import uuid

import pytest
from django.test import Client

from cases.models import Case
from cases.workflow import Loop, State
from governance.models import User
from tests.lives import MORNING, case_at, open_leg, walk

pytestmark = pytest.mark.django_db
PIECE = {"HX-Request": "true", "HX-Target": "move"}


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def sent(client: Client, case: Case, move: str, *, piece: bool = True, **given):
    form = {"key": uuid.uuid4(), "leg": open_leg(case).pk, "then": "/desk/?queue=mine", **given}
    return client.post(f"/cases/{case.uuid}/moves/{move}/", form, headers=PIECE if piece else {})


def test_a_refused_form_comes_as_a_piece_with_what_was_written():
    case = case_at(State.DISPATCHED, loop=Loop.STREET)
    answer = sent(signed_in("zhifa"), case, "refuse", reason="不属于本单位。")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.lstrip().startswith("<section") and "不属于本单位。" in text and "没有填对" in text


def test_without_a_script_the_refused_form_has_its_case_around_it():
    case = case_at(State.DISPATCHED, loop=Loop.STREET)
    answer = sent(signed_in("zhifa"), case, "refuse", piece=False, reason="不属于本单位。")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'data-case-page="{case.uuid}"' in text and "不属于本单位。" in text
    alone = signed_in("zhifa").get(f"/cases/{case.uuid}/moves/refuse/").content.decode()
    assert 'class="steps"' in alone and "move-form" in alone


def test_a_move_that_was_made_in_place_leads_on():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    following = case_at(State.REGISTERED, loop=Loop.STREET, now=MORNING + dt.timedelta(minutes=9))
    answer = sent(signed_in("paiqian"), case, "return", reason="地点不清，请再问。")
    assert answer.headers["HX-Redirect"] == f"/desk/?queue=mine&case={following.uuid}"


def test_a_case_that_moved_on_takes_the_pane_and_what_was_written_is_not_lost():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    seen = open_leg(case).pk
    walk(case, "dispatch", now=MORNING + dt.timedelta(hours=1))
    answer = sent(signed_in("paiqian"), case, "return", leg=seen, reason="地点不清，请再问。")
    text = answer.content.decode()
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#main")
    assert "案件现为“待签收”" in text and "地点不清，请再问。" in text and 'id="move"' in text


# My day ------------------------------------------------------------------------------------------------------------


def test_the_empty_pane_tells_my_day_without_asking_more():
    for nth in range(2):
        case_at(State.REPORTED, loop=Loop.STREET, now=MORNING + dt.timedelta(minutes=nth))
    case_at(State.VERIFIED, loop=Loop.STREET)
    answer = signed_in("zhiban").get("/desk/?queue=mine")
    day = answer.context["day"]
    assert (day.held, [(queue.name, number) for queue, number in day.queues]) == (
        3,
        [("mine-reported", 2), ("mine-verified", 1)],
    )
    assert "今天还有 3 件等您办" in answer.content.decode()
    assert signed_in("zhifa").get("/desk/?queue=mine").context["day"].held == 0


def test_who_has_no_queue_of_the_own_is_told_of_the_list():
    assert "从列表选一件来办" in signed_in("shenji").get("/desk/").content.decode()
