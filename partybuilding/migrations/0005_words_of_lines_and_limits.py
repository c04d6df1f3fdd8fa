from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partybuilding", "0004_photos_are_pictures"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="callclock",
            options={"ordering": ["pk"], "verbose_name": "召集时限", "verbose_name_plural": "召集时限"},
        ),
        migrations.AlterField(
            model_name="whistlerule",
            name="most_a_month",
            field=models.PositiveSmallIntegerField(
                default=10,
                help_text="一个街道（社区、区）每月吹这种哨的次数，达到只提醒，不阻止",
                verbose_name="吹哨方每月提醒线",
            ),
        ),
    ]
