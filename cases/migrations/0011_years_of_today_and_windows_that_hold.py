"""Declare the years that counted as published and that the shipped calendar covers; let the database check windows."""

from django.db import migrations
from django.utils import timezone

#: Of these the shipped package knows every day; a single row of another year published it by mistake.
SHIPPED = (2024, 2025, 2026)

WINDOWS_HOLD = r"""
CREATE FUNCTION cases_windows_hold(windows text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT windows ~ '^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)( ([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00))*$'
       AND regexp_split_to_array(windows, '[ -]')
           = (SELECT array_agg(DISTINCT edge ORDER BY edge) FROM unnest(regexp_split_to_array(windows, '[ -]')) AS edge)
$$;
ALTER TABLE cases_workinghours ADD CONSTRAINT working_hours_hold CHECK (cases_windows_hold(windows));
"""
DROP = """
ALTER TABLE cases_workinghours DROP CONSTRAINT working_hours_hold;
DROP FUNCTION cases_windows_hold(text);
"""


def declare(apps, schema_editor) -> None:
    held = {day.year for day in apps.get_model("cases", "WorkDay").objects.values_list("day", flat=True)}
    years = apps.get_model("cases", "CalendarYear").objects
    for year in sorted(held & set(SHIPPED)):
        years.create(year=year, notice="程序所带的安排", declared_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_years_are_declared")]
    operations = [
        migrations.RunPython(declare, migrations.RunPython.noop),
        migrations.RunSQL(WINDOWS_HOLD, DROP),
    ]
