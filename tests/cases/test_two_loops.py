"""The loop where a street is the top (Zhicheng: two loops, five steps, 1+1+N): the same code by another profile."""

import datetime as dt
import os
import subprocess
import sys
import uuid

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import Refused, Unfit
from cases.models import Case, CaseEvent, CaseText
from cases.models.case import page_of
from cases.permissions import duties_on, leads_from
from cases.rules import offers
from cases.situations import Situation
from cases.units import units_in_reach
from cases.workflow import OPEN, Loop, State
from desk import history
from desk.sheet import SHEET, rows_of
from governance.models import Kind, Level, Organization, Outbox, Post, User
from governance.roles import Duty, Role
from records import chain
from tests import people
from tests.cases.walks import limit_all, run_out, vacate
from tests.lives import MORNING, PATHS, case_at, fresh, open_leg, reported, row_for, settled_by, walk

pytestmark = pytest.mark.django_db
NOWHERE = [103.5, 25.5]
HOUR = dt.timedelta(hours=1)
TWO = (Loop.COMMUNITY, Loop.STREET)


@pytest.fixture(autouse=True)
def zhicheng(settings) -> None:
    """The divisions stay Panlong's: its district lies above the street as the county does, and commands nothing."""
    settings.PLACE = "zhicheng"


def named(username: str) -> User:
    return User.objects.get(username=username)


def line_of(case: Case) -> list[tuple[str, str]]:
    return [
        (step["label"], step["state"]) for step in history.step_line(case, list(case.legs.order_by("pk")))
    ]


def do(user: User, case: Case, move: str, **given) -> None:
    actions.perform(case.uuid, move, by=user, now=MORNING + HOUR, key=uuid.uuid4(), given=given)


def page(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# A life -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", TWO)
@pytest.mark.parametrize("state", State)
def test_every_state_is_reached_in_both_loops_by_real_moves(state, loop):
    case = case_at(state, loop=loop)
    assert case.legs.filter(stopped_at=None).count() == (1 if state in OPEN or state == State.CLOSED else 0)
    assert set(case.legs.values_list("loop", flat=True)) <= {loop.value for loop in TWO}
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_case_walks_from_report_to_evaluation_and_its_line_has_five_steps():
    case, lines = reported(), {}
    for move in PATHS[State.EVALUATED]:
        lines[State(case.state)] = line_of(case)
        case = walk(case, move)
    lines[State(case.state)] = line_of(case)
    words = ["受理", "分流", "督办", "反馈", "考核"]
    assert all([word for word, _ in line] == words for line in lines.values())
    now = {state: next((word for word, how in line if how == "now"), None) for state, line in lines.items()}
    assert now == {
        State.REPORTED: "受理",
        State.REGISTERED: "分流",
        State.DISPATCHED: "督办",
        State.HANDLING: "督办",
        State.HANDLED: "反馈",
        State.VERIFIED: "反馈",
        State.CLOSED: "考核",
        State.EVALUATED: None,
    }
    assert [how for _, how in lines[State.VERIFIED]] == ["done", "done", "done", "now", ""]
    assert [how for _, how in lines[State.EVALUATED]] == ["done"] * 5


def test_page_and_file_say_it_in_the_words_of_the_place():
    case = case_at(State.HANDLED, loop=Loop.STREET)
    text = page(named("zhiban"), f"/cases/{case.uuid}/")
    assert (
        case.street.centre_name == f"{case.street.name}社会治理指挥中心" and case.street.centre_name in text
    )
    assert "受理" in text and "采集上报" not in text and "结果核查" not in text
    head, [row] = [title for title, _ in SHEET], rows_of(named("zhiban"), [case.pk])
    assert row[head.index("步骤")] == "反馈"
    assert row[head.index("指挥中心")] == case.street.name


# Up and down ------------------------------------------------------------------------------------------------------


def test_by_time_a_case_goes_up_to_the_street_and_there_its_leader_is_named():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    case = reported()
    for _ in range(10):
        run_out(case)
        if case.supervisions.exists():
            break
    case = fresh(case)
    assert (case.loop, case.centre, case.escalated_by_time) == (Loop.STREET, case.street, True)
    assert list(case.events.filter(move="escalate").values_list("loop", flat=True)) == [Loop.STREET]
    assert case.supervisions.get().leader == people.someone(Role.LEADER, people.STREET)


def test_without_a_leader_the_deputy_of_the_street_and_then_its_duty_chief_is_named():
    for role, by in ((Role.LEADER, Role.DEPUTY_LEADER), (Role.DEPUTY_LEADER, Role.DUTY_CHIEF)):
        vacate(role, people.STREET)
        vacate(role, people.DISTRICT)
        case = case_at(State.HANDLING, loop=Loop.STREET)
        run_out(case)
        posts = case.supervisions.get().leader.posts
        assert posts.filter(role=by, organization=case.street).exists()


def test_at_the_street_nobody_can_send_it_further_up():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    chief = named("zhiban")
    offered = offers(Situation(case, chief, MORNING, leg=open_leg(case)))
    assert {one.move.name: one.why_not for one in offered}["escalate"] == (
        "案件已在街道级，不能再上报；可由街道领导督办。"
    )
    with pytest.raises(Refused, match="已在街道级"):
        do(chief, case, "escalate", reason="无权处置")


def test_up_by_hand_and_down_again():
    case = walk(case_at(State.REGISTERED), "escalate")
    assert (case.loop, case.centre) == (Loop.STREET, case.street)
    case = walk(case, "delegate", now=MORNING + HOUR)
    assert (case.loop, case.centre) == (Loop.COMMUNITY, case.community)


def test_a_late_closing_goes_to_the_street_and_no_further():
    case = case_at(State.VERIFIED)
    run_out(case)
    leg = open_leg(case)
    assert (leg.centre, fresh(case).loop) == (case.street, Loop.COMMUNITY)
    at_street = case_at(State.VERIFIED, loop=Loop.STREET)
    run_out(at_street)
    assert at_street.supervisions.exists() and open_leg(at_street).centre == at_street.street


# Where a report goes ----------------------------------------------------------------------------------------------


def test_what_the_list_gives_to_a_loop_that_is_not_here_goes_to_the_street():
    case = reported(category=settled_by(Loop.DISTRICT))
    assert (case.loop, case.centre) == (Loop.STREET, case.street)
    assert "由街道受理" in case.routing_reason


def test_nothing_is_registered_under_a_loop_that_is_not_here():
    case = reported(category=settled_by(Loop.DISTRICT))
    row = row_for(case, Loop.DISTRICT)
    with pytest.raises(Unfit):
        walk(case, "register", responsibility=row)
    client = Client()
    client.force_login(named("zhiban"))
    form = client.get(f"/cases/{case.uuid}/moves/register/").context["form"]
    offered = {pk for pk, _ in form.fields["responsibility"].choices}
    assert row.pk not in offered


def test_outside_every_grid_it_goes_to_the_reporters_street():
    case = reported(position=NOWHERE)
    assert (case.loop, case.centre.code) == (Loop.STREET, people.STREET)
    assert (case.grid, case.community, case.street.code) == (None, None, people.STREET)
    assert case.district.code == people.DISTRICT  # whose calendar counts
    assert "由街道级指挥中心受理" in case.routing_reason
    assert walk(case, "send_to_check").state == State.CHECKING


def test_a_community_without_a_clerk_hands_over_to_the_street():
    vacate(Role.CLERK, people.COMMUNITY)
    case = reported()
    assert (case.loop, case.centre) == (Loop.STREET, case.street)


def test_where_nobody_checks_it_is_the_desk_of_the_street():
    for role in (Role.GRID_WORKER, Role.SUPERVISOR, Role.INSPECTOR, Role.CLERK):
        Post.objects.filter(role=role).update(ends_on=dt.date(2026, 11, 1))
    vacate(Role.ACCEPTOR, people.STREET)
    case = reported(by=named("zhiyuan"), loop=Loop.STREET)
    do(people.newcomer("test_acceptor", role=Role.ACCEPTOR, place=people.STREET), case, "send_to_check")
    leg = open_leg(case)
    assert (leg.person, leg.unit) == (None, case.street)


# Who has a part ---------------------------------------------------------------------------------------------------


def test_units_are_those_of_the_street_and_below():
    today = timezone.localdate()
    for case in (reported(), reported(loop=Loop.STREET)):
        for anywhere in (False, True):
            found = units_in_reach(case, today, anywhere=anywhere)
            assert found.exists() and not found.filter(level=Level.DISTRICT).exists()
    assert Organization.objects.filter(kind=Kind.DEPARTMENT, level=Level.DISTRICT).exists()


def test_leaders_of_the_county_have_no_part_those_of_the_street_do():
    case = case_at(State.HANDLING)
    leg, above, leader = open_leg(case), named("quling"), named("jielingdao")
    assert Duty.LEAD not in duties_on(case, leg, above) and Duty.LEAD in duties_on(case, leg, leader)
    assert leads_from(case, leader) < leads_from(case, above)


def test_a_suspension_waits_for_the_leaders_of_the_street_and_tells_no_others():
    case = walk(case_at(State.HANDLING), "ask_suspension", "endorse_suspension")
    leading = {mark for mark in case.waits_for if mark.startswith("sL")}
    assert leading == {f"sL{case.street_id}", f"sL{case.community_id}"}
    told = [one for row in Outbox.objects.filter(url=page_of(case.uuid)) for one in row.audience]
    assert case.street_id in {one.get("organization") for one in told}
    assert case.district_id not in {one.get("organization") for one in told}
    assert walk(case, "grant_suspension").state == State.SUSPENDED


# A site of such a place -------------------------------------------------------------------------------------------

STARTED = """
import django; django.setup()
from django.core.management import call_command
from cases.filters import FILTERS
from dashboard.filters import BoardFilters
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
print([label for _, label in FILTERS["loop"].choices])
print([label for _, label in BoardFilters.base_fields["loop"].choices])
"""


def started(place: str) -> subprocess.CompletedProcess:
    """A process of ours in the environment of a place."""
    environment = {**os.environ, "PLACE": place, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", STARTED]
    return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)


def test_filters_offer_two_loops_and_migrations_know_no_place():
    found = started("zhicheng")
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [
        "['社区自循环', '街道微循环', '基层（社区、街道）']",
        "['全部闭环', '社区自循环', '街道微循环', '基层']",
    ]


def test_a_site_of_no_place_does_not_start():
    found = started("atlantis")
    assert found.returncode != 0
    assert "PLACE is 'atlantis'; there are profiles for panlong, zhicheng." in found.stderr
