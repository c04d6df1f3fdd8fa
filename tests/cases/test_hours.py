"""Working hours and days: read however they are typed, and never stored so that nobody can count with them."""

import datetime as dt
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from cases.hours import read_windows, write_windows
from cases.models import CalendarYear, WorkDay, WorkingHours
from tests.lives import reported

HOUR, SECOND, MINUTE, DAY = (dt.timedelta(**{unit: 1}) for unit in ("hours", "seconds", "minutes", "days"))


@pytest.mark.parametrize(
    "text",
    [
        "09:00-12:00 13:00-17:00",
        "09:00-12:00 13:00-1７:00",
        "９：００－１２：００　１３：００－１７：００",
        "9:00～12:00、13:00～17:00",
        "9：00至12：00，13：00至17：00。",
        "9:00 – 12:00; 13:00 — 17:00",
        " 09:00-12:00\n13:00-17:00 ",
        "9:00到12:00和13:00到17:00",
    ],
)
def test_working_hours_are_read_however_they_are_typed_and_stored_in_one_spelling(text):
    assert write_windows(read_windows(text)) == "09:00-12:00 13:00-17:00"


def test_a_window_may_end_at_24_00():
    assert write_windows(read_windows("19:00-24：00")) == "19:00-24:00"


NONSENSE = [
    *(
        "",
        " ",
        "9-12",
        "上午",
        "13:00-12:00",
        "09:00-12:00 11:00-17:00",
        "09:00-12:00 12:00-17:00",
        "25:00-26:00",
    ),
    *(
        "09:60-12:00",
        "09:00-12:00 nan",
        "24:00-09:00",
        "09:00-09:00",
        "０９：００",
        "\u202e09:00-12:00x",
        "9" * 50,
    ),
]


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"[。]$"):
        read_windows(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", NONSENSE)
def test_what_cannot_be_counted_with_is_refused_by_every_way_of_saving(text):
    hours = WorkingHours.objects.get()
    hours.windows = text
    with pytest.raises(ValidationError):
        hours.full_clean()
    ways = [
        hours.save,
        lambda: WorkingHours.objects.update(windows=text),
        lambda: WorkingHours.objects.bulk_create(
            [WorkingHours(district=hours.district, valid_from=dt.date(2026, 5, 1), windows=text)]
        ),
        lambda: connection.cursor().execute("UPDATE cases_workinghours SET windows = %s", [text]),
    ]
    for way in ways:
        with pytest.raises((ValidationError, IntegrityError)), transaction.atomic():
            way()
    assert reported().due_at


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["13:00-1７:00", "9:00-12:00", "09:00-12:00  13:00-17:00"])
def test_the_database_alone_refuses_another_spelling(text):
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_workinghours SET windows = %s", [text])


@pytest.mark.django_db
def test_what_was_typed_in_full_width_is_stored_so_that_reports_go_on():
    WorkingHours.objects.update(windows="9：00～12：00、13:00-1７:00")
    assert WorkingHours.objects.get().windows == "09:00-12:00 13:00-17:00"
    assert reported().due_at


@pytest.mark.django_db
@pytest.mark.parametrize(
    "day", [dt.date(1, 1, 1), dt.date(1999, 12, 31), dt.date(2100, 1, 1), dt.date(9999, 12, 31)]
)
def test_days_far_from_any_calendar_are_refused(day):
    with pytest.raises(ValidationError, match="2000 年至 2099 年"):
        WorkDay(day=day, is_working=False).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkDay.objects.create(day=day, is_working=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkingHours.objects.update(valid_from=day)


@pytest.mark.django_db(transaction=True)
def test_an_old_database_with_a_broken_row_migrates_and_counts_on():
    hours = WorkingHours.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_workinghours DROP CONSTRAINT working_hours_hold")
        cursor.execute("UPDATE cases_workinghours SET windows = '13:00-1７:00'")
        cursor.execute(
            "INSERT INTO cases_workinghours (district_id, valid_from, windows) VALUES (%s, '2026-06-01', '9-12')",
            [hours.district_id],
        )
    import_module("cases.migrations.0009_calendar_rows_that_can_be_counted_with").mend(apps, None)
    assert [row.windows for row in WorkingHours.objects.all()] == ["13:00-17:00"]
    CalendarYear.objects.all().delete()
    WorkDay.objects.create(day=dt.date(2027, 1, 1), is_working=False)
    import_module("cases.migrations.0011_years_of_today_and_windows_that_hold").declare(apps, None)
    assert list(CalendarYear.objects.values_list("year", flat=True)) == [2024, 2025, 2026]
