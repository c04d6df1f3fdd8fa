"""Settled by the neighbours 楼栋自办: by whom, where, who checks it, and that it is counted apart."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from appraisal.counting import counts
from appraisal.periods import Period
from appraisal.slices import BY_OTHERS, Slice
from cases.filters import OTHERS, narrow
from cases.models import Case, Leg
from cases.rules import RULES
from cases.situations import Situation
from cases.workflow import MOVES, State, Step
from governance.models import Outbox, Post, User
from governance.roles import Role
from neighbourhoods.models import Neighbourhood, NeighbourhoodLeader
from records.refusals import Forbidden, Refused, Unfit
from tests import lives, neighbours, people
from tests.lives import MORNING, inside, open_leg, reported, walk

pytestmark = pytest.mark.django_db
SETTLED = Case.Source.NEIGHBOURS


def why_not(case: Case, move: str, user: User) -> Refused | None:
    return RULES.why_not(MOVES[move], Situation(case, user, MORNING, leg=open_leg(case)))


def off(metres: float) -> list[float]:
    """A position so far north of the building."""
    longitude, latitude = inside()
    return [longitude, latitude + metres / neighbours.DEGREE]


def test_the_leader_of_a_building_reports_what_neighbours_settled_and_the_desk_of_the_community_checks_it():
    leader = neighbours.leader()
    case = reported(source=SETTLED)
    leg = open_leg(case)
    assert (case.state, case.reporters, case.handlers) == (State.HANDLED, [leader.pk], [leader.pk])
    assert (leg.step, leg.unit, leg.person, leg.desk_allowed) == (
        Step.VERIFYING,
        neighbours.community(),
        None,
        True,
    )
    assert case.events.get().facts["neighbourhood"] == Neighbourhood.objects.get().pk
    (told,) = Outbox.objects.all()
    assert [(one["organization"], one["duty"], one["asks"]) for one in told.audience] == [
        (leg.unit_id, "A", "请您核查")
    ]
    assert case in Case.objects.waiting_for(people.clerk(), "t")
    assert case not in Case.objects.waiting_for(people.stranger(), "t")


@pytest.mark.parametrize(("metres", "is_taken"), [(0, True), (75, True), (90, False), (5000, False)])
def test_neighbours_settle_within_the_radius_of_their_own_neighbourhood_alone(metres, is_taken):
    neighbours.leader(neighbours.building(radius=80))
    if is_taken:
        assert reported(source=SETTLED, position=off(metres)).state == State.HANDLED
    else:
        with pytest.raises(Unfit, match="楼组范围内：尚义大厦 1 栋（80 米）") as refused:
            reported(source=SETTLED, position=off(metres))
        assert refused.value.field == "position" and not Case.objects.exists()


@pytest.mark.parametrize("source", ["last_fix", "grid"])
def test_a_place_that_is_only_roughly_known_is_not_enough(source):
    with pytest.raises(Unfit, match="准确位置"):
        reported(source=SETTLED, position_source=source)
    assert not Case.objects.exists()


def test_across_the_border_of_the_community_the_radius_does_not_reach():
    neighbours.leader()
    Neighbourhood.objects.update(grid=_somewhere_else())
    with pytest.raises(Unfit):
        reported(source=SETTLED)


def _somewhere_else():
    from grid.models import Grid

    return Grid.objects.filter(community__code="530103001002").earliest("code")


@pytest.mark.parametrize(
    "who",
    [
        "a grid worker",
        "a clerk",
        "a volunteer who leads nothing",
        "somebody who led until today",
        "who leads what has ended",
        "whose post has ended",
    ],
)
def test_nobody_else_reports_what_neighbours_settled(who):
    leader, today = neighbours.leader(), timezone.localdate(MORNING)
    if who == "somebody who led until today":
        NeighbourhoodLeader.objects.update(ends_on=today)
    if who == "who leads what has ended":
        Neighbourhood.objects.update(active_until=today)
    if who == "whose post has ended":
        Post.objects.filter(user=leader).update(ends_on=today)
    by = {
        "a grid worker": people.worker,
        "a clerk": people.clerk,
        "a volunteer who leads nothing": lambda: people.someone(Role.VOLUNTEER, people.COMMUNITY),
    }.get(who, lambda: User.objects.get(pk=leader.pk))()
    with pytest.raises(Forbidden):
        reported(source=SETTLED, by=by)
    assert not Case.objects.exists()


def test_a_leader_is_no_grid_worker():
    with pytest.raises(Forbidden, match="自处理上报由网格员办理"):
        reported(source=Case.Source.SELF, by=neighbours.leader())


def test_its_history_calls_it_by_the_neighbours_name():
    client = Client()
    client.force_login(people.clerk())
    for source, name in ((SETTLED, "楼栋自办"), (Case.Source.SELF, "自处理上报")):
        page = client.get(f"/cases/{reported(source=source).uuid}/")
        assert [line["what"] for line in page.context["lines"]] == [name]


# Who checks -------------------------------------------------------------------------------------------------------


def test_the_leader_never_checks_it_whatever_other_post_they_hold():
    leader = neighbours.leader()
    Post.objects.create(user=leader, role=Role.CLERK, organization=neighbours.community())
    leader = User.objects.get(pk=leader.pk)
    case = reported(source=SETTLED, by=leader)
    assert why_not(case, "pass", leader) and why_not(case, "fail", leader)
    assert case not in Case.objects.waiting_for(leader, "t")
    assert why_not(case, "pass", people.clerk()) is None


def test_nor_does_whoever_reported_the_same():
    neighbours.leader()
    clerk = people.clerk()
    other = reported(by=clerk)
    case = reported(source=SETTLED)
    lives.hands().step(
        other.uuid, "merge", now=MORNING, by=people.someone(Role.CLERK, people.COMMUNITY, 1), target=case
    )
    case = lives.fresh(case)
    assert clerk.pk in case.reporters and why_not(case, "pass", clerk)
    assert case not in Case.objects.waiting_for(clerk, "t")


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.COMMUNITY_WORKER, Role.DUTY_CHIEF])
def test_nobody_but_the_desk_of_the_community_checks_it(role):
    case = reported(source=SETTLED)
    place = people.STREET if role == Role.DUTY_CHIEF else people.COMMUNITY
    assert isinstance(why_not(case, "pass", people.someone(role, place)), Forbidden)


def test_where_nobody_else_is_at_that_desk_it_is_checked_as_any_other_result():
    Post.objects.filter(role=Role.CLERK, organization=neighbours.community()).update(
        ends_on=dt.date(2026, 2, 1)
    )
    leg = open_leg(reported(source=SETTLED))
    assert leg.person_id is not None and leg.person_id not in leg.case.never_check


def test_when_closing_is_refused_the_same_desk_looks_again():
    case = walk(reported(source=SETTLED), "pass", "refuse_closing")
    assert (open_leg(case).unit, open_leg(case).person) == (neighbours.community(), None)


def test_what_did_not_pass_goes_to_the_people_of_the_community_and_is_then_checked_by_somebody_drawn():
    leader = neighbours.leader()
    case = walk(reported(source=SETTLED), "fail")
    leg = open_leg(case)
    assert (case.state, leg.unit, leg.person) == (State.HANDLING, neighbours.community(), None)
    assert why_not(case, "feedback", leader)
    case = walk(case, "feedback")
    drawn = open_leg(case).person_id
    assert drawn is not None and drawn not in {leader.pk, *case.handlers}


# Counted apart ----------------------------------------------------------------------------------------------------


def _counted(*keys: str) -> tuple[int, ...]:
    day = timezone.localdate(MORNING)
    found = (
        counts(keys, [Period(day, day)], Slice("community", neighbours.community().pk)).get((0, None)) or {}
    )
    return tuple(found.get(key, 0) for key in keys)


def test_it_is_counted_apart_and_inflates_no_rate():
    walk(reported(source=SETTLED), "pass", "close")
    walk(reported(source=SETTLED), "fail")
    assert _counted(
        "neighbours_reported", "neighbours_handled", "neighbours_passed", "neighbours_failed"
    ) == (2, 1, 1, 1)
    assert _counted("reported") == (2,)
    apart = (
        "closed",
        "closed_in_time",
        "handled",
        "reported_by_others",
        "passed",
        "failed",
        "self_handled",
        "self_passed",
    )
    assert _counted(*apart) == (0,) * len(apart)


def test_lists_leave_it_out_where_they_leave_out_self_handled_cases():
    case, usual = reported(source=SETTLED), reported()
    reported(source=Case.Source.SELF)
    assert list(narrow(Case.objects.all(), {"source": OTHERS}, MORNING)) == [usual]
    assert list(narrow(Case.objects.all(), {"source": SETTLED.value}, MORNING)) == [case]
    assert SETTLED.value not in BY_OTHERS and Case.Source.SELF.value not in BY_OTHERS


def test_no_leg_of_handling_was_opened_for_it():
    assert not Leg.objects.filter(case=reported(source=SETTLED), step=Step.HANDLING).exists()
