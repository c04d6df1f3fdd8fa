"""Whether a resident waits for a call-back is a fact of the row, which a merge hands over, the contact with it."""

import django.db.models.deletion
from django.db import migrations, models

from cases.workflow import MOVES

#: Callers of cases that were merged before go where their case went in the end.
FILL = """
    SET CONSTRAINTS ALL IMMEDIATE;
    UPDATE cases_case SET is_from_resident = true WHERE source = 'phone';
    UPDATE cases_contact SET called_about_id = case_id;
    CREATE TEMPORARY TABLE ways ON COMMIT DROP AS
        WITH RECURSIVE way (origin, here) AS (
            SELECT id, merged_into_id FROM cases_case WHERE source = 'phone' AND merged_into_id IS NOT NULL
            UNION ALL
            SELECT way.origin, c.merged_into_id FROM way JOIN cases_case c ON c.id = way.here
            WHERE c.merged_into_id IS NOT NULL
        )
        SELECT way.origin, way.here, c.merged_into_id IS NULL AS is_end FROM way JOIN cases_case c ON c.id = way.here;
    UPDATE cases_case SET is_from_resident = true WHERE id IN (SELECT here FROM ways);
    UPDATE cases_contact SET case_id = ways.here FROM ways WHERE is_end AND case_id = ways.origin;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_what_an_extension_moved")]

    operations = [
        migrations.AddField(
            "case", "is_from_resident", models.BooleanField(default=False, verbose_name="有来电人")
        ),
        migrations.AddField(
            "contact",
            "called_about",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calls",
                to="cases.case",
                verbose_name="来电登记的案件",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "contact",
            "called_about",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calls",
                to="cases.case",
                verbose_name="来电登记的案件",
            ),
        ),
        migrations.RemoveIndex("case", "case_call_back"),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("is_from_resident", True), ("state", "closed")),
                fields=["centre", "due_at"],
                name="case_call_back",
            ),
        ),
        migrations.AlterField(
            "caseevent",
            "move",
            models.CharField(
                choices=[(move.name, move.label) for move in MOVES.values()], max_length=30, verbose_name="动作"
            ),
        ),
    ]
