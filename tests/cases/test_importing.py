import csv
import datetime as dt

import pytest
from django.utils import timezone

from cases.importing import (
    RESPONSIBILITIES,
    calendar_exceptions,
    import_categories,
    import_responsibilities,
    import_workdays,
    initials_of,
)
from cases.models import Category, Responsibility, WorkDay, WorkingHours
from governance.importing import read_csv

ON = dt.date(2026, 12, 1)


@pytest.mark.django_db
def test_the_catalogue_holds_both_editions_with_initials():
    assert Category.objects.filter(edition="GB/T 47678.5-2026").count() == 403
    assert Category.objects.filter(edition="PL-2026").count() == 68
    assert Category.objects.get(name="飞线充电").initials == "FXCD"
    assert not Category.objects.filter(initials="").exists()


def test_initials_leave_out_brackets():
    assert initials_of("车辆加油（气、电）站") == "CLJYQDZ"


@pytest.mark.django_db
def test_a_second_import_of_catalogue_list_and_calendar_changes_nothing():
    for changes in (
        import_categories(),
        import_responsibilities(on=ON),
        *import_workdays(now=timezone.now()),
    ):
        assert (changes.created, changes.changed, changes.ended) == ([], [], [])
        assert changes.unchanged > 0


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.django_db
def test_a_changed_row_of_the_list_becomes_a_new_version(tmp_path):
    rows = read_csv(RESPONSIBILITIES)
    rows[0]["handling"] = "7 工作时"
    changes = import_responsibilities(on=ON, path=write(tmp_path / "list.csv", rows))
    assert len(changes.changed) == 1 and changes.unchanged == len(rows) - 1
    old, new = Responsibility.objects.filter(
        category__code=rows[0]["code"],
        category__kind=rows[0]["kind"],
        condition=rows[0]["condition"],
        loop=rows[0]["loop"],
    ).order_by("version")
    assert (old.version, old.is_current, old.valid_until) == (1, False, ON)
    assert (new.version, new.is_current, new.valid_from) == (2, True, ON)
    assert str(new.limit("handling")) == "7 工作时"


@pytest.mark.django_db
def test_a_row_that_left_the_list_ends_and_may_come_back_as_a_new_version(tmp_path):
    rows = read_csv(RESPONSIBILITIES)
    changes = import_responsibilities(on=ON, path=write(tmp_path / "list.csv", rows[1:]))
    assert len(changes.ended) == 1
    again = import_responsibilities(on=ON)
    assert len(again.created) == 1 and again.created[0].endswith("v2")


def test_make_up_days_are_worked_and_holidays_are_not():
    days = calendar_exceptions([2026])
    assert days[dt.date(2026, 10, 1)] == (False, "国庆节")
    assert days[dt.date(2026, 10, 10)] == (True, "国庆节调休上班")
    assert dt.date(2026, 11, 20) not in days


@pytest.mark.django_db
def test_only_published_years_are_in_the_calendar_and_the_district_has_office_hours():
    assert set(WorkDay.objects.dates("day", "year")) == {dt.date(y, 1, 1) for y in (2024, 2025, 2026)}
    assert WorkingHours.objects.get().windows == "09:00-12:00 13:00-17:00"
