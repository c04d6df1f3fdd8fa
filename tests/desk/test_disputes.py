"""What whoever decides sees beside the form: both refusals, precedents, the unit and the date of more time; phrases."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.actions import outcomes
from cases.clocks import due
from cases.models import Case, Leg
from cases.phrases import phrases
from cases.situations import Situation
from cases.workflow import MOVES, Loop, State
from desk.dispute import dispute_of
from governance.models import User
from tests.lives import MORNING, case_at, fresh, open_leg, walk

pytestmark = pytest.mark.django_db
LATER = MORNING + dt.timedelta(hours=2)
#: Moves with a reason that is chosen from a list, and words beside it.
WITH_A_LIST = (
    "decline",
    "return",
    "refuse",
    "refuse_closing",
    "fail",
    "ask_extension",
    "ask_suspension",
    "ask_void",
)


def page(username: str, path: str):
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get(path)


def form_of(username: str, case: Case, move: str):
    return page(username, f"/cases/{case.uuid}/moves/{move}/")


def test_precedents_are_found_by_an_index():
    case = case_at(State.DISPUTED, loop=Loop.STREET)
    walk(case_at(State.DISPUTED, loop=Loop.STREET), "adjudicate")
    with CaptureQueriesContext(connection) as statements:
        dispute_of(case, User.objects.get(username="zhiban"))
    (asked,) = [one["sql"] for one in statements if "'adjudicate'" in one["sql"]]
    with connection.cursor() as cursor:
        # Of a few rows the planner may take any way; none but this index gives them in order.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "event_adjudicated" in plan, plan


# Adjudication ------------------------------------------------------------------------------------------------------


def test_both_refusals_stand_beside_the_form_with_what_they_named():
    case = case_at(State.DISPUTED, loop=Loop.STREET)
    answer = form_of("zhiban", case, "adjudicate")
    refusals = answer.context["dispute"]["refusals"]
    assert len(refusals) == 2
    text = answer.content.decode()
    for one in refusals:
        assert one["unit"] and one["right"] and one["unit"] in text and one["right"] in text
    assert "这一类别还没有先例" in text


def test_who_has_just_refused_is_not_preselected():
    case = case_at(State.DISPUTED, loop=Loop.STREET)
    refused = set(case.legs.filter(outcome=Leg.Outcome.REFUSED).values_list("unit", flat=True))
    assert refused
    chosen = form_of("zhiban", case, "adjudicate").context["form"]["unit"].value()
    assert chosen not in refused


def test_how_a_like_case_was_decided_is_shown_within_sight_alone():
    earlier = case_at(State.DISPUTED, loop=Loop.STREET)
    earlier = walk(earlier, "adjudicate", now=LATER, reason="占用人行道在先，由执法队牵头。")
    case = case_at(State.DISPUTED, loop=Loop.STREET, now=LATER)
    answer = form_of("zhiban", case, "adjudicate")
    [precedent] = answer.context["dispute"]["precedents"]
    assert (precedent["case"].pk, precedent["unit"]) == (earlier.pk, earlier.unit.name)
    assert "占用人行道在先" in answer.content.decode()


# More time ---------------------------------------------------------------------------------------------------------


def test_more_time_is_said_in_its_unit_with_the_date_that_it_leads_to():
    case = case_at(State.HANDLING, loop=Loop.STREET, now=MORNING)
    case = walk(case, "ask_extension", now=MORNING + dt.timedelta(minutes=10), reason="待材料", amount=1)
    answer = page("paiqian", f"/cases/{case.uuid}/")
    until = answer.context["granted_until"]
    assert f"改为 {until}" in answer.content.decode()
    [(_, amount)] = answer.context["requests"]
    assert amount == f"延长 1 {open_leg(case).limit.unit.label}"
    granted = walk(case, "grant_extension", now=MORNING + dt.timedelta(minutes=20))
    assert due(granted.due_at) == until
    assert page("zhiban", f"/cases/{case.uuid}/").context["granted_until"] == ""


def test_the_form_for_more_time_says_how_far_it_goes():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    situation = Situation(case, User.objects.get(username="zhifa"), MORNING, leg=open_leg(case))
    words = outcomes.in_words(situation, MOVES["ask_extension"])
    assert due(case.due_at) in words and open_leg(case).limit.unit.label in words
    suspended = outcomes.in_words(situation, MOVES["ask_suspension"])
    assert "自动恢复" in suspended and open_leg(case).limit.unit.label in suspended
    assert fresh(case).due_at == case.due_at


# Reasons -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", WITH_A_LIST)
def test_a_reason_is_chosen_from_a_list_and_words_may_follow(move):
    state = {"decline": State.REPORTED, "return": State.REGISTERED, "refuse_closing": State.VERIFIED}.get(
        move, State.HANDLED if move == "fail" else State.HANDLING
    )
    text = form_of("zhiban", case_at(state, loop=Loop.STREET), move).content.decode()
    assert len(phrases()[move]) >= 3
    assert all(phrase in text for phrase in phrases()[move])
