from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_when_marks_were_set")]
    operations = [
        migrations.AddField(
            "calendarchange",
            "request_digest",
            models.CharField(max_length=64, editable=False, default=""),
        )
    ]
