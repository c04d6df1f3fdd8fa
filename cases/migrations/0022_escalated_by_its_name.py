from django.db import migrations, models


class Migration(migrations.Migration):
    """One word for one thing: the field follows, the column and the stored outcome stay."""

    dependencies = [("cases", "0021_legs_by_their_name")]

    operations = [
        migrations.AlterField(
            "case", "climbed_by_time", models.BooleanField("超时上报过", default=False, db_column="climbed_by_time")
        ),
        migrations.RenameField("case", "climbed_by_time", "escalated_by_time"),
    ]
