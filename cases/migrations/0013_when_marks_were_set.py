"""When the marks of a leg were set; of old legs it is known when they were opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_sentences_of_constraints")]
    operations = [
        migrations.AddField("assignment", "counted_at", models.DateTimeField("计时时间", null=True)),
        migrations.RunSQL(
            "UPDATE cases_assignment SET counted_at = opened_at", migrations.RunSQL.noop, elidable=True
        ),
        migrations.AlterField("assignment", "counted_at", models.DateTimeField("计时时间")),
    ]
