"""Whom a notice reaches: people on duty, else those who stand in for them, and never nobody unnoticed."""

import datetime as dt

import pytest

from governance import actions
from governance.audience import NobodyThere, reached
from governance.models import Notice, Organization, Outbox, Post, User
from governance.roles import DUTIES, Duty, Role
from tests import people
from tests.cases.walks import appoint, vacate
from tests.lives import MORNING

pytestmark = pytest.mark.django_db
TODAY = MORNING.date()
PROPERTY, ENFORCEMENT = f"{people.COMMUNITY}-property", f"{people.STREET}-street_enforcement"
A, C, D, H, V, L = (Duty(letter) for letter in "ACDHVL")


def holding(duty: Duty, place: str) -> set[int]:
    """Who holds a duty at a place (organization code), on duty or not."""
    roles = [role for role, duties in DUTIES.items() if duty in duties]
    return set(
        User.objects.filter(posts__role__in=roles, posts__organization__code=place).values_list(
            "pk", flat=True
        )
    )


def deactivate(ids: set[int]) -> None:
    User.objects.filter(pk__in=ids).update(is_active=False)


def told(duty: Duty, place: str) -> set[int]:
    return reached([{"organization": Organization.objects.get(code=place).pk, "duty": duty}], on=TODAY)


#: A duty at a place, and who is told one after another as each of them is deserted.
IN_TURN = [
    (A, people.COMMUNITY, [(A, people.COMMUNITY), (A, people.STREET), (C, people.STREET), (A, people.DISTRICT), (C, people.DISTRICT), (L, people.DISTRICT)]),
    (C, people.COMMUNITY, [(C, people.COMMUNITY), (C, people.STREET), (C, people.DISTRICT), (L, people.DISTRICT)]),
    (D, people.COMMUNITY, [(D, people.COMMUNITY), (D, people.STREET), (C, people.STREET), (D, people.DISTRICT)]),
    (H, people.COMMUNITY, [(H, people.COMMUNITY), (D, people.COMMUNITY), (D, people.STREET)]),
    (A, people.STREET, [(A, people.STREET), (C, people.STREET), (L, people.STREET), (A, people.DISTRICT)]),
    (C, people.STREET, [(C, people.STREET), (L, people.STREET), (C, people.DISTRICT), (L, people.DISTRICT)]),
    (D, people.STREET, [(D, people.STREET), (C, people.STREET), (L, people.STREET), (D, people.DISTRICT)]),
    (L, people.STREET, [(L, people.STREET), (L, people.DISTRICT), (C, people.DISTRICT)]),
    (H, PROPERTY, [(H, PROPERTY), (D, people.COMMUNITY), (D, people.STREET), (C, people.STREET), (D, people.DISTRICT)]),
    (H, ENFORCEMENT, [(H, ENFORCEMENT), (D, people.STREET), (C, people.STREET), (D, people.DISTRICT), (C, people.DISTRICT), (L, people.DISTRICT)]),
    (V, people.STREET, [(V, people.STREET), (A, people.STREET), (C, people.STREET)]),
    (L, people.DISTRICT, [(L, people.DISTRICT), (C, people.DISTRICT)]),
]  # fmt: skip


@pytest.mark.parametrize(("duty", "place", "in_turn"), IN_TURN)
def test_a_duty_that_nobody_holds_is_told_to_who_stands_in(duty, place, in_turn):
    for holders in in_turn:
        assert told(duty, place) == holding(*holders), holders
        deactivate(holding(*holders))


def test_a_post_that_ended_and_an_account_that_is_closed_are_the_same_to_a_notice():
    first, second = sorted(holding(C, people.COMMUNITY))
    Post.objects.filter(user=first).update(ends_on=TODAY)
    deactivate({second})
    assert told(C, people.COMMUNITY) == holding(C, people.STREET)


def test_one_who_left_is_not_told_where_somebody_else_is():
    left, stays = people.newcomer("test_left"), people.newcomer("test_stays")
    deactivate({left.pk})
    ended = people.newcomer("test_ended")
    Post.objects.filter(user=ended).update(ends_on=TODAY)
    nowhere = User.objects.create_user("test_nowhere", name="无岗")
    audience = [{"user": user.pk} for user in (left, stays, ended, nowhere)]
    assert reached(audience, on=TODAY) == {stays.pk}


@pytest.mark.parametrize(
    ("role", "place", "desk"),
    [
        (Role.HANDLER, PROPERTY, (H, PROPERTY)),
        (Role.DUTY_CHIEF, people.STREET, (C, people.STREET)),
        (Role.DISPATCHER, people.STREET, (D, people.STREET)),
        (Role.LEADER, people.STREET, (L, people.STREET)),
        (Role.CLERK, people.COMMUNITY, (C, people.COMMUNITY)),
        (Role.GRID_WORKER, people.COMMUNITY, (A, people.COMMUNITY)),
        (Role.SUPERVISOR, people.STREET, (A, people.STREET)),
        (Role.INSPECTOR, people.DISTRICT, (A, people.DISTRICT)),
        (Role.VOLUNTEER, people.COMMUNITY, (A, people.COMMUNITY)),
    ],
)
def test_what_only_one_who_left_was_told_goes_to_the_desk_of_the_last_post(role, place, desk):
    left = people.newcomer("test_left", role=role, place=place)
    expected = holding(*desk) - {left.pk}
    Post.objects.filter(user=left).update(ends_on=TODAY)
    assert reached([{"user": left.pk}], on=TODAY) == expected
    deactivate({left.pk})
    assert reached([{"user": left.pk}], on=TODAY) == expected


def test_the_last_post_is_the_one_held_longest_until_now():
    left = people.newcomer("test_left", role=Role.HANDLER, place=PROPERTY)
    Post.objects.filter(user=left).update(ends_on=TODAY - dt.timedelta(days=30))
    appoint(left, Role.DISPATCHER, people.STREET, ends_on=TODAY)
    assert reached([{"user": left.pk}], on=TODAY) == holding(D, people.STREET) - {left.pk}


def test_a_notice_that_reaches_nobody_is_shown_as_failing_and_not_as_delivered():
    User.objects.update(is_active=False)
    place = Organization.objects.get(code=people.COMMUNITY)
    actions.tell("请受理", url="/desk/", audience=[{"organization": place.pk, "duty": A}], now=MORNING)
    now = MORNING
    for _ in range(actions.TRIES):
        assert actions.relay(now=now) == 0
        now += dt.timedelta(minutes=2)
    row = Outbox.objects.get()
    assert row.dead_at is not None and row.done_at is None
    assert "无人在岗" in row.error
    assert not Notice.objects.exists()
    with pytest.raises(NobodyThere):
        reached(row.audience, on=TODAY)


def test_somebody_who_came_between_two_tries_is_told():
    User.objects.update(is_active=False)
    place = Organization.objects.get(code=people.COMMUNITY)
    actions.tell("请受理", url="/desk/", audience=[{"organization": place.pk, "duty": A}], now=MORNING)
    actions.relay(now=MORNING)
    came = people.newcomer("test_new", role=Role.CLERK)
    assert actions.relay(now=MORNING + dt.timedelta(minutes=2)) == 1
    assert set(Notice.objects.values_list("user", flat=True)) == {came.pk}


def test_a_merged_community_is_answered_for_above():
    vacate(Role.CLERK, people.COMMUNITY, on=TODAY)
    Organization.objects.filter(code=people.COMMUNITY).update(active_until=TODAY)
    assert told(A, people.COMMUNITY) == holding(A, people.STREET)
