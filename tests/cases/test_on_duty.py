"""Nobody there: whoever asks who is on duty gets current posts of active people, and something happens where there are none."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import Refused, Unfit, locate
from cases.models import Case, CaseEvent, CaseText
from cases.workflow import Loop, State
from governance.models import Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty
from records import chain
from tests import people
from tests.cases.walks import vacate
from tests.lives import MORNING, case_at, eligible_units, inside, open_leg, reported, row_for, walk

pytestmark = pytest.mark.django_db
PROPERTY = f"{people.COMMUNITY}-property"
DAY = dt.date(2026, 11, 1)


def close_accounts(role: Role, place: str) -> None:
    posts = Post.objects.filter(role=role, organization__code=place)
    User.objects.filter(pk__in=posts.values("user")).update(is_active=False)


#: The two ways in which somebody is no longer there.
LEAVING = [close_accounts, vacate]
leaving = pytest.mark.parametrize("leave", LEAVING, ids=["account closed", "post ended"])


def page(user: User, address: str, **data):
    client = Client()
    client.force_login(user)
    return client.post(address, data) if data else client.get(address)


def sweep_past_grace(case: Case) -> None:
    """Let the sweep look as time goes by until the grace of the open leg is over."""
    leg = open_leg(case)
    for moment in (leg.warn_at, leg.due_at, leg.escalate_at):
        actions.sweep(now=moment)


# Desks ------------------------------------------------------------------------------------------------------------


@leaving
def test_a_community_whose_clerks_are_gone_is_not_staffed(leave):
    assert locate(*inside(), by=people.worker(), now=MORNING).is_community_staffed
    leave(Role.CLERK, people.COMMUNITY)
    assert not locate(*inside(), by=people.worker(), now=MORNING).is_community_staffed
    case = reported()
    assert (case.loop, case.centre) == (Loop.STREET, case.street)


@leaving
def test_registering_under_a_row_of_the_community_does_not_hand_a_case_to_an_empty_desk(leave):
    community_row = row_for(reported())
    leave(Role.CLERK, people.COMMUNITY)
    case = walk(reported(), "register", responsibility=community_row)
    assert (case.loop, case.centre, case.responsibility) == (Loop.STREET, case.street, community_row)
    text = page(User.objects.get(username="zhiban"), f"/cases/{case.uuid}/").content.decode()
    assert "下级坐席无人在岗" in text


@leaving
def test_a_case_is_not_handed_down_to_an_empty_desk(leave):
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    leave(Role.CLERK, people.COMMUNITY)
    with pytest.raises(Refused, match="无人在岗"):
        walk(case, "delegate")


@leaving
def test_what_nobody_could_be_drawn_for_goes_to_a_desk_where_somebody_is(leave):
    GridDuty.objects.update(ends_on=DAY)
    for role, place in ((Role.CLERK, people.COMMUNITY), (Role.SUPERVISOR, people.STREET)):
        leave(role, place)
    assert open_leg(walk(reported(), "send_to_check")).unit.code == people.STREET
    leave(Role.ACCEPTOR, people.STREET)
    case = walk(reported(), "register", "dispatch", "accept", "feedback")
    leg = open_leg(case)
    assert (leg.person, leg.desk_allowed, leg.unit.code) == (None, True, people.DISTRICT)
    assert walk(case, "pass", by=User.objects.get(username="q_shouli")).state == State.VERIFIED


# Units ------------------------------------------------------------------------------------------------------------


@leaving
def test_a_unit_where_nobody_handles_is_not_offered_and_the_page_says_why(leave):
    case = case_at(State.REGISTERED)
    unit = Organization.objects.get(code=PROPERTY)
    leave(Role.HANDLER, PROPERTY)
    answer = page(people.clerk(), f"/cases/{case.uuid}/moves/dispatch/")
    field = answer.context["form"].fields["unit"]
    assert unit.pk not in dict(field.choices) and field.initial is None
    for said in (answer, page(people.clerk(), f"/cases/{case.uuid}/")):
        assert f"{unit.name}没有能办理本案的在岗人员，请" in said.content.decode()


@leaving
@pytest.mark.parametrize("state", [State.REGISTERED, State.DISPUTED])
def test_the_door_refuses_a_unit_where_nobody_handles(leave, state):
    case = case_at(state)
    unit = Organization.objects.get(code=PROPERTY)
    move = {State.REGISTERED: "dispatch", State.DISPUTED: "adjudicate"}[state]
    leave(Role.HANDLER, PROPERTY)
    version = case.version
    with pytest.raises(Unfit, match="在岗人员"):
        walk(case, move, unit=unit)
    given = {"unit": unit.pk, "reason": "依权责", "key": uuid.uuid4()}
    answer = page(people.clerk(), f"/cases/{case.uuid}/moves/{move}/", **given)
    assert answer.status_code == 400
    assert "没有能办理本案的在岗人员" in answer.content.decode()
    assert Case.objects.get(pk=case.pk).version == version


def test_a_unit_whose_only_handler_reported_the_case_cannot_take_it():
    first, *others = User.objects.filter(posts__organization__code=PROPERTY).order_by("pk")
    User.objects.filter(pk__in=[user.pk for user in others]).update(is_active=False)
    case = walk(reported(by=first), "register")
    assert PROPERTY not in {unit.code for unit in eligible_units(case)}
    assert PROPERTY in {unit.code for unit in eligible_units(walk(reported(), "register"))}


def test_a_unit_of_elsewhere_is_refused_by_the_door_too():
    case = case_at(State.REGISTERED)
    with pytest.raises(Unfit, match="案件所在地"):
        walk(case, "dispatch", unit=Organization.objects.get(code=f"{people.ELSEWHERE}-property"))


@leaving
def test_a_unit_that_is_thought_right_may_be_named_though_nobody_is_there(leave):
    case = case_at(State.DISPATCHED)
    named = Organization.objects.get(code=f"{people.STREET}-street_enforcement")
    leave(Role.HANDLER, named.code)
    assert walk(case, "refuse", right_unit=named).state == State.REGISTERED


# Drawn people -----------------------------------------------------------------------------------------------------


@leaving
@pytest.mark.parametrize("state", [State.CHECKING, State.HANDLED])
def test_who_was_drawn_and_left_is_replaced_by_the_next_sweep(leave, state):
    case = case_at(state)
    old = open_leg(case)
    soon = MORNING + dt.timedelta(minutes=30)
    assert actions.sweep(now=soon) == 0
    if leave is close_accounts:
        User.objects.filter(pk=old.person_id).update(is_active=False)
    else:
        Post.objects.filter(user=old.person_id).update(ends_on=DAY)
    assert actions.sweep(now=soon) == 1
    leg = open_leg(case)
    assert leg.pk != old.pk and leg.person_id not in (None, old.person_id)
    assert old.person_id not in leg.tried
    event = case.events.last()
    assert (event.move, event.facts["left"]) == ("draw_anew", True)
    text = page(people.clerk(), f"/cases/{case.uuid}/").content.decode()
    assert "原抽派人员已不在岗" in text
    assert actions.sweep(now=soon) == 0
    assert chain.broken(CaseEvent, CaseText) == []


@leaving
def test_who_left_is_not_drawn(leave):
    for role, place in ((Role.SUPERVISOR, people.STREET), (Role.INSPECTOR, people.DISTRICT)):
        leave(role, place)
    for _ in range(4):
        person = open_leg(case_at(State.HANDLED)).person
        assert set(person.posts.values_list("role", flat=True)) == {Role.CLERK}


# Leaders, grids ---------------------------------------------------------------------------------------------------


@leaving
def test_a_leader_who_left_is_not_named_and_one_who_was_named_is_followed_by_another(leave):
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    sweep_past_grace(case)
    order = case.supervisions.get()
    assert order.leader.posts.get().role == Role.LEADER
    leave(Role.LEADER, people.DISTRICT)
    actions.sweep(now=order.deadline + dt.timedelta(minutes=1))
    order.refresh_from_db()
    assert order.leader.posts.get().role == Role.DEPUTY_LEADER
    assert order.leader_id in Case.objects.get(pk=case.pk).people


@leaving
def test_a_grid_whose_worker_left_is_a_gap(leave):
    today, grid = timezone.localdate(), Grid.objects.get(code=f"{people.COMMUNITY}001")
    assert not Grid.objects.uncovered(today).filter(pk=grid.pk).exists()
    leave(Role.GRID_WORKER, people.COMMUNITY)
    found = Grid.objects.uncovered(today).get(pk=grid.pk)
    assert (found.lacks_worker, found.lacks_supervisor) == (True, False)
    text = page(User.objects.get(username="zhiban"), "/desk/gaps/").content.decode()
    assert grid.name in text


@leaving
def test_the_page_of_gaps_names_a_desk_where_somebody_is(leave):
    leave(Role.GRID_WORKER, people.COMMUNITY)
    street, district = (Organization.objects.get(code=code) for code in (people.STREET, people.DISTRICT))
    clerk = people.someone(Role.CLERK, people.COMMUNITY)

    def stands_in() -> str:
        text = page(User.objects.get(username="zhiban"), "/desk/gaps/").content.decode()
        row = next(row for row in text.split("<tr>") if f"{people.COMMUNITY}001" in row)
        return row.split("<td>")[-1]

    assert clerk.name in stands_in()
    leave(Role.CLERK, people.COMMUNITY)
    assert clerk.name not in stands_in() and street.centre_name in stands_in()
    leave(Role.ACCEPTOR, people.STREET)
    assert district.centre_name in stands_in()


def test_without_any_leader_the_duty_chief_is_named():
    for role in (Role.LEADER, Role.DEPUTY_LEADER):
        close_accounts(role, people.DISTRICT)
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    sweep_past_grace(case)
    assert case.supervisions.get().leader.posts.get().role == Role.DUTY_CHIEF
