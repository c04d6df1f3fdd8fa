from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0007_level_four_is_the_residents_group")]

    operations = [
        migrations.AddField(
            "heartbeat", "returned_at", models.DateTimeField(null=True, verbose_name="中断后恢复")
        ),
    ]
