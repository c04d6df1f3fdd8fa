"""Names for rows: whoever a page speaks of is found at once, and a name that is missing is not invented."""

import pytest

from cases.models import Case
from cases.names import give_names
from cases.workflow import Loop, State
from governance.models import Organization
from tests import people
from tests.lives import case_at

pytestmark = pytest.mark.django_db


def test_everybody_a_page_speaks_of_comes_in_one_statement(django_assert_num_queries):
    case = case_at(State.HANDLED, loop=Loop.STREET)
    legs, events = list(case.legs.all()), list(case.events.all())
    case = Case.objects.get(pk=case.pk)
    with django_assert_num_queries(1):
        give_names([case, *legs, *events])
    with django_assert_num_queries(0):
        places = [case.district.name, case.street.name, case.community.name, case.grid.name]
        centres = [row.centre.centre_name for row in (case, *legs, *events)]
        persons = [
            row.name for row in (*(leg.person for leg in legs), *(event.by for event in events)) if row
        ]
    assert all(places)
    assert all(centres)
    assert persons


def test_rows_that_point_to_nobody_stay_so(django_assert_num_queries):
    case = case_at(State.REPORTED, loop=Loop.STREET)
    with django_assert_num_queries(1):
        give_names([case])
        assert case.unit is None
        assert case.merged_into is None


def test_a_name_brings_the_rest_of_its_row_when_it_is_asked_for():
    case = case_at(State.REPORTED, loop=Loop.STREET)
    case = Case.objects.get(pk=case.pk)
    give_names([case])
    assert case.street == Organization.objects.get(pk=case.street_id)
    assert case.street.path.endswith(f"{case.street.code}/")


def test_units_that_no_row_points_to_are_found_by_number():
    other = people.clerk().authority.posts[0].organization
    case = case_at(State.REPORTED, loop=Loop.STREET)
    units = give_names([case], [other.pk])
    assert units[other.pk].name == other.name
    assert units[case.street_id] is case.street
