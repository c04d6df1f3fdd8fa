"""Who checks is drawn: never a reporter, never a handler of any round, nearest first, the desk last."""

import datetime as dt
import uuid

import pytest

from cases import actions
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Organization, Post, User
from governance.roles import Role
from grid.models import GridDuty
from tests import people
from tests.cases.walks import appoint, run_out, vacate
from tests.lives import MORNING, case_at, hands, inside, reported, settled_by, walk

pytestmark = pytest.mark.django_db


def of_grid(case: Case) -> dict[str, User]:
    """The three people of the grid of a case."""
    duties = GridDuty.objects.current(MORNING.date()).filter(grid=case.grid).exclude(duty="helper")
    return {duty.duty: duty.user for duty in duties.select_related("user")}


def drawn(case: Case) -> User | None:
    return case.legs.get(stopped_at=None).person


def posts_of(user: User) -> set[str]:
    return set(user.posts.values_list("role", flat=True))


def test_a_grid_has_three_people_to_draw_from():
    assert set(of_grid(reported())) == {"worker", "supervisor", "inspector"}


def test_the_reporter_never_verifies_and_everybody_else_of_the_grid_is_drawn_at_times():
    case = case_at(State.VERIFIED)
    seen = set()
    for _ in range(12):
        walk(case, "refuse_closing")
        seen.add(drawn(case))
        walk(case, "pass")
    three = of_grid(case)
    assert seen == {three["supervisor"], three["inspector"]}
    assert case.reporters == [three["worker"].pk]


def test_reporters_of_merged_cases_do_not_verify_either():
    case = reported()
    three = of_grid(case)
    for other in ("supervisor", "inspector"):
        walk(reported(by=three[other]), "merge", target=case)
    case = walk(case, "register", "dispatch", "accept", "feedback")
    assert set(case.reporters) == {user.pk for user in three.values()}
    assert posts_of(drawn(case)) == {Role.CLERK}


def test_a_handler_of_an_earlier_round_does_not_verify_a_later_one():
    case = case_at(State.REGISTERED)
    three = of_grid(case)
    unit = Organization.objects.get(code=f"{people.COMMUNITY}-property")
    for duty in ("supervisor", "inspector"):
        appoint(three[duty], Role.HANDLER, unit.code)
    walk(case, "dispatch", unit=unit)
    walk(case, "accept", by=User.objects.get(pk=three["supervisor"].pk))
    walk(case, "feedback", by=User.objects.get(pk=three["supervisor"].pk))
    assert drawn(case) == three["inspector"]
    walk(case, "fail")
    # The second round is done by the one who would be drawn now: only clerks are left.
    walk(case, "refuse", by=User.objects.get(pk=three["supervisor"].pk))
    walk(case, "dispatch", unit=unit)
    for move in ("accept", "feedback"):
        walk(case, move, by=User.objects.get(pk=three["inspector"].pk))
    assert posts_of(drawn(case)) == {Role.CLERK}


def test_the_one_who_settled_it_on_the_spot_does_not_verify_it():
    case = reported(source=Case.Source.SELF)
    assert case.state == State.HANDLED and case.handlers == case.reporters
    assert drawn(case) in {of_grid(case)["supervisor"], of_grid(case)["inspector"]}


def test_after_the_grid_come_the_clerks_then_the_streets_supervisors_then_the_desk():
    GridDuty.objects.filter(grid__code=f"{people.COMMUNITY}001").update(ends_on=MORNING.date())
    case = case_at(State.HANDLED)
    assert posts_of(drawn(case)) == {Role.CLERK}
    vacate(Role.CLERK, people.COMMUNITY)
    run_out(case)
    assert posts_of(drawn(case)) == {Role.SUPERVISOR}
    vacate(Role.SUPERVISOR, people.STREET)
    run_out(case)
    leg = case.legs.get(stopped_at=None)
    assert (leg.person, leg.desk_allowed, leg.unit) == (None, True, case.street)
    assert walk(case, "pass", by=User.objects.get(username="shouli")).state == State.VERIFIED


def test_volunteers_and_helpers_are_never_drawn():
    case = case_at(State.VERIFIED)
    helpers = set(GridDuty.objects.filter(duty="helper").values_list("user", flat=True))
    for _ in range(4):
        walk(case, "refuse_closing")
        assert drawn(case).pk not in helpers
        walk(case, "pass")


def test_somebody_whose_post_ended_today_is_not_drawn_even_before_eight_in_the_morning():
    GridDuty.objects.filter(grid__code=f"{people.COMMUNITY}001").update(ends_on=dt.date(2026, 11, 1))
    early = MORNING.replace(hour=1).astimezone(dt.UTC)  # still yesterday in UTC
    gone = people.someone(Role.CLERK, people.COMMUNITY, 1)
    Post.objects.filter(user=gone).update(ends_on=MORNING.date())
    case = walk(reported(now=early), "register", now=early)
    for _ in range(5):
        walk(case, "dispatch", "accept", "feedback", now=early)
        assert drawn(case) != gone
        walk(case, "fail", now=early)
        walk(case, "refuse", now=early)
        if Case.objects.get(pk=case.pk).state == State.DISPUTED:
            break


def test_a_case_outside_every_grid_is_checked_by_a_district_inspector():
    answer = hands().report(
        by=people.someone(Role.INSPECTOR, people.DISTRICT),
        now=MORNING,
        given={"position": [103.5, 25.5], "category": settled_by(Loop.DISTRICT), "words": "辖区外路边"},
    )
    case = walk(Case.objects.get(uuid=answer.uuid), "send_to_check")
    assert case.grid is None
    assert posts_of(drawn(case)) == {Role.INSPECTOR}
    assert drawn(case).pk not in case.reporters


def test_the_drawn_person_alone_sees_and_makes_the_check():
    case = case_at(State.HANDLED)
    verifier = drawn(case)
    assert Case.objects.visible_to(verifier).filter(pk=case.pk).exists()
    other = next(user for user in of_grid(case).values() if user.pk not in {verifier.pk, *case.reporters})
    given = {"words": "已清", "photos": [], "position": inside()}
    with pytest.raises(actions.Forbidden):
        actions.perform(case.uuid, "pass", by=other, now=MORNING, key=uuid.uuid4(), given=given)
