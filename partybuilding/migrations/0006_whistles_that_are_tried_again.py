from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partybuilding", "0005_words_of_lines_and_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="whistle",
            name="retry_at",
            field=models.DateTimeField(null=True, verbose_name="重试"),
        ),
    ]
