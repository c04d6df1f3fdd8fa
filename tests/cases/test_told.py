"""Nobody hears of a case that they may not see, however many of those who would have been told have left."""

import datetime as dt

import pytest

from cases.models import Case
from cases.workflow import State
from governance.audience import NobodyThere, reached
from governance.models import Outbox, User
from governance.roles import Role
from tests import people
from tests.lives import MORNING, case_at
from tests.photos import photo

pytestmark = pytest.mark.django_db
TODAY: dt.date = MORNING.date()


def told_in_turn(audience: list[dict]) -> list[set[int]]:
    """Who is told, and who is told as each of these has left, until nobody is there."""
    told: list[set[int]] = []
    try:
        while True:
            told.append(reached(audience, on=TODAY))
            User.objects.filter(pk__in=told[-1]).update(is_active=False)
    except NobodyThere:
        User.objects.update(is_active=True)
        return told


@pytest.mark.parametrize("place", [people.COMMUNITY, people.ELSEWHERE])
@pytest.mark.parametrize(
    "state", [State.CLOSED, State.CHECKING, State.SUSPENDED, State.DECLINED, State.MERGED]
)
def test_whoever_is_told_about_a_case_may_see_it(state, place):
    reporter = people.newcomer("test_reporter", role=Role.VOLUNTEER, place=place)
    case = case_at(state, by=reporter, photos=[photo(by=reporter, now=MORNING)])
    audiences = [*Outbox.objects.filter(url__contains=str(case.uuid)).values_list("audience", flat=True)]
    hears = any({"user": reporter.pk}.items() <= one.items() for audience in audiences for one in audience)
    assert hears == (state != State.CHECKING)
    for audience in audiences:
        in_turn = told_in_turn(audience)
        assert len(in_turn) > 1
        for user in User.objects.filter(pk__in=set.union(*in_turn)):
            assert Case.objects.visible_to(user).filter(pk=case.pk).exists(), (user, audience)
