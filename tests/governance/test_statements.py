"""Statements built once: the text is kept, what it answers never is."""

import datetime as dt
import gc
import weakref

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.filters import places_in_sight
from desk.queues import Which, counted
from governance.models import Notice, Organization, User
from governance.roles import Role
from governance.statements import ask
from tests import people
from tests.lives import reported

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    """The same person at the next request."""
    return User.objects.get(pk=user.pk)


def open_cases(user: User) -> int:
    return sum(kinds[Which.ANY] for kinds in counted(user).values())


def test_the_same_question_of_the_same_person_is_built_once_and_asked_every_time():
    built = []

    def notices(user: User):
        built.append(user)
        return Notice.objects.filter(user=user).values_list("pk")

    clerk = people.clerk()
    with CaptureQueriesContext(connection) as asked:
        assert ask(notices, clerk) == ask(notices, again(clerk)) == []
    assert len(built) == 1
    assert len([q for q in asked if "governance_notice" in q["sql"]]) == 2


def test_a_new_case_is_counted_at_once():
    clerk = people.clerk()
    before = open_cases(clerk)
    reported()
    assert open_cases(again(clerk)) == before + 1


def test_a_post_that_ends_takes_its_sight_along_within_the_same_day():
    reported()
    clerk = people.clerk()
    assert open_cases(clerk) == 1
    clerk.posts.update(starts_on=dt.date(2020, 1, 1), ends_on=timezone.localdate())
    assert open_cases(again(clerk)) == 0


def test_a_post_that_moves_to_another_place_sees_that_place_alone():
    reported()
    clerk = people.clerk()
    assert open_cases(clerk) == 1
    elsewhere = people.stranger().posts.get().organization
    post = clerk.posts.get()
    type(post).objects.filter(pk=post.pk).update(organization=elsewhere)
    assert open_cases(again(clerk)) == 0
    assert {place["name"] for place in places_in_sight(again(clerk))} == {elsewhere.name}


def test_a_territory_that_is_merged_into_another_is_no_longer_offered_the_next_day():
    clerk = people.clerk()
    [place] = places_in_sight(clerk)
    today = timezone.localdate()
    Organization.objects.filter(pk=place["pk"]).update(active_until=today + dt.timedelta(days=1))
    assert places_in_sight(again(clerk)) == [place]
    with time_machine.travel(timezone.now() + dt.timedelta(days=1), tick=False):
        assert places_in_sight(again(clerk)) == []


def test_two_people_with_the_same_post_are_two():
    chief, other = (people.someone(Role.DUTY_CHIEF, people.STREET, number) for number in (0, 1))
    assert chief.authority.key == other.authority.key

    def mine(user: User):
        return User.objects.filter(pk=user.pk).values_list("pk")

    assert ask(mine, chief) == [(chief.pk,)]
    assert ask(mine, other) == [(other.pk,)]


def test_nothing_of_a_request_is_kept_with_a_text():
    user = people.clerk()
    counted(user)
    seen = weakref.ref(user)
    del user
    gc.collect()
    assert seen() is None
