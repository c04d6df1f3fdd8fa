"""漏报: what others reported in a grid whose worker was there that day; decided once by a person, never by the worker."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from appraisal.catalogue import measures
from appraisal.counting import counts
from appraisal.figures import figure
from appraisal.missed import decide, find_missed
from appraisal.models import MissedDecision, MissedReport
from appraisal.periods import DAY, Period
from appraisal.slices import Slice
from cases.models import Case
from governance.models import User
from governance.roles import Role
from grid.models import GridDuty
from records.refusals import Forbidden, Refused, Stale, Unfit
from tests import lives, people
from tests.appraisal.looks import by_telephone
from tests.rivals import rivals

pytestmark = pytest.mark.django_db

NOW = lives.MORNING + DAY
HOUR = dt.timedelta(hours=1)
AUTUMN = Period(dt.date(2026, 11, 1), dt.date(2026, 12, 31))
CONFIRMED, REJECTED = MissedDecision.Verdict.CONFIRMED, MissedDecision.Verdict.REJECTED


def inspector() -> User:
    return people.someone(Role.INSPECTOR, people.DISTRICT)


def street_supervisor() -> User:
    return people.someone(Role.SUPERVISOR, people.STREET)


def patrol(now: dt.datetime = lives.MORNING - HOUR) -> Case:
    """The grid's worker reports something on the spot."""
    return lives.reported(now=now)


def missed() -> MissedReport:
    patrol()
    by_telephone()
    find_missed(now=NOW)
    return MissedReport.objects.get()


def test_what_a_resident_reports_in_a_grid_that_was_visited_that_day_was_perhaps_missed():
    visit, call = patrol(), by_telephone()
    assert find_missed(now=NOW) == 1
    found = MissedReport.objects.get()
    assert (found.case_id, found.grid_id, found.day, found.finder) == (
        call.pk,
        call.grid_id,
        lives.MORNING.date(),
        MissedReport.Finder.RESIDENT,
    )
    assert found.events == [visit.events.get(move="report").pk]
    assert people.worker().pk in found.workers


def test_what_an_inspector_or_a_supervisor_reports_there_too():
    patrol()
    cases = {lives.reported(by=who, now=lives.MORNING).pk for who in (inspector(), street_supervisor())}
    assert find_missed(now=NOW) == 2
    assert set(MissedReport.objects.values_list("case", flat=True)) == cases
    assert set(MissedReport.objects.values_list("finder", flat=True)) == {MissedReport.Finder.INSPECTOR}


def test_joining_afterwards_what_a_resident_reported_does_not_undo_that_it_was_missed():
    patrol()
    call = by_telephone()
    lives.hands().step(
        call.uuid, "also_report", by=people.worker(), now=lives.MORNING + HOUR, words="我也看到了"
    )
    assert find_missed(now=NOW) == 1


def test_nobody_missed_anything_where_nobody_was():
    by_telephone()
    assert find_missed(now=NOW) == 0


def test_being_there_on_another_day_or_in_another_grid_is_not_being_there():
    patrol(lives.MORNING - DAY)
    elsewhere = lives.inside(f"{people.COMMUNITY}002")
    lives.reported(position=elsewhere, now=lives.MORNING - HOUR)
    by_telephone()
    assert find_missed(now=NOW) == 0


def test_handling_the_very_case_is_no_patrol_but_settling_another_one_on_the_spot_is():
    call = by_telephone()
    lives.walk(call, "register", "dispatch", "accept", "feedback")
    assert find_missed(now=NOW) == 0
    lives.reported(source=Case.Source.SELF, now=lives.MORNING + DAY)
    later = by_telephone(lives.MORNING + DAY)
    assert find_missed(now=NOW + DAY) == 1
    assert MissedReport.objects.get().case_id == later.pk


def test_what_the_worker_reported_too_was_not_missed():
    first = patrol(lives.MORNING)
    call = by_telephone(lives.MORNING + HOUR)
    lives.walk(first, "merge", now=lives.MORNING + 2 * HOUR, target=call)
    assert people.worker().pk in lives.fresh(call).reporters
    assert find_missed(now=NOW) == 0


def test_a_second_look_finds_nothing_new():
    patrol()
    by_telephone()
    assert [find_missed(now=NOW), find_missed(now=NOW), find_missed(now=NOW + HOUR)] == [1, 0, 0]


# Decided by people --------------------------------------------------------------------------------------------------


def rate(of: Slice) -> tuple[float | None, float | None]:
    measure = measures()["missed_rate"]
    found = figure(measure, counts(measure.counters, [AUTUMN], of).get((0, None)))
    return found.numerator, found.denominator


def test_a_confirmed_one_is_counted_and_a_rejected_one_is_not():
    patrol()
    calls = [by_telephone(), by_telephone(lives.MORNING + HOUR)]
    for call in calls:
        lives.walk(call, "register", now=lives.MORNING + 2 * HOUR)
    find_missed(now=NOW)
    of = Slice("community", calls[0].community_id)
    assert rate(of) == (0, 2)
    first, second = MissedReport.objects.order_by("pk")
    decide(first.pk, verdict=CONFIRMED, reason="楼道口很显眼", by=people.clerk(), now=NOW)
    decide(second.pk, verdict=REJECTED, reason="巡查之后才堆的", by=people.clerk(), now=NOW)
    assert rate(of) == (1, 2)
    assert MissedDecision.objects.get(verdict=CONFIRMED).case_id == first.case_id


@pytest.mark.parametrize("verdict", [CONFIRMED, REJECTED])
def test_a_grid_worker_does_not_even_see_it_while_it_is_open(verdict):
    with pytest.raises(MissedReport.DoesNotExist):
        decide(missed().pk, verdict=verdict, reason="没看见", by=people.worker(), now=NOW)


def test_a_clerk_who_covers_the_grid_too_decides_nothing_about_it():
    clerk = people.clerk()
    found = missed()
    GridDuty.objects.filter(grid=found.grid, duty=GridDuty.Duty.WORKER).update(ends_on=NOW.date())
    GridDuty.objects.create(
        user=clerk,
        grid=found.grid,
        duty=GridDuty.Duty.WORKER,
        engagement=GridDuty.objects.filter(grid=found.grid).first().engagement,
        starts_on=NOW.date(),
    )
    with pytest.raises(Forbidden, match="本网格的网格员"):
        decide(found.pk, verdict=REJECTED, reason="没看见", by=clerk, now=NOW)


def test_who_found_it_walking_does_not_decide_whether_it_was_missed():
    patrol()
    lives.reported(by=street_supervisor(), now=lives.MORNING)
    find_missed(now=NOW)
    found = MissedReport.objects.get()
    with pytest.raises(Forbidden, match="上报人"):
        decide(found.pk, verdict=CONFIRMED, reason="我看见了", by=street_supervisor(), now=NOW)
    decide(found.pk, verdict=CONFIRMED, reason="很显眼", by=people.clerk(), now=NOW)


@pytest.mark.parametrize(
    ("role", "place", "said"),
    [
        (Role.CLERK, people.COMMUNITY, None),
        (Role.SUPERVISOR, people.STREET, None),
        (Role.DUTY_CHIEF, people.STREET, None),
        (Role.DUTY_CHIEF, people.DISTRICT, None),
        (Role.LEADER, people.STREET, Forbidden),
        (Role.AUDITOR, people.DISTRICT, Forbidden),
        (Role.ACCEPTOR, people.STREET, MissedReport.DoesNotExist),
        (Role.CLERK, people.ELSEWHERE, MissedReport.DoesNotExist),
        (Role.CLERK, "530103001002", MissedReport.DoesNotExist),
    ],
)
def test_clerks_supervisors_and_chiefs_of_the_place_decide(role, place, said):
    found, somebody = missed(), people.someone(role, place)
    if said is None:
        assert decide(found.pk, verdict=REJECTED, reason="之后才有", by=somebody, now=NOW).by == somebody
        return
    with pytest.raises(said):
        decide(found.pk, verdict=REJECTED, reason="之后才有", by=somebody, now=NOW)


def test_it_is_decided_once_with_a_reason_and_the_same_words_again_are_answered_as_before():
    found, clerk = missed(), people.clerk()
    with pytest.raises(Unfit):
        decide(found.pk, verdict=CONFIRMED, reason=" ", by=clerk, now=NOW)
    first = decide(found.pk, verdict=CONFIRMED, reason="很显眼", by=clerk, now=NOW)
    assert decide(found.pk, verdict=CONFIRMED, reason="很显眼", by=clerk, now=NOW + DAY) == first
    for verdict, by in ((REJECTED, clerk), (CONFIRMED, street_supervisor())):
        with pytest.raises(Stale, match="确认漏报"):
            decide(found.pk, verdict=verdict, reason="不对", by=by, now=NOW)


def test_what_was_found_and_decided_is_never_changed_or_removed():
    decide(missed().pk, verdict=CONFIRMED, reason="很显眼", by=people.clerk(), now=NOW)
    for change in (
        lambda: MissedReport.objects.update(workers=[]),
        lambda: MissedDecision.objects.update(verdict=REJECTED),
        lambda: MissedDecision.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_grid_worker_sees_what_was_confirmed_about_the_own_grid_alone():
    patrol()
    for _ in range(3):
        by_telephone()
    find_missed(now=NOW)
    first, second, _ = MissedReport.objects.order_by("pk")
    decide(first.pk, verdict=CONFIRMED, reason="很显眼", by=people.clerk(), now=NOW)
    decide(second.pk, verdict=REJECTED, reason="之后才有", by=people.clerk(), now=NOW)
    assert list(MissedReport.objects.visible_to(people.worker())) == [first]
    other = people.someone(Role.GRID_WORKER, people.ELSEWHERE)
    assert not MissedReport.objects.visible_to(other).exists()


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_the_same_moment_one_does(promise):
    found = missed()
    deciders = [
        people.clerk(),
        street_supervisor(),
        people.someone(Role.DUTY_CHIEF, people.STREET),
        people.someone(Role.DUTY_CHIEF, people.DISTRICT),
    ]

    def deciding(number: int):
        verdict = (CONFIRMED, REJECTED)[number % 2]
        return lambda: decide(found.pk, verdict=verdict, reason="看过现场", by=deciders[number], now=NOW)

    with rivals(len(deciders)) as crowd:
        answers = crowd.at_once([deciding(number) for number in range(len(deciders))])
    won = [one for one in answers if isinstance(one, MissedDecision)]
    assert len(won) == 1 and MissedDecision.objects.get() == won[0]
    assert all(isinstance(one, Refused) for one in answers if one is not won[0])
    promise("a missed report is decided once", tried=len(answers), held=len(answers))
