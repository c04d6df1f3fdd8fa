"""The calendar: what may be stored, when a year counts as published, and what its changes do to open deadlines."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import actions
from cases.actions import KeyReused, timekeeping
from cases.actions.door import EFFECTS
from cases.actions.recounting import mark_outdated, still_right
from cases.calendar import calendar_for
from cases.holidays import Day
from cases.importing import import_workdays
from cases.models import CalendarChange, CalendarYear, Case, CaseEvent, CaseText, Leg, WorkDay, WorkingHours
from cases.situations import Walk
from cases.workflow import MOVES, Lateness, Loop, State
from governance.models import SYSTEM, Organization, User
from governance.refusals import Refused
from records import chain
from tests import people
from tests.cases.walks import limit_all
from tests.lives import MORNING, at, case_at, fresh, open_leg, reported, settled_by, walk, words_of

HOUR, SECOND, MINUTE, DAY = (dt.timedelta(**{unit: 1}) for unit in ("hours", "seconds", "minutes", "days"))
NEW_YEAR = {dt.date(2027, 1, day): Day(False, "元旦") for day in (1, 2, 3)}
NOTICE = "2027 年部分节假日安排的通知"


def chief() -> User:
    return User.objects.get(username="q_zhiban")


def arrange(days=NEW_YEAR, *, now: dt.datetime, **more) -> CalendarChange | None:
    return timekeeping.arrange(days, words=NOTICE, by=chief(), now=now, **more)


# When a year is published -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_rows_alone_publish_nothing():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    arrange({dt.date(2027, 1, 1): Day(False, "元旦")}, now=at(12, 1, 9))
    leg = open_leg(reported(now=at(12, 31, 16)))
    assert leg.is_provisional
    assert leg.due_at == at(1, 4, 12, year=2027), "the row itself is counted with"


@pytest.mark.django_db
def test_a_year_is_published_when_somebody_declares_it_complete():
    change = arrange(now=at(12, 1, 9), complete=2027)
    year = CalendarYear.objects.get(year=2027)
    assert (year.declared_by, year.declared_at, year.notice) == (chief(), at(12, 1, 9), NOTICE)
    assert (change.made_by, change.first_day, change.last_day) == (
        chief(),
        dt.date(2027, 1, 1),
        dt.date(2027, 12, 31),
    )
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    assert not open_leg(reported(now=at(12, 31, 16))).is_provisional


@pytest.mark.django_db
def test_the_shipped_years_are_declared_and_a_second_import_changes_nothing():
    assert list(CalendarYear.objects.values_list("year", flat=True)) == [2024, 2025, 2026]
    before = CalendarChange.objects.count()
    import_workdays(now=MORNING)
    assert CalendarChange.objects.count() == before


@pytest.mark.django_db
def test_an_arrangement_over_the_turn_of_the_year_outlives_the_import_of_the_old_year():
    days = {dt.date(2026, 12, 31): Day(False, "元旦"), **NEW_YEAR, dt.date(2027, 1, 9): Day(True, "元旦调休")}
    arrange(days, now=at(12, 1, 9), complete=2027)
    import_workdays(now=at(12, 2, 9))
    calendar = calendar_for(Organization.objects.get(code=people.DISTRICT).pk, at(12, 20, 9))
    assert not calendar.is_working(dt.date(2026, 12, 31)) and calendar.is_working(dt.date(2027, 1, 9))
    assert {2026, 2027} <= calendar.published


@pytest.mark.django_db
def test_an_arrangement_is_saved_once_for_a_key_and_ordinary_days_need_no_row():
    key = uuid.uuid4()
    days = {**NEW_YEAR, dt.date(2027, 1, 4): Day(True, "元旦")}
    first = arrange(days, now=at(12, 1, 9), key=key)
    assert arrange(days, now=at(12, 1, 10), key=key) == first
    with pytest.raises(KeyReused):
        arrange({}, now=at(12, 1, 10), key=key)
    assert list(WorkDay.objects.filter(day__year=2027).values_list("day", flat=True)) == [dt.date(2027, 1, 1)]
    assert arrange(days, now=at(12, 1, 10)) is None


@pytest.mark.django_db
def test_a_day_that_turns_ordinary_again_loses_its_row():
    arrange({dt.date(2027, 1, 9): Day(True, "调休")}, now=at(12, 1, 9))
    assert arrange({dt.date(2027, 1, 9): Day(False)}, now=at(12, 1, 9)) is not None
    assert not WorkDay.objects.filter(day__year=2027).exists()


# Open deadlines ---------------------------------------------------------------------------------------------------


@pytest.fixture
def over_new_year(db) -> Case:
    """Example 5a of docs/deadlines.md: four working hours from the last afternoon of a year, the next not published."""
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    case = reported(now=at(12, 31, 16))
    assert case.due_at == at(1, 1, 12, year=2027)
    return case


def test_a_published_holiday_moves_open_deadlines_before_anything_turns_red(over_new_year):
    case = over_new_year
    arrange(now=at(12, 31, 17), complete=2027)
    assert actions.sweep(now=at(1, 1, 12, year=2027)) == 1
    case, leg = fresh(case), open_leg(case)
    assert [event.move for event in case.events.all()] == ["report", "recount"]
    assert (leg.warn_at, leg.due_at, leg.escalate_at) == (
        at(1, 4, 11, 12, year=2027),
        at(1, 4, 12, year=2027),
        at(1, 4, 13, 48, year=2027),
    )
    assert (case.due_at, case.lateness, case.was_late) == (leg.due_at, Lateness.NONE, False)
    assert (leg.is_provisional, leg.outdated_by) == (False, None)
    assert actions.sweep(now=at(1, 4, 11, year=2027)) == 0
    assert actions.sweep(now=at(1, 4, 12, year=2027)) == 1
    assert fresh(case).lateness == Lateness.RED
    assert chain.broken(CaseEvent, CaseText) == []


def test_the_event_says_what_changed_and_both_deadlines(over_new_year, client, time_machine):
    arrange(now=at(12, 31, 17), complete=2027)
    actions.sweep(now=at(12, 31, 18))
    assert NOTICE in words_of(over_new_year, "recount") and "2026-12-31 16:00" in words_of(
        over_new_year, "recount"
    )
    time_machine.move_to(at(12, 30, 9), tick=False)
    client.force_login(people.clerk())
    page = client.get(f"/cases/{over_new_year.uuid}/").content.decode()
    for words in ("重算时限", "原截止 2027-01-01 12:00", "新的截止时间 2027-01-04 12:00"):
        assert words in page


@pytest.mark.django_db
def test_what_a_person_does_before_the_sweep_comes_is_judged_by_the_new_deadline():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作时")
    case = case_at(State.HANDLING, now=at(12, 31, 15, 57))
    assert case.due_at == at(1, 1, 11, 59, year=2027)
    arrange(now=at(12, 31, 17), complete=2027)
    case = walk(case, "feedback", now=at(1, 4, 9, year=2027))
    handled = case.legs.filter(step="handling").get()
    assert (handled.due_at, handled.is_late, case.was_late) == (at(1, 4, 11, 59, year=2027), False, False)
    assert [event.move for event in case.events.all()][-2:] == ["recount", "feedback"]
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_deadline_that_stays_where_it_is_needs_no_event_and_is_no_longer_provisional(over_new_year):
    arrange({}, now=at(12, 31, 17), complete=2027)
    assert open_leg(over_new_year).outdated_by is not None
    assert actions.sweep(now=at(12, 31, 18)) == 0
    leg = open_leg(over_new_year)
    assert (leg.outdated_by, leg.is_provisional, leg.due_at) == (None, False, over_new_year.due_at)
    assert over_new_year.events.count() == 1


@pytest.mark.django_db
def test_only_legs_that_were_counted_across_a_changed_day_are_counted_again():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    near, far = reported(now=at(11, 18, 10)), reported(now=at(11, 25, 10))
    limit_all(settled_by(Loop.STREET), "4 自然日")
    calendar_days = reported(loop=Loop.STREET, now=at(11, 18, 10))
    arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=at(11, 18, 12))
    assert [open_leg(case).outdated_by is not None for case in (near, far, calendar_days)] == [
        True,
        False,
        False,
    ]
    assert actions.sweep(now=at(11, 18, 13)) == 1
    assert fresh(near).due_at == at(11, 25, 17)


@pytest.mark.django_db
def test_marking_costs_the_same_for_three_cases_and_for_thirty():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    costs = []
    for number, day in ((3, 20), (27, 23)):
        for _ in range(number):
            reported(now=MORNING)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            arrange({dt.date(2026, 11, day): Day(False, "临时放假")}, now=MORNING + HOUR)
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert Leg.objects.outdated().count() == 30


@pytest.mark.django_db
@pytest.mark.parametrize("colour", [Lateness.YELLOW, Lateness.RED])
def test_a_colour_that_the_new_deadline_does_not_bear_out_is_taken_back(colour):
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = case_at(State.HANDLING)
    leg = open_leg(case)
    seen = leg.warn_at if colour == Lateness.YELLOW else leg.due_at
    actions.sweep(now=seen)
    assert fresh(case).lateness == colour
    days = {dt.date(2026, 11, day): Day(False, "临时放假") for day in (19, 20, 23)}
    arrange(days, now=seen + MINUTE)
    actions.sweep(now=seen + 2 * MINUTE)
    case, leg = fresh(case), open_leg(case)
    assert (case.lateness, case.was_late) == (Lateness.NONE, False)
    assert leg.sweep_at == leg.warn_at > seen


@pytest.mark.django_db
def test_a_deadline_that_moves_into_the_past_is_seen_red_for_a_while_before_the_case_is_escalated():
    arrange({dt.date(2026, 11, 19): Day(False, "临时放假")}, now=at(11, 17, 9))
    limit_all(settled_by(Loop.COMMUNITY), "1 工作日")
    case = reported(now=at(11, 18, 10))
    assert case.due_at == at(11, 20, 17)
    arrange({dt.date(2026, 11, 19): Day(True)}, now=at(11, 20, 17, 30))
    actions.sweep(now=at(11, 20, 17, 31))
    assert (fresh(case).lateness, fresh(case).loop) == (Lateness.RED, Loop.COMMUNITY)
    assert open_leg(case).due_at == at(11, 19, 17)
    actions.sweep(now=at(11, 20, 17, 45))
    assert fresh(case).loop == Loop.COMMUNITY
    actions.sweep(now=at(11, 20, 17, 46))
    assert fresh(case).loop == Loop.STREET
    assert "时限重算时已过期限" in words_of(case, "escalate")


@pytest.mark.django_db
def test_a_case_that_is_late_under_the_new_calendar_as_well_keeps_its_order_and_its_rhythm():
    limit_all(settled_by(Loop.DISTRICT), "4 工作日")
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    actions.sweep(now=open_leg(case).due_at)
    actions.sweep(now=(now := open_leg(case).escalate_at))
    order = case.supervisions.get()
    arrange({dt.date(2026, 11, 24): Day(False, "临时放假")}, now=now)
    actions.sweep(now=now + MINUTE)
    leg = open_leg(case)
    assert (leg.lateness, leg.sweep_at) == (Lateness.RED, order.deadline)
    assert fresh(case).was_late


@pytest.mark.django_db
def test_a_leg_that_was_opened_while_the_change_was_being_saved_is_found_later():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = reported(now=MORNING)
    arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=MORNING + SECOND)
    Leg.objects.filter(case=case).update(outdated_by=None)  # as if it had not been there yet
    assert actions.sweep(now=MORNING + MINUTE) == 0
    assert actions.sweep(now=MORNING + 5 * MINUTE) == 1
    assert [event.move for event in case.events.all()] == ["report", "recount"]
    Leg.objects.filter(case=case).update(outdated_by=None)
    assert actions.sweep(now=MORNING + 9 * MINUTE) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("move", ["extension", "merge"])
def test_old_legs_whose_marks_are_set_while_the_change_is_being_saved_are_looked_at_again(move):
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    saved = MORNING + 5 * HOUR
    if move == "extension":
        case = walk(case_at(State.HANDLING), "ask_extension", now=MORNING + HOUR)
        case = walk(case, "grant_extension", now=saved - SECOND)
    else:
        older, case = reported(now=MORNING), reported(now=MORNING + DAY)
        saved = MORNING + DAY + 5 * HOUR
        case = walk(older, "merge", now=saved - SECOND, target=case).merged_into
    change = arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=saved)
    Leg.objects.update(outdated_by=None)  # as if its marks had not been there yet
    assert mark_outdated(change, again=True) == 1
    assert open_leg(case).outdated_by == change


@pytest.mark.django_db
@pytest.mark.parametrize("moves", [True, False])
def test_a_second_change_that_comes_while_a_leg_is_counted_again_is_not_forgotten(moves):
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = reported(now=MORNING)
    arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=MORNING + MINUTE)
    read = open_leg(case)
    if not moves:
        actions.sweep(now=MORNING + MINUTE)
        read = open_leg(case)
        Leg.objects.update(outdated_by=(first := CalendarChange.objects.latest("pk")))
        read.outdated_by = first
    case, now = fresh(case), MORNING + 2 * MINUTE
    second = CalendarChange.objects.create(
        made_at=now, words="再改", first_day=dt.date(2026, 11, 19), last_day=dt.date(2026, 11, 19)
    )
    mark_outdated(second)
    if moves:
        EFFECTS["recount"](Walk(case, SYSTEM, now, MOVES["recount"], {}, leg=read))
    else:
        assert still_right(case, read, calendar_for(case.district_id, now), now)
    assert open_leg(case).outdated_by == second


@pytest.mark.django_db
def test_a_recount_that_fails_is_tried_again_and_brings_nothing_forward():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = reported(now=MORNING)
    arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=MORNING + MINUTE)
    before = open_leg(case)
    Leg.objects.update(counted_amount="9999.5")  # days are counted whole: it cannot be counted
    actions.sweep(now=MORNING + 2 * MINUTE)
    assert (leg := open_leg(case)).outdated_by == before.outdated_by and leg.sweep_at == before.sweep_at
    Leg.objects.update(counted_amount=before.counted_amount)
    assert actions.sweep(now=MORNING + 3 * MINUTE) == 1
    assert [event.move for event in case.events.all()] == ["report", "recount"]


@pytest.mark.django_db
def test_a_refused_case_that_goes_back_is_counted_by_the_calendar_of_then():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = walk(reported(now=MORNING), "register", "dispatch")
    unit = case.unit
    case = walk(case, "refuse", now=MORNING + HOUR)
    arrange({dt.date(2026, 11, 20): Day(False, "临时放假")}, now=MORNING + 2 * HOUR)
    case = walk(case, "dispatch", now=MORNING + 3 * HOUR, unit=unit)
    assert case.due_at == at(11, 25, 17)


@pytest.mark.django_db
def test_a_clock_that_began_before_the_calendar_of_a_move_reaches_is_counted_from_its_own_day():
    limit_all(settled_by(Loop.COMMUNITY), "60 工作日")
    case = reported(now=at(9, 21, 10))
    due_at = case.due_at
    arrange({dt.date(2026, 12, 18): Day(False, "临时放假")}, now=at(12, 16, 9))
    actions.sweep(now=at(12, 16, 10))
    moved = fresh(case).due_at
    assert moved > due_at and (moved - due_at) <= 4 * DAY


# Ways to change it ------------------------------------------------------------------------------------------------


@pytest.fixture
def system_admin(client):
    client.force_login(people.someone("system_admin", people.DISTRICT))
    return client


def confirmed(client, path: str, body: dict):
    """Sent, and once more after the page has said who is affected."""
    asked = client.post(path, body)
    seen = re.search(r'name="seen" value="(\w+)"', asked.content.decode())
    return client.post(path, {**body, "seen": seen[1]}) if seen else asked


def test_a_holiday_entered_in_the_configuration_counts_open_deadlines_again(over_new_year, system_admin):
    body = {"day": "2027-01-01", "is_working": "", "note": "元旦"}
    assert confirmed(system_admin, "/admin/cases/workday/add/", body).status_code == 302
    change = CalendarChange.objects.latest("pk")
    assert (change.made_by.username, change.first_day) == ("xitong", dt.date(2027, 1, 1))
    assert actions.sweep(now=at(12, 31, 18)) == 1
    assert fresh(over_new_year).due_at == at(1, 4, 12, year=2027)
    row = WorkDay.objects.get(day=dt.date(2027, 1, 1))
    system_admin.post(f"/admin/cases/workday/{row.pk}/delete/", {"post": "yes"})
    assert actions.sweep(now=at(12, 31, 18)) == 1
    assert fresh(over_new_year).due_at == at(1, 1, 12, year=2027)


@pytest.mark.django_db
def test_office_hours_entered_in_full_width_move_the_deadlines_of_their_district(system_admin):
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = reported(now=MORNING)
    hours = WorkingHours.objects.get()
    body = {
        "district": hours.district_id,
        "valid_from": "2026-11-20",
        "windows": "９:00～12:00、14:00－18：00",
    }
    assert confirmed(system_admin, "/admin/cases/workinghours/add/", body).status_code == 302
    assert actions.sweep(now=MORNING + HOUR) == 1
    assert fresh(case).due_at == at(11, 24, 18)
    assert reported(now=MORNING).due_at == at(11, 24, 18)


@pytest.mark.django_db
def test_nonsense_in_the_configuration_is_refused_at_its_field(system_admin):
    hours = WorkingHours.objects.get()
    body = {"district": hours.district_id, "valid_from": "2026-01-01", "windows": "九点到五点"}
    answer = system_admin.post(f"/admin/cases/workinghours/{hours.pk}/change/", body)
    assert "看不懂工作时段" in answer.context["adminform"].form.errors["windows"][0]
    body |= {"windows": "09:00-17:00", "valid_from": "0001-01-01"}
    answer = system_admin.post(f"/admin/cases/workinghours/{hours.pk}/change/", body)
    assert answer.status_code == 200 and "2000 年至 2099 年" in str(answer.context["adminform"].form.errors)
    body |= {"valid_from": hours.valid_from.isoformat()}
    answer = system_admin.post("/admin/cases/workinghours/add/", body)
    assert "已有同一天" in str(answer.context["adminform"].form.errors)


def test_a_year_that_is_taken_back_is_provisional_again(over_new_year, system_admin):
    arrange(now=at(12, 31, 17), complete=2027)
    actions.sweep(now=at(12, 31, 18))
    year = CalendarYear.objects.get(year=2027)
    system_admin.post(f"/admin/cases/calendaryear/{year.pk}/delete/", {"post": "yes"})
    actions.sweep(now=at(12, 31, 19))
    assert open_leg(over_new_year).is_provisional


@pytest.mark.django_db
def test_an_import_that_changes_days_counts_open_deadlines_again():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    arrange({dt.date(2026, 11, 20): Day(False, "错录")}, now=MORNING - DAY)
    case = reported(now=MORNING)
    assert case.due_at == at(11, 25, 17)
    import_workdays(now=MORNING + HOUR)
    actions.sweep(now=MORNING + 2 * HOUR)
    assert fresh(case).due_at == at(11, 24, 17)
    assert "程序所带" in words_of(case, "recount")


@pytest.mark.django_db
def test_a_leg_is_counted_again_in_nine_statements():
    """Ten thousand of them wait after the notice of a year."""
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    asked = []
    for day, more in ((20, 1), (23, 4)):
        for _ in range(more):
            reported(now=MORNING)
        arrange({dt.date(2026, 11, day): Day(False, "临时放假")}, now=MORNING + MINUTE)
        with CaptureQueriesContext(connection) as statements:
            assert actions.sweep(now=MORNING + MINUTE) == len(asked) + more
        asked.append(len(statements))
    assert (asked[1] - asked[0]) / 4 <= 9


# What is over stays, who is affected is said first -------------------------------------------------------------------


@pytest.mark.django_db
def test_the_last_office_hours_of_a_district_are_not_removed(system_admin):
    hours = WorkingHours.objects.get()
    answer = system_admin.post(f"/admin/cases/workinghours/{hours.pk}/delete/", {"post": "yes"}, follow=True)
    assert "最后一条工作时段，不能删除" in answer.content.decode()
    later = WorkingHours.objects.create(
        district=hours.district, valid_from=dt.date(2026, 12, 1), windows="09:00-17:00"
    )
    with pytest.raises(Refused):
        timekeeping.remove_hours([hours, later], by=people.clerk(), now=MORNING)
    assert WorkingHours.objects.count() == 2, "all or none"
    system_admin.post(f"/admin/cases/workinghours/{later.pk}/delete/", {"post": "yes"})
    assert WorkingHours.objects.get() == hours


@pytest.mark.django_db
def test_office_hours_are_not_moved_to_another_district(system_admin):
    hours = WorkingHours.objects.get()
    ours = hours.district
    other = Organization.objects.create(code="530102", name="五华区", level=ours.level)
    path = f"/admin/cases/workinghours/{hours.pk}/change/"
    body = {"district": other.pk, "valid_from": hours.valid_from, "windows": hours.windows}
    answer = confirmed(system_admin, path, body)
    assert answer.status_code == 409 and "不能改给别的区" in answer.content.decode()
    hours.district = other
    with pytest.raises(Refused):
        timekeeping.save_hours(hours, by=people.clerk(), now=MORNING)
    assert WorkingHours.objects.get().district == ours
    hours.district, hours.windows = ours, "09:00-17:00"
    timekeeping.save_hours(hours, by=people.clerk(), now=MORNING)
    assert WorkingHours.objects.get().windows == "09:00-17:00"


@pytest.mark.django_db
def test_a_day_that_is_over_is_locked_where_its_year_was_declared(system_admin):
    today = timezone.localdate()
    over = WorkDay.objects.filter(day__lt=today, day__year=today.year).order_by("day").first()
    assert over is not None and CalendarYear.objects.filter(year=today.year).exists()
    path = f"/admin/cases/workday/{over.pk}"
    body = {"day": over.day.isoformat(), "note": "改", **({} if over.is_working else {"is_working": "on"})}
    assert system_admin.post(f"{path}/change/", body).status_code == 403
    assert system_admin.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    answer = system_admin.post("/admin/cases/workday/add/", {"day": f"{today.year}-01-05", "note": "补"})
    weekday = dt.date(today.year, 1, 5).weekday() < 5
    assert answer.status_code == (409 if weekday else 302)
    with pytest.raises(Refused, match="已经过去"):
        timekeeping.remove_days([over], by=people.clerk(), now=timezone.now())
    with pytest.raises(Refused, match="不能撤销"):
        timekeeping.withdraw_years(
            CalendarYear.objects.filter(year=today.year - 1), by=people.clerk(), now=timezone.now()
        )
    assert WorkDay.objects.get(pk=over.pk).is_working == over.is_working


def test_before_a_change_of_the_calendar_the_page_says_how_many_cases_are_counted_again(
    over_new_year, system_admin
):
    body = {"day": "2027-01-01", "note": "元旦"}
    asked = system_admin.post("/admin/cases/workday/add/", body)
    page = asked.content.decode()
    assert asked.status_code == 200 and "1 件在办案件的时限将重新计算" in page
    assert not WorkDay.objects.filter(day=dt.date(2027, 1, 1)).exists()
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    assert system_admin.post("/admin/cases/workday/add/", {**body, "seen": "other"}).status_code == 200
    assert system_admin.post("/admin/cases/workday/add/", {**body, "seen": seen}).status_code == 302
    row = WorkDay.objects.get(day=dt.date(2027, 1, 1))
    assert "1 件在办案件" in system_admin.get(f"/admin/cases/workday/{row.pk}/delete/").content.decode()
