"""A program's own cases are found by an index, newest first; built beside the work of others, which wait for nothing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0024_first_pane_counts_by_two_indexes")]

    operations = [
        # What a build that was interrupted has left: there, but not used.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS event_first_of_program", migrations.RunSQL.noop, elidable=True
        ),
        AddIndexConcurrently(
            "caseevent",
            models.Index(
                condition=models.Q(("program__isnull", False), ("sequence", 1)),
                fields=["program", "case"],
                name="event_first_of_program",
            ),
        ),
    ]
