"""Where a case goes and why: the list decides, and the page says so."""

import uuid

import pytest
from django.test import Client

from cases.actions import locate
from cases.actions.catalogue import retire
from cases.models import Case, Responsibility
from cases.routing import Location, propose_unit, route_report
from cases.workflow import Loop, State
from governance.models import Function, Organization, User
from governance.roles import Role
from tests import people
from tests.cases.walks import DAY, change, vacate
from tests.lives import MORNING, case_at, eligible_units, inside, reported, row_for, settled_by, walk

pytestmark = pytest.mark.django_db
NOWHERE = [103.5, 25.5]


def form_of(case: Case, move: str):
    client = Client()
    client.force_login(people.clerk())
    return client.get(f"/cases/{case.uuid}/moves/{move}/")


def retire_all(category, *loops: Loop) -> None:
    rows = Responsibility.objects.current().filter(category=category)
    for row in rows.filter(loop__in=loops) if loops else rows:
        retire(row, on=DAY)


# On report --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", Loop)
def test_a_report_goes_to_the_lowest_loop_that_has_the_power(loop):
    case = reported(loop=loop)
    place = {Loop.COMMUNITY: case.community, Loop.STREET: case.street, Loop.DISTRICT: case.district}[loop]
    assert (case.loop, case.centre) == (loop, place)
    row = case.responsibility
    assert (row.loop, row.power) == (loop, Responsibility.Power.SETTLE)
    lower = Responsibility.objects.current().filter(category=case.category, condition="一般", power="settle")
    assert {Loop(one.loop) for one in lower} <= set(list(Loop)[list(Loop).index(loop) :])


def test_the_reason_names_the_row_of_the_list_and_its_version():
    case = reported()
    for part in (case.category.code, case.category.name, "v1", Loop.COMMUNITY.label, "物业服务企业"):
        assert part in case.routing_reason


def test_taking_the_power_from_the_community_sends_the_next_report_to_the_street():
    change(row_for(reported()), power=Responsibility.Power.REPORT)
    case = reported()
    assert (case.loop, case.centre) == (Loop.STREET, case.street)
    assert Loop.STREET.label in case.routing_reason


def test_no_match_is_shown_as_no_match_and_goes_to_the_street():
    category = settled_by(Loop.COMMUNITY)
    retire_all(category)
    case = reported()
    assert (case.loop, case.centre, case.responsibility) == (Loop.STREET, case.street, None)
    assert "权责清单无" in case.routing_reason and category.name in case.routing_reason
    client = Client()
    client.force_login(User.objects.get(username="zhiban"))
    page = client.get(f"/cases/{case.uuid}/")
    assert page.status_code == 200
    assert "权责清单无" in page.content.decode()


def test_a_case_without_a_match_still_has_a_clock():
    retire_all(settled_by(Loop.COMMUNITY))
    assert reported().due_at > MORNING


def test_outside_every_grid_it_goes_to_the_district_and_says_so():
    case = reported(position=NOWHERE)
    assert (case.loop, case.centre.code) == (Loop.DISTRICT, people.DISTRICT)
    assert (case.grid, case.community, case.street) == (None, None, None)
    assert "不在任何网格内" in case.routing_reason


def test_a_community_without_a_clerk_hands_over_to_the_street():
    vacate(Role.CLERK, people.COMMUNITY)
    case = reported()
    assert (case.loop, case.centre) == (Loop.STREET, case.street)
    assert case.community.code == people.COMMUNITY
    assert "无人在岗" in case.routing_reason
    assert case.responsibility.loop == Loop.STREET


def test_registering_may_correct_category_and_loop():
    case = reported(loop=Loop.COMMUNITY)
    row = Responsibility.objects.current().get(
        category=settled_by(Loop.STREET), loop="street", condition="一般"
    )
    case = walk(case, "register", responsibility=row)
    assert (case.category, case.loop, case.centre) == (row.category, Loop.STREET, case.street)
    assert case.responsibility == row


def test_a_row_keeps_its_version_for_cases_registered_under_it():
    case = case_at(State.REGISTERED)
    old = case.responsibility
    change(row_for(case), lead=Function.COMMUNITY)
    assert Case.objects.get(pk=case.pk).responsibility == old
    assert reported().responsibility.version == old.version + 1


# On dispatch ------------------------------------------------------------------------------------------------------


def test_the_unit_of_the_lead_function_is_proposed_and_the_page_says_why():
    case = case_at(State.REGISTERED)
    page = form_of(case, "dispatch")
    field = page.context["form"].fields["unit"]
    assert Organization.objects.get(pk=field.initial).function == Function.PROPERTY
    assert "v1" in field.help_text and Function.PROPERTY.label in field.help_text
    assert field.help_text in page.content.decode()


def test_changing_the_lead_changes_the_unit_and_the_text():
    change(row_for(reported()), lead=Function.COMMUNITY)
    case = walk(reported(), "register")
    assert Function.COMMUNITY.label in case.routing_reason and "v2" in case.routing_reason
    page = form_of(case, "dispatch")
    field = page.context["form"].fields["unit"]
    assert field.initial == case.community_id
    assert field.help_text in page.content.decode()
    assert Function.COMMUNITY.label in field.help_text and "v2" in field.help_text


def test_a_lead_that_this_level_does_not_have_is_said_and_nothing_is_proposed():
    change(row_for(reported()), lead=Function.FIRE)
    case = walk(reported(), "register")
    page = form_of(case, "dispatch")
    field = page.context["form"].fields["unit"]
    assert field.initial is None
    assert "本级没有" in field.help_text and Function.FIRE.label in field.help_text


def test_without_a_row_no_unit_is_proposed():
    units = eligible_units(reported())
    assert propose_unit(None, units, units[0].parent_id)[0] is None
    assert "无匹配" in propose_unit(None, units, units[0].parent_id)[1]


def test_a_unit_of_elsewhere_is_not_taken():
    case = case_at(State.REGISTERED)
    client = Client()
    client.force_login(people.clerk())
    there = Organization.objects.get(code=f"{people.ELSEWHERE}-property")
    answer = client.post(f"/cases/{case.uuid}/moves/dispatch/", {"unit": there.pk, "key": uuid.uuid4()})
    assert answer.status_code == 422
    assert Case.objects.get(pk=case.pk).state == State.REGISTERED


# Locations --------------------------------------------------------------------------------------------------------


def test_a_point_in_a_grid_finds_its_whole_chain_of_places():
    location = locate(*inside(), by=people.worker(), now=MORNING)
    codes = [location.grid.code, location.community.code, location.street.code, location.district.code]
    assert codes == [f"{people.COMMUNITY}001", people.COMMUNITY, people.STREET, people.DISTRICT]
    assert location.is_community_staffed


def test_routing_asks_no_database(django_assert_num_queries):
    category = settled_by(Loop.COMMUNITY)
    location = locate(*inside(), by=people.worker(), now=MORNING)
    rows = list(Responsibility.objects.current().filter(category=category, condition="一般"))
    with django_assert_num_queries(0):
        assert route_report(category, location, rows).loop == Loop.COMMUNITY
        assert route_report(category, Location(location.district), rows).loop == Loop.DISTRICT
