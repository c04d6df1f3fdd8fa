"""Clocks of legs: who gets which one again, and what a deadline at 24:00 is called and on which day it falls."""

import datetime as dt
import uuid
from importlib import import_module
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from cases import actions, clocks
from cases.filters import narrow
from cases.models import Case, Leg, WorkingHours
from cases.workflow import Lateness, Loop, State
from desk import history
from governance.models import User
from tests import people
from tests.cases.walks import limit_all
from tests.lives import MORNING, SHANGHAI, at, case_at, eligible_units, open_leg, reported, settled_by, walk

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("0.1 紧急工作时", "6 分钟"),
        ("0.5 紧急工作时", "30 分钟"),
        ("1.5 紧急工作时", "1.5 小时"),
        ("24 紧急工作时", "24 小时"),
        ("0.001 紧急工作时", "4 秒"),
        ("0.5 工作时", "30 分钟"),
        ("4 工作时", "4 工作时"),
        ("10 工作日", "10 工作日"),
    ],
)
def test_a_limit_is_said_as_people_say_it(limit, words):
    assert clocks.limit_in_words(limit) == words


def do(case: Case, move: str, username: str, now: dt.datetime, **given):
    by = User.objects.get(username=username)
    return actions.perform(case.uuid, move, by=by, now=now, key=uuid.uuid4(), given=given)


def sent_back_and_given_again(
    limit: str, given: dt.datetime, refused: dt.datetime, again: dt.datetime
) -> Case:
    """A case whose unit refused it and got it once more."""
    limit_all(settled_by(Loop.COMMUNITY), limit)
    case = walk(reported(now=given - 5 * MINUTE), "register", now=given - 3 * MINUTE)
    case = walk(case, "dispatch", now=given - MINUTE)
    unit = case.unit
    case = walk(case, "refuse", now=refused - MINUTE)
    return walk(case, "dispatch", now=again - MINUTE, unit=unit)


# The same unit again ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "given", "refused", "again", "warns", "due", "escalates"),
    [
        (
            *("1 工作日", at(11, 19, 15, 2), at(11, 19, 16, 1), at(11, 20, 10, 1)),
            *(at(11, 20, 9), at(11, 20, 17), at(11, 23, 17)),
        ),
        (
            *("6 工作时", at(9, 29, 15, 2), at(9, 29, 16, 1), at(9, 30, 9, 11)),
            *(at(9, 30, 11, 50), at(9, 30, 14, 2), at(9, 30, 15, 14)),
        ),
        (
            *("6 紧急工作时", at(9, 30, 15, 2), at(9, 30, 16, 1), at(9, 30, 17, 11)),
            *(at(9, 30, 19, 50), at(9, 30, 21, 2), at(9, 30, 21, 2)),
        ),
        (
            *("3 自然日", at(9, 29, 15, 2), at(9, 29, 16, 1), at(9, 30, 9, 11)),
            *(at(10, 2, 9), at(10, 3, 0), at(10, 4, 0)),
        ),
    ],
)
def test_the_unit_that_sent_a_case_back_gets_its_old_clock_again(
    limit, given, refused, again, warns, due, escalates
):
    case = sent_back_and_given_again(limit, given, refused, again)
    leg = open_leg(case)
    assert leg.opened_at == again
    assert (leg.warn_at, leg.due_at, leg.escalate_at) == (warns, due, escalates)
    assert (case.due_at, leg.counted_from) == (due, given)


@pytest.mark.django_db
def test_an_extension_goes_along_to_the_same_unit_and_the_next_is_measured_by_the_first_limit():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = case_at(State.HANDLING)
    unit, username = case.unit, User.objects.get(pk=case.handlers[-1]).username
    do(case, "ask_extension", username, MORNING + 10 * MINUTE, reason="缺配件", amount=4)
    do(case, "grant_extension", "shequ", MORNING + 11 * MINUTE)
    extended = open_leg(case)
    assert (extended.limit.amount, extended.limit_at_first.amount) == (8, 4)
    case = walk(case, "refuse", now=MORNING + 20 * MINUTE)
    case = walk(case, "dispatch", "accept", now=MORNING + DAY, unit=unit)
    leg = open_leg(case)
    assert (leg.due_at, leg.warn_at, leg.escalate_at) == (
        extended.due_at,
        extended.warn_at,
        extended.escalate_at,
    )
    with pytest.raises(actions.Unfit, match="4 工作日"):
        do(case, "ask_extension", username, MORNING + DAY + 10 * MINUTE, reason="仍缺", amount=5)
    do(case, "ask_extension", username, MORNING + DAY + 10 * MINUTE, reason="仍缺", amount=4)


@pytest.mark.django_db
def test_what_another_unit_was_granted_does_not_shorten_what_the_first_may_ask_for():
    limit_all(settled_by(Loop.COMMUNITY), "4 工作日")
    case = walk(case_at(State.DISPATCHED), "refuse", now=MORNING + 5 * MINUTE)
    first = case.legs.get(outcome="refused").unit
    other = next(unit for unit in eligible_units(case) if unit != first)
    case = walk(case, "dispatch", now=MORNING + 10 * MINUTE, unit=other)
    case = walk(case, "accept", "ask_extension", "grant_extension", now=MORNING + 11 * MINUTE)
    assert open_leg(case).limit_at_first.amount == 4 < open_leg(case).limit.amount
    case = walk(case, "refuse", "adjudicate", now=MORNING + 20 * MINUTE, unit=first)
    assert open_leg(case).limit.amount == open_leg(case).limit_at_first.amount == 4


@pytest.mark.django_db
def test_a_refused_leg_from_before_clocks_were_kept_gives_its_due_date_and_marks_that_belong_to_it():
    limit_all(settled_by(Loop.COMMUNITY), "1 工作日")
    given = at(11, 19, 15, 2)
    case = walk(reported(now=given - 5 * MINUTE), "register", "dispatch", now=given - 3 * MINUTE)
    unit = case.unit
    case = walk(case, "refuse", now=at(11, 19, 16))
    case.legs.filter(outcome="refused").update(counted_from=None, counted_amount=None)
    case = walk(case, "dispatch", now=at(11, 20, 10), unit=unit)
    leg = open_leg(case)
    assert (leg.warn_at, leg.due_at, leg.escalate_at) == (at(11, 20, 9), at(11, 20, 17), at(11, 23, 17))


# 24:00 ------------------------------------------------------------------------------------------------------------


def the_clock_shows(time_machine, moment: dt.datetime) -> dt.datetime:
    time_machine.move_to(moment, tick=False)
    return moment


@pytest.mark.parametrize(
    ("now", "moment", "words"),
    [
        (at(12, 17, 12), at(12, 19, 0), "12-18 24:00"),
        (at(12, 18, 12), at(12, 19, 0), "今天 24:00"),
        (at(12, 19, 0), at(12, 19, 0), "12-18 24:00"),
        (at(12, 18, 12), at(12, 18, 0), "12-17 24:00"),
        (at(12, 18, 12), at(12, 18, 17), "今天 17:00"),
        (at(12, 18, 12), dt.datetime(2027, 1, 1, tzinfo=SHANGHAI), "12-31 24:00"),
        (at(12, 18, 12), at(12, 19, 0) + dt.timedelta(seconds=30), "12-19 00:00"),
    ],
)
def test_midnight_is_24_00_of_the_day_before(time_machine, now, moment, words):
    the_clock_shows(time_machine, now)
    assert clocks.due(moment) == clocks.due(moment.astimezone(dt.UTC)) == words


def test_only_deadlines_are_called_24_00(time_machine):
    the_clock_shows(time_machine, at(12, 18, 12))
    assert clocks.when(at(12, 19, 0)) == "12-19 00:00"


@pytest.fixture
def due_at_midnight(time_machine):
    """A case of a calendar-day limit, reported on 12-15: due on 12-18, which ends at 24:00."""
    limit_all(settled_by(Loop.COMMUNITY), "3 自然日")
    case = case_at(State.HANDLING, now=at(12, 15, 10))
    assert case.due_at == at(12, 19, 0)
    return case


@pytest.mark.django_db
def test_it_is_due_on_its_day_and_not_on_the_next_in_list_board_and_export(time_machine, due_at_midnight):
    client = Client()
    for now, is_due in [
        (at(12, 17, 23, 59), 0),
        (at(12, 18, 0), 1),
        (at(12, 18, 23, 59), 1),
        (at(12, 19, 0), 0),
    ]:
        the_clock_shows(time_machine, now)
        client.force_login(User.objects.get(username="jielingdao"))
        listed = narrow(Case.objects.all(), {"due": "today"}, now).count()
        page = client.get("/desk/?queue=open&due=today")
        board = len(client.get("/board/").context["due"])
        sheet = ZipFile(BytesIO(b"".join(client.get("/desk/export/?queue=open&due=today").streaming_content)))
        rows = sheet.read("xl/worksheets/sheet1.xml").decode()
        assert (listed, len(page.context["cases"]), board) == (is_due, is_due, is_due), now
        assert rows.count("2026-12-18 24:00") == is_due, now


@pytest.mark.django_db
def test_case_page_phone_and_history_say_24_00(time_machine, due_at_midnight):
    case = due_at_midnight
    client = Client()
    the_clock_shows(time_machine, at(12, 17, 12))
    for username in ("shequ", "wuye"):
        client.force_login(User.objects.get(username=username))
        for face in ("desk", "field"):
            client.get(f"/{face}/")
            text = client.get(f"/cases/{case.uuid}/").content.decode()
            assert "12-18 24:00" in text and "12-19 00:00" not in text, (username, face)
    the_clock_shows(time_machine, at(12, 18, 12))
    client.force_login(people.clerk())
    assert "今天 24:00" in client.get("/desk/?queue=open").content.decode()
    steps = history.step_line(case, list(case.legs.all()))
    assert [step["when"] for step in steps if step["state"] == "now"] == ["至 今天 24:00"]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.HANDLED, State.CLOSED, State.SUSPENDED, State.REPORTED])
def test_the_calendar_days_of_every_step_end_at_24_00_of_the_day_that_is_said(time_machine, state):
    limit_all(settled_by(Loop.COMMUNITY), "3 自然日")
    now = the_clock_shows(time_machine, at(12, 15, 10))
    case = case_at(state, now=now)
    leg = open_leg(case)
    assert timezone.localtime(leg.due_at).time() == dt.time()
    last = (timezone.localtime(leg.due_at) - DAY).date()
    if state == State.SUSPENDED:
        assert last == case.requests.get().until
    client = Client()
    client.force_login(people.clerk())
    assert f"{last:%m-%d} 24:00" in client.get(f"/cases/{case.uuid}/").content.decode()


@pytest.mark.django_db
def test_an_answer_ordered_by_midnight_is_due_at_24_00(time_machine):
    case = case_at(State.HANDLING, now=the_clock_shows(time_machine, at(12, 15, 10)))
    do(case, "order_supervision", "jielingdao", at(12, 15, 11), reason="请尽快。", deadline=at(12, 19, 0))
    client = Client()
    client.force_login(people.clerk())
    text = client.get(f"/cases/{case.uuid}/").content.decode()
    assert text.count("12-18 24:00") >= 2 and "12-19 00:00" not in text


# Databases from before --------------------------------------------------------------------------------------------


def fill_as_then() -> None:
    """Run what the migration runs, on the models as they were called then."""
    name = "0006_what_deadlines_were_counted_from"
    state = MigrationLoader(connection).project_state(("cases", name))
    import_module(f"cases.migrations.{name}").fill(state.apps, None)


@pytest.mark.django_db
def test_old_open_legs_learn_what_they_were_counted_from_where_the_count_comes_to_their_date():
    limit_all(settled_by(Loop.COMMUNITY), "9 工作日")
    resumed = case_at(State.SUSPENDED)
    walk(resumed, "resume", now=MORNING + 3 * DAY)
    checked = walk(case_at(State.CHECKING), "found", now=MORNING + DAY)
    extended = case_at(State.HANDLING)
    do(extended, "ask_extension", "wuye", MORNING + 10 * MINUTE, reason="缺配件", amount=4)
    do(extended, "grant_extension", "shequ", MORNING + 11 * MINUTE)
    refused = walk(case_at(State.HANDLING), "refuse", now=MORNING + 10 * MINUTE)
    strange = case_at(State.REGISTERED)
    kept = ("counted_from", "counted_amount", "added_amount", "extended_amount")
    legs = Leg.objects.filter(case__in=[resumed, checked, extended, refused]).order_by("pk")
    legs = legs.filter(stopped_at=None) | legs.filter(outcome="refused")
    before = list(legs.values_list("pk", *kept))
    empty = {"counted_from": None, "counted_amount": None, "added_amount": 0, "extended_amount": 0}
    Leg.objects.update(**empty)
    Leg.objects.filter(case=strange, stopped_at=None).update(due_at=MORNING + 40 * DAY)
    fill_as_then()
    assert list(legs.values_list("pk", *kept)) == before
    assert open_leg(strange).basis is None


@pytest.mark.django_db
@pytest.mark.parametrize("lateness", [Lateness.NONE, Lateness.RED])
@pytest.mark.parametrize("has_hours", [True, False])
def test_an_old_leg_that_was_given_back_gets_the_yellow_and_grace_of_its_due_date(lateness, has_hours):
    limit_all(settled_by(Loop.COMMUNITY), "9 工作日")
    case = reported(now=at(9, 22, 10))  # the holidays of October lie ahead
    leg = open_leg(case)
    right = (leg.warn_at, leg.due_at, leg.escalate_at)
    later = leg.escalate_at + 3 * DAY
    case.legs.update(
        opened_at=leg.opened_at + 2 * DAY,
        warn_at=leg.warn_at + 2 * DAY,
        escalate_at=later,
        sweep_at=later if lateness == Lateness.RED else leg.warn_at + 2 * DAY,
        lateness=lateness,
        counted_from=None,
        counted_amount=None,
    )
    if not has_hours:
        WorkingHours.objects.all().delete()
    fill_as_then()
    leg = open_leg(case)
    assert leg.basis is None and (leg.warn_at, leg.due_at, leg.escalate_at) == right
    assert leg.sweep_at == (leg.escalate_at if lateness == Lateness.RED else leg.warn_at)
