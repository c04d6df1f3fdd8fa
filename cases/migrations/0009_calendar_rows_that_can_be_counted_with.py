"""Bring working windows into their stored spelling; rows that nothing can be counted with go, and are printed.

With such a row every report and move of its district failed, so that nothing was ever counted with it.
"""

import datetime as dt

from django.db import migrations
from django.db.models import Q

from cases.hours import read_windows, write_windows

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)


def mend(apps, schema_editor) -> None:
    for row in apps.get_model("cases", "WorkingHours").objects.all():
        try:
            windows = write_windows(read_windows(row.windows))
        except ValueError as problem:
            print(f"Office hours of district {row.district_id} from {row.valid_from} removed: {problem}")
            row.delete()
            continue
        if windows != row.windows:
            row.windows = windows
            row.save(update_fields=["windows"])
    _drop(apps.get_model("cases", "WorkingHours"), "valid_from")
    _drop(apps.get_model("cases", "WorkDay"), "day")


def _drop(model, day: str) -> None:
    for row in model.objects.filter(Q(**{f"{day}__lt": FIRST_DAY}) | Q(**{f"{day}__gt": LAST_DAY})):
        print(f"{model.__name__} {getattr(row, day)} removed: out of range")
        row.delete()


class Migration(migrations.Migration):
    dependencies = [("cases", "0008_callers_of_merged_cases")]
    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
