"""Rows of open cases name who may not check or handle them, as ``waiting.marks`` writes it from now on."""

from django.db import migrations

FILL = """
    UPDATE cases_case SET waits_for = ARRAY(
        SELECT DISTINCT mark COLLATE "C"
        FROM unnest(waits_for || ARRAY(SELECT '-{matter}' || person FROM unnest({people}) person)::varchar[]) mark
        ORDER BY 1
    )
    WHERE is_open AND state IN ({states}) AND {where} AND cardinality(people) <= 150
"""
CHECKS = FILL.format(
    matter="t",
    people="reporters || handlers",
    states="'checking', 'handled'",
    where="EXISTS (SELECT FROM unnest(waits_for) mark WHERE mark LIKE 'tA%')",
)
HANDLING = FILL.format(
    matter="h", people="reporters", states="'dispatched', 'handling'", where="source <> 'self'"
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0022_escalated_by_its_name")]

    operations = [
        migrations.RunSQL(CHECKS, migrations.RunSQL.noop),
        migrations.RunSQL(HANDLING, migrations.RunSQL.noop),
    ]
