"""Counting in plain SQL stays within the queryset that it is given."""

import pytest

from cases.counting import counted_in
from cases.models import Case
from tests import people
from tests.lives import reported

pytestmark = pytest.mark.django_db

BY_STATE = "SELECT state, count(*) FILTER (WHERE loop = ANY (%(loops)s)) FROM seen GROUP BY state"


def counted(cases) -> list[tuple]:
    return counted_in(cases.values_list("state", "loop"), BY_STATE, {"loops": ["community"]})


def test_only_what_the_queryset_sees_is_counted():
    case = reported()
    assert counted(Case.objects.visible_to(people.clerk())) == [(case.state, 1)]
    assert counted(Case.objects.visible_to(people.stranger())) == []
    assert counted(Case.objects.none()) == []


def test_per_cent_signs_of_a_queryset_stay_what_they_are():
    case = reported()
    ends_in_full = Case.objects.extra(where=["address || '100%%' LIKE '%%100\\%%'"])
    assert counted(ends_in_full.filter(address=case.address)) == [(case.state, 1)]
    assert counted(ends_in_full.filter(address="100%s")) == []
