"""Rows of cases of before, part by part beside the work of others; what moves meanwhile is written by the triggers of 0036.

Also where an earlier state of 0036 filled and indexed the rows: what is there stays, what it missed is added.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Cases of one statement.
PART = 2_000
#: A row that is there has been written since, and is newer than what this statement sees.
FILL = """
INSERT INTO cases_searchrow (case_id, plain, keys) SELECT * FROM cases_search_rows(%s, %s) ON CONFLICT (case_id) DO NOTHING
"""
#: The search of the release before asks them; its function stays for pages of it that still answer.
EARLIER = """
CREATE INDEX casetext_pairs ON cases_casetext USING gin (cases_pairs(body));
CREATE INDEX case_address_pairs ON cases_case USING gin (cases_pairs(address));
"""


def fill(apps, schema_editor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_case")
        for lowest in range(0, cursor.fetchone()[0] + 1, PART):
            cursor.execute(FILL, [lowest, lowest + PART - 1])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0036_search_rows")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        # Built after the fill, which is many times quicker; and what an interrupted build has left is not used.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS case_search", migrations.RunSQL.noop),
        AddIndexConcurrently("searchrow", GinIndex(fastupdate=False, fields=["keys"], name="case_search")),
        migrations.RunSQL("DROP INDEX IF EXISTS case_address_pairs, casetext_pairs", EARLIER),
    ]
